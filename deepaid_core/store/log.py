"""The append-only log of decisions, and what it says about each finding."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, literal, select, update
from sqlalchemy import func as sql

from deepaid_core.domain import codec
from deepaid_core.domain.log import Entry, LogEntry, NewUndo
from deepaid_core.domain.verdict import NewVerdict, Verdict
from deepaid_core.errors import NotFoundError, StaleWriteError, StoredValueError
from deepaid_core.store import tables
from deepaid_core.store.queries import members
from deepaid_core.store.rows import entry_values, read_entry, status_under

__all__ = ["append", "entries_after", "in_force", "verdicts_of"]

_decisions = tables.decisions
_findings = tables.findings
_links = tables.verdict_findings


def append(connection: Connection, entries: Sequence[Entry], *, now: float) -> tuple[LogEntry, ...]:
    """Write decisions within a writing transaction, and what they change in the findings.

    Raises:
        NotFoundError: A verdict names an unknown finding, or an undo an unknown verdict.
        StaleWriteError: The verdict to undo was undone already.
    """
    # Counted here, not by the database: its own counter would skip numbers of undone writes.
    last = connection.scalar(select(sql.max(_decisions.c.number))) or 0
    written = tuple(LogEntry(last + step, now, entry) for step, entry in enumerate(entries, 1))
    for line in written:
        if isinstance(line.entry, NewVerdict):
            _write_verdict(connection, line, line.entry)
        elif isinstance(line.entry, NewUndo):
            _write_undo(connection, line, line.entry)
    return written


def entries_after(number: int) -> Select[Any]:
    """Entries with a higher number, oldest first."""
    c = _decisions.c
    return select(c.number, c.time, c.kind, c.payload).where(c.number > number).order_by(c.number)


def in_force() -> ColumnElement[bool]:
    """Whether an entry of `decisions` was not undone."""
    undo = _decisions.alias("undo")
    return ~select(undo.c.number).where(undo.c.undoes == _decisions.c.number).exists()


def verdicts_of(
    connection: Connection, *, finding_id: str | None, pattern_id: str | None, limit: int
) -> tuple[Verdict, ...]:
    """Verdicts, newest first, with what took them back."""
    c = _decisions.c
    undo = _decisions.alias("undo")
    statement: Select[Any] = (
        select(c.number, c.time, c.kind, c.payload, undo.c.number.label("undone_by"))
        .outerjoin(undo, undo.c.undoes == c.number)
        .where(c.kind == codec.VERDICT.name)
        .order_by(c.number.desc())
        .limit(limit)
    )
    if finding_id is not None:
        statement = statement.join(_links, _links.c.verdict_number == c.number).where(
            _links.c.finding_id == finding_id
        )
    if pattern_id is not None:
        statement = statement.where(c.pattern_id == pattern_id)
    return tuple(_verdict(row) for row in connection.execute(statement))


def _verdict(row: Row[Any]) -> Verdict:
    line = read_entry(row)
    if not isinstance(line.entry, NewVerdict):
        raise StoredValueError(
            f"Entry {line.number} of the log is not the verdict that it is filed as; "
            "restore the database from a copy."
        )
    return Verdict(line.number, line.time, line.entry, row.undone_by)


def _write_verdict(connection: Connection, line: LogEntry, verdict: NewVerdict) -> None:
    connection.execute(insert(_decisions), entry_values(line))
    wanted = tuple(dict.fromkeys(verdict.finding_ids))
    known = select(literal(line.number), _findings.c.id).where(
        _findings.c.id.in_(members(wanted, connection.dialect.name))
    )
    connection.execute(insert(_links).from_select(["verdict_number", "finding_id"], known))
    found = set(connection.scalars(_linked(line.number)))
    if len(found) != len(wanted):
        missing = next(finding_id for finding_id in wanted if finding_id not in found)
        raise NotFoundError(
            f"There is no finding '{missing}', so the verdict on {len(wanted)} was not kept; "
            "reload the list and choose again."
        )
    _show(connection, _findings.c.id.in_(_linked(line.number)), line)


def _write_undo(connection: Connection, line: LogEntry, undo: NewUndo) -> None:
    target = undo.entry_number
    kind = connection.scalar(select(_decisions.c.kind).where(_decisions.c.number == target))
    if kind != codec.VERDICT.name:
        raise NotFoundError(
            f"Entry {target} of the log is not a verdict; choose one from the list of verdicts."
        )
    earlier = connection.execute(
        select(_decisions.c.number, _decisions.c.author).where(_decisions.c.undoes == target)
    ).first()
    if earlier is not None:
        raise StaleWriteError(
            f"Verdict {target} was already undone by {earlier.author} (entry {earlier.number}); "
            "reload to see the current state."
        )
    connection.execute(insert(_decisions), entry_values(line))
    _recompute(connection, target)


def _recompute(connection: Connection, undone: int) -> None:
    """Let findings show the last verdict still in force where they showed an undone one."""
    latest = (
        select(sql.max(_links.c.verdict_number))
        .join(_decisions, _decisions.c.number == _links.c.verdict_number)
        .where(_links.c.finding_id == _findings.c.id, in_force())
        .scalar_subquery()
    )
    touched = _findings.c.id.in_(_linked(undone))
    connection.execute(update(_findings).where(touched).values(verdict_number=latest))
    numbers = connection.scalars(select(_findings.c.verdict_number).where(touched).distinct())
    for number in numbers.all():
        if number is None:
            _show(connection, touched & _findings.c.verdict_number.is_(None), None)
        else:
            entry = connection.execute(entries_after(number - 1).limit(1)).one()
            _show(connection, touched & (_findings.c.verdict_number == number), read_entry(entry))


def _show(connection: Connection, where: ColumnElement[bool], line: LogEntry | None) -> None:
    """Bring the columns that repeat the verdict in force up to date."""
    verdict = line.entry if line is not None and isinstance(line.entry, NewVerdict) else None
    label = verdict.label.value if verdict is not None else None
    category = verdict.category if verdict is not None else None
    connection.execute(
        update(_findings)
        .where(where)
        .values(
            status=status_under(label).value,
            verdict=label,
            category=category,
            search_category=(category or "").casefold(),
            verdict_number=line.number if line is not None else None,
        )
    )


def _linked(verdict_number: int) -> Select[Any]:
    return select(_links.c.finding_id).where(_links.c.verdict_number == verdict_number)
