"""Findings to judge: filter, sort, group, bulk verdict."""

import streamlit as st

from deepaid_ui import panels, queue_view

st.header("Queue")
panels.banner()
queue_view.show()
