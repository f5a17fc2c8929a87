"""Scores of normal events for detectors that kept none when they were trained."""

from pathlib import Path
from typing import Final

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save as save_tensors

from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.settings import Period
from deepaid_core.errors import InvalidEventsError
from deepaid_core.figures.text import visible
from deepaid_core.workflow.detector_versions import record_of
from deepaid_core.workflow.registered import registered_scores
from deepaid_core.workflow.scoring import scored
from deepaid_core.workflow.whole_files import write_whole
from deepaid_core.workspace import Workspace

__all__ = ["keep_normal_scores", "kept_normal_scores"]

_FORMAT: Final = "1"
_HELD_BACK: Final = 0.2
_FEWEST, _MOST = 100, 20_000


def keep_normal_scores(
    workspace: Workspace,
    detector_id: str,
    path: Path,
    *,
    period: Period = Period(),
    author: str | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> int:
    """Score a file of normal events, so that thresholds can be chosen on them.

    Of the file that the detector learned from only the last fifth in time counts: that is what a
    training holds back. Name the period that was learned from where it was not all of the file.

    Args:
        workspace: Where the detector is.
        detector_id: "D-...".
        path: The file; should hold normal events only.
        period: The part of it to look at.
        author: Who asks for it; whom the environment names where None.
        progress: Told the share done.
        cancelled: Asked between batches.

    Returns:
        How many scores are kept.

    Raises:
        NotFoundError: The workspace has no such detector.
        CaptureError: A capture cannot be read.
        InvalidEventsError: Another file cannot be read, does not fit, or has too few events.
        ArtifactError: The detector's files are damaged.
        WorkspaceError: The normal scores cannot be written.
        CancelledError: `cancelled` said so.
    """
    record = record_of(workspace, detector_id)
    found = scored(workspace, record, path, period, progress, cancelled)
    order = np.argsort(found.events.indices, kind="stable")
    scores = found.scores[order]
    if found.trained_on:
        scores = scores[round(len(scores) * (1 - _HELD_BACK)) :]
    if len(scores) < _FEWEST:
        raise InvalidEventsError(
            f"'{found.name}' leaves {len(scores)} normal events to choose a threshold on; give at "
            f"least {_FEWEST}, better some thousands."
        )
    if len(scores) > _MOST:
        scores = scores[np.linspace(0, len(scores) - 1, _MOST).round().astype(np.int64)]
    part = "the last fifth of what it learned from" if found.trained_on else "given as normal"
    facts = {"format": _FORMAT, "from": f"{len(scores):,} events of '{found.name}': {part}."}
    learned = registered_scores(workspace, record).learned
    content = save_tensors({"scores": np.ascontiguousarray(scores)}, facts)
    write_whole(_path(workspace, learned), content, "The normal scores")
    said = {"file": found.name, "sha256": found.sha256, "scores": str(len(scores))}
    by = (workspace.author or "") if author is None else author
    workspace.store.desk.act([NewRecord("normal scores", record.id, said, by)])
    return len(scores)


def kept_normal_scores(
    workspace: Workspace, record: DetectorRecord, learned: str
) -> tuple[FloatArray, str] | None:
    """Scores that `keep_normal_scores` kept, and where they come from; None where there are none.

    A damaged file counts as none: the scores can be kept anew.

    Args:
        workspace: Where the detector is.
        record: The detector.
        learned: Digest of what it learned.
    """
    try:
        with safe_open(_path(workspace, learned), framework="numpy") as file:
            facts, scores = file.metadata() or {}, file.get_tensor("scores")
    except (SafetensorError, OSError):
        return None
    if facts.get("format") != _FORMAT or scores.ndim != 1 or not np.isfinite(scores).all():
        return None
    return scores.astype(np.float64), visible(facts.get("from", ""))


def _path(workspace: Workspace, learned: str) -> Path:
    return workspace.home / "runs" / f"N-{learned[:20]}.safetensors"
