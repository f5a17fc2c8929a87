"""Captures: detect anomalies in one, train a detector on one, and what was done before."""

import streamlit as st

from deepaid_ui import data, panels

st.header("Data")
panels.banner()
data.jobs()
detect, train = st.tabs(
    ["Detect anomalies", "Train a detector"], on_change="rerun", key="tab", bind="query-params"
)
if detect.open:
    with detect:
        data.detect()
if train.open:
    with train:
        data.train()
data.runs()
