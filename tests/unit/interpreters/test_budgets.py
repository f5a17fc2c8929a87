"""Searches that have to stop before they are done."""

import numpy as np
import pytest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.deeplog import DeepLogDetector
from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.deepaid_gradient import DeepaidGradientInterpreter
from deepaid_core.interpreters.link import EndpointReplacementInterpreter
from deepaid_core.interpreters.sequence import KeySubstitutionInterpreter
from deepaid_core.interpreters.series import GreedyCellsInterpreter
from deepaid_core.testing.planted import planted, trained

PAIRS = [
    pytest.param(DeepaidGradientInterpreter, AutoencoderDetector, id="deepaid-gradient, tables"),
    pytest.param(DeepaidGradientInterpreter, LstmForecastDetector, id="deepaid-gradient, series"),
    pytest.param(
        DeepaidGradientInterpreter,
        DeepLogDetector,
        id="deepaid-gradient, keys",
        marks=pytest.mark.slow,
    ),
    pytest.param(GreedyCellsInterpreter, LstmForecastDetector, id="greedy-cells"),
    pytest.param(KeySubstitutionInterpreter, DeepLogDetector, id="key-substitution"),
    pytest.param(EndpointReplacementInterpreter, LinkPredictorDetector, id="endpoint-replacement"),
]


def flagged(detector):
    one = trained(detector)
    parts = []
    for plant in planted(detector.modality).plants:
        rows = np.flatnonzero(one.threshold.flag(one.detector.score(plant.events)))[:6]
        parts.append(plant.events.take(rows))
    return one, type(parts[0]).concatenate(parts)


@pytest.mark.parametrize(("interpreter", "detector"), PAIRS)
def test_without_time_every_anomaly_has_an_answer_and_unfinished_ones_say_so(interpreter, detector):
    one, events = flagged(detector)
    unlimited = list(interpreter().interpret(events, Context.of(one)))
    found = interpreter().interpret(events, Context.of(one, budget_ms=1e-6))
    answers = list(found)
    assert len(answers) == len(events)
    assert any(answer.diagnostics.stopped_early for answer in answers)
    for answer, whole in zip(answers, unlimited, strict=True):
        if not answer.diagnostics.stopped_early:
            assert answer.diagnostics.deviations_needed == whole.diagnostics.deviations_needed
        shown = answer.diagnostics
        assert shown.verified == (shown.reference_score <= shown.threshold)
        assert len(shown.flip_scores) == len(answer.deviations)


@pytest.mark.parametrize(("interpreter", "detector"), PAIRS)
def test_with_enough_time_the_answer_is_that_without_a_budget(interpreter, detector):
    one, events = flagged(detector)
    unlimited = list(interpreter().interpret(events, Context.of(one)))
    found = list(interpreter().interpret(events, Context.of(one, budget_ms=1e9)))
    assert repr(found) == repr(unlimited)
    assert not any(answer.diagnostics.stopped_early for answer in found)
