"""The choice among the detectors that can read a file."""

from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.figures.text import shorten
from deepaid_core.workflow.inspection import fits
from deepaid_ui import session
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.text import one_line, plain
from deepaid_ui.wizard_words import described
from deepaid_ui.workspace import workspace

__all__ = ["CHOSEN", "fitting_detector"]

CHOSEN: Final = "detect-with"
"""Key in the session of the id of the detector that is chosen."""


def fitting_detector(file: ChosenFile, kind: str) -> DetectorRecord | None:
    """Let a detector that can read the file be chosen; None where there is none."""
    records = workspace().store.detectors()
    reasons = {record.id: fits(record, file.path, kind) for record in records}
    fitting = {record.id: record for record in records if reasons[record.id] is None}
    if fitting:
        if st.session_state.get(CHOSEN) not in fitting:
            st.session_state.pop(CHOSEN, None)
            # A detector's own page links here with its id.
            if (asked := session.param("detector")) in fitting:
                st.session_state[CHOSEN] = asked
        picked = st.selectbox(
            "Detector",
            list(fitting),
            format_func=lambda one: _detector_label(fitting[one]),
            key=CHOSEN,
        )
        st.caption(plain(f"Will be read as: {described(fitting[picked].source_settings)}."))
    else:
        st.info(
            "No detector can read this file yet. Train one on a file of normal events of the same "
            "form, or choose another kind of data above."
        )
    others = [record for record in records if reasons[record.id] is not None]
    if others:
        with st.expander(f"Detectors that cannot read this file ({len(others)})"):
            st.dataframe(
                pd.DataFrame(
                    {
                        "Detector": [_detector_label(record) for record in others],
                        "Why not": [one_line(reasons[record.id] or "") for record in others],
                    }
                ),
                hide_index=True,
                alt="Detectors that cannot read this file, and why",
            )
    return fitting[picked] if fitting else None


def _detector_label(record: DetectorRecord) -> str:
    return f"{record.name}, {record.id}, trained on {shorten(one_line(record.trained_on), 60)}"
