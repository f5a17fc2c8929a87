"""How firm an interpretation is: under the proof of a finding."""

import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.quality import Quality
from deepaid_core.figures.firmness import (
    can_change_a_little,
    firmness_sentences,
    firmness_table,
)
from deepaid_core.workflow.robustness import measure_robustness
from deepaid_ui import problems
from deepaid_ui.text import plain
from deepaid_ui.views.parts import twin
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_MEASURED = "_measured_quality"


def show(finding: Finding) -> None:
    """Sentences, the measures as a table, and a button that measures what takes its time."""
    interpretation = finding.interpretation
    newer: Quality | None = _measured().get(finding.id)
    quality = newer or interpretation.quality
    with st.container(gap="xsmall"):
        st.markdown("**How firm it is**")
        for sentence in firmness_sentences(interpretation, quality):
            st.markdown(plain(sentence))
    table = firmness_table(interpretation, quality)
    if table.rows:
        twin(table, key=f"firm-{finding.id}-{newer is not None}", title=False)
    attackable = can_change_a_little(interpretation)
    if newer is None and (quality is None or attackable):
        with st.container(horizontal=True, vertical_alignment="center"):
            asked = st.button(
                "Check against an attacker" if attackable else "Measure it now",
                key=f"attack-{finding.id}",
                icon=":material/shield:",
                help="Looks for small changes of the event that make the same search name "
                "something else. Takes some seconds; nothing is stored.",
            )
        if asked:
            with problems.shown():
                with st.spinner("Looking for the worst small changes"):
                    _measured()[finding.id] = measure_robustness(workspace(), finding)
                st.rerun()


def _measured() -> dict[str, Quality]:
    measured: dict[str, Quality] = st.session_state.setdefault(_MEASURED, {})
    return measured
