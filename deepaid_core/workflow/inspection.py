"""Look into a file before anything is learned from it: what it is, its first rows, a proposal."""

import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import pyarrow.parquet as pq

from deepaid_core.domain.batches import SequenceBatch
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.settings import (
    CaptureSettings,
    KeyFileSettings,
    LoginSettings,
    LogSettings,
    SeriesSettings,
    SourceSettings,
    TableSettings,
)
from deepaid_core.errors import DeepAidError, InvalidEventsError
from deepaid_core.registry import SOURCES, load
from deepaid_core.sources.column_roles import ColumnGuess, guess_columns, has_header, settings_of
from deepaid_core.sources.columns import is_parquet, read_frame, texts_of
from deepaid_core.sources.log_lines import read_lines
from deepaid_core.sources.patterns import compiled
from deepaid_core.sources.text_layout import first_bytes, first_lines, layout_of

__all__ = [
    "KINDS",
    "SETTINGS",
    "ColumnGuess",
    "LogTrial",
    "Preview",
    "columns_of",
    "explained",
    "fits",
    "is_table_kind",
    "offered",
    "preview",
    "proposal",
    "settings_of",
    "sniff",
    "try_log",
    "used_columns",
]

KINDS: Final = {
    "capture": "Packet capture",
    "table": "Table: one event per row",
    "series": "Time series: one moment per row, one metric per column",
    "logins": "Logins: who, from where, to where",
    "log": "Text log",
    "keys": "Log keys as numbers, one session per line",
}
"""Kinds of sources in an analyst's words, by their registry name."""

SETTINGS: Final[dict[str, type[Any]]] = {
    "capture": CaptureSettings,
    "table": TableSettings,
    "series": SeriesSettings,
    "logins": LoginSettings,
    "log": LogSettings,
    "keys": KeyFileSettings,
}

_CAPTURE_MAGIC: Final = (
    b"\xa1\xb2\xc3\xd4", b"\xd4\xc3\xb2\xa1", b"\xa1\xb2\x3c\x4d", b"\x4d\x3c\xb2\xa1",
    b"\x0a\x0d\x0d\x0a",
)  # fmt: skip
_KEYS_LINE: Final = re.compile(r"\s*-?\d+(\s+-?\d+)*\s*")
_TABLE_NAMES: Final = re.compile(r"\.(csv|tsv)(\.|$)", re.I)
_ENOUGH: Final = 0.95
_LONGEST_CELL: Final = 300


@dataclass(frozen=True, slots=True)
class Preview:
    """The beginning of a file as plain text.

    Attributes:
        columns: Names of the columns.
        rows: Cells, row by row; long ones are cut.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class LogTrial:
    """What settings make of the first lines of a log.

    Attributes:
        lines: Lines that were tried.
        fitting: Those that have the form that the settings ask for.
        parsed: Each tried line taken apart; the parts are empty where it does not fit.
        templates: Templates found, in the order of their keys.
        sessions: Sessions found.
    """

    lines: int
    fitting: int
    parsed: Preview
    templates: tuple[str, ...]
    sessions: int


def is_table_kind(kind: str) -> bool:
    """Whether a kind is read from the columns of CSV or Parquet."""
    return kind in {"table", "series", "logins"}


def offered() -> list[str]:
    """Kinds of sources that can be read, in the order to offer them."""
    return [kind for kind in KINDS if kind in SOURCES]


def sniff(path: Path) -> str:
    """The kind of source that a file most probably is, by its content.

    Raises:
        DeepAidError: It cannot be read, or is empty.
    """
    try:
        start, _ = first_bytes(path, 1 << 16)
        if not start:
            raise InvalidEventsError(f"'{path.name}' is empty; choose another file.")
        if start.startswith(_CAPTURE_MAGIC):
            return "capture"
        if is_parquet(path):
            return _kind_of_table(path)
        lines = [line for line in first_lines(path) if line.strip()]
    except OSError as error:
        raise InvalidEventsError(
            f"'{path.name}' cannot be read ({error.strerror or error}); check its name and who "
            "may read it."
        ) from error
    if not lines:
        raise InvalidEventsError(f"'{path.name}' holds no text; choose another file.")
    keys = sum(_KEYS_LINE.fullmatch(line) is not None for line in lines)
    if keys >= _ENOUGH * len(lines) and any(len(line.split()) > 1 for line in lines):
        return "keys"
    return _kind_of_table(path) if _is_csv(path, lines) else "log"


def proposal(path: Path, kind: str) -> SourceSettings:
    """How a file of a kind should probably be read.

    Raises:
        InvalidParameterError: There is no such kind of source.
        DeepAidError: The file cannot be read, or is of another kind.
    """
    source = load(SOURCES, kind)
    propose = getattr(source, "propose", None)
    return cast(SourceSettings, propose(path) if propose is not None else SETTINGS[kind]())


def columns_of(path: Path, settings: SourceSettings | None = None) -> tuple[str, ...]:
    """Names of the columns of a table.

    Raises:
        InvalidEventsError: It cannot be read as a table.
    """
    if is_parquet(path):
        try:
            return tuple(pq.ParquetFile(path).schema_arrow.names)
        except (OSError, ValueError) as error:
            raise InvalidEventsError(
                f"'{path.name}' cannot be read as Parquet; copy it again."
            ) from error
    if isinstance(settings, TableSettings):
        return settings.names or layout_of(path, header=settings.header).names
    return layout_of(path).names


def explained(path: Path, *, header: bool, names: tuple[str, ...] = ()) -> list[ColumnGuess]:
    """What each column of a table was proposed as, and why.

    Raises:
        InvalidEventsError: It cannot be read as a table.
    """
    return guess_columns(path, header=header, names=names)


def fits(record: DetectorRecord, path: Path, kind: str) -> str | None:
    """None where a detector can read a file of a kind, else the reason why not."""
    if record.source_kind != kind:
        return f"It reads another kind of file ({KINDS.get(record.source_kind, 'unknown')})."
    if not is_table_kind(kind):
        return None
    settings = record.source_settings
    try:
        present = set(columns_of(path, settings))
    except DeepAidError as error:
        return str(error)
    missing = [name for name in used_columns(settings) if name not in present]
    if not missing:
        return None
    more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
    return f"The file has no column '{missing[0][:60]}'{more}."


def used_columns(settings: SourceSettings) -> tuple[str, ...]:
    """Columns that settings of a table name, in no order that means anything."""
    match settings:
        case TableSettings():
            names = [settings.time, settings.entity, *settings.context]
            names += [*settings.numbers, *settings.categories]
        case SeriesSettings():
            names = [settings.time, *settings.columns]
        case LoginSettings():
            names = [settings.time, settings.user, settings.source, settings.destination]
            names += [settings.outcome]
        case _:
            names = []
    return tuple(dict.fromkeys(name for name in names if name))


def preview(
    path: Path, kind: str, settings: SourceSettings | None = None, *, limit: int = 20
) -> Preview:
    """The first rows of a table, packets of a capture or lines of a text.

    Args:
        path: The file.
        kind: Registry name of a source.
        settings: Where the header of a table is in question.
        limit: Rows at most.

    Raises:
        DeepAidError: The file cannot be read as that kind.
    """
    if is_table_kind(kind):
        table = settings if isinstance(settings, TableSettings) else None
        header = table.header if table else kind != "table" or has_header(path)
        given = table.names if table else ()
        frame = read_frame(path, limit=limit, header=header, names=given)
        cells = [texts_of(frame, column).tolist() for column in frame.columns]
        return _cut(list(frame.columns), list(zip(*cells, strict=True)))
    if kind == "capture":
        source = load(SOURCES, kind).open(path, CaptureSettings())
        positions, times, columns = source.rows(np.arange(limit))
        shown = [texts for texts in columns.values() if any(str(text) for text in texts)]
        names = [name for name, texts in columns.items() if any(str(text) for text in texts)]
        cells = [positions, times, *shown]
        rows = list(zip(*(column.tolist() for column in cells), strict=True))
        return _cut(["packet", "time", *(name.replace("_", " ") for name in names)], rows)
    lines = [(text,) for _, text, _ in islice(read_lines(path), limit)]
    return _cut(["line"], lines)


def try_log(path: Path, settings: LogSettings, *, lines: int = 300, shown: int = 20) -> LogTrial:
    """What settings make of the first lines of a log.

    Args:
        path: The log.
        settings: How to read it.
        lines: Lines to try.
        shown: Lines to show taken apart.

    Raises:
        InvalidParameterError: A pattern is wrong.
        InvalidEventsError: The log cannot be read.
    """
    pattern = compiled(settings.line, "pattern of a line", ("message",))
    texts = [text for _, text, _ in islice(read_lines(path), lines)]
    matches = [pattern.match(text) for text in texts]
    groups = list(pattern.groupindex)
    parsed = _cut(
        [*groups, "line"],
        [
            (*((match[group] or "") if match else "" for group in groups), text)
            for match, text in zip(matches[:shown], texts, strict=False)
        ],
    )
    fitting = sum(match is not None for match in matches)
    templates: tuple[str, ...] = ()
    sessions: set[str] = set()
    if fitting:
        with tempfile.TemporaryDirectory(prefix="deepaid-") as folder:
            beginning = Path(folder) / "beginning.log"
            beginning.write_text("\n".join(texts) + "\n", encoding="utf-8")
            source = load(SOURCES, "log").open(beginning, settings)
            templates = source.schema().texts
            for batch in cast(list[SequenceBatch], list(source.batches())):
                sessions.update(batch.entities.tolist())
    return LogTrial(len(texts), fitting, parsed, templates, len(sessions))


def _is_csv(path: Path, lines: Sequence[str]) -> bool:
    if lines[0].lstrip().startswith(("{", "[", "<")):
        return False
    named = _TABLE_NAMES.search(path.name) is not None
    try:
        layout = layout_of(path)
    except InvalidEventsError:
        # Rows longer than the header: a damaged table, or prose with commas.
        return named
    counts = np.array([line.count(layout.separator) for line in lines])
    same = float((counts == len(layout.names) - 1).mean())
    return named or (len(layout.names) > 2 and same >= _ENOUGH)


def _kind_of_table(path: Path) -> str:
    """Logins where columns are named for all of it, a series where there are but metrics."""
    try:
        header = has_header(path)
        roles = [one.role for one in guess_columns(path, header=header)]
        if header and "logins" in SOURCES:
            logins = load(SOURCES, "logins").propose(path)
            if logins.user and logins.source and logins.destination and logins.time:
                return "logins"
    except DeepAidError:
        return "table"
    numbers = roles.count("number")
    others = sum(role in {"entity", "category", "shown"} for role in roles)
    is_series = "time" in roles and numbers and others * 10 <= numbers
    return "series" if is_series and "series" in SOURCES else "table"


def _cut(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Preview:
    return Preview(
        tuple(columns), tuple(tuple(str(cell)[:_LONGEST_CELL] for cell in row) for row in rows)
    )
