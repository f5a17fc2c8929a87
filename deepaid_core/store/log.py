"""The append-only log of decisions, and what it says about each finding."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, literal, select, update
from sqlalchemy import func as sql

from deepaid_core.domain import codec
from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.finding import pattern_id, pattern_of
from deepaid_core.domain.log import (
    Entry,
    LogEntry,
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
)
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import NewVerdict, Verdict, VerdictLabel
from deepaid_core.errors import NotFoundError, StaleWriteError, StoredValueError
from deepaid_core.store import tables
from deepaid_core.store.queries import members
from deepaid_core.store.rows import entry_values, read_entry, status_under
from deepaid_core.store.suppressed import Touched, attacks_among, bring_up_to_date, with_verdict

__all__ = ["append", "entries_after", "in_force", "verdicts_of"]

_decisions = tables.decisions
_findings = tables.findings
_links = tables.verdict_findings
_attacks = tables.taught_attacks

_SETTINGS_OF_SUPPRESSIONS: Final = frozenset({"resurfaced_share", "suppress_critical"})


def append(
    connection: Connection, entries: Sequence[Entry], *, now: float, expected: int | None = None
) -> tuple[LogEntry, ...]:
    """Write decisions within a writing transaction, and what they change in the findings.

    Raises:
        NotFoundError: A verdict names an unknown finding, or an undo or a restore an unknown
            entry.
        StaleWriteError: The log went on since `expected`, the entry to undo was undone already,
            or the one to restore is in force.
        InvalidParameterError: There is no such setting, or no such value of it.
    """
    # Counted here, not by the database: its own counter would skip numbers of undone writes.
    last = connection.scalar(select(sql.max(_decisions.c.number))) or 0
    if expected is not None and expected != last:
        raise StaleWriteError(
            f"The log went on to entry {last} since entry {expected} was read; "
            "reload to see the current state, and decide again."
        )
    written = tuple(LogEntry(last + step, now, entry) for step, entry in enumerate(entries, 1))
    touched = Touched()
    for line in written:
        _write(connection, line, touched)
    if written:
        bring_up_to_date(connection, touched)
    return written


def entries_after(number: int, *, until: int | None = None) -> Select[Any]:
    """Entries with a higher number, up to another one, oldest first."""
    c = _decisions.c
    found = select(c.number, c.time, c.kind, c.payload).where(c.number > number)
    if until is not None:
        found = found.where(c.number <= until)
    return found.order_by(c.number)


def in_force() -> ColumnElement[bool]:
    """Whether an entry of `decisions` is not taken back."""
    return _decisions.c.undone_by.is_(None)


def verdicts_of(
    connection: Connection, *, finding_id: str | None, pattern_id: str | None, limit: int
) -> tuple[Verdict, ...]:
    """Verdicts, newest first, with what took them back."""
    c = _decisions.c
    statement: Select[Any] = (
        select(c.number, c.time, c.kind, c.payload, c.undone_by)
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


def _write(connection: Connection, line: LogEntry, touched: Touched) -> None:
    match line.entry:
        case NewUndo() | NewRestore() as change:
            _write_change(connection, line, change, touched)
            return
        case NewSetting() as setting:
            DistillerSettings().changed(setting.name, setting.value)  # refuses what is none
    connection.execute(insert(_decisions), entry_values(line))
    match line.entry:
        case NewVerdict() as verdict:
            _write_verdict(connection, line, verdict, touched)
        case NewSuppression():
            touched.begun.add(line.number)
        case NewSetting() as setting:
            touched.everything |= setting.name in _SETTINGS_OF_SUPPRESSIONS
        case NewLessons() as lessons:
            _write_attacks(connection, line.number, lessons)
            touched.attacks |= _taught(connection, line.number)


def _write_verdict(
    connection: Connection, line: LogEntry, verdict: NewVerdict, touched: Touched
) -> None:
    wanted = tuple(dict.fromkeys(verdict.finding_ids))
    known = select(literal(line.number), _findings.c.id).where(
        _findings.c.id.in_(members(wanted, connection.dialect.name))
    )
    connection.execute(insert(_links).from_select(["verdict_number", "finding_id"], known))
    found = set(connection.scalars(with_verdict(line.number)))
    if len(found) != len(wanted):
        missing = next(finding_id for finding_id in wanted if finding_id not in found)
        raise NotFoundError(
            f"There is no finding '{missing}', so the verdict on {len(wanted)} was not kept; "
            "reload the list and choose again."
        )
    touched.attacks |= attacks_among(connection, line.number)
    _show(connection, _findings.c.id.in_(with_verdict(line.number)), line)
    if verdict.label is VerdictLabel.TRUE_POSITIVE:
        touched.attacks |= attacks_among(connection, line.number)


def _write_attacks(connection: Connection, number: int, lessons: NewLessons) -> None:
    """Remember which patterns imported lessons protect."""
    attacks = {
        pattern_id(lesson.detector_name, pattern_of(lesson.path)): lesson.detector_name
        for lesson in lessons.lessons
        if lesson.label is VerdictLabel.TRUE_POSITIVE
    }
    rows = [
        {"entry_number": number, "pattern_id": key, "detector_name": detector_name}
        for key, detector_name in attacks.items()
    ]
    if rows:
        connection.execute(insert(_attacks), rows)


def _taught(connection: Connection, number: int) -> set[tuple[str, str]]:
    c = _attacks.c
    statement = select(c.detector_name, c.pattern_id).where(c.entry_number == number)
    return {(row[0], row[1]) for row in connection.execute(statement)}


def _write_change(
    connection: Connection, line: LogEntry, change: NewUndo | NewRestore, touched: Touched
) -> None:
    """Take an entry back, or put it back into force."""
    c = _decisions.c
    target = change.entry_number
    wanted: Select[Any] = select(c.number, c.time, c.kind, c.payload, c.undone_by)
    row = connection.execute(wanted.where(c.number == target)).first()
    entry = read_entry(row).entry if row is not None else None
    if row is None or entry is None or isinstance(entry, NewUndo | NewRestore):
        raise NotFoundError(
            f"Entry {target} of the log is no decision that can be taken back or put back; "
            "choose one from the list of decisions."
        )
    _refuse_stale(connection, row, undo=isinstance(change, NewUndo))
    connection.execute(insert(_decisions), entry_values(line))
    undone_by = line.number if isinstance(change, NewUndo) else None
    connection.execute(update(_decisions).where(c.number == target).values(undone_by=undone_by))
    match entry:
        case NewVerdict():
            touched.attacks |= attacks_among(connection, target)
            _recompute(connection, target)
            touched.attacks |= attacks_among(connection, target)
            touched.verdicts.add(target)
        case NewSuppression():
            (touched.begun if undone_by is None else touched.ended).add(target)
        case NewSetting():
            touched.everything |= entry.name in _SETTINGS_OF_SUPPRESSIONS
        case NewLessons():
            touched.attacks |= _taught(connection, target)


def _refuse_stale(connection: Connection, target: Row[Any], *, undo: bool) -> None:
    if undo and target.undone_by is not None:
        author = connection.scalar(
            select(_decisions.c.author).where(_decisions.c.number == target.undone_by)
        )
        raise StaleWriteError(
            f"Entry {target.number}, a {target.kind}, was already undone by {author} (entry "
            f"{target.undone_by}); reload to see the current state."
        )
    if not undo and target.undone_by is None:
        raise StaleWriteError(
            f"Entry {target.number}, a {target.kind}, is in force already; "
            "reload to see the current state."
        )


def _recompute(connection: Connection, changed: int) -> None:
    """Let the findings of a verdict show the last one in force after it was undone or restored."""
    other = _links.alias("other")
    latest = (
        select(sql.max(other.c.verdict_number))
        .join(_decisions, _decisions.c.number == other.c.verdict_number)
        .where(other.c.finding_id == _findings.c.id, in_force())
        .scalar_subquery()
    )
    statement = select(_findings.c.id, _findings.c.verdict_number, latest).where(
        _findings.c.id.in_(with_verdict(changed))
    )
    changes: dict[int | None, list[str]] = {}
    for finding_id, shown, number in connection.execute(statement):
        if number != shown:
            changes.setdefault(number, []).append(finding_id)
    for number, finding_ids in changes.items():
        line = None
        if number is not None:
            line = read_entry(connection.execute(entries_after(number - 1).limit(1)).one())
        where = _findings.c.id.in_(members(finding_ids, connection.dialect.name))
        _show(connection, where, line)


def _show(connection: Connection, where: ColumnElement[bool], line: LogEntry | None) -> None:
    """Bring the columns that repeat the verdict in force up to date; none falls under anything."""
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
            suppression_number=None,
            resurfaced=False,
        )
    )
