"""What analysts do beside deciding: assign, take notes, gather cases, write reports.

These are kept in a log of their own, append-only like that of decisions, so that a colleague's
note never gets between a decision and the state it was made on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "CASE_FIELDS",
    "Action",
    "ActionLine",
    "NewAssignment",
    "NewCase",
    "NewCaseChange",
    "NewCaseFindings",
    "NewNote",
    "NewNoteWithdrawal",
    "NewRecord",
    "NewTechnique",
    "Note",
]

CASE_FIELDS = (
    "title",
    "summary",
    "impact",
    "actions_taken",
    "recommendations",
    "status",
    "tlp",
    "assignee",
    "merged_into",
)
"""Fields of a case that `NewCaseChange` may change, all of them text."""


@dataclass(frozen=True, slots=True)
class NewAssignment:
    """Who looks at findings from now on.

    Attributes:
        assignees: Finding id to name; an empty name for nobody.
        author: Who assigned them.
    """

    assignees: Mapping[str, str]
    author: str


@dataclass(frozen=True, slots=True)
class NewNote:
    """A remark on a finding or a case.

    Attributes:
        subject: "F-..." or "C-...".
        text: Any text, line breaks kept.
        author: Who.
    """

    subject: str
    text: str
    author: str


@dataclass(frozen=True, slots=True)
class NewNoteWithdrawal:
    """Taking a note back, or its withdrawal; the log keeps both.

    Attributes:
        action_number: The note, or the withdrawal after which the note is there again.
        author: Who.
    """

    action_number: int
    author: str


@dataclass(frozen=True, slots=True)
class NewCase:
    """Opening a case; its number is the next free one.

    Attributes:
        title: What it is about, one line.
        finding_ids: Findings it begins with; may be empty.
        author: Who opens it.
        summary: What is known so far; may be empty.
    """

    title: str
    finding_ids: tuple[str, ...]
    author: str
    summary: str = ""


@dataclass(frozen=True, slots=True)
class NewCaseChange:
    """New values of fields of a case.

    Attributes:
        case_number: Which.
        changes: Names of `CASE_FIELDS` and their new values.
        author: Who.
    """

    case_number: int
    changes: Mapping[str, str]
    author: str


@dataclass(frozen=True, slots=True)
class NewCaseFindings:
    """Findings that are put into a case or taken out of it.

    Attributes:
        case_number: Which.
        added: Ids; those that are in it already are left as they are.
        removed: Ids; those that are not in it are ignored.
        author: Who.
    """

    case_number: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    author: str


@dataclass(frozen=True, slots=True)
class NewTechnique:
    """An ATT&CK technique that an analyst sees in a case, or no longer sees.

    Attributes:
        case_number: Which case.
        technique: Id, e.g. "T1046" or "T1110.001".
        reason: Why, in the analyst's words.
        author: Who.
        withdrawn: It is taken off the case.
    """

    case_number: int
    technique: str
    reason: str
    author: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True)
class NewRecord:
    """Something that was done and changed no finding: a report, an export, a run, a saved view.

    Attributes:
        what: "report", "export", "detection", "training", "saved view", ...; lower case.
        subject: What it is about: an id, a file name, the name of a view.
        facts: What to know of it, e.g. {"format": "pdf", "sha256": "..."}.
        author: Who; may be empty for what no person started.
    """

    what: str
    subject: str
    facts: Mapping[str, str]
    author: str


Action: TypeAlias = (
    NewAssignment
    | NewNote
    | NewNoteWithdrawal
    | NewCase
    | NewCaseChange
    | NewCaseFindings
    | NewTechnique
    | NewRecord
)


@dataclass(frozen=True, slots=True)
class ActionLine:
    """One line of the log of actions.

    Attributes:
        number: Position in that log, from 1, without gaps.
        time: Unix seconds, UTC.
        action: What was done.
        before: What it replaced: old values by field, old assignee by finding id, the ids of
            findings that really came or went ("added", "removed", separated by blanks), the
            reason of a technique with its author and the number of their action.
        case_number: The case that it is about, if any.
        undone_by: Number of the action that withdrew it; notes and their withdrawals only.
    """

    number: int
    time: float
    action: Action
    before: Mapping[str, str]
    case_number: int | None = None
    undone_by: int | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """A remark as pages show it.

    Attributes:
        number: Position in the log of actions.
        time: Unix seconds, UTC.
        author: Who.
        subject: "F-..." or "C-...".
        text: Any text.
    """

    number: int
    time: float
    author: str
    subject: str
    text: str
