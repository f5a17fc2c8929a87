"""Untrusted text on its way to places that read Markdown, and to spreadsheets."""

import re
from typing import Final

from deepaid_core.figures.text import shorten, spreadsheet_cell, visible

__all__ = ["as_written", "one_line", "plain", "spreadsheet_cell"]

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:@^&=\"'/])")
_BREAKS = re.compile(r"\s*[\r\n\u2028\u2029]+\s*")
# What becomes a link wherever it stands in Markdown, and backslashes do not help: the scheme,
# "www." and the sign of mail addresses. A word joiner is not seen and ends the spelling.
_LINKS = re.compile(r"(?<=http|ttps)(?=\\?:)|(?<=www)(?=\\?\.)|(?<=@)", re.IGNORECASE)
_JOINER: Final = "\u2060"
_LONGEST: Final = 2_000  # a name of megabytes must not be the whole page


def one_line(value: str) -> str:
    """The text on one line, with hidden characters written as their code point.

    What nobody would read to its end loses its middle.
    """
    return visible(_BREAKS.sub(" ", shorten(value, _LONGEST)))


def as_written(value: str) -> str:
    """The text with its lines, for `st.text`; otherwise as `one_line`."""
    return visible(shorten(value, _LONGEST), keep_lines=True)


def plain(value: str) -> str:
    """Markdown that shows exactly the given text: no link, image, icon or style comes of it.

    Streamlit reads labels, captions, badges, toasts and errors as Markdown, so what attackers or
    analysts wrote must pass through here (or through `st.text`, `st.code`, `st.dataframe`).
    """
    return _LINKS.sub(_JOINER, _PUNCTUATION.sub(r"\\\1", one_line(value)))
