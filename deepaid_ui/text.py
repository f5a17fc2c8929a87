"""Untrusted text on its way to places that read Markdown, and to spreadsheets."""

import re

from deepaid_core.figures.text import spreadsheet_cell, visible

__all__ = ["one_line", "plain", "spreadsheet_cell"]

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:@^&=\"'/])")
_BREAKS = re.compile(r"\s*[\r\n\u2028\u2029]+\s*")


def one_line(value: str) -> str:
    """The text on one line, with hidden characters written as their code point."""
    return visible(_BREAKS.sub(" ", value))


def plain(value: str) -> str:
    """Markdown that shows exactly the given text: no link, image, icon or style comes of it.

    Streamlit reads labels, captions, badges, toasts and errors as Markdown, so what attackers or
    analysts wrote must pass through here (or through `st.text`, `st.code`, `st.dataframe`).
    """
    return _PUNCTUATION.sub(r"\\\1", one_line(value))
