import numpy as np
import pytest
import torch

from deepaid_core.detectors.artifacts import load_trained, save_trained
from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.domain.batches import SeriesBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.errors import (
    ArtifactError,
    CancelledError,
    DetectorMismatchError,
    InvalidEventsError,
    NotFittedError,
)
from tests.leaders_and_followers import (
    HISTORY,
    STILL,
    planted,
    planted_detector,
    planted_schema,
    series,
    windows,
)


@pytest.fixture(scope="module")
def trained():
    return planted_detector()


@pytest.fixture(scope="module")
def detector(trained):
    return trained.detector


@pytest.fixture(scope="module")
def events():
    return windows(series(300, seed=9))


def tiny(seed=0, **settings):
    return LstmForecastDetector(epochs=2, hidden=4, seed=seed, **settings)


@pytest.mark.parametrize("column", [0, 5, STILL])
@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_planted_anomalies_score_above_the_threshold(trained, column, sign):
    anomalies, _ = planted(40, seed=3, sign=sign, step=0, columns=(column,))
    assert trained.threshold.flag(trained.detector.score(anomalies)).all()


def test_new_normal_events_stay_under_the_threshold_as_often_as_promised(trained):
    scores = trained.detector.score(windows(series(4000, seed=77)))
    assert trained.threshold.flag(scores).mean() < 0.02


def test_the_forecast_is_better_than_knowing_only_the_mean(detector, events):
    z = detector.to_model(events.values)
    followers = slice(2, 10)
    missed = (z[:, -1] - detector.forecast(z[:, :-1]))[:, followers].square().mean()
    assert missed < 0.2 * z[:, -1, followers].square().mean()


def test_a_forecast_uses_no_future(detector, events):
    z = detector.to_model(events.values)
    other = z.clone()
    other[:, -1] += torch.randn(z[:, -1].shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(
        detector.reconstruct(z)[:, -1], detector.reconstruct(other)[:, -1], rtol=0, atol=0
    )


def test_reconstruction_keeps_the_history_and_is_accepted(detector, trained, events):
    z = detector.to_model(events.values)
    rebuilt = detector.reconstruct(z)
    torch.testing.assert_close(rebuilt[:, :-1], z[:, :-1], rtol=0, atol=0)
    assert float(detector.score_tensor(rebuilt).max()) < trained.threshold.value / 100


def test_the_score_is_the_error_of_the_last_step_and_pieces_of_it_agree(detector, events):
    assert isinstance(detector, SearchableDetector)
    z = detector.to_model(events.values)
    np.testing.assert_allclose(detector.score(events), detector.score_tensor(z), rtol=1e-4)
    errors = z[:, -1] - detector.forecast(z[:, :-1])
    torch.testing.assert_close(detector.score_errors(errors), detector.score_tensor(z))


def test_without_coupling_the_score_is_the_root_mean_square_of_errors_in_their_usual_size(events):
    detector = tiny(coupling=0.0).fit(events)
    z = detector.to_model(events.values)
    errors = (z[:, -1] - detector.forecast(z[:, :-1])).numpy().astype(float)
    size = np.maximum(np.sqrt((errors**2).mean(axis=0)), 0.2)
    expected = np.sqrt(((errors / size) ** 2).mean(axis=1))
    np.testing.assert_allclose(detector.score(events), expected, rtol=1e-4)


def test_with_coupling_errors_that_break_the_usual_proportions_count_more():
    random = np.random.default_rng(0)
    shocks = random.normal(size=(400, 1))  # nobody can forecast them, but they hit all columns
    values = shocks + 0.1 * random.normal(size=(400, 4))
    view = np.lib.stride_tricks.sliding_window_view(values, 4, axis=0).transpose(0, 2, 1)
    events = SeriesBatch.of_values(Schema.of_numbers("shocks", list("abcd")), view)
    errors = torch.tensor([[1.0, 1.0, 1.0, 1.0], [1.0, -1.0, 1.0, -1.0]])
    together, apart = tiny(coupling=1.0).fit(events).score_errors(errors)
    assert float(apart) > 2 * float(together)
    same, other = tiny(coupling=0.0).fit(events).score_errors(errors)
    assert float(same) == pytest.approx(float(other))


def test_one_column_that_moves_for_the_first_time_counts_but_does_not_drown_the_others(trained):
    events = windows(series(50, seed=4))
    values = events.values.copy()
    values[:, -1, STILL] *= 1e6
    scores = trained.detector.score(SeriesBatch.of_values(events.schema, values))
    assert (scores > trained.threshold.value).all()
    # A million times its usual value; an error in proportion would score 300,000.
    assert (scores < 100).all()


def test_scores_do_not_depend_on_batching(detector, events):
    whole = detector.score(events)
    parts = [detector.score(events.take(np.arange(i, i + 1))) for i in range(0, 60)]
    np.testing.assert_allclose(np.concatenate(parts), whole[:60], rtol=1e-4)


def test_the_same_seed_gives_the_same_detector(events):
    first, second = tiny().fit(events), tiny().fit(events)
    for name, array in first.arrays().items():
        np.testing.assert_array_equal(array, second.arrays()[name])
    np.testing.assert_array_equal(first.score(events), second.score(events))
    assert not np.array_equal(first.score(events), tiny(seed=1).fit(events).score(events))


def test_model_space_goes_back_to_original_units(detector, events):
    back = detector.from_model(detector.to_model(events.values))
    np.testing.assert_allclose(back, events.values, rtol=1e-4)


def test_the_gradient_is_that_of_finite_differences(detector, events):
    network = detector._network
    z = detector.to_model(events.values[:1]).double()
    detector._whitening, kept = detector._whitening.double(), detector._whitening
    try:
        network.double()
        point = z.clone().requires_grad_(True)
        assert torch.autograd.gradcheck(detector.score_tensor, (point,), atol=1e-4, fast_mode=True)
    finally:
        network.float()
        detector._whitening = kept


def test_fitting_and_scoring_leave_events_and_network_alone(events):
    before = events.values.copy()
    detector = tiny().fit(events)
    weights = {k: np.array(v) for k, v in detector.arrays().items()}
    detector.score(events)
    np.testing.assert_array_equal(events.values, before)
    assert not detector._network.training
    for name, array in detector.arrays().items():
        np.testing.assert_array_equal(array, weights[name])


def test_a_stored_detector_scores_alike(trained, events, tmp_path):
    save_trained(trained, tmp_path / "stored")
    again = load_trained(tmp_path / "stored")
    np.testing.assert_array_equal(again.detector.score(events), trained.detector.score(events))
    assert again.threshold == trained.threshold
    assert again.detector.hyperparameters() == trained.detector.hyperparameters()


def test_a_stored_detector_of_other_columns_is_refused(trained, tmp_path):
    fewer = Schema("fewer", planted_schema().features[:-1])
    with pytest.raises(ValueError, match="those of 10 columns"):
        LstmForecastDetector().restore(fewer, trained.detector.arrays())
    save_trained(trained, tmp_path / "stored")
    description = tmp_path / "stored/detector.json"
    description.write_text(description.read_text().replace('"hidden": 32', '"hidden": 31'))
    with pytest.raises(ArtifactError):
        load_trained(tmp_path / "stored")


def test_misuse_is_refused_with_the_reason(detector, events):
    with pytest.raises(NotFittedError):
        LstmForecastDetector().score(events)
    with pytest.raises(InvalidEventsError, match="at least 10"):
        LstmForecastDetector().fit(events.take(np.arange(5)))
    other = SeriesBatch.of_values(Schema.of_numbers("x", ["a"]), np.zeros((12, HISTORY, 1)))
    with pytest.raises(DetectorMismatchError):
        detector.score(other)
    assert len(detector.score(events.take(np.zeros(0, dtype=int)))) == 0


def test_cancelling_keeps_nothing(events):
    fresh = tiny()
    with pytest.raises(CancelledError):
        fresh.fit(events, cancelled=lambda: True)
    with pytest.raises(NotFittedError):
        fresh.score(events)


def test_a_handful_of_windows_is_enough_to_fit(events):
    scores = tiny().fit(events.take(np.arange(12))).score(events)
    assert np.isfinite(scores).all()
