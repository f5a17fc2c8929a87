"""What the columns of a table of events mean."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from deepaid_core.errors import InvalidParameterError

__all__ = ["Feature", "Field", "Kind", "Schema"]

Kind = Literal["number", "integer", "category"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One column of an event.

    Attributes:
        name: Column name, unique in its schema.
        field: Name of the field it belongs to; columns of one field move together.
        title: The column in an analyst's words.
        unit: Unit of the values; empty for a plain count or ratio.
        kind: "category" marks one column of a one-hot group.
        low: Smallest possible value, in the column's unit.
        high: Largest possible value, in the column's unit.
        tolerance: Differences up to this size are never shown as deviations.
        locked: The column may not differ between anomaly and reference.
    """

    name: str
    field: str
    title: str
    unit: str = ""
    kind: Kind = "number"
    low: float | None = None
    high: float | None = None
    tolerance: float = 0.0
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """Columns that mean one thing, move together and count as one deviation."""

    name: str
    title: str
    columns: tuple[int, ...]


@dataclass(frozen=True)
class Schema:
    """The columns of a table of events, in order.

    Attributes:
        name: What the table is, e.g. "afterimage-100".
        features: The columns.
        field_titles: Field name and its title in an analyst's words; a field that is not
            listed takes the title of its first column.

    Raises:
        InvalidParameterError: There is no column, or two have one name.
    """

    name: str
    features: tuple[Feature, ...]
    field_titles: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        names = self.names
        if not names:
            raise InvalidParameterError(f"Schema '{self.name}' has no columns; name at least one.")
        if len(set(names)) != len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidParameterError(
                f"Schema '{self.name}' names the column '{twice}' twice; rename one of them."
            )

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Column names in order."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """Fields in order of their first column."""
        columns: dict[str, list[int]] = {}
        for position, feature in enumerate(self.features):
            columns.setdefault(feature.field, []).append(position)
        titles = dict(self.field_titles)
        return tuple(
            Field(name, titles.get(name, self.features[where[0]].title), tuple(where))
            for name, where in columns.items()
        )

    @classmethod
    def of_numbers(cls, name: str, columns: Sequence[str]) -> "Schema":
        """A schema of plain numeric columns, each a field of its own."""
        return cls(name, tuple(Feature(c, c, c) for c in columns))
