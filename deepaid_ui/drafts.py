"""What is half-typed, kept in the database so that neither a refresh nor a crash loses it.

Drafts belong to a browser, told by a cookie that the server sets (see `server`): two analysts
never see each other's, and a second tab of one analyst goes on where the first one is. Where the
pages are served without that cookie (`streamlit run app.py`) a draft lasts as long as its session.
"""

import json
import re
from collections.abc import Mapping
from typing import Final

import streamlit as st

from deepaid_ui.workspace import workspace

__all__ = ["COOKIE", "draft", "drop", "keep", "owner"]

COOKIE: Final = "deepaid_browser"
"""Name of the cookie; its value is random and says nothing else."""

_NAME = re.compile("[0-9a-f]{32}")
_SESSION: Final = "_drafts"


def owner() -> str | None:
    """The browser's random name, or None where it has none."""
    # Without a server, as in headless tests, what stands here is no text.
    value = str(st.context.cookies.get(COOKIE, ""))
    return value if _NAME.fullmatch(value) else None


def draft(subject: str) -> dict[str, str]:
    """What this browser has half-typed on a subject, by field; empty for nothing.

    Args:
        subject: What it is about, e.g. "verdict F-0123456789" or "case 12 summary".
    """
    name = owner()
    if name is None:
        kept: dict[str, dict[str, str]] = st.session_state.get(_SESSION, {})
        return dict(kept.get(subject, {}))
    text = workspace().store.desk.draft(name, subject)
    try:
        values = json.loads(text) if text else {}
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in values.items()}


def keep(subject: str, values: Mapping[str, str]) -> None:
    """Remember what is half-typed on a subject; for use in callbacks of its widgets."""
    name = owner()
    if name is None:
        st.session_state.setdefault(_SESSION, {})[subject] = dict(values)
    else:
        workspace().store.desk.keep_draft(name, subject, json.dumps(dict(values)))


def drop(subject: str) -> None:
    """Forget it, once it was saved or given up."""
    name = owner()
    if name is None:
        st.session_state.get(_SESSION, {}).pop(subject, None)
    else:
        workspace().store.desk.keep_draft(name, subject, None)
