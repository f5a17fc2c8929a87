"""What a bench works with: parts of an event that can be edited, edits, and what comes of them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = [
    "BenchScore",
    "Choice",
    "Edits",
    "Effect",
    "Fix",
    "Part",
    "PartKind",
    "Value",
    "way_done",
    "way_to",
]

Value: TypeAlias = float | str
"""A number in the cell's own unit, or the value of a `Choice`."""

Edits: TypeAlias = Mapping[str, Value]
"""Cells that are not as in the anomaly, and what they hold instead."""

PartKind: TypeAlias = Literal["number", "integer", "choice"]

_WIDE: Final = 20.0  # times apart, from which the way between two values is in logarithms


@dataclass(frozen=True, slots=True)
class Choice:
    """What a part may hold that is no number.

    Attributes:
        value: Stands for it in edits.
        text: What it is; event text.
        score: The detector's score of the anomaly with this choice alone.
    """

    value: str
    text: str
    score: float


@dataclass(frozen=True, slots=True)
class Part:
    """What is edited as one; its values are those of its first cell.

    Attributes:
        cells: Names of what it changes, the one whose value is shown first. The cells of a field
            of several columns move along with the first one.
        group: What is locked as one, as deviations name it: a field, a metric, a position of the
            window, a role.
        title: In an analyst's words; may quote event text.
        unit: Of the values; may be empty.
        kind: What the values are.
        observed: Value of the anomaly.
        reference: Value of the closest normal event.
        observed_text: What the anomaly holds, where it is a choice.
        reference_text: Likewise, of the closest normal event.
        weight: Of the deviation that it belongs to, 0 to 1; 0 where the reference does not differ.
        low: Smallest possible value, if there is one.
        high: Largest possible value.
        normal_low: 1 % quantile of the training events, where there are numbers.
        normal_high: 99 % quantile.
        fixed: The detector's schema says that it cannot differ.
        alone: One column of a field of several, edited by itself.
        remote: A search may change it, but nobody would look for it in a list.
    """

    cells: tuple[str, ...]
    group: str
    title: str
    unit: str
    kind: PartKind
    observed: Value
    reference: Value
    observed_text: str = ""
    reference_text: str = ""
    weight: float = 0.0
    low: float | None = None
    high: float | None = None
    normal_low: float | None = None
    normal_high: float | None = None
    fixed: bool = False
    alone: bool = False
    remote: bool = False

    @property
    def deviates(self) -> bool:
        """Whether the closest normal event differs here."""
        return self.weight > 0


@dataclass(frozen=True, slots=True)
class Effect:
    """What the edits of one group do.

    Attributes:
        group: As `Part.group`.
        alone: Score of the anomaly with these edits only.
        without: Score with all edits but these.
    """

    group: str
    alone: float
    without: float


@dataclass(frozen=True, slots=True)
class BenchScore:
    """What the detector says of an edited anomaly.

    Attributes:
        score: Of the event as edited.
        threshold: The detector's.
        effects: Of each group that is edited, in the order of the edits.
    """

    score: float
    threshold: float
    effects: tuple[Effect, ...] = ()

    @property
    def accepted(self) -> bool:
        """Whether the detector would let this event pass."""
        return self.score <= self.threshold

    @property
    def changed(self) -> tuple[str, ...]:
        """Groups that are edited."""
        return tuple(one.group for one in self.effects)


@dataclass(frozen=True, slots=True)
class Fix:
    """The fewest changes that a search found, beside what is locked.

    Attributes:
        edits: All edits, those of locked groups among them; the nearest attempt where it is not
            accepted.
        score: What the detector says of exactly these edits.
        most: The most groups that it was allowed to change.
        needed: Groups that would have to change, also when more than allowed; 0 for none found.
        stopped_early: Time ran out.
    """

    edits: Edits
    score: BenchScore
    most: int
    needed: int
    stopped_early: bool = False

    @property
    def works(self) -> bool:
        """Whether the detector accepts it."""
        return self.score.accepted


def way_to(part: Part, share: float) -> float:
    """The number at a share, 0 to 1, of the way from the anomaly to the closest normal event.

    Values far apart are taken in logarithms, since what matters is near the smaller one.

    Args:
        part: Of numbers.
        share: 0 gives exactly the anomaly's value, 1 exactly the reference's.
    """
    start, goal = float(part.observed), float(part.reference)
    if share in (0.0, 1.0):
        return goal if share else start
    unit = _log_unit(start, goal)
    if unit is None:
        return start + share * (goal - start)
    low, high = math.log1p(start / unit), math.log1p(goal / unit)
    return unit * math.expm1(low + share * (high - low))


def way_done(part: Part, value: float) -> float:
    """The share of that way at which a number lies, 0 to 1; values beyond either end are there."""
    start, goal = float(part.observed), float(part.reference)
    if start == goal:
        return 0.0
    unit = _log_unit(start, goal)
    if unit is not None and value >= 0:
        start, goal, value = (math.log1p(one / unit) for one in (start, goal, value))
    return min(max((value - start) / (goal - start), 0.0), 1.0)


def _log_unit(start: float, goal: float) -> float | None:
    """What numbers are divided by before their logarithm; None for a straight way."""
    small, large = min(start, goal), max(start, goal)
    if small < 0 or large <= _WIDE * small:
        return None
    return max(small, large * 1e-4)
