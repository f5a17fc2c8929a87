"""What a reader of a finding has to know before trusting what follows."""

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.figures.material import nothing_material
from deepaid_core.figures.numbers import format_score, format_time_utc
from deepaid_ui import navigation, session
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["of_detector", "of_interpretation"]


def of_detector(finding: Finding) -> None:
    """That its detector is gone, or was trained again since."""
    known = workspace().store.detectors()
    own = next((one for one in known if one.id == finding.detector_id), None)
    if own is None:
        st.info(
            plain(
                f"Detector version {finding.detector_id} is not in this workspace any more. What "
                "was stored with the finding still stands; nothing new can be asked of it."
            ),
            icon=":material/history:",
        )
        return
    if not (workspace().artifacts / own.artifact).is_dir():
        st.info(
            plain(
                f"The files of detector {own.id} are missing from the workspace. What was stored "
                "with the finding still stands; nothing new can be asked of it."
            ),
            icon=":material/history:",
        )
    newer = [one for one in known if one.name == own.name and one.created_time > own.created_time]
    if newer:
        last = max(newer, key=lambda one: one.created_time)
        st.info(
            plain(
                f"The detector {own.name} was trained again since: {last.id} of "
                f"{format_time_utc(last.created_time)}, threshold {format_score(last.threshold)}. "
                f"This finding is of {own.id}, threshold {format_score(own.threshold)}, and is "
                "read with that one."
            ),
            icon=":material/history:",
        )


def of_interpretation(finding: Finding) -> None:
    """That no accepted event was found, or that nothing deviates noticeably."""
    interpretation = finding.interpretation
    diagnostics = interpretation.diagnostics
    if not diagnostics.verified:
        needed = (
            f" The fewest that work are {diagnostics.deviations_needed}."
            if diagnostics.deviations_needed
            else ""
        )
        st.warning(
            plain(
                f"Not verified: with up to {diagnostics.max_deviations} deviations no event was "
                f"found that the detector accepts.{needed} What follows is the nearest attempt; "
                f"it scores {format_score(diagnostics.reference_score)}, the threshold is "
                f"{format_score(diagnostics.threshold)}."
            ),
            icon=":material/warning:",
        )
        navigation.link(
            "compare",
            "Ask other methods",
            {"finding": finding.id, **session.QueueView.carried().packed()},
            icon=":material/balance:",
        )
    if small := nothing_material(finding):
        st.info(plain(small), icon=":material/info:")
