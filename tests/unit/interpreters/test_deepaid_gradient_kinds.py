"""The paper's search for series and for log keys."""

import numpy as np
import pytest
import torch

from deepaid_core.detectors.deeplog import DeepLogDetector
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.domain.modality import Modality
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.deepaid_gradient import DeepaidGradientInterpreter
from deepaid_core.interpreters.sequence import KeySubstitutionInterpreter
from deepaid_core.testing.planted import planted, trained


def plants_of(detector):
    """Flagged anomalies of each plant with what they were made from, by name."""
    one, found = trained(detector), {}
    for plant in planted(detector.modality).plants:
        rows = np.flatnonzero(one.threshold.flag(one.detector.score(plant.events)))[:20]
        found[plant.name] = plant.events.take(rows), plant.originals.take(rows), plant
    return one, found


@pytest.fixture(scope="module")
def series():
    return plants_of(LstmForecastDetector)


@pytest.fixture(scope="module")
def keys():
    return plants_of(DeepLogDetector)


def test_a_series_is_put_right_at_the_step_that_is_wrong_with_few_cells(series):
    one, plants = series
    for events, _, plant in plants.values():
        found = DeepaidGradientInterpreter().interpret(events, Context.of(one))
        changed = found.references != events.values
        last = events.values.shape[1] - 1
        assert found.verified.mean() > 0.9
        assert changed[:, last + plant.step].any(axis=1).mean() > 0.9
        assert np.median(changed.sum(axis=(1, 2))) == 1


def test_effects_of_a_series_rank_the_wrong_metric_first(series):
    one, plants = series
    events, _, _ = plants["metric up at the last step"]
    found = DeepaidGradientInterpreter().interpret(events, Context.of(one))
    assert (found.effects >= 0).all()
    first = np.array([row[row >= 0][0] for row in found.columns])
    assert (found.effects.argmax(axis=1) == first).mean() > 0.9


def test_an_effect_is_told_of_events_under_the_threshold_too(series):
    one, _ = series
    normal = planted(Modality.SERIES).fresh.take(np.arange(10))
    found = DeepaidGradientInterpreter().interpret(normal, Context.of(one))
    assert (found.effects.max(axis=1) > 0).all()


def test_the_gradient_has_the_sign_that_makes_the_flagged_key_likelier(keys):
    one, plants = keys
    events, _, _ = plants["wrong place in the history"]
    keep = events.keys[:, -1] < len(one.detector.vocabulary)
    windows = events.keys[keep]
    noise = torch.zeros(1, windows.shape[1] - 1, len(one.detector.vocabulary) + 2)
    gains = one.detector.substitution_gains(windows, noise)
    real = one.detector.score(events)[keep][:, None, None] - one.detector.substitution_scores(
        windows
    )
    best = np.nan_to_num(gains, nan=-np.inf).reshape(len(windows), -1).argmax(axis=1)
    falls = real.reshape(len(windows), -1)[np.arange(len(windows)), best]
    assert (falls > 0).mean() > 0.9


def test_keeping_a_key_promises_nothing(keys):
    one, plants = keys
    events, _, _ = plants["wrong place in the history"]
    windows = events.keys[events.keys[:, -1] < len(one.detector.vocabulary)][:5]
    noise = torch.zeros(1, windows.shape[1] - 1, len(one.detector.vocabulary) + 2)
    gains = one.detector.substitution_gains(windows, noise)
    for row, window in enumerate(windows):
        for place, key in enumerate(window[:-1]):
            if 0 <= key < len(one.detector.vocabulary):
                assert gains[row, place, key] == pytest.approx(0.0, abs=1e-5)


def test_most_histories_that_one_key_puts_right_are_found(keys):
    one, plants = keys
    for name in ("wrong role in the history", "wrong place in the history"):
        events = plants[name][0]
        exact = KeySubstitutionInterpreter().interpret(events, Context.of(one))
        found = DeepaidGradientInterpreter().interpret(events, Context.of(one))
        possible = np.array([item.details.history_edits == 1 for item in exact])
        hit = np.array([item.details.history_edits == 1 for item in found])
        assert possible.sum() > 10
        assert hit[possible].mean() > 0.9
        assert not hit[~possible].any()


def test_more_steps_try_more_keys(keys):
    one, plants = keys
    events = plants["wrong place in the history"][0]
    named = [
        sum(
            item.details.history_edits == 1
            for item in DeepaidGradientInterpreter(steps=steps).interpret(events, Context.of(one))
        )
        for steps in (1, 10)
    ]
    assert named[0] <= named[1]
