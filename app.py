"""Router: page config, logo, navigation; nothing else."""

from pathlib import Path

import streamlit as st

from deepaid_ui import navigation, panels, problems

ASSETS = Path(__file__).parent / "assets"
SIDEBAR_WIDTH = 220

# No page title here: it would override every page's own title.
st.set_page_config(
    layout="wide", page_icon=str(ASSETS / "icon.svg"), initial_sidebar_state=SIDEBAR_WIDTH
)
st.logo(str(ASSETS / "logo.svg"), size="large", icon_image=str(ASSETS / "icon.svg"))
page = navigation.declare()
with problems.shown():
    panels.style()
    with st.sidebar:
        navigation.menu()
    panels.sidebar()
    page.run()
