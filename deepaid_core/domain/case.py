"""A case: findings that belong together, and what analysts make of them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["OPEN_CASES", "TLP", "Case", "CaseQuery", "CaseRow", "CaseStatus", "Technique"]

TLP: Final = ("clear", "green", "amber", "amber+strict", "red")
"""Markings of the Traffic Light Protocol 2.0, widest audience first."""


class CaseStatus(StrEnum):
    """Where a case stands."""

    OPEN = "open"
    IN_PROGRESS = "in progress"
    CLOSED = "closed"
    DISCARDED = "discarded"


OPEN_CASES: Final = (CaseStatus.OPEN, CaseStatus.IN_PROGRESS)
"""Cases that somebody still works on."""


@dataclass(frozen=True, slots=True)
class Technique:
    """An ATT&CK technique of a case: its id, e.g. "T1046", and why an analyst sees it there."""

    id: str
    reason: str
    author: str


@dataclass(frozen=True, slots=True)
class Case:
    """A case whole.

    Attributes:
        number: "C-<number>" on pages and in reports.
        title: One line.
        summary: What happened, to whom, how sure; may be empty, like the three below.
        impact: What it means for the organization.
        actions_taken: What was done about it.
        recommendations: What should be done.
        status: Where it stands.
        tlp: Whom it may be shown to, one of `TLP`.
        assignee: Who works on it; empty for nobody.
        merged_into: Number of the case that took over its findings, or None.
        author: Who opened it.
        created_time: Unix seconds, UTC.
        changed_time: Of the last action on it.
        version: Number of the last action that changed it; what a writer has read.
        finding_ids: In the order of their first event.
        techniques: In the order they were added.
    """

    number: int
    title: str
    summary: str
    impact: str
    actions_taken: str
    recommendations: str
    status: CaseStatus
    tlp: str
    assignee: str
    merged_into: int | None
    author: str
    created_time: float
    changed_time: float
    version: int
    finding_ids: tuple[str, ...]
    techniques: tuple[Technique, ...]

    @property
    def id(self) -> str:
        """How it is called: "C-12"."""
        return f"C-{self.number}"


@dataclass(frozen=True, slots=True)
class CaseQuery:
    """A filter over cases; what is None or empty does not filter.

    Attributes:
        statuses: Cases in one of these; None for all but discarded ones.
        assignee: Cases of this analyst.
        text: Case-insensitive part of id, title or summary; taken literally.
        finding_id: Cases that hold this finding.
        merged_into: Cases whose findings this one took over.
        number: Only this one.
    """

    statuses: tuple[CaseStatus, ...] | None = None
    assignee: str | None = None
    text: str = ""
    finding_id: str | None = None
    merged_into: int | None = None
    number: int | None = None


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as a line of the list.

    Attributes:
        number: "C-<number>".
        title: One line.
        status: Where it stands.
        tlp: One of `TLP`.
        assignee: Empty for nobody.
        findings: How many it holds.
        open_findings: Those without a verdict.
        max_ratio: Of its findings, on the severity scale; None without findings.
        first_time: First event of its findings, Unix seconds, UTC; None without findings.
        last_time: Last event.
        created_time: When it was opened.
        changed_time: Of the last action on it.
        merged_into: Number of the case that took over its findings, or None.
    """

    number: int
    title: str
    status: CaseStatus
    tlp: str
    assignee: str
    findings: int
    open_findings: int
    max_ratio: float | None
    first_time: float | None
    last_time: float | None
    created_time: float
    changed_time: float
    merged_into: int | None = None

    @property
    def id(self) -> str:
        """How it is called: "C-12"."""
        return f"C-{self.number}"
