"""What the words and columns on the pages mean."""

import streamlit as st

from deepaid_ui import glossary, panels

st.header("Glossary")
panels.banner()
glossary.show()
