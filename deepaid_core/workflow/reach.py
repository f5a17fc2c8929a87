"""What a verdict on a pattern would reach, told before it is given."""

import hashlib
import heapq
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, FindingRow, PatternRow, Reach
from deepaid_core.domain.verdict import Verdict
from deepaid_core.workspace import Workspace

__all__ = ["Neighbour", "PatternReach", "drawn", "neighbours_of", "pattern_reach"]

MOST_NEIGHBOURS: Final = 50
"""Patterns one state away that are listed, protected ones first."""


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A pattern one state away: all states in common but one, and at least two.

    Attributes:
        pattern: With the verdicts given on it.
        shared: States that both have, sorted.
    """

    pattern: PatternRow
    shared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PatternReach:
    """What a verdict on a pattern would reach.

    Attributes:
        pattern: Its states, and the verdicts given on it.
        reach: Its findings counted: open and past, by entity and by hour.
        examples: Some open findings, drawn at random; the same for the same seed.
        verdicts: Verdicts in force on it, newest first, the last 200 given at most.
        neighbours: Patterns one state away, those that an attack protects first.
    """

    pattern: PatternRow
    reach: Reach
    examples: tuple[FindingRow, ...]
    verdicts: tuple[Verdict, ...]
    neighbours: tuple[Neighbour, ...]


def pattern_reach(
    workspace: Workspace, pattern_id: str, *, examples: int = 5, seed: int = 0
) -> PatternReach:
    """What a verdict on a pattern would reach.

    Args:
        workspace: Where.
        pattern_id: "P-...".
        examples: How many open findings to draw.
        seed: Another one draws others.

    Raises:
        NotFoundError: No finding is of this pattern.
    """
    store = workspace.store
    pattern = store.pattern(pattern_id)
    open_ones = store.ids(FindingQuery(pattern_id=pattern_id, status=Status.OPEN))
    return PatternReach(
        pattern=pattern,
        reach=store.reach(FindingQuery(pattern_id=pattern_id)),
        examples=tuple(store.row(one) for one in drawn(open_ones, examples, seed=seed)),
        verdicts=tuple(
            one for one in store.verdicts(pattern_id=pattern_id) if one.undone_by is None
        ),
        neighbours=neighbours_of(workspace, pattern),
    )


def neighbours_of(workspace: Workspace, pattern: PatternRow) -> tuple[Neighbour, ...]:
    """Patterns one state away, those that an attack protects first, then most findings first."""
    store = workspace.store
    protected = store.protected()
    near = sorted(store.near(pattern.pattern_id), key=lambda one: (one not in protected, one))
    rows = [store.pattern(one) for one in near[:MOST_NEIGHBOURS]]
    rows.sort(key=lambda row: (row.pattern_id not in protected, -row.findings, row.pattern_id))
    states = set(pattern.states)
    return tuple(Neighbour(row, tuple(sorted(states & set(row.states)))) for row in rows)


def drawn(finding_ids: Iterable[str], count: int, *, seed: int = 0) -> list[str]:
    """Findings drawn at random, the same for the same seed whatever order they come in."""

    def lot(finding_id: str) -> bytes:
        text = f"examples {seed} {finding_id}"
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()

    return heapq.nsmallest(count, finding_ids, key=lot)
