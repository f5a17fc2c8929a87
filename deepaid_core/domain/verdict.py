"""What analysts decided about findings."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

__all__ = ["NewVerdict", "Scope", "Verdict", "VerdictLabel"]


class VerdictLabel(StrEnum):
    """An analyst's decision on a finding."""

    TRUE_POSITIVE = "true positive"
    FALSE_POSITIVE = "false positive"
    BENIGN_POSITIVE = "benign positive"
    UNDETERMINED = "undetermined"


Scope = Literal["finding", "selection", "pattern"]


@dataclass(frozen=True, slots=True)
class NewVerdict:
    """A decision that is about to be written.

    Attributes:
        label: The decision.
        category: What it was, e.g. "port-scan" or "backup-job"; lower case, never empty for a
            true or false positive.
        reason: Why, in the analyst's words.
        author: Who.
        scope: One finding, a hand-picked selection, or all open findings of a pattern. It is one
            decision in each case.
        detector_name: Detector of the findings.
        pattern_id: Pattern of the findings; a decision never spans two.
        path: States of the finding that was looked at, strongest first; what is learned from it.
        finding_ids: Findings it applies to, at least one.
    """

    label: VerdictLabel
    category: str
    reason: str
    author: str
    scope: Scope
    detector_name: str
    pattern_id: str
    path: tuple[str, ...]
    finding_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A verdict as analysts see it.

    Attributes:
        number: Its position in the log.
        time: Unix seconds, UTC.
        decision: What was decided.
        undone_by: Number of the entry that took it back, or None while it is in force.
    """

    number: int
    time: float
    decision: NewVerdict
    undone_by: int | None = None
