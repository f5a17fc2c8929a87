"""What is asked of both logs together, decisions and actions, and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from deepaid_core.domain.actions import Action
from deepaid_core.domain.log import Entry

__all__ = [
    "ALL",
    "AuditEntry",
    "AuditHead",
    "AuditPlace",
    "AuditQuery",
    "ChainReport",
    "DecisionFacts",
    "LogName",
]

LogName: TypeAlias = Literal["decision", "action"]
"""Which log a line stands in; "decision 12" and "action 12" are two lines."""

AuditPlace: TypeAlias = tuple[float, LogName, int]
"""Where a line stands in the list of both logs: its time, log and number."""


@dataclass(frozen=True, slots=True)
class AuditQuery:
    """A filter over the lines of both logs; what is None or empty does not filter.

    Attributes:
        log: Only this one.
        author: Lines of this person, exactly.
        kind: "verdict", "note", ... as written in the log; of a record what it is of, such as
            "report".
        subject: What the line is about: "F-...", "P-...", "S-12", "C-3", "D-...", "M-12", or a
            line itself, "decision 12" or "action 7", with what took it back; else the exact
            subject of a record, e.g. the name of a saved view.
        since: At or after this time, Unix seconds, UTC.
        until: Before this time.
        text: Part of anything that the line holds; ASCII letters match in either case.
    """

    log: LogName | None = None
    author: str | None = None
    kind: str | None = None
    subject: str = ""
    since: float | None = None
    until: float | None = None
    text: str = ""


ALL: Final = AuditQuery()
"""Every line."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A line of either log, whole.

    Attributes:
        log: Which log.
        number: Position in that log.
        time: Unix seconds, UTC.
        kind: What it is, as it is kept: "verdict", "lessons", "case", "record", ...
        entry: What was decided or done.
        case_number: The case that an action is about, if any.
        before: What an action replaced; see `ActionLine`. Empty for decisions.
        undone_by: Number, in the same log, of the line that took it back and holds.
        chain: Digest of this line and all before it in its log.
    """

    log: LogName
    number: int
    time: float
    kind: str
    entry: Entry | Action
    before: Mapping[str, str]
    undone_by: int | None
    chain: str
    case_number: int | None = None

    @property
    def id(self) -> str:
        """How the line is called: "decision 12"."""
        return f"{self.log} {self.number}"

    @property
    def place(self) -> AuditPlace:
        """Where it stands in the list of both logs."""
        return self.time, self.log, self.number


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The end of a log: whoever noted it can tell later whether lines were cut off or rewritten.

    Attributes:
        log: Which log.
        number: Of its last line; 0 where it is empty.
        digest: Chain digest of that line; empty where there is none.
    """

    log: LogName
    number: int
    digest: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What a check of one log found.

    Attributes:
        log: Which log.
        lines: Lines that were found to be as they were written, from the first one on.
        head: The last of them.
        problem: What is wrong with the first line that is not, in a sentence; None where all are.
        broken: Number of that line.
    """

    log: LogName
    lines: int
    head: AuditHead
    problem: str | None = None
    broken: int | None = None


@dataclass(frozen=True, slots=True)
class DecisionFacts:
    """What a decision was, without the findings it is about.

    Attributes:
        kind: "verdict", "undo", ...; as written in the log.
        label: Label of a verdict, basis of a suppression; None for others.
        category: Likewise.
        pattern_id: Likewise.
        author: Who.
    """

    kind: str
    label: str | None
    category: str | None
    pattern_id: str | None
    author: str
