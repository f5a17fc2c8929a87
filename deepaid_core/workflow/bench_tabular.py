"""The bench of rows of a table.

An analyst edits fields, as deviations name them. The columns of a field are one statistic over
several time windows: whoever moves one of them alone makes an event that no traffic could make. So
a field is edited by the column that moved most, and its other columns go the same share of their
own way to the closest normal event. Every column can still be edited alone, as a part of its own.
"""

from collections.abc import Sequence

import numpy as np

from deepaid_core.domain.batches import Batch, FloatArray, IntArray, TabularBatch
from deepaid_core.domain.schema import Feature, Field, Schema
from deepaid_core.workflow.bench_numbers import NumberBench
from deepaid_core.workflow.bench_parts import Part, Value

__all__ = ["TabularBench"]


class TabularBench(NumberBench):
    """A row of a table on the bench."""

    _event: TabularBatch

    @property
    def _schema(self) -> Schema:
        return self._event.schema

    @property
    def _features(self) -> tuple[Feature, ...]:
        return self._schema.features

    def _batch(self, values: FloatArray) -> Batch:
        return TabularBatch.of_values(self._schema, values)

    def _set_up(self) -> None:
        self._values = self._event.values[0].copy()
        reference = np.array(self._interpretation.reference, dtype=np.float64)
        features = self._features
        fields = self._schema.fields
        categories = {
            features[one.columns[0]].name: one.columns
            for one in fields
            if features[one.columns[0]].kind == "category"
        }
        self._groups_of_categories = categories
        taken = {column for columns in categories.values() for column in columns}
        self._cells = {feature.name: at for at, feature in enumerate(features) if at not in taken}
        self._columns = self._cells
        weights = {one.field: one.weight for one in self._interpretation.deviations}
        # Where a field follows nothing: what it would be in the most similar normal event.
        self._goal = np.where(self._differing(reference), reference, self._most_similar(reference))
        order = sorted(fields, key=lambda one: -weights.get(one.name, 0.0))
        whole = tuple(self._field_part(one, reference, weights.get(one.name, 0.0)) for one in order)
        self.parts = (
            *whole,
            *(part for one in order for part in self._single_parts(one, reference)),
        )
        self.reference = self._edits_of(self._interpretation)

    def _differing(self, reference: FloatArray) -> np.ndarray:
        """(d,), columns of fields in which anomaly and reference differ."""
        differs = np.zeros(len(reference), dtype=bool)
        for one in self._schema.fields:
            columns = list(one.columns)
            differs[columns] = bool((self._values[columns] != reference[columns]).any())
        return differs

    def _most_similar(self, reference: FloatArray) -> FloatArray:
        """(d,), the normal event that is most similar where anomaly and reference agree."""
        profile = self._context.columns
        if not len(profile.events):
            return profile.median
        apart = (profile.events - self._values) / profile.spread
        apart[:, self._differing(reference)] = 0.0
        nearest: FloatArray = profile.events[int(np.square(apart).sum(axis=1).argmin())]
        return nearest

    def _field_part(self, one: Field, reference: FloatArray, weight: float) -> Part:
        columns = self._strongest_first(one)
        feature = self._features[columns[0]]
        fixed = any(self._features[column].locked for column in columns)
        if feature.kind == "category":
            cell = self._features[one.columns[0]].name
            seen, wanted = (str(self._held_by(cell, v)) for v in (self._values, reference))
            return Part(
                cells=(cell,), group=one.name, title=one.title, unit="", kind="choice",
                observed=seen, reference=wanted, observed_text=seen, reference_text=wanted,
                weight=weight, fixed=fixed,
            )  # fmt: skip
        return self._number_part(
            [self._features[column].name for column in columns],
            group=one.name,
            title=feature.title,
            reference=reference,
            weight=weight,
            fixed=fixed,
        )

    def _single_parts(self, one: Field, reference: FloatArray) -> list[Part]:
        """Each column of a field of several by itself."""
        if len(one.columns) == 1 or self._features[one.columns[0]].kind == "category":
            return []
        fixed = any(self._features[column].locked for column in one.columns)
        return [
            self._number_part(
                [self._features[column].name],
                group=one.name,
                title=self._features[column].title,
                reference=reference,
                weight=0.0,
                fixed=fixed,
                alone=True,
            )
            for column in one.columns
        ]

    def _strongest_first(self, one: Field) -> IntArray:
        """Columns of a field, the one that is farthest from where it would be normal first."""
        columns = np.array(one.columns)
        spread = self._context.columns.spread[columns]
        far = np.abs(self._values[columns] - self._goal[columns]) / spread
        ordered: IntArray = columns[np.argsort(-far, kind="stable")]
        return ordered

    def _followers(self, part: Part, value: float) -> dict[str, Value]:
        names = part.cells
        return dict(zip(names[1:], self._along(names, value), strict=True))

    def _along(self, names: Sequence[str], value: float) -> list[float]:
        """Values of all columns but the first when that one takes a value."""
        at = [self._cells[name] for name in names]
        start, goal = self._values[at], self._goal[at]
        if value == goal[0]:
            return [float(one) for one in goal[1:]]
        profile = self._context.columns
        way = goal[0] - start[0]
        if way:
            moved = start + (value - start[0]) / way * (goal - start)
        else:
            spread = profile.spread[at]
            moved = start + (value - start[0]) / spread[0] * spread
        # Far beyond either end the same share of the way would lead out of all that was ever seen.
        low = np.minimum(np.minimum(start, goal), profile.quantiles[0][at])
        high = np.maximum(np.maximum(start, goal), profile.quantiles[-1][at])
        return [
            self._obeying(name, float(one))
            for name, one in zip(names[1:], np.clip(moved, low, high)[1:], strict=True)
        ]
