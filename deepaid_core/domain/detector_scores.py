"""Scores of a detector: of normal events that were held back, and of what it ran over since."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from deepaid_core.domain.batches import FloatArray, IntArray

__all__ = ["DetectorScores", "RunScores", "ThresholdEffect"]


@dataclass(frozen=True, eq=False)
class RunScores:
    """Scores of one run of a detector, in order of time.

    Of very long runs the highest scores are kept whole and of the others an even draw, each of
    which stands for several events.

    Attributes:
        run_id: "R-...".
        threshold: The bound that it was made with.
        finding_scores: (f,), highest score of each of its findings.
        source_name: What was read.
        finished_time: When the run ended, Unix seconds, UTC.
        events: Events of the run.
        seconds: From its first event to its last.
        times: (n,), Unix seconds.
        scores: (n,).
        entities: (n,), a number for each entity.
        weights: (n,), how many events each one stands for.
        quantiles: (201, d), quantiles 0, 0.5 %, ... 100 % of each column in original units; of
            the last steps for SERIES, None for kinds of data without columns.
        sampled: Rows that the quantiles were taken from.
        paused: Whether a pause of a minute ends a finding; a log session is judged as a whole.
    """

    run_id: str
    threshold: float
    finding_scores: FloatArray
    source_name: str
    finished_time: float
    events: int
    seconds: float
    times: FloatArray
    scores: FloatArray
    entities: IntArray
    weights: FloatArray
    quantiles: FloatArray | None = None
    sampled: int = 0
    paused: bool = True

    def anomalies(self, value: float) -> float:
        """Events over a bound; an estimate where not all scores were kept."""
        return float(self._heaped[np.searchsorted(self._risen, value, side="right")])

    def findings(self, value: float, gap_s: float) -> float:
        """About how many findings a bound would bring.

        Over the run's own bound those of its findings that reach over it, which is close: only
        their patterns may change. Under it they are taken to grow as the anomalies do; where the
        run had none at all, they are bursts of one entity.
        """
        if value >= self.threshold:
            return float((self.finding_scores > value).sum())
        known = self.anomalies(self.threshold)
        if not known or not len(self.finding_scores):
            return float(self.bursts(value, gap_s))
        return len(self.finding_scores) * self.anomalies(value) / known

    def bursts(self, value: float, gap_s: float) -> int:
        """Groups of events over a bound that are of one entity and not `gap_s` seconds apart."""
        scores, places = self._line
        flagged = places[np.flatnonzero(scores > value)]  # twice as quick as by the mask
        if not len(flagged):
            return 0
        return 1 + int((np.diff(flagged) >= (gap_s if self.paused else _APART_S)).sum())

    @cached_property
    def _risen(self) -> FloatArray:
        return np.sort(self.scores)

    @cached_property
    def _heaped(self) -> FloatArray:
        """How many events the last n scores stand for, from all of them down to none."""
        falling = self.weights[np.argsort(self.scores, kind="stable")][::-1]
        return np.concatenate([[0.0], np.cumsum(falling)])[::-1]

    @cached_property
    def _line(self) -> tuple[FloatArray, FloatArray]:
        """Scores, and the events on one line of time: each entity's after those of another.

        Entities are far apart there, so that one difference tells both where a burst ends.
        """
        order = np.lexsort((self.times, self.entities))
        times, entities = self.times[order], self.entities[order]
        since = times - (times.min() if len(times) else 0.0)
        span = float(since.max(initial=0.0))
        if not self.paused:
            since = np.zeros(len(times))
        return self.scores[order], since + entities * (span + _APART_S)


_APART_S: Final = 1e6
"""More seconds than any gap that ends a burst."""


@dataclass(frozen=True, eq=False, slots=True)
class DetectorScores:
    """All scores that are known of a detector version and of those that differ in the bound only.

    Attributes:
        detector_id: "D-...".
        threshold: Its bound.
        normal: (n,), scores of normal events; empty where none are known.
        normal_from: Where those come from, in a sentence; why there are none, where there are none.
        held_back: Whether the detector was not fitted to them.
        runs: Newest first; one for each file and period.
        missing: Why scores of some runs are not among them, a sentence each.
        fixed: Why this detector's bound cannot be changed, in a sentence; empty where it can.
    """

    detector_id: str
    threshold: float
    normal: FloatArray
    normal_from: str
    held_back: bool
    runs: tuple[RunScores, ...] = ()
    missing: tuple[str, ...] = ()
    fixed: str = ""


@dataclass(frozen=True, slots=True)
class ThresholdEffect:
    """What a bound does to normal events and to the events of the runs.

    Attributes:
        value: The bound.
        normal_events: Normal events whose scores are known.
        normal_flagged: How many of them it flags.
        events: Events of the runs.
        anomalies: How many of them it flags; an estimate where not all scores were kept.
        findings: About how many findings come of them, see `RunScores.findings`.
        days: Time that the runs cover.
    """

    value: float
    normal_events: int
    normal_flagged: int
    events: int
    anomalies: float
    findings: float
    days: float

    @property
    def normal_share(self) -> float | None:
        """Share of normal events that it flags; None where none are known."""
        return self.normal_flagged / self.normal_events if self.normal_events else None

    @property
    def anomalies_per_day(self) -> float | None:
        """None where the runs cover no time."""
        return self.anomalies / self.days if self.days > 0 else None

    @property
    def findings_per_day(self) -> float | None:
        """None where the runs cover no time."""
        return self.findings / self.days if self.days > 0 else None
