"""Who did what and when, before and after; and whether anybody changed it since."""

import streamlit as st

from deepaid_ui import audit, audit_detail, panels, problems, session

st.header("Audit log")
panels.banner()
with problems.shown():
    if not audit.nothing_yet():
        query = audit.asked()
        audit.actions(query)
        if (line := session.param("line")) is not None:
            audit_detail.show(line)
        audit.check_result()
        audit.listing(query)
