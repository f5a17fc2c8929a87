"""How far the latest events are from those that a detector learned from."""

from dataclasses import dataclass

__all__ = ["Drift", "FeatureDrift", "ScoreDrift"]


@dataclass(frozen=True, slots=True)
class ScoreDrift:
    """Scores of a run against those of normal events.

    Attributes:
        edges: Of the bins, rising, one more than there are bins.
        normal: Share of normal events per bin.
        recent: Share of the run's events per bin.
        psi: Population stability index over ten bins of equal normal share; 0 is no drift.
        ks: Largest distance of the two distributions, 0 to 1.
        normal_median: Median score of normal events.
        recent_median: Of the run's events.
    """

    edges: tuple[float, ...]
    normal: tuple[float, ...]
    recent: tuple[float, ...]
    psi: float
    ks: float
    normal_median: float
    recent_median: float


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """One column of a run against the training events, in original units.

    Attributes:
        name: Of the column.
        title: As analysts call it.
        unit: Of its values.
        distance: Largest distance of the two distributions, 0 to 1.
        outside: Share of the run's events outside the range of the training events.
        training: Quantiles 1 %, 25 %, 50 %, 75 % and 99 % of the training events.
        recent: The same of the run.
    """

    name: str
    title: str
    unit: str
    distance: float
    outside: float
    training: tuple[float, float, float, float, float]
    recent: tuple[float, float, float, float, float]


@dataclass(frozen=True, slots=True)
class Drift:
    """The latest run of a detector against its training.

    Attributes:
        detector_id: "D-...".
        run_id: The run; None where no scores of any are kept.
        source_name: What it read.
        finished_time: When it ended, Unix seconds, UTC.
        events: Its events.
        scores: None where there is nothing to compare.
        features: Largest distance first; empty for kinds of data without columns.
        notes: What to know, and what is missing, a sentence each.
    """

    detector_id: str
    run_id: str | None
    source_name: str
    finished_time: float
    events: int
    scores: ScoreDrift | None
    features: tuple[FeatureDrift, ...]
    notes: tuple[str, ...]
