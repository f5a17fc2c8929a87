"""Findings to judge: filter, sort, group, decide on one or many."""

import streamlit as st

from deepaid_ui import panels, queue_view

st.header("Queue")
panels.banner(shortcut=not queue_view.asking())
queue_view.dialogs()
queue_view.show()
