"""Blocks that the views share: the sentences on top, and tables beside pictures."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from deepaid_core.domain.finding import Finding
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten
from deepaid_core.figures.words import sentences
from deepaid_ui import tables
from deepaid_ui.text import one_line, plain

__all__ = ["headline", "twin"]

_LONGEST = 400
_CELL = 300
_ROW, _ROWS = 35, 10


def headline(finding: Finding) -> None:
    """What is unusual and what would be normal, the first sentence standing out."""
    first, *rest = sentences(finding) or ("Nothing is known of this event.",)
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{plain(shorten(first, _LONGEST))}**")
        for sentence in rest:
            st.markdown(plain(shorten(sentence, _LONGEST)))


def twin(
    table: Table,
    *,
    key: str,
    title: bool = True,
    height: int | str = "content",
    empty: str = "Nothing is known.",
) -> None:
    """A table of the core; where it has no rows, a sentence that says so."""
    if title:
        st.markdown(f"**{plain(table.title)}**")
    if not table.rows:
        st.caption(plain(empty))
        return
    if height == "content" and len(table.rows) > _ROWS:
        height = _ROW * (_ROWS + 1)
    tables.show(_frame(table), key=key, alt=one_line(table.title), clickable=False, height=height)


def _frame(table: Table) -> pd.DataFrame:
    columns: Sequence[Sequence[str | int]] = list(zip(*table.rows, strict=True))
    return pd.DataFrame(
        {
            name: [
                value if isinstance(value, int) else one_line(shorten(str(value), _CELL))
                for value in column
            ]
            for name, column in zip(table.columns, columns, strict=True)
        }
    )
