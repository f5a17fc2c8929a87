"""Patterns: what to judge next, all of them, the map they form, and one of them."""

import streamlit as st

from deepaid_core.errors import NotFoundError
from deepaid_ui import navigation, panels, pattern_detail, pattern_list, pattern_map, session
from deepaid_ui.workspace import workspace

st.header("Patterns")
panels.banner(shortcut=session.param("act") is None)
chosen = session.param("pattern")
if chosen is not None:
    try:
        pattern = workspace().store.pattern(chosen)
    except NotFoundError:
        st.warning("There is no such pattern; here are all of them.")
    else:
        pattern_detail.show(pattern)
        st.stop()

everything = workspace().store.patterns()
if not everything:
    panels.empty_state(
        "No patterns yet",
        "Load the demo data on the Overview, or detect anomalies in a capture under Data.",
    )
    navigation.link("overview", "Go to the Overview", icon=":material/dashboard:")
    st.stop()

listed, drawn = st.tabs(["All patterns", "Map"], on_change="rerun", key="tab", bind="query-params")
if listed.open:
    with listed:
        pattern_list.judge_next()
        pattern_list.show(everything)
if drawn.open:
    with drawn:
        pattern_map.show(everything)
