"""A detector and an interpreter that understand each other, and what the one says of the other."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np

from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.batches import Batch, IntArray
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.interpreters.base import Context, Interpretations, Interpreter
from deepaid_core.registry import DETECTORS, INTERPRETERS, load
from deepaid_core.testing.planted import planted, trained
from deepaid_core.testing.plants import Plant, Planted

__all__ = ["Found", "Pair", "registered_pairs"]


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """What an interpreter said of those anomalies of a plant that the detector flags.

    Attributes:
        plant: The flagged anomalies.
        interpretations: One of each.
        items: The same as values.
    """

    plant: Plant
    interpretations: Interpretations
    items: tuple[Interpretation, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """A detector and an interpreter; both are classes, so that pairs can be looked up."""

    detector: type[Detector[Any]]
    interpreter: type[Interpreter]

    @property
    def one(self) -> TrainedDetector:
        """The detector, trained on planted data once."""
        return trained(self.detector)

    @property
    def data(self) -> Planted:
        """What it was trained on, and the anomalies."""
        return planted(self.detector.modality)

    def make(self, **changes: Any) -> Interpreter:
        """An interpreter that is quick enough for checks.

        What its class names in `CHECK_PARAMS` takes the place of the defaults.

        Args:
            changes: Further parameters.
        """
        return self.interpreter(**{**getattr(self.interpreter, "CHECK_PARAMS", {}), **changes})

    @property
    def why_not(self) -> str | None:
        """None when the two understand each other, else the reason."""
        return self.interpreter().supports(self.one.detector)

    def context(self, **changes: Any) -> Context:
        """All that the interpreter may know."""
        return replace(Context(self.one.detector, self.one.threshold, self.one.profile), **changes)

    def interpret(self, anomalies: Batch, **changes: Any) -> tuple[Interpretation, ...]:
        """Interpretations as values."""
        return tuple(self.make().interpret(anomalies, self.context(**changes)))

    def found(self) -> tuple[Found, ...]:
        """Of every plant; worked out once."""
        return _found(self)

    def some(self, n: int = 12) -> Batch:
        """The first flagged anomalies of every plant together."""
        plants = [one.plant.events for one in self.found()]
        few = [events.take(np.arange(min(n, len(events)))) for events in plants]
        return type(few[0]).concatenate(few)


def registered_pairs() -> Iterator[tuple[str, Pair]]:
    """Every registered detector with every registered interpreter, and a name for the two."""
    for detector in DETECTORS:
        for interpreter in INTERPRETERS:
            yield (
                f"{interpreter}-of-{detector}",
                Pair(load(DETECTORS, detector), load(INTERPRETERS, interpreter)),
            )


@cache
def _found(pair: Pair) -> tuple[Found, ...]:
    found = []
    for plant in pair.data.plants:
        rows = np.flatnonzero(pair.one.threshold.flag(pair.one.detector.score(plant.events)))
        flagged = _take(plant, rows)
        made = pair.make().interpret(flagged.events, pair.context())
        found.append(Found(flagged, made, tuple(made)))
    return tuple(found)


def _take(plant: Plant, rows: IntArray) -> Plant:
    return replace(
        plant,
        events=plant.events.take(rows),
        originals=plant.originals.take(rows),
        guilty=tuple(plant.guilty[row] for row in rows.tolist()),
    )
