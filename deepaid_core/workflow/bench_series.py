"""The bench of windows of a series: metrics at the scored step, and cells before it."""

from dataclasses import replace

import numpy as np

from deepaid_core.domain.batches import Batch, FloatArray, SeriesBatch
from deepaid_core.domain.details import SeriesDetails
from deepaid_core.domain.schema import Feature
from deepaid_core.workflow.bench_numbers import NumberBench
from deepaid_core.workflow.bench_parts import Part

__all__ = ["SeriesBench"]


class SeriesBench(NumberBench):
    """A window of metrics on the bench; cells are called `metric@step`, 0 the scored step."""

    _event: SeriesBatch

    @property
    def _features(self) -> tuple[Feature, ...]:
        return self._event.schema.features

    def _batch(self, values: FloatArray) -> Batch:
        steps, d = self._event.values.shape[1:]
        return SeriesBatch.of_values(self._event.schema, values.reshape(len(values), steps, d))

    def _set_up(self) -> None:
        window = self._event.values[0]
        steps, d = window.shape
        self._values = window.ravel().copy()
        names = [
            (f"{one.name}@{step + 1 - steps}") for step in range(steps) for one in self._features
        ]
        self._cells = {name: at for at, name in enumerate(names)}
        self._columns = {name: at % d for name, at in self._cells.items()}
        self._groups_of_categories = {}
        reference = np.array(self._interpretation.reference, dtype=np.float64)
        apart = np.abs(self._values - reference) / np.tile(self._context.columns.spread, steps)
        weights = {one.field: one.weight for one in self._interpretation.deviations}
        deviating = [at for at in np.flatnonzero(self._values != reference).tolist()]
        deviating.sort(key=lambda at: (-weights.get(self._features[at % d].field, 0.0), -apart[at]))
        metrics = {at % d for at in deviating}
        last = (steps - 1) * d
        others = [last + column for column in self._by_effect()]
        others += [
            step * d + column for column in sorted(metrics) for step in range(steps - 1)[::-1]
        ]
        near = dict.fromkeys([*deviating, *others])
        # The history of a metric that does not deviate is of no interest, and that of 200 is a
        # burden; but where the usual metrics are locked, a search can end there.
        order = dict.fromkeys([*near, *range(last)])
        parts = (self._cell_part(at, steps, reference, weights) for at in order)
        self.parts = tuple(
            replace(part, remote=at not in near) for at, part in zip(order, parts, strict=True)
        )
        self.reference = self._edits_of(self._interpretation)

    def _by_effect(self) -> list[int]:
        """Columns, the one that does most to the score first."""
        details = self._interpretation.details
        count = len(self._features)
        if not isinstance(details, SeriesDetails) or len(details.columns) != count:
            return list(range(count))
        return sorted(range(count), key=lambda column: -details.columns[column].effect)

    def _cell_part(
        self, at: int, steps: int, reference: FloatArray, weights: dict[str, float]
    ) -> Part:
        d = len(self._features)
        feature, before = self._features[at % d], steps - 1 - at // d
        when = "scored step" if not before else f"{before} step{'s' if before > 1 else ''} before"
        differs = bool(self._values[at] != reference[at])
        return self._number_part(
            [f"{feature.name}@{-before}"],
            group=feature.field,
            title=f"{feature.title}, {when}",
            reference=reference,
            weight=weights.get(feature.field, 0.0) if differs else 0.0,
            fixed=feature.locked,
        )
