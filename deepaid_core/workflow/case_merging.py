"""Merging a case into another, and taking that apart again exactly."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.actions import (
    Action,
    ActionLine,
    NewCase,
    NewCaseChange,
    NewCaseFindings,
    NewTechnique,
)
from deepaid_core.domain.case import Case, CaseQuery, CaseStatus
from deepaid_core.errors import CaseRefusedError
from deepaid_core.store.desk import Desk
from deepaid_core.workflow.cases import CaseOutcome, refuse_merged
from deepaid_core.workflow.verdict_text import checked_author
from deepaid_core.workspace import Workspace

__all__ = ["merge", "unmerge"]

_ALL: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class _Brought:
    """What a case holds only because other cases were merged into it.

    Attributes:
        finding_ids: Findings that came with a merge.
        techniques: Techniques that did.
    """

    finding_ids: frozenset[str]
    techniques: frozenset[str]


def merge(workspace: Workspace, number: int, into: int, *, author: str) -> CaseOutcome:
    """Put findings and techniques of a case into another one, and close it.

    Its own findings, texts and notes stay on it, so that `unmerge` can restore both.

    Raises:
        CaseRefusedError: Both are the same case, or one of them was merged or discarded.
        StaleWriteError: One of them changed meanwhile.
        NotFoundError: There is no such case.
    """
    desk = workspace.store.desk
    case, target = desk.case(number), desk.case(into)
    if number == into:
        raise CaseRefusedError(f"Case {case.id} cannot be merged into itself; choose another one.")
    for one in (case, target):
        refuse_merged(one)
        if one.status is CaseStatus.DISCARDED:
            raise CaseRefusedError(f"Case {one.id} is discarded; reopen it before merging.")
    who = checked_author(author)
    held, known = set(target.finding_ids), {one.id for one in target.techniques}
    # `_batches` tells what a merge brought by this order.
    actions: list[Action] = [
        NewCaseChange(number, {"merged_into": str(into), "status": CaseStatus.CLOSED.value}, who),
        NewCaseFindings(into, tuple(one for one in case.finding_ids if one not in held), (), who),
        *(
            NewTechnique(into, one.id, one.reason, who)
            for one in case.techniques
            if one.id not in known
        ),
    ]
    return _write(desk, into, (case, target), actions)


def unmerge(workspace: Workspace, number: int, *, author: str) -> CaseOutcome:
    """Take a case out of the one that it was merged into; it is as before the merge.

    The other case keeps what it held of its own, what was added to it by hand since, and what
    other cases merged into it hold too.

    Raises:
        CaseRefusedError: It is not merged, or the other case was merged on.
        StaleWriteError: One of them changed meanwhile.
        NotFoundError: There is no such case.
    """
    desk = workspace.store.desk
    case = desk.case(number)
    if case.merged_into is None:
        raise CaseRefusedError(f"Case {case.id} is not merged into another one.")
    target = desk.case(case.merged_into)
    refuse_merged(target)
    rows = desk.cases(CaseQuery(statuses=tuple(CaseStatus), merged_into=target.number), limit=_ALL)
    others = [desk.case(row.number) for row in rows if row.number != number]
    also_held = {one for other in others for one in other.finding_ids}
    also_known = {one.id for other in others for one in other.techniques}
    brought = _brought(desk, target.number)
    leaving = (set(case.finding_ids) & brought.finding_ids & set(target.finding_ids)) - also_held
    forgotten = ({one.id for one in case.techniques} & brought.techniques) - also_known
    who = checked_author(author)
    actions: list[Action] = [
        NewCaseChange(number, {"merged_into": "", "status": _status_before(desk, case)}, who)
    ]
    if leaving:
        gone = tuple(one for one in target.finding_ids if one in leaving)
        actions.append(NewCaseFindings(target.number, (), gone, who))
    actions += [
        NewTechnique(target.number, one.id, "", who, withdrawn=True)
        for one in target.techniques
        if one.id in forgotten
    ]
    return _write(desk, number, (case, target), actions)


def _write(
    desk: Desk, number: int, cases: Sequence[Case], actions: Sequence[Action]
) -> CaseOutcome:
    lines = desk.act(actions, expected={case.number: case.version for case in cases})
    moved = sum(
        len(line.before[name].split())
        for line in lines
        if isinstance(line.action, NewCaseFindings)
        for name in ("added", "removed")
    )
    return CaseOutcome(number, tuple(line.number for line in lines), moved)


def _status_before(desk: Desk, case: Case) -> str:
    for line in desk.actions(case_number=case.number, limit=_ALL):
        action = line.action
        if isinstance(action, NewCaseChange) and action.changes.get("merged_into"):
            return line.before.get("status", CaseStatus.OPEN.value)
    return CaseStatus.OPEN.value


def _brought(desk: Desk, number: int) -> _Brought:
    lines = desk.actions(case_number=number, limit=_ALL)[::-1]
    merged = _batches(desk, number, lines)
    findings: dict[str, bool] = {}
    techniques: dict[str, bool] = {}
    for line in lines:
        action = line.action
        if isinstance(action, NewCase):
            findings.update(dict.fromkeys(action.finding_ids, False))
        elif isinstance(action, NewCaseFindings):
            findings.update(dict.fromkeys(line.before["added"].split(), line.number in merged))
        elif isinstance(action, NewTechnique) and not action.withdrawn:
            techniques[action.technique] = line.number in merged
    return _Brought(
        frozenset(one for one, by_merge in findings.items() if by_merge),
        frozenset(one for one, by_merge in techniques.items() if by_merge),
    )


def _batches(desk: Desk, number: int, lines: Sequence[ActionLine]) -> set[int]:
    """Numbers of the actions on a case, oldest first in `lines`, that merges wrote."""
    found = {
        line.number
        for line in lines
        if isinstance(line.action, NewCaseFindings) and _of_a_merge(desk, number, line.number)
    }
    new = [
        line.number
        for line in lines
        if isinstance(line.action, NewTechnique) and not line.action.withdrawn and not line.before
    ]
    for one in new:
        if one - 1 in found:
            found.add(one)
    for one in reversed(new):
        # Where taking an unmerge back restored the merge, the order is the other way round.
        if one + 1 in found:
            found.add(one)
    return found


def _of_a_merge(desk: Desk, into: int, number: int) -> bool:
    if _merges(desk, number - 1, into):
        return True
    after = next(iter(desk.actions(number=number + 2)), None)
    follows = (
        after is not None
        and isinstance(after.action, NewCaseFindings)
        and after.action.case_number == into
    )
    return _merges(desk, number + 1, into) and not follows


def _merges(desk: Desk, number: int, into: int) -> bool:
    return any(
        isinstance(line.action, NewCaseChange)
        and line.action.changes.get("merged_into") == str(into)
        for line in desk.actions(number=number)
    )
