"""What another bound would do, and a new version of a detector with it."""

from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.detector_scores import DetectorScores, RunScores, ThresholdEffect
from deepaid_core.domain.threshold_choice import ThresholdChoice
from deepaid_core.workspace import Workspace

__all__ = [
    "DetectorScores",
    "RunScores",
    "ThresholdEffect",
    "apply",
    "effect",
    "scores_of",
    "suggest",
    "versions",
]


def scores_of(workspace: Workspace, detector_id: str) -> DetectorScores:
    """Normal scores and scores of the runs of a detector."""
    raise NotImplementedError


def effect(scores: DetectorScores, value: float) -> ThresholdEffect:
    """What a bound does to them."""
    raise NotImplementedError


def suggest(workspace: Workspace, detector_id: str, choice: ThresholdChoice) -> Threshold:
    """The bound that a choice asks for."""
    raise NotImplementedError


def apply(
    workspace: Workspace, detector_id: str, threshold: Threshold, *, author: str | None = None
) -> DetectorRecord:
    """A new version of a detector with another bound."""
    raise NotImplementedError


def versions(workspace: Workspace, name: str) -> tuple[DetectorRecord, ...]:
    """All versions of that name, newest first."""
    raise NotImplementedError
