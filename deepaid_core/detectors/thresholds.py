"""How a threshold is chosen: from normal scores, from labels, or by hand."""

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.threshold_choice import ThresholdChoice
from deepaid_core.errors import InvalidParameterError

__all__ = ["choose", "events_needed", "just_below", "quantile_threshold", "tail"]

CONFIDENCE: Final = 0.95
"""Of the limit on the rate of false positives, one-sided."""

INITIAL_QUANTILE: Final = 0.98
"""Scores above it are the peaks; the value that Siffer et al. use throughout."""

FEWEST_PEAKS: Final = 30
"""Fewer excesses do not tell a heavy tail from a light one."""

_LIGHTEST: Final = 1e-8  # a shape closer to 0 than this is the exponential tail
_NEAREST: Final = 1e-8  # how near the search comes to the ends of its range, as a share


def choose(
    choice: ThresholdChoice,
    normal_scores: FloatArray,
    *,
    scores: FloatArray | None = None,
    labels: NDArray[np.bool_] | None = None,
) -> Threshold:
    """The bound that a choice asks for.

    Args:
        choice: How.
        normal_scores: Scores of normal events that the detector was not trained on, (n,); may be
            empty for "best-f1" and "by-hand".
        scores: Scores of labelled events, (m,); for "best-f1" only.
        labels: Which of them are to be found, (m,).

    Raises:
        InvalidParameterError: There are too few normal scores, or no labels, for that choice.
    """
    match choice.method:
        case "quantile":
            return quantile_threshold(normal_scores, choice.level)
        case "peaks-over-threshold":
            return _peaks_threshold(normal_scores, choice.level)
        case "false-positive-rate":
            return _rate_threshold(normal_scores, choice.level)
        case "best-f1":
            if scores is None or labels is None:
                raise InvalidParameterError(
                    "The best F1 needs labelled events; evaluate the detector on some first."
                )
            return _best_f1_threshold(scores, labels)
        case _:
            return Threshold(choice.level, "set by hand" + _flags(choice.level, normal_scores))


def quantile_threshold(normal_scores: FloatArray, quantile: float) -> Threshold:
    """The score that a given share of held-back normal events stays at or under.

    Args:
        normal_scores: Scores of normal events that the detector was not trained on, (n,).
        quantile: That share, above 0 and under 1.

    Raises:
        InvalidParameterError: The share is out of range or there is no score.
    """
    if not 0 < quantile < 1:
        raise InvalidParameterError(f"The quantile is {quantile}; choose one between 0 and 1.")
    _require(normal_scores)
    # "higher" returns a score that occurred, so the share is met exactly, not by interpolation.
    value = float(np.quantile(normal_scores, quantile, method="higher"))
    return Threshold(value, f"{quantile:g} quantile of {len(normal_scores):,} held-back events")


def events_needed(rate: float) -> int:
    """How many normal events, none of them flagged, show that a rate is kept.

    Args:
        rate: The highest share of normal events to flag, above 0 and under 1.
    """
    return math.ceil(math.log(1 - CONFIDENCE) / math.log1p(-rate))


def just_below(scores: FloatArray, lowest: float) -> float:
    """A bound that flags a score and all above it, and none of the scores below.

    Halfway to the next lower one, so that rounding on either side changes nothing.
    """
    below = scores[scores < lowest]
    half = (lowest + float(below.max())) / 2 if len(below) else -math.inf
    return half if math.isfinite(half) and half < lowest else float(np.nextafter(lowest, -math.inf))


def tail(excesses: FloatArray) -> tuple[float, float]:
    """Shape and scale of the generalised Pareto distribution of positive excesses, (n,).

    Grimshaw's reduction: the likelihood is maximised over one number, the ratio of shape and
    scale, on a grid that is made finer around its best point. Shapes below -0.5 are not
    considered: there the likelihood has no maximum, and a tail that ends just beyond the largest
    event seen is not what a threshold should rest on.

    References:
        Grimshaw, Computing maximum likelihood estimates for the generalized Pareto distribution,
        Technometrics 35(2), 1993.
    """
    largest, mean = float(excesses.max()), float(excesses.mean())

    def likelihood(ratios: FloatArray) -> tuple[FloatArray, FloatArray]:
        shapes = np.log1p(ratios[:, None] * excesses).mean(axis=1)
        flat = np.abs(shapes) < _LIGHTEST
        scales = np.where(flat, mean, shapes / np.where(ratios == 0, 1.0, ratios))
        value = -np.log(scales) - 1.0 - shapes
        return np.where(shapes < -0.5, -np.inf, value), shapes

    # Ratios below lie between the end of the support, -1 / largest, and 0; above, on any scale.
    steps = np.logspace(math.log10(_NEAREST), 0, 60)
    ratios = np.concatenate([-(1 - steps[:-1]) / largest, -steps[::-1] / largest * 0.5, [0.0]])
    ratios = np.unique(np.concatenate([ratios, np.logspace(-6, 4, 120) / mean]))
    for _ in range(6):
        values, _ = likelihood(ratios)
        best = int(values.argmax())
        low, high = ratios[max(0, best - 1)], ratios[min(len(ratios) - 1, best + 1)]
        ratios = np.linspace(low, high, 40)
    values, shapes = likelihood(ratios)
    best = int(values.argmax())
    shape, ratio = float(shapes[best]), float(ratios[best])
    if abs(shape) < _LIGHTEST:
        return 0.0, mean
    return shape, shape / ratio


def _peaks_threshold(normal_scores: FloatArray, risk: float) -> Threshold:
    """Peaks over threshold.

    References:
        Siffer, Fouque, Termier, Largouet, Anomaly Detection in Streams with Extreme Value Theory,
        KDD 2017: a generalised Pareto tail over a high initial quantile gives the score that is
        exceeded with a given probability, beyond all scores seen.
    """
    _require(normal_scores)
    n = len(normal_scores)
    initial = float(np.quantile(normal_scores, INITIAL_QUANTILE))
    excesses = normal_scores[normal_scores > initial] - initial
    peaks = len(excesses)

    def instead(why: str) -> Threshold:
        found = quantile_threshold(normal_scores, 1 - risk)
        return Threshold(found.value, f"{found.method}, because {why}")

    if peaks < FEWEST_PEAKS:
        return instead(f"only {peaks} of them lie over the initial bound, {FEWEST_PEAKS} are few")
    if risk >= peaks / n:
        return instead("the tail of the scores begins above it")
    shape, scale = tail(excesses)
    seldom = risk * n / peaks
    over = -math.log(seldom) if shape == 0 else (seldom**-shape - 1) / shape
    value = initial + scale * over
    if not math.isfinite(value):
        return instead("the tail of the scores is too heavy to be followed")
    return Threshold(
        value,
        f"peaks over threshold: exceeded with probability {risk:g}, from {peaks:,} of {n:,} "
        f"held-back events, shape {shape:.2f}",
    )


def _rate_threshold(normal_scores: FloatArray, rate: float) -> Threshold:
    """The lowest bound whose upper confidence limit on the false positives keeps the rate.

    References:
        Clopper and Pearson, The use of confidence or fiducial limits illustrated in the case of
        the binomial, Biometrika 26(4), 1934.
    """
    from scipy.stats import beta

    _require(normal_scores)
    n = len(normal_scores)
    # Flagging every event has the limit 1, which no rate allows.
    limits = beta.ppf(CONFIDENCE, np.arange(n) + 1, n - np.arange(n))
    allowed = int(np.searchsorted(limits, rate, side="right")) - 1
    if allowed < 0:
        raise InvalidParameterError(
            f"With {n:,} held-back events no threshold shows a false-positive rate of {rate:g}; "
            f"that takes at least {events_needed(rate):,} of them: train on more normal events or "
            "choose a higher rate."
        )
    value = float(np.sort(normal_scores)[n - 1 - allowed])
    flagged = int((normal_scores > value).sum())
    return Threshold(
        value,
        f"false-positive rate at most {rate:g} with {CONFIDENCE:.0%} confidence: flags {flagged:,} "
        f"of {n:,} held-back events",
    )


def _best_f1_threshold(scores: FloatArray, labels: NDArray[np.bool_]) -> Threshold:
    if not labels.any():
        raise InvalidParameterError(
            "None of the labelled events is to be found, so there is no best F1; label some."
        )
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(labels[order])
    # A bound cannot part events of one score: only the last of them counts.
    ends = np.flatnonzero(np.diff(scores[order], append=-np.inf) != 0)
    f1 = 2 * hits[ends] / (ends + 1 + int(labels.sum()))
    best = int(f1.argmax())
    return Threshold(
        just_below(scores, float(scores[order][ends[best]])),
        f"best F1, {f1[best]:.3f}, on {len(scores):,} labelled events: the labels were used",
    )


def _flags(value: float, normal_scores: FloatArray) -> str:
    if not len(normal_scores):
        return ""
    flagged = int((normal_scores > value).sum())
    return f": flags {flagged:,} of {len(normal_scores):,} held-back events"


def _require(normal_scores: FloatArray) -> None:
    if not len(normal_scores):
        raise InvalidParameterError("There is no normal score to choose a threshold from.")
