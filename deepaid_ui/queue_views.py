"""Filters of the queue that were given a name."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import parse_qsl, urlencode

import streamlit as st

from deepaid_core.errors import ChangeRefusedError
from deepaid_core.workflow.verdict_text import checked_author, checked_line
from deepaid_ui import problems, session
from deepaid_ui.session import QueueView
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_PICK, _NAME, _DROP = "view_pick", "view_name", "view_drop"
_LONGEST = 60


def show(view: QueueView, open_view: Callable[[QueueView], None]) -> None:
    """A button that opens, saves and drops views.

    Args:
        view: What the filters ask for now.
        open_view: Has them ask for another one.
    """
    saved = workspace().store.desk.views()
    names = [one.name for one in saved]
    with st.popover("Views", icon=":material/bookmark:", key="views"):
        if saved:
            st.selectbox(
                "Open a saved view",
                names,
                index=None,
                key=_PICK,
                placeholder="Name of a view",
                on_change=problems.in_callback(_open),
                args=(open_view,),
            )
        else:
            st.caption("No view was saved yet. Set the filters, then give them a name here.")
        st.text_input(
            "Save the current filters as",
            key=_NAME,
            max_chars=_LONGEST,
            placeholder="e.g. critical and mine",
            help="Everybody who uses this workspace sees it. A view of the same name is replaced.",
        )
        st.button(
            "Save view",
            key="view_save",
            icon=":material/bookmark_add:",
            on_click=problems.in_callback(_save),
            args=(view,),
        )
        if saved:
            st.selectbox(
                "Drop a saved view", names, index=None, key=_DROP, placeholder="Name of a view"
            )
            st.button(
                "Drop view",
                key="view_gone",
                icon=":material/bookmark_remove:",
                disabled=st.session_state.get(_DROP) is None,
                on_click=problems.in_callback(_drop),
            )


def _open(open_view: Callable[[QueueView], None]) -> None:
    name = st.session_state[_PICK]
    for one in workspace().store.desk.views():
        if one.name == name:
            open_view(QueueView.of(dict(parse_qsl(one.params))))
    st.session_state[_PICK] = None


def _save(view: QueueView) -> None:
    name = checked_line(" ".join(st.session_state[_NAME].split()), "name of the view", _LONGEST)
    if not name:
        raise ChangeRefusedError("The view has no name yet; type one to save it under.")
    params = urlencode(replace(view, page=1).to_params())
    workspace().store.desk.save_view(name, params, author=checked_author(session.author() or ""))
    st.session_state[_NAME] = ""
    st.toast("The view was saved.", icon=":material/bookmark_added:")


def _drop() -> None:
    name = st.session_state[_DROP]
    workspace().store.desk.drop_view(name, author=checked_author(session.author() or ""))
    st.session_state[_DROP] = None
    st.toast("The view was dropped.", icon=":material/bookmark_remove:")
