"""How likely open findings are false positives, and what saying so would take out of the queue.

Plain arithmetic on columns of findings; nothing here reads a store. Two questions are kept apart:

* What *kind* of observation is it? Decisions on findings of a like kind (detector, severity, how
  many events, words of the deviations) speak for it, through a Gaussian process classifier: near
  kinds count more, and where nothing near was judged it says so by a wide margin of error.
* *Where and when* was it? Decisions on the same entity, and among them those within seconds of it,
  shift the answer: a burst is mostly one thing.
"""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deepaid_core.workflow.steering_kinds import Floats, Ints, kind_odds

__all__ = [
    "AT_ONCE_S",
    "BURST_S",
    "NEAR_S",
    "Gains",
    "JudgedColumns",
    "Odds",
    "OpenColumns",
    "gains",
    "odds",
]

NEAR_S: Final = 20.0
"""Verdicts on the same entity within this many seconds of a finding speak for it."""

AT_ONCE_S: Final = 10.0
"""And those within so many speak louder; findings within it make up a burst."""

BURST_S: Final = 5.0
"""Seconds within which findings of other entities belong to the same burst."""

OPTIMISM: Final = 0.2
"""Margins of error added to what a kind's odds are; else a kind that failed once never returns."""

_GAP_S: Final = 60.0
"""Longest gap over which a suppression is stretched to a further false positive."""

_BURST_PRIOR: Final = 20.0
"""What is known otherwise counts as so many decisions against those of the whole burst."""


@dataclass(frozen=True, slots=True)
class OpenColumns:
    """Open findings as columns, one row each.

    Attributes:
        detector: Number of the detector.
        place: Number of detector and entity together.
        pattern: Number of the pattern.
        kind: Row of `likeness`.
        time: Of the first event, seconds.
        coverable: Whether a suppression could take it out of the queue: verified, not of critical
            severity, of no protected pattern, and not left there as a check.
    """

    detector: Ints
    place: Ints
    pattern: Ints
    kind: Ints
    time: Floats
    coverable: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class JudgedColumns:
    """Judged findings as columns, and the decisions behind them.

    Attributes:
        detector: Number of the detector of each finding.
        place: Number of detector and entity together.
        time: Of the first event, seconds.
        false: Whether it was judged a false positive.
        weight: Its share of its decision at that place: a decision counts once in each.
        decision_kind: Row of `likeness` of each decision.
        decision_false: Whether the decision says false positive.
    """

    detector: Ints
    place: Ints
    time: Floats
    false: NDArray[np.bool_]
    weight: Floats
    decision_kind: Ints
    decision_false: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely each open finding is a false positive.

    Attributes:
        likely: Share, 0 to 1.
        hopeful: The same with a margin of error in favour of what little was judged.
        near: Decisions on the same entity within `NEAR_S`.
        near_false: Those of them that say false positive.
        here: Decisions on the same entity.
        here_false: Those of them that say false positive.
        known: How much of the doubt about its kind the verdicts have removed, 0 to 1.
    """

    likely: Floats
    hopeful: Floats
    near: Floats
    near_false: Floats
    here: Floats
    here_false: Floats
    known: Floats


@dataclass(frozen=True, slots=True)
class Gains:
    """What a false-positive verdict on each open finding would take out of the queue.

    Attributes:
        own: False positives expected among the open findings of its pattern, closed at once.
        burst: Further false positives expected in its burst, which a suppression would take out.
        needed: Decisions until that suppression is possible, this one included; at least 1.
    """

    own: Floats
    burst: Floats
    needed: Floats


def odds(kinds: Any, queue: OpenColumns, judged: JudgedColumns) -> Odds:
    """How likely each open finding is a false positive, after all that was judged."""
    mean, error, known = kind_odds(kinds, judged.decision_kind, judged.decision_false)
    where, when, weight = judged.place, judged.time, judged.weight
    false = weight * judged.false
    here = _within(where, when, weight, queue.place, queue.time, np.inf)
    here_false = _within(where, when, false, queue.place, queue.time, np.inf)
    near = _within(where, when, weight, queue.place, queue.time, NEAR_S)
    near_false = _within(where, when, false, queue.place, queue.time, NEAR_S)
    at_once = _within(where, when, weight, queue.place, queue.time, AT_ONCE_S)
    at_once_false = _within(where, when, false, queue.place, queue.time, AT_ONCE_S)
    burst = _within(judged.detector, when, weight, queue.detector, queue.time, BURST_S)
    burst_false = _within(judged.detector, when, false, queue.detector, queue.time, BURST_S)

    def share(logit: Floats) -> Floats:
        found = 1.0 / (1.0 + np.exp(-logit[queue.kind]))
        # Each step counts what was known before as one more decision.
        found = (here_false + found) / (here + 1.0)
        found = (near_false + found) / (near + 1.0)
        found = (at_once_false + found) / (at_once + 1.0)
        return np.asarray((burst_false + _BURST_PRIOR * found) / (burst + _BURST_PRIOR))

    return Odds(
        likely=share(mean),
        hopeful=share(mean + OPTIMISM * error),
        near=near,
        near_false=near_false,
        here=here,
        here_false=here_false,
        known=known[queue.kind],
    )


def gains(queue: OpenColumns, judged: JudgedColumns, hopeful: Floats, least_verdicts: int) -> Gains:
    """What a false-positive verdict on each open finding would take out of the queue.

    Args:
        queue: Open findings.
        judged: Judged ones.
        hopeful: How likely each open one is a false positive.
        least_verdicts: Agreeing decisions that a suppression needs.
    """
    own: Floats = np.bincount(queue.pattern, hopeful)[queue.pattern].astype(np.float64)
    weight = hopeful * queue.coverable
    false = judged.weight * judged.false
    burst = _within(queue.place, queue.time, weight, queue.place, queue.time, AT_ONCE_S)
    # A window in which somebody saw something else than a false positive cannot be suppressed.
    other = (~judged.false).astype(np.float64)
    spoilt = _within(judged.place, judged.time, other, queue.place, queue.time, AT_ONCE_S)
    burst = np.where(spoilt > 0, 0.0, burst)
    have = np.maximum(
        _within(judged.place, judged.time, false, queue.place, queue.time, AT_ONCE_S),
        _within(judged.detector, judged.time, false, queue.detector, queue.time, BURST_S),
    )
    stretch = _stretch(queue, judged, weight)
    have_wide = _within(judged.place, judged.time, false, queue.place, queue.time, _GAP_S)
    needed = np.maximum(1.0, least_verdicts - have)
    needed_wide = np.maximum(1.0, least_verdicts - have_wide)
    wider = stretch / needed_wide > burst / needed
    return Gains(
        own=own,
        burst=np.where(wider, stretch, burst),
        needed=np.where(wider, needed_wide, needed),
    )


def _within(
    group: Ints, time: Floats, weight: Floats, asked_group: Ints, asked_time: Floats, span: float
) -> Floats:
    """Sum of the weights of the same group at most `span` seconds away, for each row asked."""
    if not len(group):
        return np.zeros(len(asked_group))
    keys, asked, width = _keyed(group, time, asked_group, asked_time)
    reach = min(span, width / 4)
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    sums = np.concatenate([[0.0], np.cumsum(weight[order])])
    first = np.searchsorted(ordered, asked - reach, "left")
    last = np.searchsorted(ordered, asked + reach, "right")
    return np.asarray(sums[last] - sums[first])


def _keyed(
    group: Ints, time: Floats, asked_group: Ints, asked_time: Floats
) -> tuple[Floats, Floats, float]:
    """Group and time in one number each, groups too far apart for any span to reach across."""
    start = min(time.min(), asked_time.min())
    width = 4.0 * (max(time.max(), asked_time.max()) - start) + 400.0
    return group * width + (time - start), asked_group * width + (asked_time - start), width


def _stretch(queue: OpenColumns, judged: JudgedColumns, weight: Floats) -> Floats:
    """False positives expected between each finding and the judged one before and after it.

    Only where that one, of the same entity and at most `_GAP_S` away, is a false positive: then a
    suppression of both would reach over what lies between.
    """
    found = np.zeros(len(queue.place))
    if not len(judged.place):
        return found
    judged_key, key, _ = _keyed(judged.place, judged.time, queue.place, queue.time)
    order = np.argsort(judged_key, kind="stable")
    judged_key, false = judged_key[order], judged.false[order]
    by_key = np.argsort(key, kind="stable")
    ordered = key[by_key]
    sums = np.concatenate([[0.0], np.cumsum(weight[by_key])])
    for side in (-1, 1):
        if side < 0:
            place = np.searchsorted(judged_key, key, "right") - 1
        else:
            place = np.searchsorted(judged_key, key, "left")
        held = np.clip(place, 0, len(judged_key) - 1)
        near = (place == held) & (np.abs(key - judged_key[held]) <= _GAP_S) & false[held]
        ends = np.minimum(key, judged_key[held]), np.maximum(key, judged_key[held])
        first = np.searchsorted(ordered, ends[0] - BURST_S * (side > 0), "left")
        last = np.searchsorted(ordered, ends[1] + BURST_S * (side < 0), "right")
        found += np.where(near, sums[last] - sums[first], 0.0)
    return found
