"""Decisions to take findings out of the open queue: scoped, reversible, expiring."""

from dataclasses import dataclass

from deepaid_core.domain.verdict import VerdictLabel

__all__ = ["NewSuppression", "Suppression", "SuppressionScope"]


@dataclass(frozen=True, slots=True)
class SuppressionScope:
    """Which findings a suppression is about; all that is given must hold.

    Attributes:
        detector_name: Findings of this detector.
        pattern_id: Findings of this pattern; None for any pattern that no attack protects, which
            only a scope with entities and both times may have.
        entities: Findings about one of these; empty for any entity.
        since: First event not before this time, Unix seconds, UTC; None for any.
        until: Last event not after this time; None for any.
    """

    detector_name: str
    pattern_id: str | None = None
    entities: tuple[str, ...] = ()
    since: float | None = None
    until: float | None = None


@dataclass(frozen=True, slots=True)
class NewSuppression:
    """A suppression that is about to be written.

    Attributes:
        scope: What it is about.
        basis: What the verdicts behind it say: false positive or benign positive.
        category: What the findings are, e.g. "backup-job".
        reason: Why they may leave the queue, in the analyst's words.
        author: Who wrote it.
        owner: Who answers for it and is asked when it expires.
        ticket: Number or address of the matter elsewhere; may be empty.
        expires_time: Unix seconds, UTC; findings that are added later are not suppressed.
    """

    scope: SuppressionScope
    basis: VerdictLabel
    category: str
    reason: str
    author: str
    owner: str
    ticket: str
    expires_time: float


@dataclass(frozen=True, slots=True)
class Suppression:
    """A suppression with what it does now.

    Attributes:
        number: Its position in the log; "S-<number>" on pages and in reports.
        time: When it was written, Unix seconds, UTC.
        decision: What was decided.
        undone_by: Number of the entry that took it back, or None while it is in force.
        disabled_by: Id of a finding within its scope that is a true positive: as long as there is
            one, the suppression takes nothing out of the queue.
        suppressed: Findings that it keeps out of the open queue.
        resurfaced: Findings that it leaves in the queue as a check.
        last_hit: Time of the last event of any of both, or None where it hits nothing.
    """

    number: int
    time: float
    decision: NewSuppression
    undone_by: int | None = None
    disabled_by: str | None = None
    suppressed: int = 0
    resurfaced: int = 0
    last_hit: float | None = None

    @property
    def id(self) -> str:
        """What it is called in addresses and reports."""
        return f"S-{self.number}"

    @property
    def hits(self) -> int:
        """Findings that fall under it, the re-surfaced ones included."""
        return self.suppressed + self.resurfaced
