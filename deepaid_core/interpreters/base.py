"""What every interpreter promises, and what it gives back."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import Batch, FloatArray, IntArray, TabularBatch
from deepaid_core.domain.interpretation import (
    Cell,
    Deviation,
    Diagnostics,
    Direction,
    Interpretation,
)
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.errors import DetectorMismatchError, InvalidParameterError

__all__ = [
    "Context",
    "InterpretationList",
    "Interpretations",
    "Interpreter",
    "TabularInterpretations",
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

    Raises:
        InvalidParameterError: `max_deviations` is under 1.
    """

    detector: Detector[Any]
    threshold: Threshold
    profile: NormalProfile | None
    max_deviations: int = 10
    locked: frozenset[str] = field(default_factory=frozenset)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.max_deviations < 1:
            raise InvalidParameterError(
                f"At most {self.max_deviations} deviations are allowed; allow at least 1."
            )

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


@dataclass(frozen=True, eq=False)
class TabularInterpretations(Interpretations):
    """Interpretations of feature vectors, column by column.

    Attributes:
        interpreter: Registry name.
        context: What they were made with.
        events: The n anomalies.
        references: (n, d), original units; equal to the anomaly outside the changed fields.
        fields: (n, K), positions of the changed fields in the schema, strongest first, -1 after
            the last.
        weights: (n, K), shares that sum to 1, 0 after the last.
        flip_scores: (n, K), score after the first 1, 2, ... fields take the reference's values;
            not a number after the last.
        scores: (n,), of the anomalies.
        reference_scores: (n,), of exactly `references`.
        needed: (n,), fewest fields that the search found to work; 0 where it found none.
        plausibility: (n,), percentile as `Diagnostics` defines it.
    """

    interpreter: str
    context: Context
    events: TabularBatch
    references: FloatArray
    fields: IntArray
    weights: FloatArray
    flip_scores: FloatArray
    scores: FloatArray
    reference_scores: FloatArray
    needed: IntArray
    plausibility: FloatArray

    @property
    def anomalies(self) -> TabularBatch:
        """The n anomalies."""
        return self.events

    def sizes(self) -> FloatArray:
        """(n, K), signed distance of the column of each field that moved most.

        In units of that column's training spread; positive when the anomaly lies above its
        reference; 0 after the last field.
        """
        distance = (self.anomalies.values - self.references) / self.context.columns.spread
        signed = np.zeros(self.fields.shape)
        for position, one in enumerate(self.anomalies.schema.fields):
            rows, where = np.nonzero(self.fields == position)
            if len(rows):
                cells = distance[np.ix_(rows, np.array(one.columns))]
                most = np.abs(cells).argmax(axis=1)
                signed[rows, where] = cells[np.arange(len(rows)), most]
        return signed

    def categories(self) -> dict[int, tuple[IntArray, IntArray, tuple[str, ...]]]:
        """One-hot fields by position: (n,) observed, (n,) of the reference, and their texts."""
        schema = self.anomalies.schema
        return {
            position: (
                self.anomalies.values[:, one.columns].argmax(axis=1),
                self.references[:, one.columns].argmax(axis=1),
                tuple(schema.features[column].category for column in one.columns),
            )
            for position, one in enumerate(schema.fields)
            if schema.features[one.columns[0]].kind == "category"
        }

    def __getitem__(self, row: int) -> Interpretation:
        shown = self.fields[row][self.fields[row] >= 0]
        signed = (self.anomalies.values[row] - self.references[row]) / self.context.columns.spread
        return Interpretation(
            interpreter=self.interpreter,
            deviations=tuple(
                self._deviation(row, int(one), float(self.weights[row, place]), signed)
                for place, one in enumerate(shown)
            ),
            observed=tuple(self.anomalies.values[row].tolist()),
            reference=tuple(self.references[row].tolist()),
            diagnostics=Diagnostics(
                score=float(self.scores[row]),
                threshold=self.context.threshold.value,
                reference_score=float(self.reference_scores[row]),
                verified=bool(self.verified[row]),
                max_deviations=self.context.max_deviations,
                deviations_needed=int(self.needed[row]),
                plausibility=float(self.plausibility[row]),
                flip_scores=tuple(self.flip_scores[row, : len(shown)].tolist()),
                seed=self.context.seed,
            ),
        )

    def _deviation(self, row: int, position: int, weight: float, signed: FloatArray) -> Deviation:
        schema, profile = self.anomalies.schema, self.context.columns
        one = schema.fields[position]
        columns = sorted(one.columns, key=lambda column: -abs(signed[column]))
        size = float(signed[columns[0]])
        direction: Direction = "up" if size > 0 else "down"
        if schema.features[columns[0]].kind == "category":
            observed, reference = (
                schema.features[one.columns[int(values[row, one.columns].argmax())]].category
                for values in (self.anomalies.values, self.references)
            )
            cell = Cell(one.name, one.title, "", observed, reference)
            return Deviation(one.name, one.title, "changed", abs(size), weight, (cell,))
        cells = tuple(
            Cell(
                name=schema.features[column].name,
                title=schema.features[column].title,
                unit=schema.features[column].unit,
                observed=float(self.anomalies.values[row, column]),
                reference=float(self.references[row, column]),
                normal_low=float(profile.low[column]),
                normal_high=float(profile.high[column]),
                percentile=profile.percentile(column, self.anomalies.values[row, column]),
            )
            for column in columns
        )
        return Deviation(one.name, one.title, direction, abs(size), weight, cells)


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
