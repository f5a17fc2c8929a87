"""Counting what the guards of a suppression judge by; nothing here writes."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from deepaid_core.distiller.machine import parts_of
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, PatternRow
from deepaid_core.domain.severity import SEVERITY_BOUNDS
from deepaid_core.domain.suppression import NewSuppression, Suppression
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.store.base import Store
from deepaid_core.workflow import distill
from deepaid_core.workflow.guards import Facts, Judged
from deepaid_core.workflow.scopes import replay, scope_query
from deepaid_core.workspace import Workspace

__all__ = ["NAMED", "facts_of"]

NAMED: Final = 20
"""Findings that a failing check names, at most."""

_CRITICAL: Final = SEVERITY_BOUNDS[0][1]
_ATTACK: Final = VerdictLabel.TRUE_POSITIVE


def facts_of(
    workspace: Workspace, decision: NewSuppression, pattern: PatternRow | None, now: float
) -> tuple[Facts, tuple[str, ...]]:
    """The facts about a suppression whose scope is well-formed.

    Args:
        workspace: Where.
        decision: What is to be decided, cleaned.
        pattern: The pattern of its scope.
        now: Unix seconds, UTC.

    Returns:
        The facts, and the ids of the open findings that would fall under it.
    """
    store, scope = workspace.store, decision.scope
    settings, shielded = store.settings(), store.protected()
    query = scope_query(scope)
    reach = store.reach(query)
    # A pattern's verdicts are judged wherever they were given; an authorised host's are its own.
    whole = not scope.entities and scope.since is None and scope.until is None
    on_pattern = query if pattern is None or whole else FindingQuery(pattern_id=pattern.pattern_id)
    benign = decision.basis is VerdictLabel.BENIGN_POSITIVE
    agreeing = (reach if benign or on_pattern == query else store.reach(on_pattern)).decisions
    attacks = _judged(store, on_pattern, (_ATTACK,))
    others = [label for label in VerdictLabel if label not in (decision.basis, _ATTACK)]
    active = [
        one
        for one in store.suppressions(in_force=True)
        if one.disabled_by is None and one.decision.expires_time > now
    ]
    confirmed = FindingQuery(verdict=_ATTACK)
    rows = store.page(confirmed, limit=max(1, store.count(confirmed)))
    silenced = replay([decision, *(one.decision for one in active)], rows, settings)
    bound = None if settings.suppress_critical else _CRITICAL
    covered, protected = _covered(store, replace(query, max_ratio=bound), shielded)
    near, near_imported = _near(workspace, pattern, shielded)
    facts = Facts(
        settings=settings,
        reach=reach,
        agreeing=agreeing.get(decision.basis, 0),
        attacks=attacks,
        contradicting=_judged(store, query, others),
        imported=pattern is not None and pattern.pattern_id in shielded and not attacks.findings,
        verified=store.count(replace(query, verified=True)),
        protected=protected,
        replayed=len(rows),
        silenced=Judged(len(silenced), silenced[:NAMED]),
        near=near,
        near_imported=near_imported,
        covered=len(covered),
        queue=store.count(FindingQuery(status=Status.OPEN)),
        suggested=_suggested(workspace, pattern),
        overlapping=_overlapping(store, query, active, reach.suppressed),
        same_scope=next((one.number for one in active if one.decision.scope == scope), None),
    )
    return facts, covered


def _judged(store: Store, query: FindingQuery, labels: Iterable[VerdictLabel]) -> Judged:
    total, ids = 0, list[str]()
    for label in labels:
        found = replace(query, verdict=label)
        if count := store.count(found):
            total += count
            ids += [row.id for row in store.page(found, limit=NAMED)]
    return Judged(total, tuple(ids[:NAMED]))


def _covered(
    store: Store, query: FindingQuery, shielded: frozenset[str]
) -> tuple[tuple[str, ...], int]:
    """Ids of the open findings that fall under a scope, and how many a protected pattern keeps."""
    open_ones = replace(query, status=Status.OPEN, verdict=None, verified=True)
    # Re-surfaced ones are open, but fall under an earlier suppression; undetermined ones stay.
    others = {
        *store.ids(replace(open_ones, resurfaced=True)),
        *store.ids(replace(open_ones, verdict=VerdictLabel.UNDETERMINED)),
    }
    ids = tuple(one for one in store.ids(open_ones) if one not in others)
    if query.pattern_id is not None:
        return ((), len(ids)) if query.pattern_id in shielded else (ids, 0)
    if not shielded or not ids:
        return ids, 0
    present = store.groups(open_ones, "pattern", limit=len(ids))
    kept: set[str] = set()
    for group in present:
        if group.key in shielded:
            kept.update(store.ids(replace(open_ones, pattern_id=group.key)))
    return tuple(one for one in ids if one not in kept), len(kept)


def _near(
    workspace: Workspace, pattern: PatternRow | None, shielded: frozenset[str]
) -> tuple[Judged, bool]:
    if pattern is None:
        return Judged(), False
    store = workspace.store
    total, ids = 0, list[str]()
    for pattern_id in store.near(pattern.pattern_id):
        if pattern_id in shielded:
            found = _judged(store, FindingQuery(pattern_id=pattern_id), (_ATTACK,))
            total += found.findings
            ids += found.finding_ids
    known = _near_of_machine(workspace, pattern.detector_name, pattern.states)
    return Judged(total, tuple(ids[:NAMED])), known and not total


def _near_of_machine(workspace: Workspace, detector_name: str, states: tuple[str, ...]) -> bool:
    # The machine also knows the patterns of imported attacks, of which no finding is here.
    machine, parts = distill.machine(workspace), parts_of(states)
    for (name, outcome), chain in machine.chains.items():
        if name != detector_name or outcome.label is not _ATTACK:
            continue
        itself = chain.patterns.get(states, 0)
        # Each lesson on the pattern itself counts once in each of its parts.
        same = sum(chain.parts.get(part, 0) - itself for part in parts)
        if same or any(part in chain.patterns for part in parts) or states in chain.parts:
            return True
    return False


def _suggested(workspace: Workspace, pattern: PatternRow | None) -> tuple[VerdictLabel, str] | None:
    if pattern is None:
        return None
    found = distill.suggestion_for_path(workspace, pattern.detector_name, pattern.example_path)
    return (found.label, found.category) if found.label and found.category else None


def _overlapping(
    store: Store, query: FindingQuery, active: Iterable[Suppression], suppressed: int
) -> tuple[tuple[int, int], ...]:
    if not suppressed:
        return ()
    found = []
    for one in active:
        other = one.decision.scope
        if (
            one.hits
            and other.detector_name == query.detector_name
            and (
                None in (other.pattern_id, query.pattern_id) or other.pattern_id == query.pattern_id
            )
            and (count := store.count(replace(query, suppression=one.number)))
        ):
            found.append((one.number, count))
    return tuple(sorted(found, key=lambda one: -one[1]))
