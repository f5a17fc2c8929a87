"""The keys of a finding's page, and the tabs that some of them open."""

from typing import Final

import streamlit as st

from deepaid_ui import case_form, report_form, suppress_form

__all__ = [
    "ACTIVITY",
    "BENCH",
    "DEVIATIONS",
    "EVIDENCE",
    "HISTORY",
    "TABS",
    "asking",
    "show",
    "tab_keys",
]

DEVIATIONS, BENCH = "Deviations", "What would make this normal?"
HISTORY, EVIDENCE, ACTIVITY = "Pattern and history", "Evidence", "Activity"
TABS: Final = (DEVIATIONS, BENCH, HISTORY, EVIDENCE, ACTIVITY)
"""The tabs in the order of their keys."""

KEYS: Final = (
    ("J", "next finding"),
    ("K", "previous finding"),
    ("T", "verdict: true positive"),
    ("F", "verdict: false positive"),
    ("B", "verdict: benign positive"),
    ("U", "verdict: undetermined"),
    ("Ctrl+Enter", "save the verdict and go on; in a note, add it"),
    ("A", "assign to me"),
    ("E", "add to a case"),
    ("Z", "undo what was done last"),
    *((str(place), f"tab: {name}") for place, name in enumerate(TABS, start=1)),
)


def asking() -> bool:
    """Whether a dialog is open: keys would reach the page behind it."""
    return suppress_form.asking() or case_form.asking() or report_form.asking()


def show() -> None:
    """A button that tells the keys."""
    with st.popover("Keys", icon=":material/keyboard:", key="keys"):
        lines = "\n".join(f"| `{key}` | {what} |" for key, what in KEYS)
        st.markdown(f"| Key | What it does |\n|---|---|\n{lines}")
        st.caption("None does anything while you type or while a dialog is open.")


def _open(name: str) -> None:
    st.session_state["tab"] = name


def tab_keys() -> None:
    """Keys of the tabs; their buttons are not shown, since the tabs themselves are."""
    if asking():
        return
    with st.container(key="tab_keys"):
        for place, name in enumerate(TABS, start=1):
            st.button(
                f"Tab {place}",
                key=f"tab_key_{place}",
                shortcut=str(place),
                on_click=_open,
                args=(name,),
            )
