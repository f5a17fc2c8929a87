"""Events in bulk, in original units."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.schema import Schema
from deepaid_core.errors import InvalidEventsError

__all__ = ["FloatArray", "IntArray", "ObjectArray", "TabularBatch"]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
ObjectArray: TypeAlias = NDArray[Any]


@dataclass(frozen=True, eq=False)
class TabularBatch:
    """Feature vectors with when, who and where they came from.

    Attributes:
        schema: Meaning of the columns.
        values: (n, d), original units.
        times: (n,), Unix seconds, UTC.
        entities: (n,), whom each event is about, e.g. the source host, as text.
        indices: (n,), position of each event in its source, from 0.
        context: Further columns by name, each (n,), shown as raw evidence, never scored.

    Raises:
        InvalidEventsError: Lengths disagree, or a value is not finite; names row and column.
    """

    schema: Schema
    values: FloatArray
    times: FloatArray
    entities: ObjectArray
    indices: IntArray
    context: Mapping[str, ObjectArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(self.values)
        if self.values.ndim != 2 or self.values.shape[1] != len(self.schema):
            raise InvalidEventsError(
                f"Events have shape {self.values.shape} where schema '{self.schema.name}' has "
                f"{len(self.schema)} columns; use the source this detector was trained on."
            )
        columns = {"times": self.times, "entities": self.entities, "indices": self.indices}
        for name, column in {**columns, **self.context}.items():
            if len(column) != n:
                raise InvalidEventsError(
                    f"{n} events have {len(column)} values of '{name}'; give one per event."
                )
        finite = np.isfinite(self.values)
        if not finite.all():
            row, column_at = (int(i) for i in np.argwhere(~finite)[0])
            raise InvalidEventsError(
                f"{int((~finite).sum())} of {self.values.size} values are not finite; the first "
                f"is {self.values[row, column_at]} at event {int(self.indices[row])}, column "
                f"'{self.schema.names[column_at]}': fill or drop such rows."
            )

    def __len__(self) -> int:
        return len(self.values)

    def take(self, rows: NDArray[Any]) -> "TabularBatch":
        """The events at the given positions, or where a mask is true."""
        return replace(
            self,
            values=self.values[rows],
            times=self.times[rows],
            entities=self.entities[rows],
            indices=self.indices[rows],
            context={name: column[rows] for name, column in self.context.items()},
        )

    @staticmethod
    def concatenate(batches: Sequence["TabularBatch"]) -> "TabularBatch":
        """One batch of several with the same schema and context columns, in order.

        Raises:
            InvalidEventsError: No batch was given.
        """
        if not batches:
            raise InvalidEventsError("There is no event to join; the source gave no batch.")
        first = batches[0]
        return TabularBatch(
            schema=first.schema,
            values=np.concatenate([b.values for b in batches]),
            times=np.concatenate([b.times for b in batches]),
            entities=np.concatenate([b.entities for b in batches]),
            indices=np.concatenate([b.indices for b in batches]),
            context={
                name: np.concatenate([b.context[name] for b in batches]) for name in first.context
            },
        )

    @staticmethod
    def of_values(schema: Schema, values: FloatArray) -> "TabularBatch":
        """A batch of bare values: times 0, no entity, positions from 0."""
        n = len(values)
        return TabularBatch(
            schema=schema,
            values=np.asarray(values, dtype=np.float64),
            times=np.zeros(n),
            entities=np.full(n, "", dtype=object),
            indices=np.arange(n, dtype=np.int64),
        )
