"""A table as plain values: the twin of a figure, laid out by pages, reports and terminals alike."""

from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["Table", "Value"]

Value: TypeAlias = str | int
"""One cell; text is event text and not escaped."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of values.

    Attributes:
        title: What it holds, in a few words.
        columns: Names of the columns.
        rows: Each as long as `columns`.
        marked: Positions of rows that stand out; a cell of theirs says so too.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    marked: tuple[int, ...] = ()
