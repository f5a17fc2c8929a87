"""Router: page config, logo, navigation; nothing else."""

from pathlib import Path

import streamlit as st

from deepaid_ui import navigation, panels, problems

ASSETS = Path(__file__).parent / "assets"

# No page title here: it would override every page's own title.
st.set_page_config(layout="wide", page_icon=str(ASSETS / "logo.svg"))
st.logo(str(ASSETS / "logo.svg"), size="large")
page = navigation.declare()
with problems.shown():
    panels.sidebar()
    page.run()
