"""Scores of the events of a file, and nothing else of it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.domain.settings import Period
from deepaid_core.errors import InvalidEventsError
from deepaid_core.workflow.labels import Events
from deepaid_core.workflow.periods import within
from deepaid_core.workflow.registered import registered
from deepaid_core.workspace import Workspace

__all__ = ["Scored", "scored"]


@dataclass(frozen=True, eq=False, slots=True)
class Scored:
    """The scored events of a file.

    Attributes:
        events: Where they lie.
        scores: (n,).
        name: Of the file.
        sha256: Digest of its content.
        trained_on: Whether it is the file that the detector learned from.
    """

    events: Events
    scores: FloatArray
    name: str
    sha256: str
    trained_on: bool


def scored(
    workspace: Workspace,
    record: DetectorRecord,
    path: Path,
    period: Period,
    progress: Progress,
    cancelled: Cancelled,
) -> Scored:
    """Score a file, read the way the detector's training file was.

    Raises:
        CaptureError: A capture cannot be read.
        InvalidEventsError: Another file cannot be read, does not fit the detector, or has no event
            in the period.
        ArtifactError: The detector's files are damaged.
        CancelledError: `cancelled` said so.
    """
    from deepaid_core.registry import SOURCES, load

    trained = registered(workspace, record)
    source = load(SOURCES, trained.source_kind).open(
        path,
        trained.source_settings,
        known=trained.detector.fitted_schema,
        period=period,
        progress=progress,
        cancelled=cancelled,
    )
    parts, scores = [], []
    for batch in source.batches():
        stop_if(cancelled)
        kept = within(batch, period)
        if len(kept):
            parts.append((kept.indices, kept.times, kept.entities))
            scores.append(trained.detector.score(kept))
    if not parts:
        raise InvalidEventsError(
            f"'{source.name}' has no event in the chosen period; choose a longer one."
        )
    indices, times, entities = (np.concatenate(part) for part in zip(*parts, strict=True))
    sha256 = source.fingerprint()
    return Scored(
        events=Events(indices, times, entities),
        scores=np.concatenate(scores),
        name=source.name,
        sha256=sha256,
        trained_on=sha256 == trained.trained_on_sha256,
    )
