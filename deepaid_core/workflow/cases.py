"""Cases: open them from findings, change them, take notes, add techniques.

Everything goes through the log of actions; what a function wrote is in the `CaseOutcome`, so that
it can be taken back exactly.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.actions import (
    Action,
    NewCase,
    NewCaseChange,
    NewCaseFindings,
    NewNote,
    NewNoteWithdrawal,
    NewTechnique,
)
from deepaid_core.domain.attack import is_technique
from deepaid_core.domain.case import Case, CaseStatus
from deepaid_core.errors import CaseRefusedError, NotFoundError
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow.verdict_text import checked_author, checked_line, checked_text
from deepaid_core.workspace import Workspace

__all__ = [
    "LONGEST_TEXT",
    "LONGEST_TITLE",
    "CaseOutcome",
    "add_findings",
    "add_technique",
    "change",
    "discard",
    "number_of",
    "open_case",
    "refuse_merged",
    "remove_findings",
    "remove_technique",
    "reopen",
    "take_note",
    "withdraw_note",
]

LONGEST_TITLE: Final = 200
LONGEST_TEXT: Final = 20_000
_LONGEST_NAME: Final = 200
_LONGEST_REASON: Final = 4000
_TEXTS: Final = {
    "summary": "summary",
    "impact": "impact",
    "actions_taken": "list of actions taken",
    "recommendations": "recommendations",
}
_ID: Final = re.compile(r"(?:[Cc]-)?([0-9]{1,9})")


@dataclass(frozen=True, slots=True)
class CaseOutcome:
    """What was written about a case.

    Attributes:
        case_number: Which case.
        numbers: Actions that were written, oldest first; none where nothing was to change.
        findings: Findings that came into it or went.
    """

    case_number: int
    numbers: tuple[int, ...]
    findings: int = 0

    @property
    def id(self) -> str:
        """How the case is called: "C-12"."""
        return f"C-{self.case_number}"


def number_of(text: str) -> int | None:
    """The number in "C-12" or "12"; None where it is neither."""
    found = _ID.fullmatch(text.strip())
    return int(found[1]) if found else None


def open_case(
    workspace: Workspace,
    *,
    title: str,
    finding_ids: Sequence[str] = (),
    author: str,
    summary: str = "",
) -> CaseOutcome:
    """Open a case, assigned to its author.

    Raises:
        CaseRefusedError: It has no title.
        VerdictRefusedError: Nobody is named, or a text is too long or cannot be read.
        NotFoundError: A finding is unknown; nothing was written.
    """
    ids = tuple(dict.fromkeys(finding_ids))
    action = NewCase(_title(title), ids, checked_author(author), _text("summary", summary))
    (line,) = workspace.store.desk.act([action])
    return CaseOutcome(line.case_number or 0, (line.number,), len(ids))


def add_findings(
    workspace: Workspace, number: int, finding_ids: Sequence[str], *, author: str
) -> CaseOutcome:
    """Put findings into a case; those in it already stay.

    Raises:
        CaseRefusedError: The case was merged into another, or is discarded.
        NotFoundError: A finding or the case is unknown; nothing was written.
    """
    return _move(workspace, number, author, added=finding_ids)


def remove_findings(
    workspace: Workspace, number: int, finding_ids: Sequence[str], *, author: str
) -> CaseOutcome:
    """Take findings out of a case; they themselves stay as they are.

    Raises:
        CaseRefusedError: As in `add_findings`.
        NotFoundError: Likewise.
    """
    return _move(workspace, number, author, removed=finding_ids)


def change(
    workspace: Workspace,
    number: int,
    changes: Mapping[str, str],
    *,
    author: str,
    expected: int | None = None,
) -> CaseOutcome:
    """Give fields of a case new values; what stays the same is not written.

    Args:
        workspace: Where.
        number: Which case.
        changes: "title", "summary", "impact", "actions_taken", "recommendations", "status",
            "tlp" or "assignee", and new values.
        author: Who.
        expected: Version of the case that the author has read; None for any.

    Raises:
        StaleWriteError: The case changed since.
        CaseRefusedError: The title is empty, or the case was merged into another.
        InvalidParameterError: There is no such field, or no such value of it.
        VerdictRefusedError: A text is too long or cannot be read.
    """
    case = workspace.store.desk.case(number)
    refuse_merged(case)
    checked = {name: _checked(name, value) for name, value in changes.items()}
    new = {name: text for name, text in checked.items() if str(getattr(case, name, None)) != text}
    if not new:
        return CaseOutcome(number, ())
    action = NewCaseChange(number, new, checked_author(author))
    return _write(
        workspace, case, [action], expected=case.version if expected is None else expected
    )


def discard(workspace: Workspace, number: int, *, author: str) -> CaseOutcome:
    """Take a case off the lists; its findings stay, and it can be reopened.

    Raises:
        CaseRefusedError: It was merged into another case.
        NotFoundError: There is no such case.
    """
    return change(workspace, number, {"status": CaseStatus.DISCARDED}, author=author)


def reopen(workspace: Workspace, number: int, *, author: str) -> CaseOutcome:
    """Work on a closed or discarded case again.

    Raises:
        CaseRefusedError: It was merged into another case.
        NotFoundError: There is no such case.
    """
    return change(workspace, number, {"status": CaseStatus.OPEN}, author=author)


def take_note(workspace: Workspace, number: int, text: str, *, author: str) -> CaseOutcome:
    """Write a note on a case, whatever its status.

    Raises:
        CaseRefusedError: The note is empty.
        VerdictRefusedError: It is too long or cannot be read, or nobody is named.
        NotFoundError: There is no such case.
    """
    note = checked_text(text, "note", LONGEST_TEXT)
    if not note:
        raise CaseRefusedError("The note is empty; write what a colleague should know.")
    action = NewNote(f"C-{number}", note, checked_author(author))
    return _write(workspace, workspace.store.desk.case(number), [action])


def withdraw_note(
    workspace: Workspace, number: int, action_number: int, *, author: str
) -> CaseOutcome:
    """Take a note on a case back; the log keeps it.

    Raises:
        NotFoundError: It is no note on this case.
        StaleWriteError: It was withdrawn already.
    """
    case = workspace.store.desk.case(number)
    line = next(iter(workspace.store.desk.actions(number=action_number)), None)
    if line is None or not isinstance(line.action, NewNote) or line.action.subject != case.id:
        raise NotFoundError(f"Action {action_number} is no note on case {case.id}; reload it.")
    return _write(workspace, case, [NewNoteWithdrawal(action_number, checked_author(author))])


def add_technique(
    workspace: Workspace, number: int, technique: str, reason: str, *, author: str
) -> CaseOutcome:
    """Say that an analyst sees a technique in a case, and why.

    Raises:
        CaseRefusedError: It has no id of the right form or no reason, or the case was merged.
        VerdictRefusedError: The reason is too long or cannot be read, or nobody is named.
    """
    case = workspace.store.desk.case(number)
    refuse_merged(case)
    wanted = technique.strip().upper()
    if not is_technique(wanted):
        shown = shorten(visible(technique), 40)
        raise CaseRefusedError(
            f"'{shown}' is no id of an ATT&CK technique; give one like T1046 or T1110.001."
        )
    why = checked_text(reason, "reason", _LONGEST_REASON)
    if not why:
        raise CaseRefusedError(
            f"Technique {wanted} has no reason; say what in the findings shows it."
        )
    if any((one.id, one.reason) == (wanted, why) for one in case.techniques):
        return CaseOutcome(number, ())
    return _write(workspace, case, [NewTechnique(number, wanted, why, checked_author(author))])


def remove_technique(
    workspace: Workspace, number: int, technique: str, *, author: str
) -> CaseOutcome:
    """Take a technique off a case.

    Raises:
        NotFoundError: It is not on the case.
        CaseRefusedError: The case was merged into another.
    """
    case = workspace.store.desk.case(number)
    refuse_merged(case)
    action = NewTechnique(number, technique, "", checked_author(author), withdrawn=True)
    return _write(workspace, case, [action])


def refuse_merged(case: Case) -> None:
    """Refuse to change what another case has taken over.

    Raises:
        CaseRefusedError: It was merged into another case.
    """
    if case.merged_into is not None:
        raise CaseRefusedError(
            f"Case {case.id} was merged into C-{case.merged_into}; change that one, or unmerge "
            f"{case.id} first."
        )


def _move(
    workspace: Workspace,
    number: int,
    author: str,
    *,
    added: Sequence[str] = (),
    removed: Sequence[str] = (),
) -> CaseOutcome:
    case = workspace.store.desk.case(number)
    refuse_merged(case)
    if added and case.status is CaseStatus.DISCARDED:
        raise CaseRefusedError(f"Case {case.id} is discarded; reopen it, or choose another case.")
    held = set(case.finding_ids)
    coming = tuple(one for one in dict.fromkeys(added) if one not in held)
    going = tuple(one for one in dict.fromkeys(removed) if one in held)
    if not coming and not going:
        return CaseOutcome(number, ())
    # No version is expected: whatever a colleague did meanwhile, both sets of findings are meant.
    action = NewCaseFindings(number, coming, going, checked_author(author))
    (line,) = workspace.store.desk.act([action])
    moved = sum(len(line.before[name].split()) for name in ("added", "removed"))
    return CaseOutcome(number, (line.number,), moved)


def _write(
    workspace: Workspace, case: Case, actions: Sequence[Action], *, expected: int | None = None
) -> CaseOutcome:
    versions = {} if expected is None else {case.number: expected}
    lines = workspace.store.desk.act(actions, expected=versions)
    return CaseOutcome(case.number, tuple(line.number for line in lines))


def _checked(name: str, value: str) -> str:
    if name == "title":
        return _title(value)
    if name in _TEXTS:
        return _text(name, value)
    if name == "assignee":
        return checked_line(" ".join(value.split()), "assignee", _LONGEST_NAME)
    if name == "merged_into":
        raise CaseRefusedError("A case is merged as a whole; use the button or command for it.")
    return str(value)


def _title(value: str) -> str:
    title = " ".join(value.split())
    if not title:
        raise CaseRefusedError("The case has no title; say in a few words what it is about.")
    return checked_line(title, "title", LONGEST_TITLE)


def _text(name: str, value: str) -> str:
    return checked_text(value, _TEXTS[name], LONGEST_TEXT)
