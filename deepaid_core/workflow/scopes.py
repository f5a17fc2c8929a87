"""Scopes of suppressions: their form, what they match, and the replay of confirmed attacks."""

import math
from collections.abc import Iterable
from typing import Final

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.severity import Severity, severity
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import VerdictLabel

__all__ = ["MOST_ENTITIES", "replay", "scope_problem", "scope_query", "silences"]

MOST_ENTITIES: Final = 1000
"""Entities that a scope may name; more of them are a network, which wants a look of its own."""

_BASES: Final = (VerdictLabel.FALSE_POSITIVE, VerdictLabel.BENIGN_POSITIVE)


def scope_query(scope: SuppressionScope) -> FindingQuery:
    """All findings that a scope is about, whatever their status."""
    timed = scope.since is not None or scope.until is not None
    return FindingQuery(
        detector_name=scope.detector_name,
        pattern_id=scope.pattern_id,
        entities=scope.entities or None,
        within=(scope.since, scope.until) if timed else None,
    )


def scope_problem(decision: NewSuppression) -> str | None:
    """What is wrong with the form of a scope, as a sentence; None where nothing is."""
    scope = decision.scope
    times = [time for time in (scope.since, scope.until) if time is not None]
    if decision.basis not in _BASES:
        return (
            f"A suppression rests on false or benign positives, not on '{decision.basis}'; judge "
            "the findings first."
        )
    if not all(map(math.isfinite, times)):
        return "A time of the scope is not a number; give a date or leave it out."
    if len(times) == 2 and times[0] > times[1]:
        return "The scope ends before it begins; swap its times."
    if len(scope.entities) > MOST_ENTITIES:
        return (
            f"The scope names {len(scope.entities):,} entities; name at most {MOST_ENTITIES:,}, or "
            "none for all."
        )
    if decision.basis is VerdictLabel.BENIGN_POSITIVE and not (scope.entities and scope.pattern_id):
        return (
            "What is authorised for one host may be an attack from another, so benign positives "
            "are suppressed for named entities and one pattern only; name both."
        )
    if scope.pattern_id is None and not (scope.entities and len(times) == 2):
        return (
            "A suppression without a pattern needs entities and a time from and to, or it would "
            "hide attacks nobody has seen yet; name them."
        )
    return None


def silences(decision: NewSuppression, row: FindingRow, settings: DistillerSettings) -> bool:
    """Whether a finding, had nobody judged it, would leave the queue by a suppression's scope.

    What protects it otherwise, verdicts on its pattern above all, is left out on purpose.
    """
    scope = decision.scope
    return (
        row.verified
        and row.detector_name == scope.detector_name
        and scope.pattern_id in (None, row.pattern_id)
        and (not scope.entities or row.entity in scope.entities)
        and (scope.since is None or row.first_time >= scope.since)
        and (scope.until is None or row.last_time <= scope.until)
        and (settings.suppress_critical or severity(row.ratio) is not Severity.CRITICAL)
    )


def replay(
    decisions: Iterable[NewSuppression], attacks: Iterable[FindingRow], settings: DistillerSettings
) -> tuple[str, ...]:
    """Ids of confirmed attacks that these suppressions would silence were they found again."""
    by_pattern: dict[str, list[NewSuppression]] = {}
    of_any: list[NewSuppression] = []
    for decision in decisions:
        pattern_id = decision.scope.pattern_id
        (of_any if pattern_id is None else by_pattern.setdefault(pattern_id, [])).append(decision)
    return tuple(
        row.id
        for row in attacks
        if any(
            silences(decision, row, settings)
            for decision in (*by_pattern.get(row.pattern_id, ()), *of_any)
        )
    )
