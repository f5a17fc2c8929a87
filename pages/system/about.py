"""What runs here: detectors, workspace, limits."""

import streamlit as st

from deepaid_ui import about, panels

st.header("About")
panels.banner()
about.detectors()
about.installation()
about.limitations()
