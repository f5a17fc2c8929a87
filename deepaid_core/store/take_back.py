"""Taking actions back: each by an action that restores what it replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select, update

from deepaid_core.domain.actions import (
    Action,
    ActionLine,
    NewAssignment,
    NewCase,
    NewCaseChange,
    NewCaseFindings,
    NewNote,
    NewNoteWithdrawal,
    NewTechnique,
)
from deepaid_core.domain.case import Case, CaseStatus
from deepaid_core.errors import InvalidParameterError, NotFoundError
from deepaid_core.store import actions, cases
from deepaid_core.store.desk import TakenBack
from deepaid_core.store.desk_tables import actions as _actions
from deepaid_core.store.desk_tables import case_techniques as _techniques
from deepaid_core.store.queries import members
from deepaid_core.store.tables import findings as _findings

__all__ = ["take_back"]


@dataclass(frozen=True, slots=True)
class _Inverse:
    # What takes an action back, and how much of it others have changed since.
    action: Action | None
    findings: tuple[str, ...] = ()
    kept: int = 0


def take_back(
    connection: Connection, numbers: Sequence[int], *, author: str, now: float
) -> TakenBack:
    """Take actions back within a writing transaction, the last one first.

    Raises:
        NotFoundError: There is no such action.
        InvalidParameterError: It is a record of what happened, which nothing can take back.
    """
    written: list[ActionLine] = []
    touched: set[str] = set()
    kept = 0
    for number in sorted(set(numbers), reverse=True):
        line = _line(connection, number)
        inverse = _inverse(connection, line, author)
        kept += inverse.kept
        if inverse.action is None:
            continue
        written += actions.act(connection, [inverse.action], now=now, expected={})
        touched.update(inverse.findings)
        if isinstance(line.action, NewTechnique):
            _as_it_stood(connection, line.action, line.before)
    return TakenBack(tuple(written), len(touched), kept)


def _line(connection: Connection, number: int) -> ActionLine:
    row = connection.execute(select(_actions).where(_actions.c.number == number)).first()
    if row is None:
        raise NotFoundError(f"There is no action {number} to take back; reload the page.")
    return actions.read_line(row)


def _inverse(connection: Connection, line: ActionLine, author: str) -> _Inverse:
    match line.action:
        case NewAssignment() as assignment:
            return _assignment(connection, assignment, line.before, author)
        case NewNote(subject=subject):
            if line.undone_by is not None:
                return _Inverse(None)
            return _Inverse(NewNoteWithdrawal(line.number, author), _finding(subject))
        case NewNoteWithdrawal():
            return _withdrawal(connection, line, author)
        case NewCase() as opened:
            return _case(connection, line.case_number or 0, opened, author)
        case NewCaseChange() as change:
            return _change(connection, change, line.before, author)
        case NewCaseFindings(case_number=number):
            return _case_findings(connection, number, line.before, author)
        case NewTechnique() as technique:
            return _technique(connection, technique, line.before, author)
    raise InvalidParameterError(
        f"Action {line.number} says what happened and changed nothing, so there is nothing to "
        "take back."
    )


def _assignment(
    connection: Connection, action: NewAssignment, before: Mapping[str, str], author: str
) -> _Inverse:
    c, chosen = _findings.c, members(before, connection.dialect.name)
    rows = connection.execute(select(c.id, c.assignee).where(c.id.in_(chosen)))
    now = {row.id: row.assignee or "" for row in rows}
    restored, kept = _restored(before, action.assignees, now)
    return _Inverse(NewAssignment(restored, author) if restored else None, tuple(restored), kept)


def _withdrawal(connection: Connection, line: ActionLine, author: str) -> _Inverse:
    if line.undone_by is not None or not isinstance(line.action, NewNoteWithdrawal):
        return _Inverse(None)
    other = _line(connection, line.action.action_number)
    if not isinstance(other.action, NewNote):
        # It took a withdrawal back, so the note goes again, unless it went already.
        note = _line(connection, _withdrawn(other))
        number, there = note.number, note.undone_by is None
    else:
        note, number, there = other, line.number, True
    found = _finding(note.action.subject) if isinstance(note.action, NewNote) else ()
    return _Inverse(NewNoteWithdrawal(number, author) if there else None, found)


def _withdrawn(line: ActionLine) -> int:
    return line.action.action_number if isinstance(line.action, NewNoteWithdrawal) else 0


def _case(connection: Connection, number: int, action: NewCase, author: str) -> _Inverse:
    case = cases.case(connection, number)
    if case.status is CaseStatus.DISCARDED:
        return _Inverse(None)
    if actions.notes(connection, case.id) or not _untouched(case, action):
        return _Inverse(None, kept=1)
    change = NewCaseChange(number, {"status": CaseStatus.DISCARDED.value}, author)
    return _Inverse(change, action.finding_ids)


def _untouched(case: Case, action: NewCase) -> bool:
    """Whether nobody has worked on a case since it was opened."""
    return (
        (case.title, case.summary, case.assignee, case.status, case.merged_into)
        == (action.title, action.summary, action.author, CaseStatus.OPEN, None)
        and set(case.finding_ids) == set(action.finding_ids)
        and not (case.impact or case.actions_taken or case.recommendations or case.techniques)
    )


def _change(
    connection: Connection, action: NewCaseChange, before: Mapping[str, str], author: str
) -> _Inverse:
    case = cases.case(connection, action.case_number)
    now = {name: "" if (value := getattr(case, name)) is None else str(value) for name in before}
    restored, kept = _restored(before, action.changes, now)
    change = NewCaseChange(action.case_number, restored, author) if restored else None
    return _Inverse(change, kept=kept)


def _case_findings(
    connection: Connection, number: int, before: Mapping[str, str], author: str
) -> _Inverse:
    held = set(cases.case(connection, number).finding_ids)
    back = tuple(i for i in before.get("removed", "").split() if i not in held)
    out = tuple(i for i in before.get("added", "").split() if i in held)
    if not back and not out:
        return _Inverse(None)
    return _Inverse(NewCaseFindings(number, back, out, author), (*back, *out))


def _technique(
    connection: Connection, action: NewTechnique, before: Mapping[str, str], author: str
) -> _Inverse:
    c = _techniques.c
    now = connection.scalar(
        select(c.reason).where(c.case_number == action.case_number, c.technique == action.technique)
    )
    after, old = (None if action.withdrawn else action.reason), before.get("reason")
    if now == old:
        return _Inverse(None)
    if now != after:
        return _Inverse(None, kept=1)
    return _Inverse(
        NewTechnique(action.case_number, action.technique, old or "", author, withdrawn=old is None)
    )


def _as_it_stood(connection: Connection, action: NewTechnique, before: Mapping[str, str]) -> None:
    """Give a technique that came back its author and its place in the list again."""
    if "action" in before:
        c = _techniques.c
        connection.execute(
            update(_techniques)
            .where(c.case_number == action.case_number, c.technique == action.technique)
            .values(author=before["author"], action_number=int(before["action"]))
        )


def _restored(
    before: Mapping[str, str], after: Mapping[str, Any], now: Mapping[str, str]
) -> tuple[dict[str, str], int]:
    """Old values of what still is as the action left it; and how many are something else now."""
    changed = {name: old for name, old in before.items() if now[name] != old}
    restored = {name: old for name, old in changed.items() if now[name] == after[name]}
    return restored, len(changed) - len(restored)


def _finding(subject: str) -> tuple[str, ...]:
    return (subject,) if subject.startswith("F-") else ()
