"""Columns of CSV and Parquet files, with errors that name row and column."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from deepaid_core.domain.batches import FloatArray, ObjectArray
from deepaid_core.errors import InvalidEventsError
from deepaid_core.sources.column_problems import Problems, shown
from deepaid_core.sources.text_layout import layout_of

__all__ = [
    "is_parquet",
    "numbers_of",
    "read_frame",
    "texts_of",
    "times_of",
]

_YEARS: Final = (1900, 2200)
_TOO_LONG: Final = re.compile(r"Expected (\d+) fields in line (\d+), saw (\d+)")

# Beyond these a number of seconds since 1970 would lie after the year 5000; it is finer units.
_UNITS: Final = ((1e17, 1e9), (1e14, 1e6), (1e11, 1e3))


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
    path: Path,
    *,
    columns: list[str] | None = None,
    limit: int | None = None,
    header: bool = True,
    names: Sequence[str] = (),
) -> pd.DataFrame:
    """A CSV (plain, gzip, bzip2 or xz) or Parquet file, as it stands.

    Cells of CSV stay text, empty where nothing stands; separator and encoding (UTF-8, or UTF-16
    with its mark) are found by looking. Columns without a name are called "column 1", "column 2"
    and so on by their place.

    Args:
        path: The file.
        columns: Columns to read; all where None.
        limit: Rows to read at most.
        header: Whether the first row of a CSV holds the names.
        names: Names of the columns of a CSV without a header.

    Raises:
        InvalidEventsError: The file cannot be read, is no table, has a column name twice, or
            lacks a column.
    """
    try:
        if is_parquet(path):
            return _parquet(path, columns, limit)
        return _csv(path, columns, limit, header=header, names=tuple(names))
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error)) from error
    except (ValueError, EOFError, ImportError, MemoryError, pa.ArrowException) as error:
        if longer := _TOO_LONG.search(str(error)):
            expected, line, seen = longer.groups()
            raise InvalidEventsError(
                f"Line {int(line):,} of '{path.name}' has {seen} cells where there are {expected} "
                "columns; mend it, or put quotes around cells that hold the separator."
            ) from error
        raise _unreadable(path, shown(str(error))) from error


def _parquet(path: Path, columns: list[str] | None, limit: int | None) -> pd.DataFrame:
    file = pq.ParquetFile(path)
    present = list(file.schema_arrow.names)
    _check_names(path, present)
    if columns is not None:
        _require(path, present, columns)
    if limit is None:
        table = file.read(columns=columns)
    else:
        batches = file.iter_batches(batch_size=max(1, limit), columns=columns)
        first = next(iter(batches), None)
        table = file.schema_arrow.empty_table() if first is None else pa.table(first)
        table = table.slice(0, limit)
    # Without the notes of pandas in the file, which may turn a column into the index.
    frame: pd.DataFrame = table.replace_schema_metadata(None).to_pandas()
    return frame if columns is None else frame[columns]


def _csv(
    path: Path,
    columns: list[str] | None,
    limit: int | None,
    *,
    header: bool,
    names: tuple[str, ...],
) -> pd.DataFrame:
    layout = layout_of(path, header=header)
    present = list(layout.names)
    if not header and names:
        if len(names) != len(present):
            raise InvalidEventsError(
                f"'{path.name}' has {len(present)} columns and {len(names)} names were given; "
                "give one for each."
            )
        present = list(names)
    _check_names(path, present)
    if columns is not None:
        _require(path, present, columns)
    frame = pd.read_csv(
        path,
        dtype=str,
        keep_default_na=False,
        na_filter=False,
        nrows=limit,
        sep=layout.separator,
        header=0 if header else None,
        names=present,
        usecols=None if columns is None else sorted(set(columns), key=present.index),
        index_col=False,
        compression=layout.compression,
        encoding=layout.encoding,
        encoding_errors="replace",
        low_memory=False,
    )
    return frame if columns is None else frame[columns]


def numbers_of(frame: pd.DataFrame, column: str, problems: Problems) -> FloatArray:
    """A column as numbers, (n,); cells that are none become 0 and are added to `problems`."""
    cells = frame[column]
    if pd.api.types.is_bool_dtype(cells):
        cells = cells.astype(float)
    values = _as_numbers(cells)
    wrong = ~np.isfinite(values)
    problems.note(frame, column, wrong, "is not a finite number")
    return np.where(wrong, 0.0, values)


def times_of(frame: pd.DataFrame, column: str, problems: Problems) -> FloatArray:
    """A column as Unix seconds, (n,); cells that are no time become 0 and are added to `problems`.

    Read are numbers of seconds, milli-, micro- or nanoseconds since 1970, and dates with or
    without a time zone; without one they are taken for UTC.
    """
    cells = frame[column]
    if pd.api.types.is_datetime64_any_dtype(cells):
        moments = pd.to_datetime(cells, utc=True)
    else:
        numbers = _as_numbers(cells)
        if len(numbers) and np.isfinite(numbers).mean() > 0.5:
            wrong = ~np.isfinite(numbers)
            problems.note(frame, column, wrong, "is not a time")
            numbers = np.where(wrong, 0.0, numbers)
            largest = float(np.abs(numbers).max(initial=0.0))
            unit = next((unit for bound, unit in _UNITS if largest > bound), 1.0)
            seconds: FloatArray = np.asarray(numbers / unit, dtype=np.float64)
            return seconds
        moments = pd.to_datetime(cells, utc=True, errors="coerce", format="ISO8601")
        if moments.isna().mean() > 0.5:
            moments = pd.to_datetime(cells, utc=True, errors="coerce", format="mixed")
    # Times without a year are read as of year 1, which fits no count of nanoseconds.
    moments = moments.where((moments.dt.year > _YEARS[0]) & (moments.dt.year < _YEARS[1]))
    wrong = moments.isna().to_numpy()
    problems.note(frame, column, wrong, "is not a time")
    since = (moments - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(seconds=1)
    return np.asarray(since.fillna(0.0), dtype=np.float64)


def texts_of(frame: pd.DataFrame, column: str) -> ObjectArray:
    """A column as text, (n,); nothing becomes the empty text."""
    cells = frame[column]
    texts = cells.where(cells.notna(), "").astype(str).to_numpy(dtype=object)
    return np.asarray(texts, dtype=object)


def _as_numbers(cells: "pd.Series[Any]") -> FloatArray:
    try:
        numbers = pd.to_numeric(cells, errors="coerce")
    except TypeError:
        # Parquet holds lists and dictionaries too; none of them is a number.
        return np.full(len(cells), np.nan)
    values: FloatArray = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
    return values


def _check_names(path: Path, names: list[str]) -> None:
    if len(set(names)) == len(names):
        return
    twice = next(name for name in names if names.count(name) > 1)
    raise InvalidEventsError(
        f"'{path.name}' has the column '{shown(twice)}' twice; give each column a name of its "
        "own, or say that the first row is no header."
    )


def _require(path: Path, present: list[str], wanted: list[str]) -> None:
    if missing := [name for name in wanted if name not in present]:
        raise InvalidEventsError(
            f"'{path.name}' has no column '{shown(missing[0])}'; it has "
            f"{shown(', '.join(present))}: choose other columns or another file."
        )


def _unreadable(path: Path, why: str) -> InvalidEventsError:
    return InvalidEventsError(
        f"'{path.name}' cannot be read as a table ({why}); give a CSV or Parquet file."
    )
