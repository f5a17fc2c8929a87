"""Untrusted text on its way to places that read Markdown."""

import re

__all__ = ["cell", "plain", "shorten"]

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$:@^&=\"'/])")
_LINE_BREAKS = re.compile(r"[\r\n\u2028\u2029\x00-\x1f\x7f]+")
# Direction marks can make "cod.exe" read "exe.doc"; they carry no meaning in host names.
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def plain(value: str) -> str:
    """Markdown that shows exactly the given text, on one line: no link, image, icon or style.

    Streamlit reads labels, captions, badges, toasts and table cells as Markdown, so host names
    and log lines must pass through here (or through `st.text`, `st.code`, `st.dataframe`).
    """
    line = _DIRECTIONS.sub("", _LINE_BREAKS.sub(" ", value))
    return _PUNCTUATION.sub(r"\\\1", line)


def shorten(value: str, *, limit: int = 80) -> str:
    """The text on one line, cut to at most `limit` characters."""
    line = _DIRECTIONS.sub("", _LINE_BREAKS.sub(" ", value)).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def cell(value: str) -> str:
    """A cell of a CSV file that no spreadsheet takes for a formula."""
    return "'" + value if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
