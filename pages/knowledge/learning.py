"""What to judge next, what is new, and how well the verdicts agree."""

import streamlit as st

from deepaid_ui import learning, learning_measured, panels
from deepaid_ui.workspace import workspace

st.header("Learning")
panels.banner()
if workspace().store.version()[1] == 0:
    learning.nothing_yet()
else:
    learning.standing()
    learning.judge_next()
    learning.new_patterns()
    learning.disagreeing()
    learning.agreement_over_time()
learning_measured.measured()
