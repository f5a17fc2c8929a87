"""A scripted analyst: works through the queue, and suppresses when a rule fixed here says so.

The analyst knows the truth of a finding only after looking at it: the one that the queue shows,
five random ones of its pattern, and the examples that the preview of a suppression shows. Verdicts
follow the table in `lab_truth`. One verdict is one decision, whatever it closes:

* All that was looked at is the same: the verdict is on the whole pattern. It is on those looked at
  and equal to the one shown where they differ, or where an attack protects the pattern of a false
  positive. An authorized scan is judged alone.
* After each verdict it tries to suppress the bursts of the false positives judged so far, those
  within `AROUND_S` of what it just judged: wide ones first (`run_of`), each through the product's
  preview and guards. If an example that the preview shows is no false positive, it does not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

from benchmarks.lab_truth import Truth
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.suppression import SuppressionScope
from deepaid_core.domain.verdict import Scope, VerdictLabel
from deepaid_core.workflow.reach import pattern_reach
from deepaid_core.workflow.steering import next_best
from deepaid_core.workflow.suppress import burst_proposal, preview, suppress
from deepaid_core.workflow.triage import give_verdict
from deepaid_core.workspace import Workspace

__all__ = ["ORDERS", "Analyst", "Order", "Step", "run_of"]

Order: TypeAlias = Literal["score", "pattern", "next"]
"""By score; patterns with the most open findings first; the product's next best first."""

ORDERS: Final[tuple[Order, ...]] = ("score", "pattern", "next")

EXAMPLES: Final = 5
AROUND_S: Final = 300.0
"""Bursts of false positives so near to the latest verdict are looked at again."""

GAPS_S: Final = (150.0, 60.0, 20.0)
"""Longest gaps between false positives of one entity that one suppression bridges, widest first."""

JOINT_GAPS_S: Final = (5.0, 2.0)
"""The same between false positives of several entities."""

TIGHT_S: Final = 20.0
"""A longer gap is bridged only if no attack on the entities that the analyst knows overlaps it."""

MARGIN_S: Final = 5.0

_FALSE: Final = VerdictLabel.FALSE_POSITIVE
_ATTACK: Final = VerdictLabel.TRUE_POSITIVE


@dataclass(frozen=True, slots=True)
class Step:
    """One verdict.

    Attributes:
        finding_id: The finding that the queue showed.
        detector_name: Its detector.
        label: The verdict.
        judged: Findings that it closed.
        suppressed: Findings that suppressions took out after it.
        suppressions: How many were written after it.
        refused: How many were not, because of what their preview showed.
    """

    finding_id: str
    detector_name: str
    label: VerdictLabel
    judged: int
    suppressed: int
    suppressions: int
    refused: int


@dataclass(slots=True)
class Analyst:
    """Works on one workspace in one order.

    Attributes:
        workspace: Where; it is written to.
        truths: What each finding is; looked up only for what is looked at.
        order: How the queue is sorted.
        seed: Of the random examples.
        suppresses: Whether suppressions are written at all.
        detector_name: Works on the findings of this detector only; on all if None.
        known: What was looked at: the finding and what it is.
        judged: What was judged, by finding.
    """

    workspace: Workspace
    truths: Mapping[str, Truth]
    order: Order
    seed: int = 0
    suppresses: bool = True
    detector_name: str | None = None
    known: dict[str, tuple[FindingRow, VerdictLabel]] = field(default_factory=dict)
    judged: dict[str, tuple[FindingRow, VerdictLabel]] = field(default_factory=dict)
    _opened: list[tuple[FindingRow, VerdictLabel]] = field(default_factory=list)
    _tried: set[SuppressionScope] = field(default_factory=set)

    def step(self) -> Step | None:
        """The next verdict, and what is suppressed after it; None if nothing is open."""
        shown = self._shown()
        if shown is None:
            return None
        workspace = self.workspace
        label, truth = self._look(shown), self.truths[shown.id]
        seed = 1000 * self.seed + len(self._opened)
        reach = pattern_reach(workspace, shown.pattern_id, examples=EXAMPLES, seed=seed)
        looked = {shown.id: label, **{row.id: self._look(row) for row in reach.examples}}
        shielded = label is _FALSE and reach.pattern.true_positives > 0
        scope: Scope = "selection"
        chosen = [one for one, what in looked.items() if what is label]
        if label is VerdictLabel.BENIGN_POSITIVE:
            scope, chosen = "finding", [shown.id]
        elif len(chosen) == len(looked) and not shielded:
            scope, chosen = "pattern", [shown.id]
        closes = chosen
        if scope == "pattern":
            closes = list(
                workspace.store.ids(FindingQuery(status=Status.OPEN, pattern_id=shown.pattern_id))
            )
        give_verdict(
            workspace,
            finding_ids=chosen,
            label=label,
            category=truth.category,
            reason="Scripted verdict of the benchmark.",
            author="bench",
            scope=scope,
        )
        for one in closes:
            self.judged[one] = (workspace.store.row(one), label)
        self._opened.append((shown, label))
        numbers = self._suppress(shown) if self.suppresses else (0, 0, 0)
        return Step(shown.id, shown.detector_name, label, len(closes), *numbers)

    def _shown(self) -> FindingRow | None:
        store = self.workspace.store
        query = FindingQuery(status=Status.OPEN, detector_name=self.detector_name)
        if self.order == "next":
            best = next_best(self.workspace, limit=1, query=query)
            return store.row(best[0].finding_id) if best else None
        if self.order == "pattern":
            groups = store.groups(query, "pattern", limit=1)
            return store.row(groups[0].example_id) if groups else None
        rows = store.page(query, limit=1)
        return rows[0] if rows else None

    def _look(self, row: FindingRow) -> VerdictLabel:
        self.known[row.id] = (row, self.truths[row.id].label)
        return self.known[row.id][1]

    def _suppress(self, shown: FindingRow) -> tuple[int, int, int]:
        suppressed = written = refused = 0
        for near, label in reversed(self._opened):
            if (
                label is not _FALSE
                or near.detector_name != shown.detector_name
                or abs(near.first_time - shown.first_time) > AROUND_S
            ):
                continue
            for ids in self._bursts(near):
                decision = burst_proposal(self.workspace, ids, author="bench", margin_s=MARGIN_S)
                if decision.scope in self._tried:
                    continue
                seen = preview(self.workspace, decision)
                if not seen.allowed or not seen.covered:
                    continue
                self._tried.add(decision.scope)
                if any(self._look(row) is not _FALSE for row in seen.examples):
                    refused += 1
                    continue
                outcome = suppress(self.workspace, decision)
                suppressed += outcome.suppressed
                written += 1
        return suppressed, written, refused

    def _bursts(self, near: FindingRow) -> list[tuple[str, ...]]:
        """Judged false positives around one of them, as sets that one suppression may span."""
        name = near.detector_name
        false = [
            row
            for row, label in self.judged.values()
            if label is _FALSE and row.detector_name == name
        ]
        known = {**self.known, **self.judged}
        others = [
            row
            for row, label in known.values()
            if label is not _FALSE and row.detector_name == name
        ]
        own = [row for row in false if row.entity == near.entity]
        attacked = {row.entity for row in others} - {near.entity}
        clean = [row for row in false if row.entity not in attacked]
        found = [run_of(near, own, others, gap) for gap in GAPS_S]
        found += [run_of(near, clean, others, gap) for gap in JOINT_GAPS_S]
        return [ids for ids in dict.fromkeys(found) if ids]


def run_of(
    near: FindingRow, false: Sequence[FindingRow], others: Sequence[FindingRow], gap_s: float
) -> tuple[str, ...]:
    """The run of false positives around one of them, without gaps longer than `gap_s`.

    It stops where a suppression of it would hold something known to be no false positive, and at
    gaps over `TIGHT_S` which such a finding on one of its entities overlaps.

    Args:
        near: A judged false positive.
        false: Judged false positives, this one among them.
        others: Findings of the same detector that are known to be something else.
        gap_s: Seconds.

    Returns:
        Ids in order of time; none where even `near` alone would hold something else.
    """
    ordered = sorted(false, key=lambda row: (row.first_time, row.id))
    first = last = [row.id for row in ordered].index(near.id)
    entities = {near.entity}
    since, until = near.first_time, near.last_time

    def holds(entities: set[str], since: float, until: float) -> bool:
        return any(
            row.entity in entities
            and since - MARGIN_S <= row.first_time
            and row.last_time <= until + MARGIN_S
            for row in others
        )

    def crosses(entities: set[str], since: float, until: float) -> bool:
        return until - since > TIGHT_S and any(
            row.entity in entities and row.last_time >= since and row.first_time <= until
            for row in others
        )

    if holds(entities, since, until):
        return ()
    while True:
        before = (first, last)
        if last + 1 < len(ordered) and (row := ordered[last + 1]).first_time - until <= gap_s:
            wider, end = entities | {row.entity}, max(until, row.last_time)
            if not holds(wider, since, end) and not crosses(wider, until, row.first_time):
                entities, until, last = wider, end, last + 1
        if first and since - (row := ordered[first - 1]).last_time <= gap_s:
            wider, start = entities | {row.entity}, min(since, row.first_time)
            if not holds(wider, start, until) and not crosses(wider, row.last_time, since):
                entities, since, first = wider, start, first - 1
        if (first, last) == before:
            return tuple(row.id for row in ordered[first : last + 1])
