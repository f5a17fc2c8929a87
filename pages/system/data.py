"""Files: train a detector on one, detect anomalies in one, and what was read before."""

import streamlit as st

from deepaid_ui import data, panels, problems, wizard
from deepaid_ui.job_panel import once

st.header("Data")
panels.banner()
top, jobs = st.container(), once(data.jobs)
with problems.shown():
    wizard.draw(jobs)
with top:
    jobs()
data.runs()
