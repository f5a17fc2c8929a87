"""How far what a detector reads now is from its training."""

import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.drift import Drift
from deepaid_core.figures.drift import (
    STRONG,
    WEAK,
    drift_words,
    feature_shifts,
    score_shift,
    scores_table,
    shifts_table,
)
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import drift
from deepaid_ui import charts, detectors_scores, navigation, panels
from deepaid_ui.text import plain
from deepaid_ui.views.parts import twin
from deepaid_ui.workspace import workspace

__all__ = ["show"]


# As a resource: nothing of it is ever changed.
@st.cache_resource(max_entries=8, show_spinner=False)
def _drift(home: str, detector_id: str, at: str) -> Drift:
    return drift.drift_of(workspace(), detector_id)


def show(record: DetectorRecord) -> None:
    """Scores and columns of the latest run against training."""
    found = _drift(str(workspace().home), record.id, detectors_scores.mark())
    if found.run_id is None:
        panels.empty_state(
            "Nothing to compare with yet",
            "Drift compares what the detector read last with what it was trained on. Detect "
            "anomalies in a newer file with it; from then on this tab says how far that file is "
            "from training.",
        )
        for line in found.notes:
            st.caption(plain(line))
        navigation.link("data", "Go to the Data page", {"detector": record.id})
        return
    st.text(
        f"{shorten(found.source_name, 80)}, read {format_time_utc(found.finished_time)}, "
        f"{format_count(found.events, 'event')}, against training"
    )
    charts.show(score_shift(found.scores), key=f"score-shift-{record.id}")
    if found.scores is not None:
        st.caption(
            f"Stability index {found.scores.psi:.2f}: under {WEAK} slight, from {STRONG} strong, "
            f"so {drift_words(found.scores.psi)}. Attacks in the file shift the scores too; where "
            "columns moved and nothing was attacked, train anew on a recent ordinary day."
        )
        with st.popover("The scores in numbers", icon=":material/table:"):
            twin(scores_table(found.scores), key=f"scores-twin-{record.id}")
    charts.show(feature_shifts(found.features), key=f"columns-{record.id}")
    if found.features:
        with st.expander("All columns in numbers"):
            twin(shifts_table(found.features), key=f"columns-twin-{record.id}", height=360)
    for line in found.notes:
        st.caption(plain(line))
