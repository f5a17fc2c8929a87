"""The append-only log of actions, and what each of them changes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update
from sqlalchemy import func as sql

from deepaid_core.domain import codec
from deepaid_core.domain.actions import (
    Action,
    ActionLine,
    NewAssignment,
    NewCase,
    NewCaseChange,
    NewCaseFindings,
    NewNote,
    NewNoteWithdrawal,
    NewRecord,
    NewTechnique,
    Note,
)
from deepaid_core.errors import NotFoundError, StaleWriteError, StoredValueError
from deepaid_core.store import cases
from deepaid_core.store.chain import linked
from deepaid_core.store.desk_tables import action_findings
from deepaid_core.store.desk_tables import actions as _actions
from deepaid_core.store.queries import members
from deepaid_core.store.tables import findings as _findings

__all__ = ["act", "lines", "notes", "read_line"]

_KINDS: dict[type, codec.Kind[Any]] = {
    NewAssignment: codec.ASSIGNMENT,
    NewNote: codec.NOTE,
    NewNoteWithdrawal: codec.NOTE_WITHDRAWAL,
    NewCase: codec.CASE,
    NewCaseChange: codec.CASE_CHANGE,
    NewCaseFindings: codec.CASE_FINDINGS,
    NewTechnique: codec.TECHNIQUE,
    NewRecord: codec.RECORD,
}
_NAMED = {kind.name: kind for kind in _KINDS.values()}


@dataclass(slots=True)
class _Effect:
    # What writing an action did: what it is about, what it replaced, which findings it touched.
    subject: str = ""
    case_number: int | None = None
    before: Mapping[str, str] = field(default_factory=dict)
    finding_ids: tuple[str, ...] = ()


def act(
    connection: Connection,
    actions: Sequence[Action],
    *,
    now: float,
    expected: Mapping[int, int],
) -> tuple[ActionLine, ...]:
    """Write actions within a writing transaction, and what they change.

    Raises:
        NotFoundError: A finding, a case, a note or a technique is unknown.
        StaleWriteError: A case changed since its expected version, or the note was withdrawn.
        InvalidParameterError: There is no such field of a case, or no such value of it.
    """
    cases.refuse_stale(connection, expected)
    last = connection.scalar(select(sql.max(_actions.c.number))) or 0
    written = []
    for number, action in enumerate(actions, last + 1):
        effect = _apply(connection, number, now, action)
        kind = _KINDS[type(action)]
        row = {
            "number": number,
            "time": now,
            "kind": kind.name,
            "author": action.author,
            "subject": effect.subject,
            "case_number": effect.case_number,
            "payload": codec.dump(kind, action),
            "before": codec.dump(codec.TEXTS, effect.before),
        }
        connection.execute(insert(_actions), linked(connection, _actions, [row]))
        if isinstance(action, NewNoteWithdrawal):
            _withdraw(connection, action, number)
        _touch(connection, number, effect.finding_ids)
        if isinstance(action, NewTechnique):
            cases.write_technique(connection, number, action)
        written.append(ActionLine(number, now, action, effect.before, effect.case_number))
    return tuple(written)


def lines(
    connection: Connection,
    *,
    number: int | None,
    subject: str | None,
    finding_id: str | None,
    case_number: int | None,
    limit: int,
) -> tuple[ActionLine, ...]:
    """Actions, newest first."""
    c = _actions.c
    statement: Select[Any] = select(_actions).order_by(c.number.desc()).limit(limit)
    for column, value in ((c.number, number), (c.subject, subject), (c.case_number, case_number)):
        if value is not None:
            statement = statement.where(column == value)
    if finding_id is not None:
        touched = select(action_findings.c.action_number).where(
            action_findings.c.finding_id == finding_id
        )
        statement = statement.where(c.number.in_(touched))
    return tuple(read_line(row) for row in connection.execute(statement))


def read_line(row: Row[Any]) -> ActionLine:
    """A line of the log from its row.

    Raises:
        StoredValueError: The kind of action is unknown, or the row is damaged.
    """
    kind = _NAMED.get(row.kind)
    if kind is None:
        raise StoredValueError(
            f"Action {row.number} is of the unknown kind '{row.kind}'; "
            "update the program that reads it."
        )
    return ActionLine(
        number=row.number,
        time=row.time,
        action=codec.load(kind, row.payload),
        before=codec.load(codec.TEXTS, row.before),
        case_number=row.case_number,
        undone_by=row.undone_by,
    )


def notes(connection: Connection, subject: str) -> tuple[Note, ...]:
    """Notes that were not withdrawn, oldest first."""
    c = _actions.c
    statement = (
        select(_actions)
        .where(c.subject == subject, c.kind == codec.NOTE.name, c.undone_by.is_(None))
        .order_by(c.number)
    )
    found = []
    for line in map(read_line, connection.execute(statement)):
        if isinstance(line.action, NewNote):
            note = line.action
            found.append(Note(line.number, line.time, note.author, note.subject, note.text))
    return tuple(found)


def _apply(connection: Connection, number: int, now: float, action: Action) -> _Effect:
    match action:
        case NewAssignment():
            return _assign(connection, action)
        case NewNote(subject=subject):
            return _note(connection, subject, number, now)
        case NewNoteWithdrawal():
            return _withdrawn(connection, action)
        case NewCase():
            _require(connection, action.finding_ids)
            case_number = cases.open_case(connection, number, now, action)
            return _Effect(f"C-{case_number}", case_number, {}, action.finding_ids)
        case NewCaseChange(case_number=case_number):
            before = cases.change(connection, number, now, action)
            return _Effect(f"C-{case_number}", case_number, before)
        case NewCaseFindings(case_number=case_number):
            _require(connection, action.added)
            added, removed = cases.move_findings(connection, number, now, action)
            before = {"added": " ".join(added), "removed": " ".join(removed)}
            return _Effect(f"C-{case_number}", case_number, before, (*added, *removed))
        case NewTechnique(case_number=case_number):
            before = cases.technique_before(connection, number, now, action)
            return _Effect(f"C-{case_number}", case_number, before)
        case NewRecord(subject=subject):
            return _Effect(subject)


def _assign(connection: Connection, action: NewAssignment) -> _Effect:
    ids = tuple(action.assignees)
    c, chosen = _findings.c, members(ids, connection.dialect.name)
    rows = connection.execute(select(c.id, c.assignee).where(c.id.in_(chosen)))
    before = {row.id: row.assignee or "" for row in rows}
    _refuse_missing(ids, before)
    by_name: dict[str, list[str]] = {}
    for finding_id, name in action.assignees.items():
        by_name.setdefault(name, []).append(finding_id)
    for name, some in by_name.items():
        chosen = members(some, connection.dialect.name)
        connection.execute(update(_findings).where(c.id.in_(chosen)).values(assignee=name or None))
    subject = ids[0] if len(ids) == 1 else f"{len(ids)} findings"
    return _Effect(subject, None, before, ids)


def _note(connection: Connection, subject: str, number: int, now: float) -> _Effect:
    if subject.startswith("C-"):
        case_number = cases.number_of(subject)
        cases.touch(connection, case_number, now)
        return _Effect(subject, case_number)
    _require(connection, (subject,))
    return _Effect(subject, None, {}, (subject,))


def _withdrawn(connection: Connection, action: NewNoteWithdrawal) -> _Effect:
    row = connection.execute(
        select(_actions).where(_actions.c.number == action.action_number)
    ).first()
    if row is None or row.kind not in (codec.NOTE.name, codec.NOTE_WITHDRAWAL.name):
        raise NotFoundError(f"Action {action.action_number} is no note; reload the page.")
    if row.undone_by is not None:
        raise StaleWriteError(
            f"Note {action.action_number} was withdrawn already (action {row.undone_by}); "
            "reload to see the current state."
        )
    touched = () if row.case_number is not None else (row.subject,)
    text = codec.load(codec.NOTE, row.payload).text if row.kind == codec.NOTE.name else ""
    return _Effect(row.subject, row.case_number, {"text": text} if text else {}, touched)


def _withdraw(connection: Connection, action: NewNoteWithdrawal, number: int) -> None:
    c = _actions.c
    # Where it is a withdrawal that is taken back, its note is there again.
    connection.execute(
        update(_actions).where(c.undone_by == action.action_number).values(undone_by=None)
    )
    connection.execute(
        update(_actions).where(c.number == action.action_number).values(undone_by=number)
    )


def _touch(connection: Connection, number: int, finding_ids: Iterable[str]) -> None:
    rows = [
        {"finding_id": finding_id, "action_number": number}
        for finding_id in dict.fromkeys(finding_ids)
    ]
    if rows:
        connection.execute(insert(action_findings), rows)


def _require(connection: Connection, finding_ids: Sequence[str]) -> None:
    chosen = members(finding_ids, connection.dialect.name)
    known = set(connection.scalars(select(_findings.c.id).where(_findings.c.id.in_(chosen))))
    _refuse_missing(finding_ids, known)


def _refuse_missing(finding_ids: Iterable[str], known: Iterable[str]) -> None:
    there = set(known)
    for finding_id in finding_ids:
        if finding_id not in there:
            raise NotFoundError(
                f"There is no finding '{finding_id}' in this workspace, so nothing was written; "
                "reload the list and choose again."
            )
