"""Findings of planted anomalies of all kinds, whose detectors are ready for the bench."""

from functools import cache
from typing import Final

import numpy as np

from deepaid_core.detectors.trained import TrainedDetector
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
from deepaid_core.workflow.bench import Bench, open_bench
from deepaid_core.workflow.train import register
from deepaid_core.workspace import Workspace
from tests.factories import make_finding

__all__ = ["bench_of", "interpretations", "planted_finding", "quickly_trained"]


# Less training than the checks of detectors need: what is edited here is far off.
_QUICK: Final[dict[Modality, dict[str, int]]] = {
    Modality.TABULAR: {"epochs": 8},
    Modality.SEQUENCE: {"steps": 120},
    Modality.SERIES: {"epochs": 8},
    Modality.LINK: {},
}


@cache
def quickly_trained(modality: Modality) -> TrainedDetector:
    """The default detector of a kind of data, trained on planted data for a moment."""
    return train_planted(load(DETECTORS, DEFAULT_DETECTORS[modality]), **_QUICK[modality])


@cache
def interpretations(modality: Modality, each: int = 1) -> tuple[Interpretation, ...]:
    """Of the first flagged anomalies of every plant."""
    one, found = quickly_trained(modality), []
    interpreter = load(INTERPRETERS, DEFAULT_INTERPRETERS[modality])()
    for plant in planted(modality).plants:
        flagged = np.flatnonzero(one.threshold.flag(one.detector.score(plant.events)))
        found += interpreter.interpret(plant.events.take(flagged[:each]), Context.of(one))
    return tuple(found)


def planted_finding(workspace: Workspace, modality: Modality, number: int = 0) -> Finding:
    """A finding whose detector is in the workspace; its interpretation is that of its number."""
    record = register(workspace, quickly_trained(modality))
    interpretation = interpretations(modality)[number]
    proof = interpretation.diagnostics
    return make_finding(
        number,
        detector_id=record.id,
        interpretation=interpretation,
        max_score=proof.score,
        threshold=proof.threshold,
        ratio=proof.score / proof.threshold if modality is Modality.TABULAR else 1.5,
    )


def bench_of(workspace: Workspace, modality: Modality, number: int = 0) -> Bench:
    """The bench of such a finding."""
    return open_bench(workspace, planted_finding(workspace, modality, number))
