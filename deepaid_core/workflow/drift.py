"""How far the latest run of a detector is from what it learned."""

from typing import TYPE_CHECKING, Final

import numpy as np

from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.detector_scores import DetectorScores, RunScores
from deepaid_core.domain.drift import Drift, FeatureDrift, ScoreDrift
from deepaid_core.domain.modality import Modality
from deepaid_core.workflow.detector_versions import record_of
from deepaid_core.workflow.registered import registered
from deepaid_core.workflow.thresholds import scores_of
from deepaid_core.workspace import Workspace

if TYPE_CHECKING:
    from deepaid_core.detectors.profile import NormalProfile

__all__ = ["Drift", "FeatureDrift", "ScoreDrift", "drift_of", "score_drift"]

_BINS: Final = 40
_PSI_BINS: Final = 10
_RAREST: Final = 1e-4  # share that an empty bin counts as: its logarithm must exist
_FEW: Final = 100
_SHOWN: Final = (0.01, 0.25, 0.5, 0.75, 0.99)
_NEVER_RUN: Final = (
    "This detector has not read a file since its scores are kept; detect in one first."
)


def drift_of(workspace: Workspace, detector_id: str) -> Drift:
    """The latest run of a detector, or of a version that scores alike, against its training.

    Drift is a question, not an answer: attacks in the run move scores and columns too.

    Raises:
        NotFoundError: The workspace has no such detector.
        ArtifactError: The detector's files are damaged.
    """
    record = record_of(workspace, detector_id)
    known = scores_of(workspace, detector_id)
    notes = list(known.missing)
    if not known.runs:
        if not notes:
            notes.append(_NEVER_RUN)
        return Drift(record.id, None, "", 0.0, 0, None, (), tuple(notes))
    run = known.runs[0]
    scores = _scores(known, run, notes)
    features = _features(workspace, record, run, notes)
    return Drift(
        detector_id=record.id,
        run_id=run.run_id,
        source_name=run.source_name,
        finished_time=run.finished_time,
        events=run.events,
        scores=scores,
        features=features,
        notes=tuple(notes),
    )


def score_drift(
    normal: FloatArray, recent: FloatArray, weights: FloatArray | None = None
) -> ScoreDrift:
    """Two sets of scores against each other.

    Args:
        normal: (n,), at least one.
        recent: (m,), at least one.
        weights: (m,), how many events each recent score stands for; 1 where None.

    References:
        Siddiqi, Credit Risk Scorecards, 2006, for the population stability index; the distance of
        the distribution functions is Kolmogorov's and Smirnov's.
    """
    heavy = np.ones(len(recent)) if weights is None else weights
    whole = float(heavy.sum())

    def shares(edges: FloatArray) -> tuple[FloatArray, FloatArray]:
        before = np.histogram(normal, edges)[0] / len(normal)
        return before, np.histogram(recent, edges, weights=heavy)[0] / whole

    # Bins of equal normal share; equal scores can make some of them one.
    cuts = np.unique(np.quantile(normal, np.linspace(0, 1, _PSI_BINS + 1)[1:-1]))
    before, after = shares(np.concatenate([[-np.inf], cuts, [np.inf]]))
    before, after = np.maximum(before, _RAREST), np.maximum(after, _RAREST)
    order = np.argsort(recent, kind="stable")
    both = np.concatenate([normal, recent])
    risen = np.concatenate([[0.0], np.cumsum(heavy[order])]) / whole
    then = np.searchsorted(np.sort(normal), both, side="right") / len(normal)
    now = risen[np.searchsorted(recent[order], both, side="right")]
    low, high = float(both.min()), float(both.max())
    # A few far scores would push all others into one bin; the last bin takes what lies beyond.
    far = max(float(np.quantile(normal, 0.99)), float(np.quantile(recent, 0.9)))
    top = min(high, low + 1.5 * (far - low)) if far > low else high
    if not top > low:
        low, top = low - 0.5, low + 0.5
    edges = np.linspace(low, top, _BINS + 1)
    edges[-1] = max(top, high)
    drawn = shares(edges)
    half = int(np.searchsorted(risen[1:], 0.5))
    return ScoreDrift(
        edges=tuple(edges.tolist()),
        normal=tuple(drawn[0].tolist()),
        recent=tuple(drawn[1].tolist()),
        psi=float(((after - before) * np.log(after / before)).sum()),
        ks=float(np.abs(then - now).max()),
        normal_median=float(np.median(normal)),
        recent_median=float(recent[order][min(half, len(recent) - 1)]),
    )


def _scores(known: DetectorScores, run: RunScores, notes: list[str]) -> ScoreDrift | None:
    if not len(known.normal) or not len(run.scores):
        notes.append(
            f"{known.normal_from} So there is nothing to compare the run's scores with."
            if not len(known.normal)
            else f"The run over '{run.source_name}' has no event."
        )
        return None
    if not known.held_back:
        notes.append(f"Normal scores are those of {known.normal_from}")
    for what, count in (("normal events", len(known.normal)), ("events of the run", run.events)):
        if count < _FEW:
            notes.append(f"There are only {count} {what}: chance alone moves such figures.")
    return score_drift(known.normal, run.scores, run.weights)


def _features(
    workspace: Workspace, record: DetectorRecord, run: RunScores, notes: list[str]
) -> tuple[FeatureDrift, ...]:
    if record.modality not in (Modality.TABULAR, Modality.SERIES):
        return ()
    from deepaid_core.domain.schema import Schema

    trained = registered(workspace, record)
    schema = trained.detector.fitted_schema
    if trained.profile is None or not isinstance(schema, Schema) or run.quantiles is None:
        notes.append(f"No quantiles of the columns of run {run.run_id} are kept.")
        return ()
    if run.quantiles.shape[1] != len(schema):
        notes.append(
            f"The run's file has {run.quantiles.shape[1]} columns, the detector {len(schema)}; "
            "detect in the file again."
        )
        return ()
    if run.sampled < run.events:
        notes.append(
            f"Of the columns {run.sampled:,} of {run.events:,} events were looked at, drawn evenly."
        )
    found = [
        _feature(feature.name, feature.title, feature.unit, *_compared(trained.profile, run, place))
        for place, feature in enumerate(schema.features)
    ]
    return tuple(sorted(found, key=lambda one: (-one.distance, -one.outside)))


def _compared(
    profile: "NormalProfile", run: RunScores, place: int
) -> tuple[FloatArray, FloatArray, float]:
    assert run.quantiles is not None  # noqa: S101  asked before
    return (
        profile.quantiles[:, place],
        run.quantiles[:, place],
        # Kept in half the precision: a value must not seem to be outside by rounding.
        1e-6 * float(profile.spread[place]),
    )


def _feature(
    name: str, title: str, unit: str, training: FloatArray, recent: FloatArray, slack: float
) -> FeatureDrift:
    slack = max(slack, 1e-6 * float(np.abs(training).max()))
    low, high = float(training[0]) - slack, float(training[-1]) + slack
    points = np.concatenate([training, recent])
    # Up to the point with what rounding may have taken from it.
    before = np.searchsorted(training, points + slack, side="right") / len(training)
    after = np.searchsorted(recent, points + slack, side="right") / len(recent)

    def five(values: FloatArray) -> tuple[float, float, float, float, float]:
        a, b, c, d, e = (float(values[round(at * (len(values) - 1))]) for at in _SHOWN)
        return a, b, c, d, e

    return FeatureDrift(
        name=name,
        title=title,
        unit=unit,
        distance=float(np.abs(before - after).max()),
        outside=float(((recent < low) | (recent > high)).mean()),
        training=five(training),
        recent=five(recent),
    )
