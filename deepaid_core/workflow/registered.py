"""Detectors as they were registered: files that changed since are refused before they are used."""

from typing import TYPE_CHECKING

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.schema import EventSchema
from deepaid_core.workspace import Workspace

if TYPE_CHECKING:
    from deepaid_core.detectors.artifacts import StoredScores
    from deepaid_core.detectors.trained import TrainedDetector

__all__ = ["known_schema", "registered", "registered_scores"]


def registered(workspace: Workspace, record: DetectorRecord) -> "TrainedDetector":
    """The detector of a record, ready for use.

    Raises:
        ArtifactError: Its files are damaged, or not those that were registered.
    """
    # Imported here: stored findings open without torch.
    from deepaid_core.detectors.artifacts import load_trained

    return load_trained(workspace.artifacts / record.artifact, sha256=record.sha256)


def registered_scores(workspace: Workspace, record: DetectorRecord) -> "StoredScores":
    """The scores that are kept with the detector of a record.

    Raises:
        ArtifactError: Its files are damaged, or not those that were registered.
    """
    from deepaid_core.detectors.artifacts import stored_scores

    return stored_scores(workspace.artifacts / record.artifact, sha256=record.sha256)


def known_schema(workspace: Workspace, record: DetectorRecord) -> EventSchema:
    """What a registered detector knows of its events.

    Raises:
        ArtifactError: Its files are damaged, or not those that were registered.
    """
    return registered(workspace, record).detector.fitted_schema
