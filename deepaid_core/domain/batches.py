"""Events in bulk, in original units."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.modality import Modality
from deepaid_core.domain.schema import EventSchema, LinkSchema, Schema, Vocabulary
from deepaid_core.errors import InvalidEventsError

__all__ = [
    "PADDING",
    "Batch",
    "BatchT",
    "FloatArray",
    "IntArray",
    "LinkBatch",
    "ObjectArray",
    "SequenceBatch",
    "SeriesBatch",
    "TabularBatch",
]

FloatArray: TypeAlias = NDArray[np.float64]
IntArray: TypeAlias = NDArray[np.int64]
ObjectArray: TypeAlias = NDArray[Any]

PADDING = -1
"""Stands where a window reaches back before the first line of its session."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Batch(ABC):
    """What batches of every kind share: when, who, and where the events came from.

    Attributes:
        schema: What the events are made of.
        times: (n,), Unix seconds, UTC.
        entities: (n,), whom each event is about, e.g. the source host, as text.
        indices: (n,), position of each event in its source, from 0.
        context: Further columns by name, each (n,), shown as raw evidence, never scored.

    Raises:
        InvalidEventsError: Lengths disagree, or the values do not fit the schema.
    """

    arrays: ClassVar[tuple[str, ...]]
    """Names of the fields that hold the events themselves, first axis n."""

    modality: ClassVar[Modality]
    """Kind of data."""

    schema: EventSchema
    times: FloatArray
    entities: ObjectArray
    indices: IntArray
    context: Mapping[str, ObjectArray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        n = len(getattr(self, self.arrays[0]))
        columns = {name: getattr(self, name) for name in (*self.arrays, *_SHARED)}
        for name, column in {**columns, **self.context}.items():
            if len(column) != n:
                raise InvalidEventsError(
                    f"{n} events have {len(column)} values of '{name}'; give one per event."
                )
        self._check()

    def __len__(self) -> int:
        return len(self.times)

    @abstractmethod
    def _check(self) -> None: ...

    def take(self, rows: NDArray[Any]) -> Self:
        """The events at the given positions, or where a mask is true."""
        return replace(
            self,
            **{name: getattr(self, name)[rows] for name in (*self.arrays, *_SHARED)},
            context={name: column[rows] for name, column in self.context.items()},
        )

    @classmethod
    def concatenate(cls, batches: Sequence[Self]) -> Self:
        """One batch of several with the same schema and context columns, in order.

        Raises:
            InvalidEventsError: No batch was given.
        """
        if not batches:
            raise InvalidEventsError("There is no event to join; the source gave no batch.")
        first = batches[0]
        if len(batches) == 1:
            return first
        joined: dict[str, Any] = {
            name: np.concatenate([getattr(b, name) for b in batches])
            for name in (*first.arrays, *_SHARED)
        }
        return replace(
            first,
            **joined,
            context={
                name: np.concatenate([b.context[name] for b in batches]) for name in first.context
            },
        )


_SHARED = ("times", "entities", "indices")
BatchT = TypeVar("BatchT", bound=Batch)


@dataclass(frozen=True, eq=False, kw_only=True)
class TabularBatch(Batch):
    """Feature vectors.

    Attributes:
        values: (n, d), original units.

    Raises:
        InvalidEventsError: Lengths disagree, or a value is not finite; names row and column.
    """

    arrays = ("values",)
    modality = Modality.TABULAR

    schema: Schema
    values: FloatArray

    def _check(self) -> None:
        if self.values.ndim != 2 or self.values.shape[1] != len(self.schema):
            raise _wrong_shape(self.values, self.schema)
        _finite(self.values, self.indices, self.schema)

    @staticmethod
    def of_values(schema: Schema, values: FloatArray) -> "TabularBatch":
        """A batch of bare values: times 0, no entity, positions from 0."""
        return TabularBatch(
            schema=schema, values=np.asarray(values, dtype=np.float64), **_bare(len(values))
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class SeriesBatch(Batch):
    """Windows of a multivariate series: h steps, and the step that follows them; h may be 0.

    Time, entity and index of an event are those of its last step.

    Attributes:
        values: (n, h + 1, d), original units, the last step last; may be a view on one series.

    Raises:
        InvalidEventsError: Lengths disagree, or a value is not finite; names row and column.
    """

    arrays = ("values",)
    modality = Modality.SERIES

    schema: Schema
    values: FloatArray

    def _check(self) -> None:
        if self.values.ndim != 3 or self.values.shape[2] != len(self.schema):
            raise _wrong_shape(self.values, self.schema)
        if self.values.shape[1] < 1:
            raise InvalidEventsError("Windows of no step hold nothing; give at least 1 step.")
        # Windows overlap: every step is the last one of some event, or in the first window.
        if len(self.values):
            _finite(self.values[:, -1], self.indices, self.schema)
            history = self.values[0, :-1]
            _finite(history, self.indices[0] - np.arange(len(history), 0, -1), self.schema)

    @staticmethod
    def of_values(schema: Schema, values: FloatArray) -> "SeriesBatch":
        """A batch of bare windows: times 0, no entity, positions from 0."""
        return SeriesBatch(
            schema=schema, values=np.asarray(values, dtype=np.float64), **_bare(len(values))
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class SequenceBatch(Batch):
    """Windows of log keys: h keys of one session, and the key that follows them.

    The entity of an event is its session; time and index are those of its last line.

    Attributes:
        keys: (n, h + 1), keys of the vocabulary, `Vocabulary.unknown` for a line of no known
            template, `PADDING` before the first line of a session; the last key last.

    Raises:
        InvalidEventsError: Lengths disagree, or a key is not in the vocabulary; names the row.
    """

    arrays = ("keys",)
    modality = Modality.SEQUENCE

    schema: Vocabulary
    keys: IntArray

    def _check(self) -> None:
        if self.keys.ndim != 2 or self.keys.shape[1] < 2:
            raise InvalidEventsError(
                f"Windows of keys have shape {self.keys.shape}; give each a history and a next key."
            )
        wrong = (self.keys < PADDING) | (self.keys > self.schema.unknown)
        wrong[:, -1] |= self.keys[:, -1] == PADDING
        if wrong.any():
            row, place = (int(i) for i in np.argwhere(wrong)[0])
            raise InvalidEventsError(
                f"Event {int(self.indices[row])} has the key {int(self.keys[row, place])} where "
                f"'{self.schema.name}' has keys 0 to {len(self.schema) - 1}; use its own log."
            )

    @staticmethod
    def of_keys(schema: Vocabulary, keys: IntArray) -> "SequenceBatch":
        """A batch of bare windows: times 0, no session, positions from 0."""
        return SequenceBatch(
            schema=schema, keys=np.asarray(keys, dtype=np.int64), **_bare(len(keys))
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class LinkBatch(Batch):
    """Logins: a user, the host it came from, and the host it went to.

    Attributes:
        nodes: (n, 3), names as text, in the order of `LinkSchema.roles`; never empty.
        succeeded: (n,), whether the login was let in.

    Raises:
        InvalidEventsError: Lengths disagree, or a name is empty; names row and role.
    """

    arrays = ("nodes", "succeeded")
    modality = Modality.LINK

    schema: LinkSchema
    nodes: ObjectArray
    succeeded: NDArray[np.bool_]

    def _check(self) -> None:
        if self.nodes.ndim != 2 or self.nodes.shape[1] != len(self.schema):
            raise _wrong_shape(self.nodes, self.schema)
        empty = self.nodes == ""
        if empty.any():
            row, role = (int(i) for i in np.argwhere(empty)[0])
            raise InvalidEventsError(
                f"The login at event {int(self.indices[row])} has no "
                f"{self.schema.roles[role]}; fill or drop such rows."
            )

    @staticmethod
    def of_nodes(nodes: ObjectArray) -> "LinkBatch":
        """A batch of bare successful logins: times 0, no entity, positions from 0."""
        named = np.asarray(nodes, dtype=object)
        return LinkBatch(
            schema=LinkSchema(),
            nodes=named,
            succeeded=np.ones(len(named), dtype=bool),
            **_bare(len(named)),
        )


def _bare(n: int) -> dict[str, Any]:
    return {
        "times": np.zeros(n),
        "entities": np.full(n, "", dtype=object),
        "indices": np.arange(n, dtype=np.int64),
    }


def _wrong_shape(values: NDArray[Any], schema: EventSchema) -> InvalidEventsError:
    return InvalidEventsError(
        f"Events have shape {values.shape} where schema '{schema.name}' has {len(schema)} "
        "columns; use the source this detector was trained on."
    )


def _finite(values: FloatArray, indices: IntArray, schema: Schema) -> None:
    finite = np.isfinite(values)
    if not finite.all():
        row, column = (int(i) for i in np.argwhere(~finite)[0])
        raise InvalidEventsError(
            f"{int((~finite).sum())} of {values.size} values are not finite; the first "
            f"is {values[row, column]} at event {int(indices[row])}, column "
            f"'{schema.names[column]}': fill or drop such rows."
        )
