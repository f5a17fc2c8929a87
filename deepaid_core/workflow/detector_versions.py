"""Versions of a detector, and which of them give the same scores."""

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.errors import ArtifactError, NotFoundError
from deepaid_core.workflow.registered import registered_scores
from deepaid_core.workspace import Workspace

__all__ = ["alike", "record_of", "versions"]


def record_of(workspace: Workspace, detector_id: str) -> DetectorRecord:
    """One detector version.

    Raises:
        NotFoundError: The workspace has no such detector.
    """
    for record in workspace.store.detectors():
        if record.id == detector_id:
            return record
    raise NotFoundError(
        f"There is no detector '{detector_id[:80]}' in this workspace; `deepaid detectors` lists "
        "them."
    )


def versions(workspace: Workspace, name: str) -> tuple[DetectorRecord, ...]:
    """All versions of that name, newest first."""
    return tuple(record for record in workspace.store.detectors() if record.name == name)


def alike(workspace: Workspace, record: DetectorRecord) -> frozenset[str]:
    """Ids of the versions that learned the same, so that they give the same scores.

    Raises:
        ArtifactError: The files of `record` are damaged; those of others are passed over.
    """
    learned = registered_scores(workspace, record).learned
    found = {record.id}
    for one in versions(workspace, record.name):
        try:
            if registered_scores(workspace, one).learned == learned:
                found.add(one.id)
        except ArtifactError:
            continue  # named where that version itself is asked for
    return frozenset(found)
