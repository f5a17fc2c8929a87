"""A stored finding's event and detector again, so that something new can be asked about it."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from deepaid_core.domain.details import SequenceDetails
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.finding import Finding
from deepaid_core.errors import DeepAidError, DetectorMismatchError, NotFoundError
from deepaid_core.workspace import Workspace

if TYPE_CHECKING:
    from deepaid_core.detectors.trained import TrainedDetector
    from deepaid_core.domain.batches import Batch
    from deepaid_core.interpreters.base import Context

__all__ = ["reopened"]


def reopened(
    workspace: Workspace, finding: Finding, *, budget_ms: float | None = None
) -> "tuple[TrainedDetector, Batch, Context]":
    """A finding's detector, its interpreted event alone, and the settings it was interpreted with.

    Args:
        workspace: Where the detector is.
        finding: With its interpretation.
        budget_ms: Milliseconds for each search; see `Context`.

    Raises:
        NotFoundError: The detector is gone.
        ArtifactError: Its files are damaged.
        DetectorMismatchError: The finding does not fit it.
    """
    # Imported here: pages that show stored answers open without torch.
    from deepaid_core.interpreters.base import Context
    from deepaid_core.interpreters.stored import observed_events

    record = _record(workspace, finding)
    trained = _opened(workspace.artifacts / record.artifact, record.sha256)
    proof = finding.interpretation.diagnostics
    try:
        event = observed_events([finding.interpretation], trained.detector.fitted_schema)
    except (DeepAidError, ValueError) as error:
        raise DetectorMismatchError(
            f"Finding {finding.id} does not fit detector {record.id} any more ({error}); "
            "its stored interpretation still stands."
        ) from error
    context = Context.of(
        trained, max_deviations=proof.max_deviations, seed=proof.seed, budget_ms=budget_ms
    )
    return trained, _with_its_words(event, finding), context


def _with_its_words(event: "Batch", finding: Finding) -> "Batch":
    """The event with the words of a log line that has no key, as its source called it."""
    from deepaid_core.domain.batches import SequenceBatch

    details = finding.interpretation.details
    if not isinstance(event, SequenceBatch) or not isinstance(details, SequenceDetails):
        return event
    words = np.array([details.observed[-1] if details.observed else ""], dtype=object)
    return replace(event, context={"template": words})


def _record(workspace: Workspace, finding: Finding) -> DetectorRecord:
    for record in workspace.store.detectors():
        if record.id == finding.detector_id:
            return record
    raise NotFoundError(
        f"Detector {finding.detector_id} of finding {finding.id} is not in this workspace any "
        "more, so nothing new can be asked of it; its stored interpretation still stands."
    )


@lru_cache(maxsize=4)
def _opened(folder: Path, sha256: str) -> "TrainedDetector":
    # The digest is part of the key: a detector that was replaced is read anew, or refused.
    from deepaid_core.detectors.artifacts import load_trained

    return load_trained(folder, sha256=sha256)
