"""The beginning of a file, and what settings make of it, before anything is learned."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, cast

import numpy as np

from deepaid_core.domain.batches import SequenceBatch
from deepaid_core.domain.settings import (
    CaptureSettings,
    LogSettings,
    SourceSettings,
    TableSettings,
)
from deepaid_core.registry import SOURCES, load
from deepaid_core.sources.column_roles import has_header
from deepaid_core.sources.columns import read_frame, texts_of
from deepaid_core.sources.log_lines import read_lines
from deepaid_core.sources.patterns import compiled
from deepaid_core.workflow.inspection import is_table_kind

__all__ = ["LogTrial", "Preview", "preview", "try_log"]

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


def _cut(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> Preview:
    return Preview(
        tuple(columns), tuple(tuple(str(cell)[:_LONGEST_CELL] for cell in row) for row in rows)
    )
