"""Suppressions: what one would do, writing it once all guards agree, and the list of them."""

import time
from dataclasses import dataclass, replace
from typing import Final, Literal

from deepaid_core.domain.queries import FindingRow, PatternRow, Reach
from deepaid_core.domain.suppression import NewSuppression, Suppression
from deepaid_core.errors import SuppressionRefusedError
from deepaid_core.store.coverage import is_resurfaced
from deepaid_core.workflow.guards import Check, guards
from deepaid_core.workflow.proposals import (
    DEFAULT_DAYS,
    burst_proposal,
    false_positives_of_burst,
    proposal,
)
from deepaid_core.workflow.reach import drawn
from deepaid_core.workflow.scopes import scope_problem
from deepaid_core.workflow.steady import steadily
from deepaid_core.workflow.suppression_facts import facts_of
from deepaid_core.workflow.suppression_texts import (
    DAY_S,
    LONGEST_DAYS,
    cleaned,
    cleaned_scope,
    text_checks,
)
from deepaid_core.workspace import Workspace

__all__ = [
    "DAY_S",
    "DEFAULT_DAYS",
    "LONGEST_DAYS",
    "Check",
    "SuppressionOutcome",
    "SuppressionPreview",
    "SuppressionState",
    "SuppressionView",
    "burst_proposal",
    "false_positives_of_burst",
    "listing",
    "preview",
    "proposal",
    "suppress",
]

EXPIRING_S: Final = 7 * DAY_S
"""A suppression that ends within this time is listed as expiring."""

_EXAMPLES: Final = 5
_NOTHING: Final = Reach(0, 0, 0, 0, 0, 0, 0, 0, None, None, (), (), {}, {})


@dataclass(frozen=True, slots=True)
class SuppressionPreview:
    """What a suppression would do, and whether it may.

    Attributes:
        checks: All guards and warnings, those that may block first.
        reach: What its scope reaches, whether or not it would be suppressed.
        covered: Open findings of today that would fall under it.
        resurfaced: Those of them that would stay in the queue as a check.
        examples: Some of the covered findings, drawn at random; the same each time.
        replayed: Confirmed attacks that were replayed.
        allowed: Whether every guard that blocks agrees.
    """

    checks: tuple[Check, ...]
    reach: Reach
    covered: int
    resurfaced: int
    examples: tuple[FindingRow, ...]
    replayed: int
    allowed: bool


@dataclass(frozen=True, slots=True)
class SuppressionOutcome:
    """What a suppression did when it was written.

    Attributes:
        number: Its entry of the log.
        suppressed: Findings that left the open queue.
        resurfaced: Findings that fall under it and stay in the queue as a check.
    """

    number: int
    suppressed: int
    resurfaced: int


SuppressionState = Literal["active", "expiring", "expired", "disabled", "undone"]


@dataclass(frozen=True, slots=True)
class SuppressionView:
    """A suppression and where it stands.

    Attributes:
        suppression: With what it does now.
        state: "undone" where it was taken back; "disabled" while an attack is in its scope;
            "expired" when it takes no new findings; "expiring" seven days before.
    """

    suppression: Suppression
    state: SuppressionState


def preview(
    workspace: Workspace, decision: NewSuppression, *, now: float | None = None
) -> SuppressionPreview:
    """What a suppression would do, with every guard; writes nothing.

    Args:
        workspace: Where.
        decision: As far as it is written; what is missing shows as a check that fails.
        now: Unix seconds, UTC; by default the present.

    Raises:
        NotFoundError: No finding is of its pattern.
    """
    return _looked_at(workspace, decision, time.time() if now is None else now)[1]


def suppress(workspace: Workspace, decision: NewSuppression) -> SuppressionOutcome:
    """Write a suppression if every guard that blocks agrees.

    The guards judge the very state that is written upon: where somebody decides in between, they
    judge again.

    Raises:
        SuppressionRefusedError: A guard blocks it; each that does is named.
        NotFoundError: No finding is of its pattern.
        StaleWriteError: Others wrote each time in between; try again.
    """

    def attempt() -> int:
        number, found = _looked_at(workspace, decision, time.time())
        failed = [one for one in found.checks if one.blocking and not one.passed]
        if failed:
            raise SuppressionRefusedError(_refusal(failed))
        (written,) = workspace.store.append([cleaned(decision)], expected=number)
        return written.number

    number = steadily(attempt)
    (done,) = workspace.store.suppressions(number=number)
    return SuppressionOutcome(number, done.suppressed, done.resurfaced)


def listing(workspace: Workspace, *, now: float | None = None) -> tuple[SuppressionView, ...]:
    """All suppressions with their states, newest first."""
    moment = time.time() if now is None else now
    return tuple(
        SuppressionView(one, _state(one, moment)) for one in workspace.store.suppressions()
    )


def _state(one: Suppression, now: float) -> SuppressionState:
    if one.undone_by is not None:
        return "undone"
    if one.disabled_by is not None:
        return "disabled"
    left = one.decision.expires_time - now
    return "expired" if left <= 0 else "expiring" if left <= EXPIRING_S else "active"


def _looked_at(
    workspace: Workspace, decision: NewSuppression, now: float
) -> tuple[int, SuppressionPreview]:
    # The number comes first: what is decided while the facts are read makes the write stale.
    number, _ = workspace.store.version()
    texts = text_checks(decision, now)
    readable = all(one.passed for one in texts)
    pattern = _pattern(workspace, decision)
    problem = scope_problem(decision) or _foreign(decision, pattern)
    form = Check("scope", problem is None, True, problem or "The scope is well-formed.")
    if problem is not None:
        checks = (form, *texts)
        return number, SuppressionPreview(checks, _NOTHING, 0, 0, (), 0, allowed=False)
    if readable:
        decision = cleaned(decision)
    else:  # what cannot be kept does not keep anybody from seeing the reach
        decision = replace(decision, scope=cleaned_scope(decision.scope))
    facts, covered = facts_of(workspace, decision, pattern, now)
    checks = (form, *guards(decision, facts), *texts)
    share = facts.settings.resurfaced_share
    return number, SuppressionPreview(
        checks=tuple(sorted(checks, key=lambda one: not one.blocking)),
        reach=facts.reach,
        covered=len(covered),
        resurfaced=sum(is_resurfaced(number + 1, one, share) for one in covered),
        examples=tuple(workspace.store.row(one) for one in drawn(covered, _EXAMPLES)),
        replayed=facts.replayed,
        allowed=all(one.passed for one in checks if one.blocking),
    )


def _pattern(workspace: Workspace, decision: NewSuppression) -> PatternRow | None:
    if decision.scope.pattern_id is None:
        return None
    return workspace.store.pattern(decision.scope.pattern_id)


def _foreign(decision: NewSuppression, pattern: PatternRow | None) -> str | None:
    if pattern is None or pattern.detector_name == decision.scope.detector_name:
        return None
    return (
        f"Pattern {pattern.pattern_id} is of detector '{pattern.detector_name}', not of "
        f"'{decision.scope.detector_name}'; choose one of both."
    )


def _refusal(failed: list[Check]) -> str:
    reasons = " ".join(
        f"({place}) {one.sentence}"
        + (f" See {', '.join(one.finding_ids)}." if one.finding_ids else "")
        for place, one in enumerate(failed, 1)
    )
    return f"The suppression was refused: {reasons}"
