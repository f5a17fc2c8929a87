"""Findings with a real detector and answers of several interpreters, for tests."""

from dataclasses import fields, replace
from functools import cache
from typing import Any

import numpy as np

from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.comparison import Answer, Comparison
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.interpreters.base import Context
from deepaid_core.registry import (
    DEFAULT_DETECTORS,
    DEFAULT_INTERPRETERS,
    DETECTORS,
    INTERPRETERS,
    load,
)
from deepaid_core.testing.planted import planted, train_planted
from deepaid_core.workflow.train import register
from deepaid_core.workspace import Workspace
from tests.factories import make_finding, make_interpretation, make_run

__all__ = ["answer", "comparison", "planted_finding"]


_SHORT = {"epochs": 4, "steps": 60}


def answer(name: str, *states: str, flips: bool = True, **overrides: object) -> Answer:
    """An answer that names one deviation per state; a later one flips the label."""
    interpretation = make_interpretation(states, interpreter=name, verified=flips)
    return replace(Answer(name, interpretation, elapsed_ms=12.5), **overrides)


def comparison(*answers: Answer, modality: Modality = Modality.TABULAR) -> Comparison:
    """Answers to one finding whose event scores 0.9 where 0.25 is the threshold."""
    return Comparison("F-0123456789", modality, 0.9, 0.25, answers)


@cache
def _trained(kind: Modality) -> TrainedDetector:
    """Trained for a moment: what was planted lies far from normal."""
    detector: Any = load(DETECTORS, DEFAULT_DETECTORS[kind])
    own = {field.name for field in fields(detector)}
    return train_planted(detector, **{k: v for k, v in _SHORT.items() if k in own})


def planted_finding(
    workspace: Workspace, kind: Modality = Modality.TABULAR, **overrides: Any
) -> Finding:
    """An anomaly of planted data, with its detector, interpreted as a run does it."""
    detector = _trained(kind)
    record = register(workspace, detector)
    plant = planted(kind).plants[0]
    over = np.flatnonzero(detector.threshold.flag(detector.detector.score(plant.events)))
    event = plant.events.take(over[:1])
    interpreter = load(INTERPRETERS, DEFAULT_INTERPRETERS[kind])()
    interpretation: Interpretation = interpreter.interpret(event, Context.of(detector))[0]
    finding = make_finding(
        0,
        detector_id=record.id,
        detector_name=record.name,
        interpretation=interpretation,
        threshold=interpretation.diagnostics.threshold,
        max_score=interpretation.diagnostics.score,
        **overrides,
    )
    workspace.store.add_run(make_run(detector_id=record.id), [finding])
    return finding
