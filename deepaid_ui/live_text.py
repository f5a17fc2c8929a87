"""What is being typed into a text area, before the field is left.

Streamlit hears of a text area when it loses the focus; a refresh in the middle of a sentence would
lose it. A small component beside the field tells the server once typing pauses.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import streamlit as st

__all__ = ["watch"]

_PAUSE_MS = 700
_HTML = "<span hidden></span>"
_JS = """
export default function({data, setStateValue}) {
  let timer = null;
  const field = target => target instanceof HTMLTextAreaElement
    && target.closest('.st-key-' + CSS.escape(data.box));
  const typed = event => {
    if (!field(event.target)) return;
    clearTimeout(timer);
    const box = event.target;
    timer = setTimeout(() => setStateValue('text', box.value), data.pause);
  };
  // Left, the field speaks for itself.
  const left = event => { if (field(event.target)) clearTimeout(timer); };
  // So it does with Ctrl+Enter; a word later would wipe what the save had to say.
  const applied = event => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) left(event);
  };
  document.addEventListener('input', typed, true);
  document.addEventListener('focusout', left, true);
  document.addEventListener('keydown', applied, true);
  return () => {
    clearTimeout(timer);
    document.removeEventListener('input', typed, true);
    document.removeEventListener('focusout', left, true);
    document.removeEventListener('keydown', applied, true);
  };
}
"""


@cache
def _component() -> Any:
    return st.components.v2.component("deepaid_live_text", html=_HTML, js=_JS)


def watch(box: str, typed: Callable[[str], None]) -> None:
    """Have a function called with the text whenever typing pauses.

    Args:
        box: Key of the text area, of letters, digits, "-" and "_".
        typed: Called as a callback, so before the page is drawn.
    """
    key = f"live-{box}"

    def heard() -> None:
        said = st.session_state.get(key)
        text = said.get("text") if isinstance(said, Mapping) else None
        if isinstance(text, str):
            typed(text)

    with st.container(key=f"live_place-{box}"):
        _component()(data={"box": box, "pause": _PAUSE_MS}, key=key, on_text_change=heard)
