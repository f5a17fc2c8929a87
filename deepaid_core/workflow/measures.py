"""Scores against labels: the figures that detectors are compared by."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.thresholds import just_below
from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray
from deepaid_core.domain.evaluation import AtThreshold, CategoryShare, Curve, Histogram, Measures
from deepaid_core.errors import InvalidEventsError

__all__ = ["at_threshold", "measures_of"]

Flags = NDArray[np.bool_]

_POINTS: Final = 200  # of a drawn curve
_BINS: Final = 60
_MOST_CATEGORIES: Final = 500


def measures_of(
    scores: FloatArray,
    labels: Flags,
    threshold: float,
    categories: ObjectArray | Sequence[str] | None = None,
) -> Measures:
    """What scores and labels say together.

    Args:
        scores: (n,), finite; higher is more abnormal.
        labels: (n,), which events are to be found.
        threshold: The detector's own bound; an event over it is flagged.
        categories: (n,), what each event is; empty texts are not counted as a category.

    Raises:
        InvalidEventsError: There is no event, lengths differ, or a score is not finite.
    """
    scores, labels = np.asarray(scores, dtype=np.float64), np.asarray(labels, dtype=bool)
    if not len(scores) or len(scores) != len(labels):
        raise InvalidEventsError(
            f"There are {len(scores)} scores and {len(labels)} labels; give one label per event, "
            "and at least one event."
        )
    if not np.isfinite(scores).all():
        raise InvalidEventsError(
            f"The score of event {int(np.flatnonzero(~np.isfinite(scores))[0])} is not finite; "
            "train the detector again."
        )
    both = bool(labels.any() and not labels.all())
    best_accuracy = _best(scores, labels, "accuracy")
    best_f1 = _best(scores, labels, "f1")
    roc_auc = average_precision = None
    roc = precision_recall = Curve((), (), ())
    if both:
        from sklearn import metrics

        roc_auc = float(metrics.roc_auc_score(labels, scores))
        rates, hits, bounds = metrics.roc_curve(labels, scores)
        # The first point flags nothing; scikit-learn gives it an infinite bound.
        bounds[0] = scores.max() + 1.0
        roc = _curve(rates, hits, bounds)
    if labels.any():
        from sklearn import metrics

        average_precision = float(metrics.average_precision_score(labels, scores))
        precision, recall, bounds = metrics.precision_recall_curve(labels, scores)
        # The last point flags nothing and has no bound of its own.
        bounds = np.append(bounds, scores.max() + 1.0)
        precision_recall = _curve(recall[::-1], precision[::-1], bounds[::-1])
    return Measures(
        events=len(scores),
        wanted=int(labels.sum()),
        roc_auc=roc_auc,
        average_precision=average_precision,
        at_threshold=at_threshold(scores, labels, threshold),
        at_best_accuracy=best_accuracy,
        at_best_f1=best_f1,
        categories=_categories(scores, labels, threshold, best_accuracy, categories),
        roc=roc,
        precision_recall=precision_recall,
        histogram=_histogram(scores, labels),
    )


def at_threshold(scores: FloatArray, labels: Flags, threshold: float) -> AtThreshold:
    """Counts and rates at one bound; a rate of nothing is 0."""
    flagged = scores > threshold
    true_positives = int((flagged & labels).sum())
    false_positives = int(flagged.sum()) - true_positives
    wanted = int(labels.sum())
    missed = wanted - true_positives
    passed = len(scores) - wanted - false_positives

    def share(part: float, whole: float) -> float:
        return part / whole if whole else 0.0

    return AtThreshold(
        threshold=float(threshold),
        true_positives=true_positives,
        false_positives=false_positives,
        true_negatives=passed,
        false_negatives=missed,
        precision=share(true_positives, true_positives + false_positives),
        recall=share(true_positives, wanted),
        f1=share(2 * true_positives, 2 * true_positives + false_positives + missed),
        f2=share(5 * true_positives, 5 * true_positives + false_positives + 4 * missed),
        accuracy=share(true_positives + passed, len(scores)),
        false_positive_rate=share(false_positives, len(scores) - wanted),
    )


def _best(scores: FloatArray, labels: Flags, what: str) -> AtThreshold | None:
    """At the bound with the most of `what`; None where the labels are all of one kind."""
    if labels.all() or not labels.any():
        return None
    order = np.argsort(-scores, kind="stable")
    hits = np.concatenate([[0], np.cumsum(labels[order])])
    flagged = np.arange(len(scores) + 1)
    # A bound cannot part events of one score: only the last of them counts. 0 flags nothing.
    ends = np.concatenate([[0], np.flatnonzero(np.diff(scores[order], append=-np.inf) != 0) + 1])
    wanted = int(labels.sum())
    if what == "f1":
        value = 2 * hits / (flagged + wanted)
    else:
        value = (hits + len(scores) - wanted - (flagged - hits)) / len(scores)
    best = int(ends[value[ends].argmax()])
    bound = float(scores.max()) if best == 0 else just_below(scores, float(scores[order][best - 1]))
    return at_threshold(scores, labels, bound)


def _categories(
    scores: FloatArray,
    labels: Flags,
    threshold: float,
    best: AtThreshold | None,
    categories: ObjectArray | Sequence[str] | None,
) -> tuple[CategoryShare, ...]:
    if categories is None:
        return ()
    names, codes = np.unique(np.asarray(categories, dtype=object).astype(str), return_inverse=True)
    over = scores > threshold
    over_best = scores > best.threshold if best else np.zeros(len(scores), dtype=bool)

    def counts(rows: Flags) -> IntArray:
        return np.bincount(codes[rows], minlength=len(names))

    found = [
        CategoryShare(name, wanted, int(n), int(flagged), int(at_best))
        for wanted in (True, False)
        for name, n, flagged, at_best in zip(
            names.tolist(),
            counts(labels == wanted),
            counts((labels == wanted) & over),
            counts((labels == wanted) & over_best),
            strict=True,
        )
        if n and name
    ]
    found.sort(key=lambda one: (not one.wanted, -one.events, one.category))
    return tuple(found[:_MOST_CATEGORIES])


def _curve(x: FloatArray, y: FloatArray, bounds: FloatArray) -> Curve:
    if len(x) > _POINTS:
        # Even along the curve, so that steep and flat parts keep their shape.
        along = np.concatenate([[0.0], np.cumsum(np.hypot(np.diff(x), np.diff(y)))])
        wanted = np.searchsorted(along, np.linspace(0, along[-1], _POINTS - 1))
        keep = np.unique(np.concatenate([wanted, [len(x) - 1]]))
        x, y, bounds = x[keep], y[keep], bounds[keep]
    return Curve(*(tuple(float(one) for one in part) for part in (x, y, bounds)))


def _histogram(scores: FloatArray, labels: Flags) -> Histogram:
    low, high = float(scores.min()), float(scores.max())
    # A few far scores would push all others into one bin; the last bin takes what lies beyond.
    high = min(high, low + 4 * max(float(np.quantile(scores, 0.9)) - low, (high - low) / 50))
    if not high > low:
        low, high = low - 0.5, low + 0.5
    edges = np.linspace(low, high, _BINS + 1)
    edges[-1] = max(edges[-1], float(scores.max()))
    return Histogram(
        tuple(float(edge) for edge in edges),
        tuple(np.histogram(scores[~labels], edges)[0].tolist()),
        tuple(np.histogram(scores[labels], edges)[0].tolist()),
    )
