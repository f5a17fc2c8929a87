"""One finding: why it was flagged, the proof, its evidence, its pattern, and the verdict."""

import streamlit as st

from deepaid_core.workflow import distill
from deepaid_ui import investigate, navigation, panels, session, suppress_form
from deepaid_ui.workspace import workspace

finding_id = session.opened_finding()
if finding_id is None:
    panels.empty_state(
        "No finding is chosen", "Open one from a row of the queue; it will have its own address."
    )
    navigation.link("queue", "Go to the queue", icon=":material/list:")
    st.stop()

store = workspace().store
finding, row = store.finding(finding_id), store.row(finding_id)
view = session.QueueView.carried()
suggestion = distill.suggestions(workspace(), [row])[row.id]
pattern = store.pattern(row.pattern_id)

panels.banner(shortcut=not suppress_form.asking())
suppress_form.burst_dialog()
investigate.header(finding, row, view)
main, side = st.columns([0.7, 0.3], gap="medium")
with main:
    why, proof, evidence, history = st.tabs(
        ["Why", "Proof", "Evidence", "Pattern and history"],
        on_change="rerun",
        key="tab",
        bind="query-params",
    )
    if why.open:
        with why:
            investigate.why(finding)
    if proof.open:
        with proof:
            investigate.proof(finding)
    if evidence.open:
        with evidence:
            investigate.evidence(finding)
    if history.open:
        with history:
            investigate.history(finding, row, pattern, suggestion)
with side, st.container(key="rail"):
    investigate.rail(finding, row, view, pattern=pattern, suggestion=suggestion)
