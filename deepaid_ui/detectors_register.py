"""Registering a detector that was trained elsewhere."""

import shutil
from typing import Any, Final

import streamlit as st

from deepaid_core.figures.text import shorten
from deepaid_core.workflow.detector_exchange import register_file
from deepaid_ui import chosen_file, problems, session
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_TURN: Final = "_register_turn"


def show() -> None:
    """A file of another workspace, looked through and registered."""
    with st.expander("Register a detector that was trained elsewhere", icon=":material/input:"):
        st.caption(
            "What a detector's tab *Files* gives, or `deepaid detectors export`. It is read as "
            "numbers and settings; nothing in it can run, and what does not fit is refused."
        )
        upload = st.file_uploader(
            "A detector's file (zip)", key=f"register-{st.session_state.get(_TURN, 0)}"
        )
        st.button(
            "Register",
            type="primary",
            icon=":material/input:",
            key="register-go",
            disabled=upload is None,
            on_click=problems.in_callback(_register),
            args=(upload,),
        )


def _register(upload: Any) -> None:
    path = chosen_file.copy_of(upload)
    try:
        record = register_file(
            workspace(),
            path,
            name=shorten(one_line(upload.name), 120),
            author=session.author(),
        )
    finally:
        shutil.rmtree(path.parent, ignore_errors=True)
    # Another key drops the upload, which would stay in memory until the session ends.
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    session.remember_done(
        session.Done(f"Registered the detector {shorten(record.name, 60)}, {record.id}.")
    )
    session.set_param("id", record.id)
