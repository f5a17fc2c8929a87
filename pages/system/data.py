"""Files: train a detector on one, detect anomalies in one, and what was read before."""

import streamlit as st

from deepaid_ui import data, panels, problems, wizard

st.header("Data")
panels.banner()
data.jobs()
with problems.shown():
    wizard.draw()
data.runs()
