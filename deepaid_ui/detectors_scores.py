"""What is known of a detector's scores, kept as long as nothing was detected or decided."""

import streamlit as st

from deepaid_core.domain.detector_scores import DetectorScores
from deepaid_core.workflow import thresholds
from deepaid_ui import filters
from deepaid_ui.workspace import workspace

__all__ = ["mark", "scores_of"]


def mark() -> str:
    """Changes whenever a detector, a run or a decision is added."""
    known = workspace().store.detectors()
    return f"{filters.version()}-{len(known)}-{known[0].id if known else ''}"


# As a resource: arrays of a hundred thousand scores must not be copied for every move of a slider.
@st.cache_resource(max_entries=8, show_spinner=False)
def _scores(home: str, detector_id: str, at: str) -> DetectorScores:
    return thresholds.scores_of(workspace(), detector_id)


def scores_of(detector_id: str) -> DetectorScores:
    """Scores of normal events and of the runs.

    Raises:
        DeepAidError: Its files cannot be read.
    """
    return _scores(str(workspace().home), detector_id, mark())
