import numpy as np
import pytest
import torch
from sklearn.svm import OneClassSVM

from deepaid_core.detectors.one_class_svm import OneClassSvmDetector
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.testing.planted_tables import normal_tables, planted_anomalies

PLANE = Schema.of_numbers("plane", ("x", "y"))


def plane(values):
    return TabularBatch.of_values(PLANE, np.asarray(values, dtype=float))


def theirs(detector, training):
    """scikit-learn's machine, fitted to the same numbers."""
    arrays = {name: array.astype(np.float64) for name, array in detector.arrays().items()}

    def compared(events):
        z = detector.to_model(events.values).double().numpy()
        return (z - arrays["center"]) @ arrays["scaling"]

    machine = OneClassSVM(gamma=arrays["gamma"][0], nu=detector.nu).fit(compared(training))
    return lambda events: machine.decision_function(compared(events))


@pytest.mark.parametrize("params", [{}, {"nu": 0.1}, {"width": 0.7}])
def test_events_stand_in_the_order_of_their_decision_function(params):
    training = normal_tables(600, seed=1)
    detector = OneClassSvmDetector(**params).fit(training)
    decide = theirs(detector, training)
    # Near enough for the decision function still to tell them apart.
    values = normal_tables(300, seed=4).values
    ways = values.mean(axis=0) + np.linspace(0.5, 1.5, 300)[:, None] * (
        values - values.mean(axis=0)
    )
    events = TabularBatch.of_values(training.schema, ways)
    scores, decisions = detector.score(events), decide(events)
    inside = decisions > 0
    assert 0.1 < inside.mean() < 1.0
    np.testing.assert_array_equal(scores[inside] < 1.0, True)
    np.testing.assert_array_equal(scores[~inside] > 1.0, True)
    falling = scores[np.argsort(-decisions)]
    assert (np.diff(falling) > -1e-4).all()


def test_the_score_can_be_turned_into_their_decision_function():
    training = normal_tables(600, seed=1)
    detector = OneClassSvmDetector(nu=0.05).fit(training)
    events = normal_tables(200, seed=4)
    arrays = detector.arrays()
    peak, unit = arrays["peak"][0].astype(float), arrays["unit"][0].astype(float)
    # The dual coefficients of theirs add up to nu times the number of training events.
    total = detector.nu * len(training)
    level = np.exp(peak - unit)
    ours = total * (np.exp(peak - detector.score(events) ** 2 * unit) - level)
    np.testing.assert_allclose(ours, theirs(detector, training)(events), atol=1e-4 * total)


def test_the_slope_stays_useful_where_their_kernel_is_flat():
    training = normal_tables(600, seed=1)
    detector = OneClassSvmDetector().fit(training)
    decide = theirs(detector, training)
    z = detector.to_model(training.values[:1]).repeat(3, 1)
    z[:, 0] += torch.tensor([40.0, 400.0, 4000.0])
    far = TabularBatch.of_values(training.schema, detector.from_model(z[:1]))
    farther = z[:1].clone()
    farther[:, 0] += 20.0
    even = TabularBatch.of_values(training.schema, detector.from_model(farther))
    assert decide(far) == pytest.approx(decide(even), abs=1e-12)
    z.requires_grad_(True)
    scores = detector.score_tensor(z)
    scores.sum().backward()
    assert bool((scores.diff() > 0).all())
    assert bool((z.grad[:, 0] > 0.02).all())
    assert bool(z.grad.isfinite().all())


def test_a_reconstruction_lies_where_the_score_is_lower():
    detector = OneClassSvmDetector().fit(normal_tables(600, seed=1))
    z = detector.to_model(planted_anomalies(50, seed=2, sign=None)[0].values)
    before, after = detector.score_tensor(z), detector.score_tensor(detector.reconstruct(z))
    assert bool((after < before).all())
    assert float(after.max()) < 1.3


def test_clusters_are_told_from_what_lies_between_them():
    random = np.random.default_rng(0)
    clusters = np.r_[random.normal(-10, 1, (400, 2)), random.normal(10, 1, (400, 2))]
    detector = OneClassSvmDetector(width=0.3).fit(plane(clusters))
    inside, between = detector.score(plane([[-10, -10], [10, 10]])), detector.score(plane([[0, 0]]))
    assert inside.max() < 1.0 < between.min()


def test_of_many_events_some_are_drawn_by_the_seed():
    events = normal_tables(500, seed=1)
    one, same, other = (
        OneClassSvmDetector(events=200, nu=0.1, seed=seed).fit(events).arrays()["support"]
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one, same)
    assert one.shape != other.shape or not np.array_equal(one, other)
    assert len(one) <= 200


@pytest.mark.parametrize("values", [np.ones((20, 2)), np.c_[np.arange(20.0), np.zeros(20)]])
def test_poor_training_events_still_give_a_score_that_grows(values):
    detector = OneClassSvmDetector().fit(plane(values))
    steps = np.median(values, axis=0) + np.array([[0.0], [30.0], [300.0], [3000.0]])
    scores = detector.score(plane(steps))
    assert np.isfinite(scores).all()
    assert (np.diff(scores) > 0).all()


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("support", np.zeros((3, 7))),
        ("support", np.zeros((0, 43))),
        ("scaling", np.zeros((7, 7))),
        ("center", np.zeros(7)),
        ("weights", np.zeros(1)),
        ("gamma", np.zeros(1)),
        ("unit", np.array([np.nan])),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, array):
    detector = OneClassSvmDetector().fit(normal_tables(100, seed=1))
    damaged = {**detector.arrays(), name: array}
    with pytest.raises(ValueError, match=r"shape|above zero"):
        OneClassSvmDetector().restore(detector.fitted_schema, damaged)
