"""The audit log as a file: CSV for spreadsheets, JSON whole."""

import csv
import dataclasses
import io
import json
from collections.abc import Iterator
from typing import Any, Final, Literal, TypeAlias

from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.audit import ALL, AuditPlace, AuditQuery
from deepaid_core.domain.progress import Cancelled, never, stop_if
from deepaid_core.figures.numbers import format_time_utc
from deepaid_core.figures.text import spreadsheet_cell
from deepaid_core.workflow.audit import AuditLine, lines
from deepaid_core.workspace import Workspace

__all__ = ["Format", "export", "pieces", "plain"]

Format: TypeAlias = Literal["csv", "json"]
"""How lines are written."""

_COLUMNS: Final = ("line", "time_utc", "author", "kind", "what", "why", "before", "after", "about",
                   "taken_back_by", "digest")  # fmt: skip
_AT_ONCE: Final = 500


def export(
    workspace: Workspace, query: AuditQuery = ALL, *, form: Format, author: str
) -> bytes:  # fmt: skip
    """All matching lines, newest first; that they were exported is written to the log.

    Args:
        workspace: Where.
        query: Which lines.
        form: Of the file.
        author: Who takes them.
    """
    content = "".join(pieces(workspace, query, form=form)).encode()
    filters = {
        name: str(value)
        for name, value in dataclasses.asdict(query).items()
        if value not in (None, "")
    }
    facts = {"format": form, "lines": f"{workspace.store.audit.count(query):,}", **filters}
    workspace.store.desk.act([NewRecord("export", "audit log", facts, author)])
    return content


def pieces(
    workspace: Workspace,
    query: AuditQuery = ALL,
    *,
    form: Format,
    cancelled: Cancelled = never,
) -> Iterator[str]:
    """The same in pieces, without a line in the log.

    Raises:
        CancelledError: `cancelled` said so.
    """
    if form == "csv":
        yield _row(_COLUMNS)
        for line in _all(workspace, query, cancelled):
            yield _row(map(spreadsheet_cell, _cells(line)))
        return
    heads = [dataclasses.asdict(head) for head in workspace.store.audit.heads()]
    yield f'{{"heads":{_json(heads)},"lines":['
    comma = ""
    for line in _all(workspace, query, cancelled):
        yield f"{comma}\n{_json(plain(line))}"
        comma = ","
    yield "\n]}\n"


def plain(line: AuditLine) -> dict[str, Any]:
    """A line as JSON shows it."""
    entry = line.entry
    return {
        "line": line.id,
        "time": entry.time,
        "time_utc": format_time_utc(entry.time, milliseconds=True),
        "author": line.author,
        "kind": line.kind,
        "what": line.text,
        "why": line.words,
        "changes": [dataclasses.asdict(change) for change in line.changes],
        "about": list(line.about),
        "taken_back_by": line.undone_by or None,
        "digest": entry.chain,
        "entry": dataclasses.asdict(entry.entry),
    }


def _all(workspace: Workspace, query: AuditQuery, cancelled: Cancelled) -> Iterator[AuditLine]:
    place: AuditPlace | None = None
    while True:
        stop_if(cancelled)
        some = lines(workspace, query, limit=_AT_ONCE, before=place)
        yield from some
        if len(some) < _AT_ONCE:
            return
        place = some[-1].entry.place


def _cells(line: AuditLine) -> tuple[str, ...]:
    before, after = (
        "; ".join(
            f"{change.what}: {getattr(change, side)}"
            for change in line.changes
            if getattr(change, side)
        )
        for side in ("before", "after")
    )
    return (
        line.id,
        format_time_utc(line.entry.time, milliseconds=True).removesuffix(" UTC"),
        line.author,
        line.kind,
        line.text,
        line.words,
        before,
        after,
        " ".join(line.about),
        line.undone_by,
        line.entry.chain,
    )


def _row(cells: Any) -> str:
    out = io.StringIO()
    csv.writer(out).writerow(cells)
    return out.getvalue()


def _json(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False, default=str)
