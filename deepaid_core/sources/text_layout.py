"""How a text file is laid out: compression, encoding, separator and header."""

import bz2
import codecs
import csv
import gzip
import io
import lzma
import zlib
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from deepaid_core.errors import InvalidEventsError

__all__ = ["TextLayout", "first_bytes", "first_lines", "layout_of"]

Compression = Literal["gzip", "bz2", "xz"]

_MAGIC: Final[tuple[tuple[bytes, Compression], ...]] = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
)
_OPENERS: Final[Mapping[Compression | None, Callable[..., Any]]] = {
    None: open,
    "gzip": gzip.open,
    "bz2": bz2.open,
    "xz": lzma.open,
}
_SEPARATORS: Final = ",;\t|"
_SAMPLE: Final = 1 << 18
_SAMPLE_LINES: Final = 50


@dataclass(frozen=True, slots=True)
class TextLayout:
    """How a file of separated values is to be read.

    Attributes:
        compression: Of the file; None for none.
        encoding: Of its text.
        separator: What stands between two cells.
        names: Of the columns, in order.
    """

    compression: Compression | None
    encoding: str
    separator: str
    names: tuple[str, ...]


def first_bytes(path: Path, size: int = _SAMPLE) -> tuple[bytes, Compression | None]:
    """The beginning of a file, unpacked where it is compressed, and how it is compressed.

    Raises:
        OSError: It cannot be read.
        InvalidEventsError: It is damaged.
    """
    with path.open("rb") as file:
        start = file.read(8)
    compression = next((name for magic, name in _MAGIC if start.startswith(magic)), None)
    try:
        with _OPENERS[compression](path, "rb") as unpacked:
            start = unpacked.read(size)
            return bytes(start), compression
    except (EOFError, zlib.error, lzma.LZMAError, gzip.BadGzipFile) as error:
        raise InvalidEventsError(
            f"'{path.name}' is damaged or cut off ({error}); copy it again."
        ) from error


def first_lines(path: Path, limit: int = _SAMPLE_LINES) -> list[str]:
    """The first lines of a text file, without their ends; bytes that are no text become "\ufffd".

    Raises:
        OSError: It cannot be read.
        InvalidEventsError: It is damaged or no text.
    """
    sample, _ = first_bytes(path)
    return _decoded(path, sample)[0].splitlines()[:limit]


def layout_of(path: Path, *, header: bool = True) -> TextLayout:
    """Look at the beginning of a file of separated values.

    Args:
        path: The file.
        header: Whether its first row holds the names of the columns.

    Raises:
        OSError: It cannot be read.
        InvalidEventsError: It is empty, damaged, no text, or its rows are longer than its header.
    """
    sample, compression = first_bytes(path)
    text, encoding = _decoded(path, sample)
    if not text.strip():
        raise InvalidEventsError(f"'{path.name}' is empty; give a CSV or Parquet file.")
    cut_off = len(sample) == _SAMPLE
    rows_by_separator = {mark: _rows(text, mark, cut_off) for mark in _SEPARATORS}
    separator = max(_SEPARATORS, key=lambda mark: _fitness(rows_by_separator[mark]))
    rows = rows_by_separator[separator]
    if not rows:
        raise InvalidEventsError(
            f"The first line of '{path.name}' is too long for a table; give a CSV or Parquet file."
        )
    first = rows[0]
    longest = max((len(row) for row in rows[1:] if any(row)), default=0)
    if longest > len(first):
        number = next(i for i, row in enumerate(rows) if len(row) == longest)
        raise InvalidEventsError(
            f"Row {number if header else number + 1} of '{path.name}' has {longest} cells where "
            f"the {'header' if header else 'first row'} has {len(first)}; mend it, or put quotes "
            f"around cells that hold a '{separator}'."
        )
    names = [name.strip() for name in first] if header else [""] * len(first)
    named = tuple(name or f"column {place}" for place, name in enumerate(names, start=1))
    return TextLayout(compression, encoding, separator, named)


def _decoded(path: Path, sample: bytes) -> tuple[str, str]:
    if sample.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        even = sample[: len(sample) // 2 * 2]
        return even.decode("utf-16", errors="replace"), "utf-16"
    if b"\0" in sample:
        raise InvalidEventsError(
            f"'{path.name}' is no text in UTF-8; save it as CSV in UTF-8, or give a Parquet file."
        )
    return sample.decode("utf-8-sig", errors="replace"), "utf-8-sig"


def _rows(text: str, separator: str, cut_off: bool) -> list[list[str]]:
    reader: Any = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if row:
                rows.append(row)
            if len(rows) == _SAMPLE_LINES:
                return rows
    except csv.Error:
        return rows
    # The last row of a sample may be half of one.
    return rows[:-1] if cut_off and len(rows) > 1 else rows


def _fitness(rows: list[list[str]]) -> tuple[bool, float, int]:
    """More than one column first, then rows of one length, then many columns."""
    lengths = Counter(len(row) for row in rows)
    if not lengths:
        return (False, 0.0, 0)
    common, count = lengths.most_common(1)[0]
    return (common > 1, count / len(rows), common)
