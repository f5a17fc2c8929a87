"""The bench of events that are numbers in columns: rows of a table and windows of a series."""

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np

from deepaid_core.domain.batches import Batch, FloatArray
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.schema import Feature
from deepaid_core.workflow.bench_base import Bench
from deepaid_core.workflow.bench_parts import Choice, Edits, Part, Value

__all__ = ["NumberBench"]


class NumberBench(Bench):
    """Values of one event in a row, whatever they mean; cells are positions in that row.

    A subclass says in `_lay_out` which cells there are.
    """

    _values: FloatArray
    """The anomaly, (c,), original units."""

    _cells: dict[str, int]
    """Position of each cell that holds a number."""

    _columns: dict[str, int]
    """Column of the schema that a cell belongs to."""

    _groups_of_categories: dict[str, tuple[int, ...]]
    """Positions of the columns of each cell that holds a category."""

    @property
    @abstractmethod
    def _features(self) -> tuple[Feature, ...]:
        """The columns of the schema."""

    @abstractmethod
    def _batch(self, values: FloatArray) -> Batch:
        """Rows of values, (n, c), as events."""

    def _observed_of(self, cell: str) -> Value:
        return self._held_by(cell, self._values)

    def _held_by(self, cell: str, values: FloatArray) -> Value:
        if cell in self._groups_of_categories:
            columns = self._groups_of_categories[cell]
            return self._features[columns[int(values[list(columns)].argmax())]].category
        return float(values[self._cells[cell]])

    def _events(self, edits: Sequence[Edits]) -> Batch:
        values = np.repeat(self._values[None], len(edits), axis=0)
        for row, one in enumerate(edits):
            for cell, value in one.items():
                if cell in self._groups_of_categories:
                    columns = list(self._groups_of_categories[cell])
                    values[row, columns] = [
                        float(self._features[column].category == value) for column in columns
                    ]
                else:
                    values[row, self._cells[cell]] = float(value)
        return self._batch(values)

    def _edits_of(self, interpretation: Interpretation) -> dict[str, Value]:
        reference = np.array(interpretation.reference, dtype=np.float64)
        edits: dict[str, Value] = {}
        for cell in (*self._cells, *self._groups_of_categories):
            value = self._held_by(cell, reference)
            if value != self._held_by(cell, self._values):
                edits[cell] = value
        return edits

    def _choices_of(self, part: Part) -> tuple[Choice, ...]:
        (cell,) = part.cells
        names = [self._features[column].category for column in self._groups_of_categories[cell]]
        scores = self._scores_of_choices(cell, names)
        order = np.argsort(scores, kind="stable")
        return tuple(Choice(names[at], names[at], float(scores[at])) for at in order)

    def _checked(self, cell: str, value: Value) -> Value:
        if cell in self._groups_of_categories:
            names = {self._features[one].category for one in self._groups_of_categories[cell]}
            return self._one_of(cell, value, names)
        return super()._checked(cell, value)

    def _moved(self, part: Part, value: Value) -> dict[str, Value]:
        if part.kind == "choice" or isinstance(value, str):
            return {part.cells[0]: value}
        lead = self._obeying(part.cells[0], value)
        return {part.cells[0]: lead, **self._followers(part, lead)}

    def _followers(self, part: Part, value: float) -> dict[str, Value]:
        """What the other cells of a part take when its first one takes a value."""
        return {}

    def _obeying(self, cell: str, value: float) -> float:
        """The nearest value that the column may hold: within its bounds, whole where it counts."""
        feature = self._features[self._columns[cell]]
        if feature.low is not None:
            value = max(value, feature.low)
        if feature.high is not None:
            value = min(value, feature.high)
        return float(round(value)) if feature.kind == "integer" else float(value)

    def _number_part(
        self,
        cells: Sequence[str],
        *,
        group: str,
        title: str,
        reference: FloatArray,
        weight: float,
        fixed: bool,
        alone: bool = False,
    ) -> Part:
        lead = cells[0]
        column = self._columns[lead]
        feature, profile = self._features[column], self._context.columns
        return Part(
            cells=tuple(cells),
            group=group,
            title=title,
            unit=feature.unit,
            kind="integer" if feature.kind == "integer" else "number",
            observed=float(self._values[self._cells[lead]]),
            reference=float(reference[self._cells[lead]]),
            weight=weight,
            low=feature.low,
            high=feature.high,
            normal_low=float(profile.low[column]),
            normal_high=float(profile.high[column]),
            fixed=fixed,
            alone=alone,
        )
