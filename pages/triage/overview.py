"""What needs an analyst now."""

import streamlit as st

from deepaid_ui import overview, panels
from deepaid_ui.workspace import workspace

st.header("Overview")
panels.banner()
overview.being_prepared()
numbers = workspace().store.overview()
if numbers.findings == 0:
    overview.nothing_yet()
    st.stop()
overview.demo_outcome()
overview.counts(numbers)
overview.next_steps()
overview.over_time(numbers)
