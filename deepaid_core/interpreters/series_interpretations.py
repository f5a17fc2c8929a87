"""Interpretations of windows of a series, held cell by cell."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.batches import FloatArray, IntArray, SeriesBatch
from deepaid_core.domain.details import SeriesColumn, SeriesDetails
from deepaid_core.domain.interpretation import Cell, Deviation, Direction, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.interpreters.base import Context, Interpretations

__all__ = ["SeriesInterpretations"]


@dataclass(frozen=True, eq=False)
class SeriesInterpretations(Interpretations):
    """Interpretations of windows, cell by cell.

    Attributes:
        interpreter: Registry name.
        context: What they were made with.
        events: The n anomalies.
        references: (n, h + 1, d), original units; equal to the anomaly outside the changed cells.
        columns: (n, K), positions of the changed columns, strongest first, -1 after the last.
        weights: (n, K), shares that sum to 1, 0 after the last.
        flip_scores: (n, K), score after the first 1, 2, ... columns take the reference's values;
            not a number after the last.
        effects: (n, d), as `SeriesColumn` defines them.
        scores: (n,), of the anomalies.
        reference_scores: (n,), of exactly `references`.
        needed: (n,), fewest columns that the search found to work; 0 where it found none.
        plausibility: (n,), percentile as `Diagnostics` defines it, of the strangest changed step.
        stopped_early: (n,), anomalies whose search ran out of time; None for none.
    """

    interpreter: str
    context: Context
    events: SeriesBatch
    references: FloatArray
    columns: IntArray
    weights: FloatArray
    flip_scores: FloatArray
    effects: FloatArray
    scores: FloatArray
    reference_scores: FloatArray
    needed: IntArray
    plausibility: FloatArray
    stopped_early: NDArray[np.bool_] | None = None

    @property
    def anomalies(self) -> SeriesBatch:
        """The n anomalies."""
        return self.events

    def __getitem__(self, row: int) -> Interpretation:
        shown = self.columns[row][self.columns[row] >= 0].tolist()
        observed, reference = self.events.values[row], self.references[row]
        step_s = self._step_s(row)
        return Interpretation(
            interpreter=self.interpreter,
            deviations=tuple(
                self._deviation(row, column, float(self.weights[row, place]))
                for place, column in enumerate(shown)
            ),
            observed=tuple(observed.ravel().tolist()),
            reference=tuple(reference.ravel().tolist()),
            diagnostics=self.diagnostics(
                row,
                needed=int(self.needed[row]),
                plausibility=float(self.plausibility[row]),
                flip_scores=self.flip_scores[row, : len(shown)],
                stopped_early=self.stopped_early is not None and bool(self.stopped_early[row]),
            ),
            modality=Modality.SERIES,
            details=SeriesDetails(
                steps=len(observed),
                step_times=tuple(step_s.tolist()),
                columns=tuple(
                    SeriesColumn(
                        name=feature.name,
                        title=feature.title,
                        unit=feature.unit,
                        normal_low=low,
                        normal_high=high,
                        effect=effect,
                    )
                    for feature, low, high, effect in zip(
                        self.events.schema.features,
                        self.context.columns.low.tolist(),
                        self.context.columns.high.tolist(),
                        self.effects[row].tolist(),
                        strict=True,
                    )
                ),
            ),
        )

    def _step_s(self, row: int) -> FloatArray:
        known = self.events.context.get("step_times")
        if known is not None:
            return np.asarray(known[row], dtype=np.float64)
        steps = self.events.values.shape[1]
        times: FloatArray = self.events.times[row] + np.arange(1.0 - steps, 1.0)
        return times

    def _deviation(self, row: int, column: int, weight: float) -> Deviation:
        profile, feature = self.context.columns, self.events.schema.features[column]
        observed = self.events.values[row, :, column]
        reference = self.references[row, :, column]
        signed = (observed - reference) / profile.spread[column]
        steps = np.flatnonzero(observed != reference)
        steps = steps[np.argsort(-np.abs(signed[steps]), kind="stable")]
        cells = tuple(
            Cell(
                name=f"{feature.name}@{step + 1 - len(observed)}",
                title=_title(len(observed) - 1 - step),
                unit=feature.unit,
                observed=float(observed[step]),
                reference=float(reference[step]),
                normal_low=float(profile.low[column]),
                normal_high=float(profile.high[column]),
                percentile=profile.percentile(column, float(observed[step])),
            )
            for step in steps.tolist()
        )
        most = float(signed[steps[0]])
        direction: Direction = "up" if most > 0 else "down"
        return Deviation(feature.field, feature.title, direction, abs(most), weight, cells)


def _title(steps_before: int) -> str:
    if steps_before == 0:
        return "the scored step"
    return f"{steps_before} step{'s' if steps_before > 1 else ''} before"
