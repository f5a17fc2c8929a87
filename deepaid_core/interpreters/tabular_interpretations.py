"""Interpretations of feature vectors, held column by column."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.batches import FloatArray, IntArray, TabularBatch
from deepaid_core.domain.interpretation import (
    Cell,
    Deviation,
    Direction,
    Interpretation,
)
from deepaid_core.interpreters.base import Context, Interpretations

__all__ = ["TabularInterpretations"]


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
        ranking: (n, F), positions of all fields that may move, the one that matters most first, -1
            after the last; the shown fields need not be its first.
        weights: (n, K), shares that sum to 1, 0 after the last.
        flip_scores: (n, K), score after the first 1, 2, ... fields take the reference's values;
            not a number after the last.
        scores: (n,), of the anomalies.
        reference_scores: (n,), of exactly `references`.
        needed: (n,), fewest fields that the search found to work; 0 where it found none.
        plausibility: (n,), percentile as `Diagnostics` defines it.
        stopped_early: (n,), anomalies whose search ran out of time; None for none.
    """

    interpreter: str
    context: Context
    events: TabularBatch
    references: FloatArray
    fields: IntArray
    ranking: IntArray
    weights: FloatArray
    flip_scores: FloatArray
    scores: FloatArray
    reference_scores: FloatArray
    needed: IntArray
    plausibility: FloatArray
    stopped_early: NDArray[np.bool_] | None = None

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
            diagnostics=self.diagnostics(
                row,
                needed=int(self.needed[row]),
                plausibility=float(self.plausibility[row]),
                flip_scores=self.flip_scores[row, : len(shown)],
                stopped_early=self.stopped_early is not None and bool(self.stopped_early[row]),
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
