"""What the keys of the queue do, for who asks."""

from typing import Final

import streamlit as st

__all__ = ["KEYS", "show"]

KEYS: Final = (
    ("J", "next finding"),
    ("K", "previous finding"),
    ("O", "open it"),
    ("T", "verdict: true positive"),
    ("F", "verdict: false positive"),
    ("B", "verdict: benign positive"),
    ("U", "verdict: undetermined"),
    ("Ctrl+Enter", "save the verdict and go on"),
    ("A", "assign to me"),
    ("E", "add to a case"),
    ("Z", "undo what was done last"),
)


def show() -> None:
    """A button that tells the keys."""
    with st.popover("Keys", icon=":material/keyboard:", key="keys"):
        lines = "\n".join(f"| `{key}` | {what} |" for key, what in KEYS)
        st.markdown(f"| Key | What it does |\n|---|---|\n{lines}")
        st.caption(
            "They act on the ticked findings, or where none is ticked on the one in the preview. "
            "None does anything while you type or while a dialog is open."
        )
