import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.scaling import AsinhScaler
from deepaid_core.detectors.thresholds import quantile_threshold
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.errors import (
    CancelledError,
    DetectorMismatchError,
    InvalidEventsError,
    InvalidParameterError,
    NotFittedError,
)
from deepaid_core.testing.planted import trained as trained_on_planted
from deepaid_core.testing.planted_tables import normal_tables, planted_anomalies, planted_schema


@pytest.fixture(scope="module")
def trained():
    return trained_on_planted(AutoencoderDetector)


def test_planted_anomalies_rank_before_normal_tables(trained):
    anomalies, _ = planted_anomalies(200, seed=3, sign=None)
    normal = trained.detector.score(normal_tables(2000, seed=9))
    assert np.quantile(trained.detector.score(anomalies), 0.05) > np.quantile(normal, 0.95)


def test_about_the_chosen_share_of_unseen_normal_events_is_flagged(trained):
    flagged = trained.threshold.flag(trained.detector.score(normal_tables(4000, seed=21)))
    assert 0.002 < flagged.mean() < 0.03  # 1 % was asked for


def test_a_score_does_not_depend_on_what_is_scored_beside_it(trained):
    events = normal_tables(500, seed=4)
    together = trained.detector.score(events)
    order = np.random.default_rng(0).permutation(500)
    shuffled = trained.detector.score(events.take(order))
    alone = np.concatenate([trained.detector.score(events.take(np.array([i]))) for i in range(20)])
    np.testing.assert_allclose(shuffled, together[order], rtol=1e-5)
    np.testing.assert_allclose(alone, together[:20], rtol=1e-5)


def test_scoring_leaves_events_and_network_as_they_were(trained):
    events = normal_tables(50, seed=4)
    before = events.values.copy()
    weights = {k: np.array(v) for k, v in trained.detector.arrays().items()}
    trained.detector.score(events)
    np.testing.assert_array_equal(events.values, before)
    for name, array in trained.detector.arrays().items():
        np.testing.assert_array_equal(array, weights[name])


def test_the_same_seed_gives_the_same_detector():
    events = normal_tables(300, seed=1)
    scores = [
        AutoencoderDetector(epochs=3, seed=seed).fit(events).score(events) for seed in (5, 5, 6)
    ]
    np.testing.assert_array_equal(scores[0], scores[1])
    assert not np.array_equal(scores[0], scores[2])


def test_training_does_not_disturb_the_global_random_numbers():
    torch.manual_seed(1)
    expected = torch.rand(1)
    torch.manual_seed(1)
    AutoencoderDetector(epochs=1).fit(normal_tables(100, seed=1))
    assert torch.rand(1) == expected


def test_the_gradient_is_that_of_the_score(trained):
    detector = trained.detector
    z = detector.to_model(planted_anomalies(3, seed=8, sign=1.0)[0].values)
    point = z.clone().requires_grad_(True)
    detector.score_tensor(point).sum().backward()
    step = 1e-2
    for column in range(0, z.shape[1], 5):
        up, down = z.clone(), z.clone()
        up[:, column] += step
        down[:, column] -= step
        slope = (detector.score_tensor(up) - detector.score_tensor(down)) / (2 * step)
        torch.testing.assert_close(point.grad[:, column], slope, rtol=0.05, atol=2e-3)


def test_original_units_survive_the_way_to_model_space_and_back(trained):
    anomalies, _ = planted_anomalies(100, seed=2, sign=None)
    back = trained.detector.from_model(trained.detector.to_model(anomalies.values))
    spread = normal_tables(1000, seed=1).values.std(axis=0)
    np.testing.assert_allclose((back - anomalies.values) / spread, 0.0, atol=1e-4)


def test_an_unfitted_detector_says_so():
    with pytest.raises(NotFittedError, match="call fit"):
        AutoencoderDetector().score(normal_tables(5, seed=0))


def test_too_few_training_events_are_refused():
    with pytest.raises(InvalidEventsError, match="Only 9 training events"):
        AutoencoderDetector().fit(normal_tables(9, seed=0))


def test_events_of_another_schema_are_refused(trained):
    with pytest.raises(DetectorMismatchError, match="43 columns, these events are 'other' with 3"):
        trained.detector.score(
            TabularBatch.of_values(Schema.of_numbers("other", "abc"), np.ones((2, 3)))
        )


def test_a_value_that_is_not_finite_is_named():
    values = normal_tables(3, seed=0).values.copy()
    values[2, 4] = np.nan
    with pytest.raises(InvalidEventsError, match="nan at event 2, column 'f04'"):
        TabularBatch.of_values(planted_schema(), values)


def test_cancelling_keeps_nothing():
    detector = AutoencoderDetector(epochs=50)
    with pytest.raises(CancelledError):
        detector.fit(normal_tables(200, seed=0), cancelled=lambda: True)
    with pytest.raises(NotFittedError):
        detector.score(normal_tables(5, seed=0))


@given(
    arrays(np.float64, (30, 3), elements=st.floats(-1e6, 1e6, width=32)),
    arrays(np.float64, (5, 3), elements=st.floats(-1e9, 1e9, width=32)),
)
@settings(deadline=None)
def test_the_scaler_keeps_order_and_stays_finite(training, values):
    scaler = AsinhScaler.fit(training)
    scaled = scaler.forward(values)
    assert np.isfinite(scaled).all()
    assert np.isfinite(scaler.inverse(scaled)).all()
    for column in range(3):
        order = np.argsort(values[:, column], kind="stable")
        assert (np.diff(scaled[order, column]) >= 0).all()


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50), st.floats(0.01, 0.99))
def test_no_more_than_the_chosen_share_of_normal_scores_is_over_the_threshold(scores, quantile):
    threshold = quantile_threshold(np.array(scores), quantile)
    assert threshold.flag(np.array(scores)).mean() <= 1 - quantile + 1e-9


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0, 10), st.floats(0, 10))
def test_raising_the_threshold_never_adds_anomalies(scores, one, other):
    low, high = sorted((one, other))
    fewer = Threshold(high, "").flag(np.array(scores))
    assert not (fewer & ~Threshold(low, "").flag(np.array(scores))).any()


@pytest.mark.parametrize("quantile", [0.0, 1.0, -1.0, 2.0])
def test_a_quantile_out_of_range_is_refused(quantile):
    with pytest.raises(InvalidParameterError, match="between 0 and 1"):
        quantile_threshold(np.ones(3), quantile)
