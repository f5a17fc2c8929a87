"""Cases: findings that belong together, what analysts make of them, and where that stands."""

import streamlit as st

from deepaid_ui import case_list, case_page, panels, report_form, session

asked = session.param("case")
found = case_page.found(asked) if asked is not None else None
if found is None:
    st.header("Cases")
panels.banner(shortcut=not report_form.asking())
if found is not None:
    case_page.show(found)
else:
    if asked is not None:
        st.warning("There is no such case; here are all of them.")
    case_list.show()
