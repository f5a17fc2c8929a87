"""One finding: why it was flagged, what would be normal, what was decided before, the verdict."""

import streamlit as st

from deepaid_core.errors import NotFoundError
from deepaid_core.workflow import distill
from deepaid_ui import (
    case_form,
    investigate,
    investigate_activity,
    investigate_evidence,
    investigate_header,
    investigate_history,
    investigate_keys,
    investigate_notices,
    navigation,
    panels,
    problems,
    session,
    suppress_form,
)
from deepaid_ui.workspace import workspace

finding_id = session.opened_finding()
if finding_id is None:
    panels.empty_state(
        "No finding is chosen", "Open one from a row of the queue; it will have its own address."
    )
    navigation.link("queue", "Go to the queue", icon=":material/list:")
    st.stop()

store = workspace().store
try:
    finding, row = store.finding(finding_id), store.row(finding_id)
except NotFoundError as error:
    problems.show(error)
    navigation.link("queue", "Go to the queue", icon=":material/list:")
    st.stop()
view = session.QueueView.carried()
suggestion = distill.suggestions(workspace(), [row])[row.id]
pattern = store.pattern(row.pattern_id)
keys = not investigate_keys.asking()

panels.banner(shortcut=keys)
suppress_form.burst_dialog()
case_form.dialog()
investigate_header.header(finding, row, view)
investigate_notices.of_detector(finding)
investigate_keys.tab_keys()
main, side = st.columns([0.67, 0.33], gap="medium")
with main:
    why, bench, history, evidence, activity = st.tabs(
        investigate_keys.TABS, on_change="rerun", key="tab", bind="query-params"
    )
    if why.open:
        with why:
            investigate.deviations(finding)
    if bench.open:
        with bench:
            # Imported here: most findings are judged without it.
            from deepaid_ui import bench as bench_page

            bench_page.show(finding)
    if history.open:
        with history:
            investigate_history.history(finding, row, pattern, suggestion)
    if evidence.open:
        with evidence:
            investigate_evidence.evidence(finding)
    if activity.open:
        with activity:
            investigate_activity.show(finding, shortcuts=keys)
with side, st.container(key="rail"):
    investigate.rail(
        finding,
        row,
        view,
        pattern=pattern,
        suggestion=suggestion,
        save_key=not activity.open,
    )
