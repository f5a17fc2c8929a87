"""Detectors: what there is and how good it is, training, thresholds, evaluation, drift."""

import streamlit as st

from deepaid_ui import detectors, detectors_one, panels, session

st.header("Detectors")
panels.banner()
asked = session.param("id")
if asked is not None:
    record = detectors.found(asked)
    if record is not None:
        detectors_one.show(record)
        st.stop()
    st.warning("There is no such detector; here are all of them.")
detectors.show()
