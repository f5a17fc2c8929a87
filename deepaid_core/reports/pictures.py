"""Figures of a report with their words for those who cannot see them."""

import html

import plotly.graph_objects as go

from deepaid_core.figures.tables import Table
from deepaid_core.reports.blocks import Picture

__all__ = ["picture"]

_TOLD = 8  # rows of a twin that are read out


def picture(id: str, figure: go.Figure, twin: Table | None, *, note: str = "") -> Picture:
    """A figure with its title as plain text; its table, where it has one, is read out too."""
    title = html.unescape((figure.layout.title.text or "").replace("<br>", " "))
    alt = title
    if twin is not None and twin.rows:
        told = "; ".join(", ".join(str(cell) for cell in row) for row in twin.rows[:_TOLD])
        rest = len(twin.rows) - _TOLD
        alt = f"{title}. {told}{f'; and {rest} more' if rest > 0 else ''}."
    return Picture(id, title, alt, figure, twin, note)
