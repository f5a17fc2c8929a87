"""Methods on a task, and how ours stands against them, measure by measure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from deepaid_core.workflow.benchmark_measures import MEASURES, Measure

__all__ = ["Difference", "MethodResult", "Standing", "TaskResult", "Verdict", "standings_of"]

Verdict = Literal["first", "tied", "behind"]
SAME_TIME: Final = 0.1  # share by which times may differ and still count as the same
VISIBLE: Final = {"share": 0.0005, "count": 0.005, "percentile": 0.5}
"""Smaller differences are not, whatever their interval: printed, both values would be the same."""


@dataclass(frozen=True, slots=True)
class Difference:
    """How far another method is ahead of ours on the anomalies that both interpreted.

    Attributes:
        mean: Positive where the other one is better, in the measure's unit.
        low: Lower end of the 95 % interval (paired bootstrap over the anomalies).
        high: Upper end.
        n: Anomalies compared.
        ours: What ours reached on these.
        other: What the other one reached on these.
    """

    mean: float
    low: float
    high: float
    n: int
    ours: float | None = None
    other: float | None = None


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method reached on one task.

    Attributes:
        task: Key of the task.
        method: Registry name of the interpreter, or words for what has none.
        measures: Value by key of `MEASURES`; None where it does not apply.
        n: Anomalies that it interpreted.
        notes: Sentences about how it was measured.
        against: How far it is ahead of ours, by measure.
    """

    task: str
    method: str
    measures: Mapping[str, float | None]
    n: int
    notes: tuple[str, ...] = ()
    against: Mapping[str, Difference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TaskResult:
    """One detector with its anomalies, and all methods on it.

    Attributes:
        key: Short name.
        title: What the data are.
        ours: Method that is the default for this kind of data.
        anomalies: How many there were.
        methods: In the order measured, ours first.
        subset: Ours on the anomalies that slow methods were measured on.
        left_out: Methods that were not measured, and why.
    """

    key: str
    title: str
    ours: str
    anomalies: int
    methods: tuple[MethodResult, ...]
    subset: MethodResult | None = None
    left_out: Mapping[str, str] = field(default_factory=dict)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Those that at least one method has a value of, in their usual order."""
        return tuple(
            one
            for key, one in MEASURES.items()
            if any(row.measures.get(key) is not None for row in self.methods)
        )

    def row(self, method: str) -> MethodResult | None:
        """The row of a method, None where it was not measured."""
        return next((row for row in self.methods if row.method == method), None)

    def best(self, measure: str) -> float | None:
        """The best value of any method."""
        values = [v for row in self.methods if (v := row.measures.get(measure)) is not None]
        if not values:
            return None
        return max(values) if MEASURES[measure].higher else min(values)


@dataclass(frozen=True, slots=True)
class Standing:
    """How ours stands on one measure of one task.

    Attributes:
        task: Key of the task.
        measure: Key of the measure.
        ours: Our method.
        value: What it reached on the anomalies that both interpreted.
        other: The strongest other method.
        other_value: What that one reached on these.
        difference: How far the other one is ahead on the anomalies both interpreted; None where
            only the two values are known.
        verdict: "behind" where the whole interval of a difference lies above 0, "first" where
            those of all others lie below, else "tied"; so are differences that cannot be seen in
            the printed values. Without intervals: the same within one anomaly, or within 10 % for
            times.
        reason: Why being behind is accepted; empty otherwise.
    """

    task: str
    measure: str
    ours: str
    value: float
    other: str
    other_value: float
    difference: Difference | None
    verdict: Verdict
    reason: str = ""


def standings_of(
    task: TaskResult, *, reasons: Mapping[tuple[str, str], str] | None = None
) -> tuple[Standing, ...]:
    """How ours stands against the strongest other method, measure by measure.

    Measures that only ours has a value of are left out.

    Args:
        task: All methods on one task.
        reasons: Why being behind is accepted, by task and measure; the task "*" means all.
    """
    mine = task.row(task.ours)
    rows = []
    for measure in task.measures:
        value = None if mine is None else mine.measures.get(measure.key)
        others = [
            row
            for row in task.methods
            if row.method != task.ours and row.measures.get(measure.key) is not None
        ]
        if value is None or not others:
            continue
        judged = [(*_against(task, measure, value, row), row) for row in others]
        # The one that is surely ahead comes before one that seems further ahead.
        verdict, _, strongest = max(judged, key=lambda one: (one[0] == "behind", one[1]))
        known = reasons or {}
        why = known.get((task.key, measure.key)) or known.get(("*", measure.key), "")
        other_value = strongest.measures[measure.key]
        gap = strongest.against.get(measure.key)
        if gap is not None and gap.ours is not None and gap.other is not None:
            value, other_value = gap.ours, gap.other
        assert other_value is not None  # noqa: S101  others have one
        rows.append(
            Standing(
                task=task.key,
                measure=measure.key,
                ours=task.ours,
                value=value,
                other=strongest.method,
                other_value=other_value,
                difference=gap,
                verdict=verdict
                if verdict == "behind" or all(one[0] == "first" for one in judged)
                else "tied",
                reason=why if verdict == "behind" else "",
            )
        )
    return tuple(rows)


def _against(
    task: TaskResult, measure: Measure, value: float, other: MethodResult
) -> tuple[Verdict, float]:
    """How ours stands against one method, and how far that one is ahead."""
    known = other.against.get(measure.key)
    if known is not None:
        visible = abs(known.mean) >= VISIBLE.get(measure.kind, 0.0)
        if known.low > 0 and visible:
            return "behind", known.mean
        return ("first" if known.high < 0 and visible else "tied"), known.mean
    reached = other.measures[measure.key]
    assert reached is not None  # noqa: S101  the caller saw to it
    ahead = reached - value if measure.higher else value - reached
    same = SAME_TIME * value if measure.kind in ("s", "ms") else 1 / max(task.anomalies, 1)
    if abs(ahead) <= same + 1e-12:
        return "tied", ahead
    return ("behind" if ahead > 0 else "first"), ahead
