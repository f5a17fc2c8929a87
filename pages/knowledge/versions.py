"""Everything that was decided, as versions: look back, compare, try, roll back, exchange."""

import streamlit as st

from deepaid_ui import (
    exchange,
    panels,
    session,
    versions,
    versions_roll_back,
    what_if,
)

st.header("Versions")
panels.banner()
to = versions.number_param("to")
if to is not None:
    versions_roll_back.roll_back(to)
    st.stop()
log, both, trial, files = st.tabs(
    ["Timeline", "Compare", "What if", "Export and import"],
    on_change="rerun",
    key="tab",
    bind="query-params",
    default="Compare" if session.param("before") or session.param("after") else None,
)
if log.open:
    with log:
        versions.timeline()
if both.open:
    with both:
        versions.compare()
if trial.open:
    with trial:
        what_if.show()
if files.open:
    with files:
        exchange.show()
