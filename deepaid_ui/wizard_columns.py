"""Widgets that choose among the columns of a file, and a table of its beginning."""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.figures.text import shorten
from deepaid_core.workflow.previews import Preview
from deepaid_ui.text import one_line

__all__ = ["pick_column", "pick_columns", "short_name", "show_preview"]

_MOST_WRAPPED: Final = 60  # columns; more of them would push the rest off the page


def pick_columns(
    label: str, columns: Sequence[str], proposed: Sequence[str], *, key: str, help: str = ""
) -> list[str]:
    """Let some columns be chosen."""
    labels = _labels(columns)
    return st.multiselect(
        label,
        columns,
        default=[name for name in proposed if name in columns],
        format_func=lambda name: labels[name],
        key=key,
        help=help or None,
        wrap=len(columns) <= _MOST_WRAPPED,
    )


def pick_column(
    label: str, columns: Sequence[str], proposed: str, *, key: str, help: str = ""
) -> str:
    """Let a column be chosen; empty where none is."""
    labels = _labels(columns)
    picked = st.selectbox(
        label,
        columns,
        index=columns.index(proposed) if proposed in columns else None,
        format_func=lambda name: labels[name],
        placeholder="No column",
        key=key,
        help=help or None,
    )
    return picked or ""


def _labels(columns: Sequence[str]) -> dict[str, str]:
    """A short label for each column, no two alike."""
    labels: dict[str, str] = {}
    for place, name in enumerate(columns, start=1):
        short = short_name(name)
        labels[name] = f"{short} ({place})" if short in labels.values() else short
    return labels


def short_name(name: str) -> str:
    """Name of a column on one line, cut where it is long."""
    return shorten(one_line(name), 50)


def show_preview(seen: Preview, *, key: str, alt: str) -> None:
    """The beginning of a file as a table; its text is a stranger's and stays text."""
    st.dataframe(
        pd.DataFrame([*seen.rows], columns=list(_labels(seen.columns).values())),
        key=key,
        hide_index=True,
        height=min(280, 38 + 35 * max(1, len(seen.rows))),
        alt=alt,
    )
