"""Patterns, the state graph they form, and the log of verdicts that taught it."""

import streamlit as st

from deepaid_ui import navigation, panels, patterns, session
from deepaid_ui.workspace import workspace

st.header("Patterns")
panels.banner()
everything = workspace().store.patterns()
if not everything:
    panels.empty_state(
        "No patterns yet",
        "Load the demo data on the Overview, or detect anomalies in a capture under Data.",
    )
    navigation.link("overview", "Go to the Overview", icon=":material/dashboard:")
    st.stop()

chosen = session.param("pattern")
if chosen is not None:
    pattern = next((one for one in everything if one.pattern_id == chosen), None)
    if pattern is not None:
        patterns.detail(pattern)
        st.stop()
    st.warning("There is no such pattern; here are all of them.")

overview, graph, log = st.tabs(
    ["All patterns", "State graph", "Verdict log"],
    on_change="rerun",
    key="tab",
    bind="query-params",
    default="Verdict log" if session.param("entry") else None,
)
if overview.open:
    with overview:
        patterns.overview(everything)
if graph.open:
    with graph:
        patterns.graph()
if log.open:
    with log:
        patterns.log()
