"""Where an analyst's next verdict does most, what is new, and where verdicts disagree."""

from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np

from deepaid_core.domain.detector_record import RunRecord
from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, FindingRow, PatternRow
from deepaid_core.domain.severity import SEVERITY_BOUNDS
from deepaid_core.domain.verdict import Verdict, VerdictLabel
from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.store.base import Store
from deepaid_core.workflow import distill
from deepaid_core.workflow.purity import PurityPoint, purity
from deepaid_core.workflow.steering_kinds import Floats, Ints, likeness
from deepaid_core.workflow.steering_odds import (
    NEAR_S,
    Gains,
    JudgedColumns,
    Odds,
    OpenColumns,
    gains,
    odds,
)
from deepaid_core.workspace import Workspace

__all__ = [
    "MOST_JUDGED",
    "MOST_OPEN",
    "Disagreement",
    "NextBest",
    "PurityPoint",
    "disagreements",
    "next_best",
    "novel",
    "purity",
]

MOST_OPEN: Final = 3_000
"""Open findings that are weighed, those with the highest scores."""

MOST_JUDGED: Final = 3_000
"""Judged findings that are learned from, the latest ones."""

MOST_DECISIONS: Final = 200
"""Decisions whose kind is learned from, the latest ones."""

_FALSE: Final = VerdictLabel.FALSE_POSITIVE
_CRITICAL: Final = SEVERITY_BOUNDS[0][1]
_SURE: Final = 0.25
_KEPT: Final = 8


@dataclass(frozen=True, slots=True)
class NextBest:
    """A pattern that is worth judging next.

    Attributes:
        pattern: With the verdicts given on it.
        expected: False positives that one click is expected to take out of the queue: those of the
            pattern, and its part of what a suppression of the burst would take. Where little was
            judged it is an optimistic estimate, so that new kinds come up too.
        likely_false: How likely its finding is a false positive, 0 to 1, without that optimism.
        reason: Both in words.
        finding_id: The open finding to look at.
    """

    pattern: PatternRow
    expected: float
    likely_false: float
    reason: str
    finding_id: str


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A pattern on which verdicts in force contradict each other.

    Attributes:
        pattern: With the verdicts given on it.
        verdicts: Those in force on it, newest first, the last 200 given at most.
    """

    pattern: PatternRow
    verdicts: tuple[Verdict, ...]


_Asked: TypeAlias = tuple[tuple[int, int], FindingQuery, int]
_ranked: WeakKeyDictionary[Store, OrderedDict[_Asked, tuple[NextBest, ...]]] = WeakKeyDictionary()
_lock = Lock()


def next_best(
    workspace: Workspace, *, limit: int = 5, query: FindingQuery | None = None
) -> tuple[NextBest, ...]:
    """The patterns whose verdict is expected to shorten the queue most, best first.

    How likely a finding is a false positive is learned from the verdicts in force only; see
    `steering_odds`. A finding that somebody left undetermined is not asked for again.

    Args:
        workspace: Where.
        limit: How many patterns.
        query: Of which open findings; all by default. Its status and order do not matter.
    """
    if limit < 1:
        return ()
    asked = replace(query or FindingQuery(), status=Status.OPEN, sort="score")
    # Asked again with each redraw of a page, while little changes.
    version = workspace.store.version()
    with _lock:
        held = _ranked.setdefault(workspace.store, OrderedDict())
        if (version, asked, limit) in held:
            return held[version, asked, limit]
    found = _best(workspace.store, asked, limit)
    with _lock:
        held[version, asked, limit] = found
        while len(held) > _KEPT:
            held.popitem(last=False)
    return found


def _best(store: Store, asked: FindingQuery, limit: int) -> tuple[NextBest, ...]:
    rows = [row for row in store.page(asked, limit=MOST_OPEN) if row.verdict is None]
    if not rows:
        return ()
    judged = [
        row
        for row in store.page(FindingQuery(status=Status.CLOSED, sort="newest"), limit=MOST_JUDGED)
        if row.verdict is not None
    ]
    settings = store.settings()
    patterns = {one.pattern_id: one for one in store.patterns()}
    weighed = _weighed(rows, judged, patterns, store.protected(), settings)
    expected = weighed.expected
    # Of equal ones first the highest score, as in the queue; rows come in that order.
    order = np.argsort(-np.round(expected, 9), kind="stable")
    best: dict[str, int] = {}
    for place in order.tolist():
        best.setdefault(rows[place].pattern_id, place)
        if len(best) == limit:
            break
    return tuple(
        NextBest(
            pattern=patterns[pattern_id],
            expected=float(expected[place]),
            likely_false=float(weighed.odds.likely[place]),
            reason=f"{_why(weighed.odds, place)} {_gain(weighed.gains, place)}",
            finding_id=rows[place].id,
        )
        for pattern_id, place in best.items()
    )


def novel(workspace: Workspace, *, limit: int = 20) -> tuple[PatternRow, ...]:
    """Patterns that only the latest run of their detector has shown, and nobody taught.

    A pattern counts as shown by that run alone if all its findings lie within the time the run
    covers. Only those are meant of which the Distiller has nothing to say.

    Args:
        workspace: Where.
        limit: At most so many, most open findings first.
    """
    store = workspace.store
    names = {record.id: record.name for record in store.detectors()}
    latest: dict[str, RunRecord] = {}
    for run in store.runs():
        latest.setdefault(names.get(run.detector_id, ""), run)
    known = distill.distiller(workspace)
    found: list[PatternRow] = []
    for pattern in store.patterns():
        if len(found) >= limit:
            break
        run_of_it = latest.get(pattern.detector_name)
        if (
            run_of_it is not None
            and pattern.open_findings
            and run_of_it.first_time <= pattern.first_time
            and pattern.last_time <= run_of_it.last_time
            and not known.knows(pattern.detector_name, pattern.example_path)
        ):
            found.append(pattern)
    return tuple(found)


def disagreements(workspace: Workspace) -> tuple[Disagreement, ...]:
    """Patterns on which verdicts in force contradict each other, most findings first."""
    store = workspace.store
    found = []
    for pattern in store.patterns():
        said = (pattern.true_positives, pattern.false_positives, pattern.benign_positives)
        if sum(count > 0 for count in said) < 2:
            continue
        verdicts = tuple(
            one for one in store.verdicts(pattern_id=pattern.pattern_id) if one.undone_by is None
        )
        found.append(Disagreement(pattern, verdicts))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Weighed:
    expected: Floats
    odds: Odds
    gains: Gains


def _weighed(
    rows: Sequence[FindingRow],
    judged: Sequence[FindingRow],
    patterns: Mapping[str, PatternRow],
    protected: frozenset[str],
    settings: DistillerSettings,
) -> _Weighed:
    """What a click on each open finding is expected to bring; shape (rows,) throughout."""
    every = [*rows, *judged]
    kinds, kind_of = likeness(every, [patterns[row.pattern_id].findings for row in every])
    detector = _numbered([row.detector_name for row in every])
    place = _numbered([(row.detector_name, row.entity) for row in every])
    pattern = _numbered([row.pattern_id for row in every])
    time = np.array([row.first_time for row in every], np.float64)
    here = slice(0, len(rows))
    queue = OpenColumns(
        detector=detector[here],
        place=place[here],
        pattern=pattern[here],
        kind=kind_of[here],
        time=time[here],
        coverable=np.array(
            [
                row.verified
                and (settings.suppress_critical or row.ratio < _CRITICAL)
                and row.pattern_id not in protected
                and not row.resurfaced
                for row in rows
            ],
            np.bool_,
        ),
    )
    there = slice(len(rows), None)
    decisions: dict[int | None, int] = {}
    for position, row in enumerate(judged):
        best = decisions.setdefault(row.verdict_number, position)
        if (-row.ratio, row.id) < (-judged[best].ratio, judged[best].id):
            decisions[row.verdict_number] = position
    latest = sorted(decisions, key=lambda number: number or 0)[-MOST_DECISIONS:]
    stands_for = np.array([decisions[number] for number in latest], np.int64)
    false = np.array([row.verdict == _FALSE for row in judged], np.bool_)
    together = Counter((row.verdict_number, row.detector_name, row.entity) for row in judged)
    decided = JudgedColumns(
        detector=detector[there],
        place=place[there],
        time=time[there],
        false=false,
        weight=np.array(
            [1.0 / together[row.verdict_number, row.detector_name, row.entity] for row in judged],
            np.float64,
        ),
        decision_kind=kind_of[there][stands_for],
        decision_false=false[stands_for],
    )
    found = odds(kinds, queue, decided)
    gained = gains(queue, decided, found.hopeful, settings.least_verdicts)
    return _Weighed(gained.own + found.hopeful * gained.burst / gained.needed, found, gained)


def _numbered(values: Sequence[object]) -> Ints:
    numbers: dict[object, int] = {}
    return np.array([numbers.setdefault(value, len(numbers)) for value in values], np.int64)


def _why(found: Odds, place: int) -> str:
    """What the verdicts say about a finding, by the nearest ones that there are."""
    for count, false, where in (
        (found.near[place], found.near_false[place], f" within {NEAR_S:.0f} s of it"),
        (found.here[place], found.here_false[place], ""),
    ):
        decisions = round(float(count))
        if decisions:
            said = min(decisions, round(float(false)))
            verdicts = format_count(decisions, "verdict")
            were = "was a false positive" if said == 1 else "were false positives"
            if decisions == 1:
                what = "a false positive" if said else "something else"
                return f"The one verdict on the same entity{where} was {what}."
            return f"Of {verdicts} on the same entity{where}, {said} {were}."
    share = format_share(float(found.likely[place]))
    if found.known[place] >= _SURE:
        return f"By verdicts on findings of a like kind, a false positive at {share}."
    return "Nothing much like it was judged yet."


def _gain(gained: Gains, place: int) -> str:
    """What a click brings, in words."""
    own = max(1, round(float(gained.own[place])))
    text = (
        "If it is a false positive, a verdict on the pattern takes out about "
        f"{format_count(own, 'finding')}"
    )
    burst, needed = round(float(gained.burst[place])), round(float(gained.needed[place]))
    if burst <= own:
        return f"{text}."
    if needed <= 1:
        return f"{text}, and a suppression of its burst about {burst:,}."
    return (
        f"{text}; after {needed:,} such verdicts a suppression of its burst can take out about "
        f"{burst:,}."
    )
