"""Columns of CSV and Parquet files, with errors that name row and column."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from deepaid_core.domain.batches import FloatArray, ObjectArray
from deepaid_core.errors import InvalidEventsError

__all__ = [
    "Problem",
    "is_parquet",
    "numbers_of",
    "read_frame",
    "refuse",
    "rows_with_problems",
    "texts_of",
    "times_of",
]

_LONGEST_SHOWN: Final = 60
_MOST_PROBLEMS: Final = 10_000

# Beyond these a number of seconds since 1970 would lie after the year 5000; it is finer units.
_UNITS: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))


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
        return f"row {self.row}, column '{self.column}': '{self.value}' {self.reason}"


def is_parquet(path: Path) -> bool:
    """Whether a file is Parquet by its content, whatever its name.

    Raises:
        InvalidEventsError: It cannot be read.
    """
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PAR1"
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error


def read_frame(
    path: Path, *, columns: list[str] | None = None, limit: int | None = None
) -> pd.DataFrame:
    """A CSV (plain, gzip, bzip2, xz or zstd) or Parquet file, as it stands.

    Cells of CSV stay text, empty where nothing stands; separators are found by looking.

    Args:
        path: The file.
        columns: Columns to read; all where None.
        limit: Rows to read at most.

    Raises:
        InvalidEventsError: The file cannot be read, is no table, has a column name twice, or
            lacks a column.
    """
    try:
        if is_parquet(path):
            frame = pd.read_parquet(path, columns=None if limit else columns)
            frame = frame if limit is None else frame.head(limit)
        else:
            frame = pd.read_csv(
                path,
                dtype=str,
                keep_default_na=False,
                na_filter=False,
                nrows=limit,
                sep=_separator(path),
                encoding="utf-8-sig",
                encoding_errors="replace",
                low_memory=False,
            )
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (ValueError, pd.errors.ParserError, EOFError, ImportError) as error:
        if columns is not None and is_parquet(path):
            _require(path, list(read_frame(path, limit=1).columns), columns)
        raise _unreadable(path, _shown(str(error))) from error
    frame.columns = [str(name) for name in frame.columns]
    if columns is not None:
        _require(path, list(frame.columns), columns)
        frame = frame[columns]
    return frame


def numbers_of(frame: pd.DataFrame, column: str, problems: list[Problem]) -> FloatArray:
    """A column as numbers, (n,); cells that are none become 0 and are added to `problems`."""
    cells = frame[column]
    if pd.api.types.is_bool_dtype(cells):
        cells = cells.astype(float)
    values = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
    wrong = ~np.isfinite(values)
    if wrong.any():
        _note(frame, column, wrong, "is not a finite number", problems)
        values = np.where(wrong, 0.0, values)
    return values


def times_of(frame: pd.DataFrame, column: str, problems: list[Problem]) -> FloatArray:
    """A column as Unix seconds, (n,); cells that are no time become 0 and are added to `problems`.

    Read are numbers of seconds, milli-, micro- or nanoseconds since 1970, and dates with or
    without a time zone; without one they are taken for UTC.
    """
    cells = frame[column]
    if pd.api.types.is_datetime64_any_dtype(cells):
        moments = pd.to_datetime(cells, utc=True)
    else:
        numbers = pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)
        if np.isfinite(numbers).mean() > 0.5:
            wrong = ~np.isfinite(numbers)
            if wrong.any():
                _note(frame, column, wrong, "is not a time", problems)
            numbers = np.where(wrong, 0.0, numbers)
            largest = float(np.abs(numbers).max(initial=0.0))
            unit = next((unit for bound, unit in _UNITS if largest > bound), 1.0)
            seconds: FloatArray = np.asarray(numbers / unit, dtype=np.float64)
            return seconds
        moments = pd.to_datetime(cells, utc=True, errors="coerce", format="ISO8601")
        if moments.isna().mean() > 0.5:
            moments = pd.to_datetime(cells, utc=True, errors="coerce", format="mixed")
    wrong = moments.isna().to_numpy()
    if wrong.any():
        _note(frame, column, wrong, "is not a time", problems)
    since = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return np.asarray(since.fillna(0.0), dtype=np.float64)


def texts_of(frame: pd.DataFrame, column: str) -> ObjectArray:
    """A column as text, (n,); nothing becomes the empty text."""
    cells = frame[column]
    texts = cells.where(cells.notna(), "").astype(str).to_numpy(dtype=object)
    return np.asarray(texts, dtype=object)


def rows_with_problems(problems: list[Problem], n: int) -> np.ndarray:
    """(n,), true where a row has a problem."""
    wrong = np.zeros(n, dtype=bool)
    wrong[[problem.row - 1 for problem in problems]] = True
    return wrong


def refuse(name: str, problems: list[Problem]) -> None:
    """Raise where there is a problem.

    Raises:
        InvalidEventsError: There is one; names how many and the first.
    """
    if not problems:
        return
    first = min(problems, key=lambda one: one.row)
    cells = "1 cell" if len(problems) == 1 else f"{len(problems):,} cells"
    raise InvalidEventsError(
        f"{cells} of '{name}' cannot be used; the first is in {first}; mend or leave out such "
        "rows, or ignore the column."
    )


def _note(
    frame: pd.DataFrame, column: str, wrong: np.ndarray, reason: str, problems: list[Problem]
) -> None:
    cells = frame[column]
    for row in np.flatnonzero(wrong)[:_MOST_PROBLEMS].tolist():
        cell: Any = cells.iloc[row]
        problems.append(Problem(row + 1, column, _shown(str(cell)), reason))


def _separator(path: Path) -> str:
    sample = pd.read_csv(
        path, sep="\0", header=None, nrows=20, dtype=str, encoding_errors="replace",
        quoting=csv.QUOTE_NONE, na_filter=False, engine="c", on_bad_lines="skip",
    )  # fmt: skip
    lines = sample[0].tolist()
    if not lines:
        return ","
    return max(",;\t|", key=lambda mark: (min(line.count(mark) for line in lines[:1]), mark == ","))


def _require(path: Path, present: list[str], wanted: list[str]) -> None:
    if missing := [name for name in wanted if name not in present]:
        raise InvalidEventsError(
            f"'{path.name}' has no column '{_shown(missing[0])}'; it has "
            f"{_shown(', '.join(present))}: choose other columns or another file."
        )


def _unreadable(path: Path, why: str) -> InvalidEventsError:
    return InvalidEventsError(
        f"'{path.name}' cannot be read as a table ({why}); give a CSV or Parquet file."
    )


def _shown(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST_SHOWN else f"{line[: _LONGEST_SHOWN - 1]}…"
