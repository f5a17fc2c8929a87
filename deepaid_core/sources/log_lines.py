"""Lines of a log file as text, and the times they carry."""

import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from deepaid_core.errors import InvalidEventsError

__all__ = ["LONGEST_LINE", "LineTimes", "read_lines"]

LONGEST_LINE: Final = 8192
"""Bytes of a line that are read; the rest of it is left out."""

_GZIP: Final = b"\x1f\x8b"
_FORMATS: Final = (
    "%b %d %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%d/%b/%Y:%H:%M:%S %z",
    "%y%m%d %H%M%S",
    "%Y/%m/%d %H:%M:%S",
)
_NO_YEAR: Final = _FORMATS[0]


def read_lines(path: Path, longest: int = LONGEST_LINE) -> Iterator[tuple[int, str, float]]:
    """Lines of a plain or gzip file: position from 0, text, and the share of the file read.

    Only a line feed ends a line, whatever else is in it. What is not UTF-8 is replaced, what is
    longer than `longest` bytes is cut.

    Raises:
        InvalidEventsError: The file cannot be read, or is cut off; names file and line.
    """
    position = 0
    try:
        size = max(1, path.stat().st_size)
        with path.open("rb") as raw:
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            file: io.BufferedIOBase = gzip.GzipFile(fileobj=raw) if packed else raw
            while line := file.readline(longest):
                ended = line.endswith(b"\n")
                text = line.decode("utf-8", "replace").rstrip("\r\n")
                while not ended and (more := file.readline(longest)):
                    ended = more.endswith(b"\n")
                yield position, text, raw.tell() / size if position % 1024 == 0 else 0.0
                position += 1
    except (EOFError, zlib.error) as error:
        raise InvalidEventsError(
            f"'{path.name}' is damaged or cut off after line {position:,}; copy it again."
        ) from error
    except OSError as error:
        raise InvalidEventsError(
            f"'{path}' cannot be read ({error.strerror or error}); check its name, its folder and "
            "who may read it."
        ) from error


class LineTimes:
    """Times of lines in Unix seconds; the first line that can be read settles how they look.

    Args:
        year: Of the first line, for times without one; when months run from December to January
            the next one begins.
    """

    def __init__(self, year: int = 0) -> None:
        self._year = year
        self._read: Callable[[str], datetime] | None = None
        self._month = 0
        self._last = ("", 0.0)

    def seconds(self, text: str) -> float | None:
        """Unix seconds, times without a zone taken as UTC; None where it is no time."""
        if text == self._last[0]:
            return self._last[1]
        if self._read is None:
            self._read = self._settle(text)
        if self._read is None:
            return None
        try:
            when = self._read(text)
            if when.tzinfo is None:
                when = when.replace(tzinfo=UTC)
            seconds = when.timestamp()
        except (ValueError, OverflowError):
            return None
        self._last = (text, seconds)
        return seconds

    def _settle(self, text: str) -> Callable[[str], datetime] | None:
        tries: list[Callable[[str], datetime]] = [
            datetime.fromisoformat,
            self._without_year,
            *(_by_format(one) for one in _FORMATS[1:]),
            lambda text: datetime.fromtimestamp(float(text), UTC),
        ]
        for one in tries:
            try:
                one(text)
            except (ValueError, OverflowError, OSError):
                continue
            return one
        return None

    def _without_year(self, text: str) -> datetime:
        # The year is put in before reading: there is no 29 February without one.
        when = datetime.strptime(f"{self._year or 1970} {text}", f"%Y {_NO_YEAR}").replace(
            tzinfo=UTC
        )
        if self._month == 12 and when.month == 1:
            self._year += 1
            when = when.replace(year=when.year + 1)
        self._month = when.month
        return when


def _by_format(form: str) -> Callable[[str], datetime]:
    def read(text: str) -> datetime:
        when = datetime.strptime(text, form)
        return when if when.tzinfo is not None else when.replace(tzinfo=UTC)

    return read
