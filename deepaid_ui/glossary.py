"""The glossary on a page, and what the columns of a finding mean."""

from collections.abc import Iterable, Sequence
from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.figures import glossary
from deepaid_core.figures.glossary import Entry
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten
from deepaid_ui import panels
from deepaid_ui.text import plain

__all__ = ["columns_of", "show"]

_LONGEST: Final = 120


def show() -> None:
    """Search and sections; each entry with a plain sentence, unit and example."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        text = st.text_input(
            "Search",
            key="q",
            placeholder="A word, or a column such as HH_0.1_mean_0",
            icon=":material/search:",
            max_chars=_LONGEST,
            bind="query-params",
            width=380,
        )
        section = st.segmented_control(
            "Section", glossary.SECTIONS, key="section", bind="query-params"
        )
    found = _found((text or "").strip(), section)
    if not found:
        panels.empty_state(
            "No entry matches",
            "Try fewer letters, another section, or the name of a column as it stands in the data.",
        )
        return
    st.caption(
        f"{format_count(len(found), 'entry', 'entries')}. Columns of packets look back: "
        "“last 10 s” means that a packet 10 seconds ago counts half, one 20 seconds ago a quarter."
    )
    _table(found, alt="Glossary")


def columns_of(interpretation: Interpretation) -> None:
    """What the columns in the deviations of a finding mean."""
    names = dict.fromkeys(cell.name for one in interpretation.deviations for cell in one.cells[:1])
    if not names:
        return
    with st.expander("What do these columns mean?", icon=":material/help:"):
        _table([glossary.column(name) for name in names], alt="What the columns mean")


def _found(text: str, section: str | None) -> list[Entry]:
    entries: Iterable[Entry] = glossary.entries()
    if section:
        entries = (one for one in entries if one.section == section)
    if not text:
        return list(entries)
    words = text.casefold().split()
    matching = [
        one
        for one in entries
        if all(word in f"{one.name} {one.meaning} {one.column}".casefold() for word in words)
    ]
    exact = glossary.column(text)
    if exact.section != "Own columns" and (not section or exact.section == section):
        matching = [exact, *(one for one in matching if one.name != exact.name)]
    return matching


def _table(entries: Sequence[Entry], *, alt: str) -> None:
    # A plain table wraps its sentences. It reads Markdown, and columns may be called anything.
    st.table(
        pd.DataFrame(
            {
                "Name": [plain(shorten(one.name, _LONGEST)) for one in entries],
                "What it means": [plain(shorten(one.meaning, _LONGEST * 4)) for one in entries],
                "Unit": [plain(one.unit) for one in entries],
                "Example": [plain(one.example) for one in entries],
                "Column": [plain(shorten(one.column, _LONGEST)) for one in entries],
            }
        ),
        border="horizontal",
        hide_index=True,
        alt=alt,
    )
