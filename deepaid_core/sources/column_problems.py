"""Cells of a table that cannot be used: where they are, and what becomes of their rows."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd

from deepaid_core.domain.batches import IntArray
from deepaid_core.errors import InvalidEventsError

__all__ = ["Problem", "Problems", "refuse", "shown", "usable_rows"]

_LONGEST_SHOWN: Final = 60
_MOST_KEPT: Final = 1000


@dataclass(frozen=True, slots=True)
class Problem:
    """A cell that cannot be used.

    Attributes:
        row: Row of data, from 1; the header is not counted.
        column: Name of the column.
        value: What stands there, cut where it is long.
        reason: Why it cannot be used, e.g. "is not a number".
    """

    row: int
    column: str
    value: str
    reason: str

    def __str__(self) -> str:
        return f"row {self.row}, column '{shown(self.column)}': '{self.value}' {self.reason}"


class Problems(list[Problem]):
    """Problems of a file of any size: the first of each column are kept, all are counted."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: list[np.ndarray] = []

    @property
    def total(self) -> int:
        """How many cells cannot be used."""
        return sum(len(rows) for rows in self._rows)

    def rows(self) -> np.ndarray:
        """Positions, from 0, of the rows with a problem, rising."""
        return np.unique(np.concatenate(self._rows)) if self._rows else np.zeros(0, dtype=np.int64)

    def note(self, frame: pd.DataFrame, column: str, wrong: np.ndarray, reason: str) -> None:
        """Add the cells of a column where `wrong`, (n,), is true."""
        rows = np.flatnonzero(wrong)
        if len(rows):
            self._rows.append(rows)
            cells = frame[column]
            self.extend(
                Problem(row + 1, column, shown(str(cells.iloc[row])), reason)
                for row in rows[:_MOST_KEPT].tolist()
            )


def refuse(name: str, problems: Problems) -> None:
    """Raise where there is a problem.

    Raises:
        InvalidEventsError: There is one; names how many and the first.
    """
    if not problems:
        return
    first = min(problems, key=lambda one: one.row)
    cells = "1 cell" if problems.total == 1 else f"{problems.total:,} cells"
    raise InvalidEventsError(
        f"{cells} of '{name}' cannot be used; the first is in {first}; mend or leave out such "
        "rows, or ignore the column."
    )


def usable_rows(name: str, n: int, problems: Problems, *, skip: bool) -> IntArray:
    """Positions, from 0, of those of n rows that have no problem, rising.

    Args:
        name: Of the file.
        n: Its rows.
        problems: Of their cells.
        skip: Whether rows with a problem are left out; where not, the first refuses the file.

    Raises:
        InvalidEventsError: The file has no rows, none without a problem, or one with a problem
            that is not to be left out.
    """
    if not n:
        raise InvalidEventsError(f"'{name}' has no rows; give a file with some.")
    if not skip:
        refuse(name, problems)
    good = np.setdiff1d(np.arange(n), problems.rows())
    if not len(good):
        raise InvalidEventsError(
            f"Each of the {n:,} rows of '{name}' has a cell that cannot be read, e.g. "
            f"{problems[0]}; choose other columns."
        )
    return good


def shown(text: str) -> str:
    """Text of a file on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…"
