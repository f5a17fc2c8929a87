"""How far the latest run of a detector is from what it learned."""

from deepaid_core.domain.drift import Drift, FeatureDrift, ScoreDrift
from deepaid_core.workspace import Workspace

__all__ = ["Drift", "FeatureDrift", "ScoreDrift", "drift_of"]


def drift_of(workspace: Workspace, detector_id: str) -> Drift:
    """The latest run of a detector against its training."""
    raise NotImplementedError
