import numpy as np
import pytest
import torch

from deepaid_core.detectors.flow import FlowDetector
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.testing.planted import trained as trained_on_planted
from deepaid_core.testing.planted_tables import normal_tables, planted_anomalies

PLANE = Schema.of_numbers("plane", ("x", "y"))
SMALL = {"epochs": 6, "hidden": 16, "layers": 2, "bins": 6, "batch_size": 64, "noise": 0.1}


def plane(values):
    return TabularBatch.of_values(PLANE, np.asarray(values, dtype=float))


def ring(n, *, seed):
    random = np.random.default_rng(seed)
    angle = random.uniform(0, 2 * np.pi, n)
    values = 3.0 * np.c_[np.cos(angle), np.sin(angle)] + 0.1 * random.normal(size=(n, 2))
    return plane(values)


@pytest.fixture(scope="module")
def trained():
    return trained_on_planted(FlowDetector)


@pytest.fixture(scope="module")
def on_ring():
    return FlowDetector(**SMALL, score_of="likelihood").fit(ring(800, seed=1))


def test_the_likelihood_is_a_density(on_ring):
    z = torch.linspace(-12.0, 12.0, 401)
    points = torch.cartesian_prod(z, z)
    with torch.no_grad():
        score = on_ring.score_tensor(points).double()
    level = float(on_ring.arrays()["network.typical"][0])
    total = torch.exp(-(score + level)).sum() * float(z[1] - z[0]) ** 2
    assert total == pytest.approx(1.0, abs=0.02)


def test_it_sees_the_hole_of_a_ring(on_ring):
    normal = on_ring.score(ring(500, seed=2))
    (middle,) = on_ring.score(plane([[0.0, 0.0]]))
    assert middle > np.quantile(normal, 0.99)
    assert abs(np.median(normal)) < 0.2, "the median of the likelihood is where the score is zero"


def test_the_latent_code_of_normal_events_is_about_gaussian(trained):
    detector = trained.detector
    z = detector.to_model(normal_tables(1000, seed=9).values)
    with torch.no_grad():
        flow = detector._network
        code = flow.flow().transform((z + torch.randn(z.shape)) / flow.reach)
    assert code.mean(dim=0).abs().max() < 0.4
    assert (code.std(dim=0) - 1.0).abs().max() < 0.4


@pytest.mark.parametrize("score_of", ["columns", "likelihood"])
def test_scores_far_away_are_finite_and_grow(score_of):
    detector = FlowDetector(**SMALL, score_of=score_of).fit(normal_tables(300, seed=1))
    z = detector.to_model(normal_tables(1, seed=2).values).repeat(5, 1)
    for column in range(0, z.shape[1], 7):
        far = z.clone()
        far[:, column] += torch.tensor([8.0, 20.0, 50.0, 1e3, 1e4])
        far.requires_grad_(True)
        scores = detector.score_tensor(far)
        (slope,) = torch.autograd.grad(scores.sum(), far)
        assert bool(scores.isfinite().all())
        assert bool((scores.diff() > 0).all())
        assert bool((slope[:, column] > 0.01).all())
        assert bool(slope.isfinite().all())


def test_a_reconstruction_is_accepted(trained):
    detector = trained.detector
    events = planted_anomalies(100, seed=2, sign=None)[0]
    z = detector.to_model(events.values)
    with torch.no_grad():
        rebuilt = detector.score_tensor(detector.reconstruct(z)).numpy()
    assert trained.threshold.flag(detector.score(events)).mean() > 0.9
    assert trained.threshold.flag(rebuilt).mean() < 0.05


def test_the_way_to_the_latent_code_and_back_ends_where_it_began(trained):
    z = trained.detector.to_model(normal_tables(200, seed=4).values)
    with torch.no_grad():
        way, reach = trained.detector._network.flow().transform, trained.detector._network.reach
        torch.testing.assert_close(way.inv(way(z / reach)) * reach, z, atol=1e-2, rtol=1e-2)


@pytest.mark.parametrize(
    "values",
    [
        np.ones((40, 2)),
        np.c_[np.arange(40.0) % 2, np.zeros(40)],
        np.c_[np.arange(40.0) % 3, np.r_[np.zeros(39), 1e6]],
    ],
    ids=["nothing moves", "two values", "once far off"],
)
def test_columns_with_few_values_give_finite_scores_that_grow(values):
    detector = FlowDetector(epochs=3, hidden=8, layers=2, bins=4).fit(plane(values))
    steps = np.median(values, axis=0) + np.array([[0.0], [30.0], [300.0], [3000.0]])
    scores = detector.score(plane(steps))
    assert np.isfinite(scores).all()
    assert (np.diff(scores) > 0).all()


def test_a_single_column_has_a_flow_too():
    schema = Schema.of_numbers("one", ("x",))
    values = np.random.default_rng(0).normal(size=(200, 1))
    detector = FlowDetector(epochs=3, hidden=8, bins=4)
    detector.fit(TabularBatch.of_values(schema, values))
    near, far = detector.score(TabularBatch.of_values(schema, np.array([[0.0], [50.0]])))
    assert near < far


def test_a_likelihood_has_its_own_unit_of_severity(on_ring):
    assert on_ring.severity_unit(Threshold(12.0, "")) == 12.0
    assert on_ring.severity_unit(Threshold(-3.0, "")) >= 1.0
    assert FlowDetector().severity_unit(Threshold(2.5, "")) == 2.5
