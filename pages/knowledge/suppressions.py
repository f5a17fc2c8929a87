"""What keeps findings out of the open queue: who wrote it, why, until when, and the way back."""

import streamlit as st

from deepaid_ui import panels, session, suppressions, suppressions_detail

st.header("Suppressions")
panels.banner()
asked = session.param("s")
if asked is not None:
    view = suppressions_detail.found(asked)
    if view is not None:
        suppressions_detail.detail(view)
        st.stop()
    st.warning("There is no such suppression; here are all of them.")
suppressions.show()
