import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from deepaid_core.detectors.pca import PcaDetector
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.testing.planted_tables import normal_tables, planted_anomalies


def in_model_space(detector, events):
    return detector.to_model(events.values).double().numpy()


@pytest.mark.parametrize("variance", [0.3, 0.8, 0.95])
def test_scores_and_projections_are_those_of_scikit_learn(variance):
    normal, others = normal_tables(800, seed=1), planted_anomalies(50, seed=2, sign=None)[0]
    detector = PcaDetector(variance=variance).fit(normal)
    z, other = in_model_space(detector, normal), in_model_space(detector, others)
    theirs = PCA(variance, svd_solver="full").fit(z)
    projected = theirs.inverse_transform(theirs.transform(other))
    rebuilt = detector.reconstruct(torch.from_numpy(other).float()).numpy()
    np.testing.assert_allclose(rebuilt, projected, atol=1e-4)
    # Their noise variance is the mean of the variances beside the components, as ours.
    along = (theirs.transform(other) ** 2 / theirs.explained_variance_).sum(axis=1)
    beside = ((other - projected) ** 2).sum(axis=1) / theirs.noise_variance_
    expected = np.sqrt((along + beside) / z.shape[1])
    np.testing.assert_allclose(detector.score(others), expected, rtol=1e-4)


def test_the_score_is_their_likelihood_in_other_units():
    events = normal_tables(800, seed=1)
    detector = PcaDetector().fit(events)
    z = in_model_space(detector, events)
    kept = len(detector.arrays()["components"])
    likelihood = PCA(kept, svd_solver="full").fit(z).score_samples(z)
    fitted = np.polyfit(detector.score(events) ** 2, likelihood, 1)
    np.testing.assert_allclose(fitted[0], -z.shape[1] / 2, rtol=1e-3)
    np.testing.assert_allclose(
        np.polyval(fitted, detector.score(events) ** 2), likelihood, rtol=1e-3
    )


def test_normal_events_score_about_one():
    detector = PcaDetector().fit(normal_tables(2000, seed=1))
    squares = detector.score(normal_tables(2000, seed=9)) ** 2
    assert squares.mean() == pytest.approx(1.0, abs=0.1)


def test_more_variance_keeps_more_components_and_never_all():
    events = normal_tables(500, seed=1)
    kept = [
        len(PcaDetector(variance=share).fit(events).arrays()["components"])
        for share in (0.05, 0.8, 0.9, 0.999)
    ]
    assert kept == sorted(kept)
    assert kept[0] == 1
    assert kept[-1] < len(events.schema)


@pytest.mark.parametrize(
    "values",
    [
        np.ones((20, 3)),
        np.arange(20.0)[:, None],
        np.c_[np.arange(20.0), np.zeros(20)],
        np.random.default_rng(0).normal(size=(10, 25)),
    ],
    ids=["nothing moves", "one column", "one moves", "more columns than events"],
)
def test_poor_training_events_still_give_a_score_that_grows(values):
    columns = [f"c{i}" for i in range(values.shape[1])]
    schema = Schema.of_numbers("poor", columns)
    detector = PcaDetector().fit(TabularBatch.of_values(schema, values))
    steps = np.median(values, axis=0) + np.array([[0.0], [30.0], [300.0], [3000.0]])
    scores = detector.score(TabularBatch.of_values(schema, steps))
    assert np.isfinite(scores).all()
    assert (np.diff(scores) > 0).all()


@pytest.mark.parametrize(
    ("name", "array"),
    [
        ("components", np.zeros((2, 7), np.float32)),
        ("components", np.zeros(43, np.float32)),
        ("variance.along", np.zeros(1, np.float32)),
        ("variance.beside", np.zeros(1, np.float32)),
        ("center", np.zeros(7, np.float32)),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, array):
    detector = PcaDetector(variance=0.05).fit(normal_tables(100, seed=1))
    damaged = {**detector.arrays(), name: array}
    with pytest.raises(ValueError, match=r"shape|above zero"):
        PcaDetector(variance=0.05).restore(detector.fitted_schema, damaged)
