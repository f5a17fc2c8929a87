"""What every interpreter promises, and what it gives back."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import Batch, FloatArray
from deepaid_core.domain.interpretation import (
    Diagnostics,
    Interpretation,
)
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.errors import DetectorMismatchError, InvalidParameterError

__all__ = [
    "Context",
    "InterpretationList",
    "Interpretations",
    "Interpreter",
]


@dataclass(frozen=True, eq=False, slots=True)
class Context:
    """All that an interpreter may know besides the anomalies.

    Attributes:
        detector: Fitted.
        threshold: Its bound.
        profile: Of its training events; None for kinds of data without columns.
        max_deviations: Most fields that may differ between anomaly and reference.
        locked: Names of fields that may not differ.
        seed: Seed of everything random.
        budget_ms: Milliseconds after which a search gives the best it has found and marks what it
            could not finish; None for as long as it takes. Answers that were cut off depend on
            the machine.

    Raises:
        InvalidParameterError: `max_deviations` is under 1, or `budget_ms` is not positive.
    """

    detector: Detector[Any]
    threshold: Threshold
    profile: NormalProfile | None
    max_deviations: int = 10
    locked: frozenset[str] = field(default_factory=frozenset)
    seed: int = 0
    budget_ms: float | None = None

    def __post_init__(self) -> None:
        if self.max_deviations < 1:
            raise InvalidParameterError(
                f"At most {self.max_deviations} deviations are allowed; allow at least 1."
            )
        if self.budget_ms is not None and not self.budget_ms > 0:
            raise InvalidParameterError(
                f"The budget is {self.budget_ms} ms; give more than 0, or none."
            )

    @classmethod
    def of(cls, trained: TrainedDetector, **settings: Any) -> "Context":
        """What a trained detector tells an interpreter; settings are further attributes."""
        return cls(trained.detector, trained.threshold, trained.profile, **settings)

    @property
    def columns(self) -> NormalProfile:
        """The profile, for kinds of data that have one.

        Raises:
            DetectorMismatchError: There is none.
        """
        if self.profile is None:
            raise DetectorMismatchError(
                "The detector has no profile of its training events; train it again."
            )
        return self.profile


class Interpretations(ABC):
    """Interpretations of n anomalies; `[i]` gives one as a value.

    Attributes:
        interpreter: Registry name.
        context: What they were made with.
        scores: (n,), of the anomalies.
        reference_scores: (n,), of exactly the references that are shown.
    """

    interpreter: str
    context: Context
    scores: FloatArray
    reference_scores: FloatArray

    @property
    @abstractmethod
    def anomalies(self) -> Batch:
        """The n anomalies."""

    @abstractmethod
    def __getitem__(self, row: int) -> Interpretation: ...

    def __len__(self) -> int:
        return len(self.scores)

    def __iter__(self) -> Iterator[Interpretation]:
        return (self[row] for row in range(len(self)))

    @property
    def verified(self) -> NDArray[np.bool_]:
        """(n,), whether the detector accepts the reference."""
        return self.reference_scores <= self.context.threshold.value

    def diagnostics(
        self,
        row: int,
        *,
        needed: int,
        plausibility: float | None,
        flip_scores: FloatArray,
        stopped_early: bool = False,
    ) -> Diagnostics:
        """How good the reference of an anomaly is.

        Args:
            row: Position of the anomaly.
            needed: Fewest deviations that the search found to work; 0 where it found none.
            plausibility: As `Diagnostics` defines it.
            flip_scores: (k,), score after the first 1, 2, ... deviations take the reference's
                values.
            stopped_early: As `Diagnostics` defines it.
        """
        return Diagnostics(
            score=float(self.scores[row]),
            threshold=self.context.threshold.value,
            reference_score=float(self.reference_scores[row]),
            verified=bool(self.verified[row]),
            max_deviations=self.context.max_deviations,
            deviations_needed=needed,
            plausibility=plausibility,
            flip_scores=tuple(flip_scores.tolist()),
            seed=self.context.seed,
            stopped_early=stopped_early,
        )


@dataclass(frozen=True, eq=False)
class InterpretationList(Interpretations):
    """Interpretations that were made one value each.

    Attributes:
        interpreter: Registry name.
        context: What they were made with.
        events: The n anomalies.
        items: Their interpretations.
        scores: (n,), of the anomalies.
        reference_scores: (n,), of exactly the references that are shown.
    """

    interpreter: str
    context: Context
    events: Batch
    items: tuple[Interpretation, ...]
    scores: FloatArray
    reference_scores: FloatArray

    @property
    def anomalies(self) -> Batch:
        """The n anomalies."""
        return self.events

    def __getitem__(self, row: int) -> Interpretation:
        return self.items[row]


class Interpreter(ABC):
    """Searches references; keeps no state, so one object serves every detector and thread."""

    @abstractmethod
    def supports(self, detector: Detector[Any]) -> str | None:
        """None when it can interpret this detector, else the reason why not."""

    def interpret(
        self,
        anomalies: Batch,
        context: Context,
        *,
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> Interpretations:
        """Interpret anomalies, all in one batch.

        Neither the anomalies nor the detector are changed; the same input gives the same answer.

        Raises:
            DetectorMismatchError: The detector is not supported.
            CancelledError: `cancelled` said so.
        """
        why_not = self.supports(context.detector)
        if why_not is not None:
            raise DetectorMismatchError(f"{type(self).__name__} cannot interpret this: {why_not}")
        return self._interpret(anomalies, context, progress, cancelled)

    @abstractmethod
    def _interpret(
        self, anomalies: Any, context: Context, progress: Progress, cancelled: Cancelled
    ) -> Interpretations: ...
