"""Findings to judge: filter, sort, group, bulk verdict."""

import streamlit as st

from deepaid_ui import panels, queue_view, suppress_form

st.header("Queue")
panels.banner(shortcut=not suppress_form.asking())
suppress_form.burst_dialog()
queue_view.show()
