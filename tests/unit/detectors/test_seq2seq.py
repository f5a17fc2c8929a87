import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.detectors.seq2seq import Seq2seqDetector
from deepaid_core.detectors.trained import train_detector
from deepaid_core.domain.batches import SeriesBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.errors import InvalidEventsError
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.series import GreedyCellsInterpreter
from deepaid_core.interpreters.series_scoring import Forecaster
from deepaid_core.testing.planted import planted, trained

COLUMNS = 6


@pytest.fixture(scope="module")
def detector():
    return trained(Seq2seqDetector).detector


@pytest.fixture(scope="module")
def fresh():
    return planted(Seq2seqDetector.modality).fresh


def rows(n, *, seed):
    """Windows of one step: table rows whose columns follow two hidden numbers."""
    random = np.random.default_rng(seed)
    mixing = np.random.default_rng(7).normal(size=(2, COLUMNS))
    values = random.normal(size=(n, 2)) @ mixing + 0.1 * random.normal(size=(n, COLUMNS))
    return values[:, None]


def batch(values):
    return SeriesBatch.of_values(Schema.of_numbers("rows", list("abcdef")), values)


@pytest.fixture(scope="module")
def of_rows():
    return train_detector(
        batch(rows(1200, seed=0)),
        lambda: Seq2seqDetector(
            epochs=12, batch_size=64, hidden=8, dropout=0.0, learning_rate=1e-2
        ),
        name="rows",
        kind="seq2seq",
        trained_on="rows",
        trained_on_sha256="0" * 64,
        quantile=0.99,
    )


def moved(n, *, seed):
    """Rows with one column far off, and which."""
    values, random = rows(n, seed=seed), np.random.default_rng(seed)
    which = random.integers(0, COLUMNS, n)
    values[np.arange(n), 0, which] += random.choice([-1, 1], n) * random.uniform(8, 12, n)
    return values, which


def fading(detector, share):
    """The same detector with another way to count steps."""
    settings = {**detector.hyperparameters(), "fading": share}
    return Seq2seqDetector(**settings).restore(detector.fitted_schema, detector.arrays())


@pytest.mark.parametrize("share", [0.0, 0.1, 1.0])
def test_the_score_is_the_error_of_the_steps_in_their_usual_units(detector, fresh, share):
    assert isinstance(detector, SearchableDetector)
    z = detector.to_model(fresh.values[:50])
    errors = (z - detector.reconstruct(z)).numpy().astype(float)
    squares = (errors @ detector.arrays()["whitening"].astype(float)) ** 2
    counts = [share**before for before in range(squares.shape[1])][::-1]
    expected = np.sqrt(np.average(squares.mean(axis=2), axis=1, weights=counts))
    np.testing.assert_allclose(fading(detector, share).score(fresh)[:50], expected, rtol=1e-4)


def ranked(detector, normal, step):
    """ROC AUC of a jump at one step of the window."""
    values = normal.values[::10].copy()
    values[:, step, 2] += 10 * normal.values[:, -1, 2].std()
    scores = detector.score(SeriesBatch.of_values(normal.schema, values))
    truth = np.r_[np.zeros(len(normal)), np.ones(len(scores))]
    return roc_auc_score(truth, np.r_[detector.score(normal), scores])


def test_a_jump_is_seen_at_the_last_step_and_is_soon_over(detector, fresh):
    last, before, first = (ranked(detector, fresh, step) for step in (-1, -2, 0))
    assert min(last, before) > 0.95
    assert first < 0.8


def test_without_fading_a_jump_is_seen_wherever_it_is_in_the_window(detector, fresh):
    whole = fading(detector, 1.0)
    assert min(ranked(whole, fresh, step) for step in range(fresh.values.shape[1])) > 0.95


def test_it_rebuilds_better_than_knowing_only_the_mean(detector, fresh):
    z = detector.to_model(fresh.values)
    missed = (z - detector.reconstruct(z)).square().mean()
    assert missed < 0.5 * (z - z.mean(dim=(0, 1))).square().mean()


def test_the_order_of_steps_is_kept(detector, fresh):
    z = detector.to_model(fresh.values)
    rebuilt = detector.reconstruct(z)
    right, turned = (z - rebuilt).square().mean(), (z - rebuilt.flip(1)).square().mean()
    assert right < turned


def test_it_is_no_forecaster_and_the_other_one_is(detector):
    assert not isinstance(detector, Forecaster)
    assert not Seq2seqDetector.foretells
    assert issubclass(LstmForecastDetector, Forecaster)
    assert LstmForecastDetector.foretells


def test_a_table_row_is_a_window_of_one_step(of_rows):
    anomalies, _ = moved(60, seed=3)
    assert of_rows.threshold.flag(of_rows.detector.score(batch(anomalies))).mean() > 0.95
    normal = of_rows.detector.score(batch(rows(500, seed=4)))
    assert of_rows.threshold.flag(normal).mean() < 0.05


def test_windows_of_one_step_are_interpreted_with_an_accepted_reference(of_rows):
    anomalies, which = moved(40, seed=5)
    anomalies = batch(anomalies)
    flagged = of_rows.threshold.flag(of_rows.detector.score(anomalies))
    context = Context(of_rows.detector, of_rows.threshold, of_rows.profile)
    found = GreedyCellsInterpreter().interpret(anomalies.take(flagged), context)
    assert found.verified.mean() > 0.9
    named = [
        one.deviations[0].field == "abcdef"[i] for one, i in zip(found, which[flagged], strict=True)
    ]
    assert np.mean(named) > 0.8


def test_a_forecaster_refuses_windows_without_a_history(fresh):
    with pytest.raises(InvalidEventsError, match="at least 2 steps"):
        LstmForecastDetector(epochs=1).fit(batch(rows(30, seed=0)))
    forecaster = trained(LstmForecastDetector).detector
    with pytest.raises(InvalidEventsError, match="at least 2 steps"):
        forecaster.score(SeriesBatch.of_values(fresh.schema, fresh.values[:, -1:]))


def test_windows_of_no_step_are_refused():
    with pytest.raises(InvalidEventsError, match="at least 1 step"):
        batch(np.zeros((3, 0, COLUMNS)))


def test_the_memory_is_what_is_rebuilt_from(of_rows):
    narrow = Seq2seqDetector(epochs=12, batch_size=64, hidden=1, dropout=0.0, learning_rate=1e-2)
    narrow.fit(batch(rows(1200, seed=0)))
    z = torch.from_numpy(rows(300, seed=8)).float()
    wide = of_rows.detector
    missed = [float((z - d.reconstruct(z)).square().mean()) for d in (narrow, wide)]
    # Two hidden numbers do not go into one.
    assert missed[0] > 2 * missed[1]
