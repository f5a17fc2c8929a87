"""The append-only log of decisions, and what it says about each finding."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, insert, literal, select
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
from deepaid_core.store.chain import linked
from deepaid_core.store.desk_tables import case_findings
from deepaid_core.store.queries import members
from deepaid_core.store.rows import entry_values, read_entry
from deepaid_core.store.suppressed import Touched, attacks_among, bring_up_to_date, with_verdict
from deepaid_core.store.toggles import SETTINGS_OF_SUPPRESSIONS, show, taught, write_toggles

__all__ = ["append", "entries_after", "in_force", "verdicts_of"]

_decisions = tables.decisions
_findings = tables.findings
_links = tables.verdict_findings
_attacks = tables.taught_attacks


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
    for toggles, lines in groupby(
        written, lambda line: isinstance(line.entry, NewUndo | NewRestore)
    ):
        if toggles:
            write_toggles(connection, tuple(lines), touched)
        else:
            for line in lines:
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
    connection: Connection,
    *,
    finding_id: str | None,
    pattern_id: str | None,
    case_number: int | None,
    limit: int,
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
    if case_number is not None:
        held = select(case_findings.c.finding_id).where(case_findings.c.case_number == case_number)
        touching = select(_links.c.verdict_number).where(_links.c.finding_id.in_(held))
        statement = statement.where(c.number.in_(touching))
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
    if isinstance(line.entry, NewSetting):
        DistillerSettings().changed(line.entry.name, line.entry.value)  # refuses what is none
    connection.execute(insert(_decisions), linked(connection, _decisions, [entry_values(line)]))
    match line.entry:
        case NewVerdict() as verdict:
            _write_verdict(connection, line, verdict, touched)
        case NewSuppression():
            touched.begun.add(line.number)
        case NewSetting() as setting:
            touched.everything |= setting.name in SETTINGS_OF_SUPPRESSIONS
        case NewLessons() as lessons:
            _write_attacks(connection, line.number, lessons)
            touched.attacks |= taught(connection, line.number)


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
    touched.attacks |= attacks_among(connection, [line.number])
    where = _findings.c.id.in_(with_verdict(line.number))
    show(connection, where, line.number, verdict.label.value, verdict.category)
    if verdict.label is VerdictLabel.TRUE_POSITIVE:
        touched.attacks |= attacks_among(connection, [line.number])


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
