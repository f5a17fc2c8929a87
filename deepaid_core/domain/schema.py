"""What events are made of: columns, log keys, or the nodes of logins."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from deepaid_core.errors import InvalidParameterError

__all__ = ["EventSchema", "Feature", "Field", "Kind", "LinkSchema", "Schema", "Vocabulary"]

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
        entity: Whom the column is about, where columns of a series are about several; may be
            empty.
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
    entity: str = ""

    @property
    def category(self) -> str:
        """What a column of a one-hot group stands for, e.g. "http" for "service=http"."""
        return self.name.removeprefix(f"{self.field}=")


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


@dataclass(frozen=True)
class Vocabulary:
    """The log keys that a detector of sequences knows; key k is `texts[k]`.

    Attributes:
        name: What the log is, e.g. "auth.log".
        texts: Template of each key, e.g. "Accepted publickey for <*> from <*>"; no two are equal.

    Raises:
        InvalidParameterError: There is no key, or two have one text.
    """

    name: str
    texts: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.texts:
            raise InvalidParameterError(f"The log '{self.name}' has no keys; give it some lines.")
        if len(set(self.texts)) != len(self.texts):
            raise InvalidParameterError(f"The log '{self.name}' has one key twice; join the two.")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def names(self) -> tuple[str, ...]:
        """Texts in order of their keys."""
        return self.texts

    @property
    def unknown(self) -> int:
        """Stands for a line of no known template."""
        return len(self.texts)


@dataclass(frozen=True)
class LinkSchema:
    """The nodes of a login.

    Attributes:
        name: What the events are, e.g. "logins".
        roles: What each node is; nodes of the last two are of one kind.
    """

    name: str = "logins"
    roles: tuple[str, ...] = ("user", "source", "destination")

    def __len__(self) -> int:
        return len(self.roles)

    @property
    def names(self) -> tuple[str, ...]:
        """The roles."""
        return self.roles


EventSchema: TypeAlias = Schema | Vocabulary | LinkSchema
"""What one batch of events is made of."""
