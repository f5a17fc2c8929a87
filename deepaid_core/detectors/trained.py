"""A detector ready for use: fitted, with threshold and profile of its training events."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.detectors.thresholds import choose
from deepaid_core.detectors.training import NOTHING_KEPT, Checkpoints
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import Batch, FloatArray, SeriesBatch, TabularBatch
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.settings import CaptureSettings, SourceSettings
from deepaid_core.domain.threshold_choice import ThresholdChoice
from deepaid_core.errors import InvalidEventsError, InvalidParameterError

__all__ = ["TrainedDetector", "train_detector"]

_MOST_KEPT: Final = 20_000  # held-back scores; a rate of 1 in 1,000 is then known to a tenth


@dataclass(frozen=True, eq=False, slots=True)
class TrainedDetector:
    """What is saved, shipped and referred to by findings.

    Attributes:
        name: What analysts call it, e.g. "packets".
        kind: Registry name of the detector's class.
        detector: Fitted.
        threshold: Chosen on held-back normal events.
        profile: Of its training events (of their last steps for SERIES); None for kinds of data
            without columns.
        trained_on: Name of the training source.
        trained_on_sha256: Digest of that source's content.
        training_events: Number of events it learned from, the held-back ones included.
        source_kind: Registry name of the source that it reads.
        source_settings: How that source is read.
        held_back_scores: Scores of the held-back events in order of time, at most 20,000, evenly
            drawn; None where nobody kept them.
        version: Counts the bounds that were chosen for what was learned, from 1.
    """

    name: str
    kind: str
    detector: Detector[Any]
    threshold: Threshold
    profile: NormalProfile | None
    trained_on: str
    trained_on_sha256: str
    training_events: int
    source_kind: str = "capture"
    source_settings: SourceSettings = CaptureSettings()
    held_back_scores: FloatArray | None = None
    version: int = 1


def train_detector(
    normal: Batch,
    make: Callable[[], Detector[Any]],
    *,
    name: str,
    kind: str,
    trained_on: str,
    trained_on_sha256: str,
    quantile: float,
    source_kind: str = "capture",
    source_settings: SourceSettings = CaptureSettings(),
    held_back: float = 0.2,
    profile_size: int = 3000,
    progress: Progress = silent,
    cancelled: Cancelled = never,
    checkpoints: Checkpoints = NOTHING_KEPT,
    device: str = "cpu",
    choice: ThresholdChoice | None = None,
) -> TrainedDetector:
    """Fit a detector and choose its threshold, both on normal events only.

    The threshold comes from the end of the training events in time: traffic drifts, and events
    drawn at random from between the others would look more familiar than tomorrow's will.

    Args:
        normal: Normal events in order of time.
        make: Builds the unfitted detector.
        name: What analysts call it.
        kind: Registry name of the detector's class.
        trained_on: Name of the source.
        trained_on_sha256: Digest of the source's content.
        quantile: Share of held-back events that stay at or under the threshold.
        source_kind: Registry name of the source.
        source_settings: How it was read.
        held_back: Share of events, the last ones, that the threshold is chosen on.
        profile_size: Accepted training events to keep for interpretation.
        progress: Told the share done.
        cancelled: Asked between steps.
        checkpoints: Where loops keep how far they are.
        device: Where networks are trained, "cpu" or "cuda".
        choice: How the threshold is chosen, where not by `quantile`.

    Raises:
        InvalidParameterError: The threshold cannot be chosen so: it is fixed, or that takes labels
            or more events; said before anything is learned.
        InvalidEventsError: There are too few events, or none is accepted.
        CancelledError: `cancelled` said so.
    """
    split = round(len(normal) * (1 - held_back))
    rows = normal.indices.argsort(kind="stable")
    train, held = normal.take(rows[:split]), normal.take(rows[split:])
    if len(held) < 100:
        raise InvalidEventsError(
            f"{len(normal)} normal events leave {len(held)} to choose a threshold on; "
            "record at least 100 for that, better some thousands."
        )
    detector, chosen = make(), choice or ThresholdChoice("quantile", quantile)
    _refuse(detector, chosen, len(held))
    detector.fit(
        train, progress=progress, cancelled=cancelled, checkpoints=checkpoints, device=device
    )
    scores = detector.score(held)
    # Some detectors know better what a share of their scores means.
    by_share = chosen.method == "quantile"
    threshold = detector.threshold(scores, chosen.level) if by_share else choose(chosen, scores)
    accepted = ~threshold.flag(detector.score(train))
    if not accepted.any():
        raise InvalidEventsError(
            "The detector accepts none of its own training events; train it for longer."
        )
    return TrainedDetector(
        name=name,
        kind=kind,
        detector=detector,
        threshold=threshold,
        profile=_profile(train, accepted, size=profile_size, seed=detector.seed),
        trained_on=trained_on,
        trained_on_sha256=trained_on_sha256,
        training_events=len(normal),
        source_kind=source_kind,
        source_settings=source_settings,
        held_back_scores=_evenly(scores),
    )


def _refuse(detector: Detector[Any], choice: ThresholdChoice, held_back: int) -> None:
    """Say before the training, not after it, that its threshold cannot be chosen so."""
    if choice.method == "quantile":
        return
    if detector.fixed_threshold:
        raise InvalidParameterError(detector.fixed_threshold)
    # Whether it can be chosen depends on how many scores there are, not on what they are.
    choose(choice, np.zeros(held_back))


def _evenly(scores: FloatArray) -> FloatArray:
    if len(scores) <= _MOST_KEPT:
        return scores
    return scores[np.linspace(0, len(scores) - 1, _MOST_KEPT).round().astype(np.int64)]


def _profile(
    train: Batch, accepted: NDArray[np.bool_], *, size: int, seed: int
) -> NormalProfile | None:
    match train:
        case TabularBatch():
            values = train.values
        case SeriesBatch():
            values = train.values[:, -1]
        case _:
            return None
    return NormalProfile.of(values, values[accepted], size=size, seed=seed)
