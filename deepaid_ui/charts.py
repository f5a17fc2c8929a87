"""Placing a figure on a page."""

from collections.abc import Callable
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from deepaid_core.figures.theme import wrapped

__all__ = ["clickable", "compact", "narrow", "picked", "show", "still"]


_NARROW_TITLE = 46
_TITLE_LINE = 20


def _config(name: str) -> dict[str, Any]:
    return {
        "displaylogo": False,
        "toImageButtonOptions": {"format": "svg", "filename": name, "scale": 2},
        "modeBarButtonsToRemove": ["select2d", "lasso2d", "autoScale2d"],
    }


def _alt(figure: go.Figure) -> str:
    return str(figure.layout.title.text or "Chart").replace("<br>", " ")


def show(figure: go.Figure, key: str, *, alt: str = "") -> None:
    """Show a figure in full width.

    Never cache the figure itself: read from a cache it loses its first selection.

    Args:
        figure: What to show.
        key: Of the widget.
        alt: What a screen reader says; the figure's title where empty.
    """
    st.plotly_chart(
        figure,
        width="stretch",
        key=key,
        config=_config(key),
        alt=alt or _alt(figure),
        theme="streamlit",
    )


def still(figure: go.Figure, key: str, *, alt: str) -> None:
    """Show a small figure that answers to hovering only, without the bar of tools."""
    st.plotly_chart(
        figure,
        width="stretch",
        key=key,
        config={"displayModeBar": False, "scrollZoom": False},
        alt=alt,
        theme="streamlit",
    )


def picked(figure: go.Figure, key: str) -> Any:
    """Show a figure; returns the `customdata` of the point that is clicked, or None.

    Args:
        figure: Its clickable points carry `customdata`.
        key: Must change with the data, since a browser keeps selections by position.
    """
    event = st.plotly_chart(
        figure,
        width="stretch",
        key=key,
        config=_config(key),
        alt=_alt(figure),
        theme="streamlit",
        on_select="rerun",
        selection_mode="points",
    )
    points = event["selection"]["points"]
    return points[0].get("customdata") if points else None


def clickable(figure: go.Figure, key: str, on_click: Callable[[Any], None]) -> None:
    """Show a figure; a click hands over the `customdata` of its point before the page is drawn.

    Args:
        figure: Its clickable points carry `customdata`.
        key: Of the widget.
        on_click: Called in a callback.
    """

    def clicked() -> None:
        points = st.session_state[key]["selection"]["points"]
        if points and points[0].get("customdata") is not None:
            on_click(points[0]["customdata"])

    st.plotly_chart(
        figure,
        width="stretch",
        key=key,
        config=_config(key),
        alt=_alt(figure),
        theme="streamlit",
        on_select=clicked,
        selection_mode="points",
    )


def narrow(figure: go.Figure, *, letters: int = _NARROW_TITLE) -> go.Figure:
    """The figure with its title wrapped for half the width of a page; changed in place.

    Args:
        figure: Any.
        letters: Most letters of a line of its title.
    """
    old = str(figure.layout.title.text or "").split("<br>")
    # A word may be a character reference, which no break may tear apart.
    new = wrapped(" ".join(old), letters, tear=False)
    extra = _TITLE_LINE * max(0, len(new) - len(old))
    figure.update_layout(
        # Plotly places the middle line of a title, so each further line needs half of itself.
        title={"text": "<br>".join(new), "pad": {"t": 8 + _TITLE_LINE // 2 * (len(new) - 1)}},
        height=(figure.layout.height or 300) + extra,
        margin={"t": (figure.layout.margin.t or 0) + extra},
    )
    return figure


def compact(figure: go.Figure, *, row_height: int = 46) -> go.Figure:
    """The deviation figure for a narrow panel: labels above their lines, no title, no axis.

    Args:
        figure: As `figures.deviations` draws it; changed in place.
        row_height: Pixels per deviation.
    """
    heights = figure.layout.yaxis.tickvals or ()
    labels = figure.layout.yaxis.ticktext or ()
    if not labels:
        return figure
    figure.layout.annotations = ()
    for height, label in zip(heights, labels, strict=True):
        figure.add_annotation(
            x=0, xref="paper", xanchor="left", y=height, yshift=15, showarrow=False,
            text=label.replace("<br>", " "), font={"size": 11},
        )  # fmt: skip
    figure.update_yaxes(showticklabels=False)
    figure.update_xaxes(showticklabels=False, title=None)
    figure.update_layout(
        title=None,
        showlegend=False,
        margin={"l": 4, "r": 4, "t": 16, "b": 4},
        height=row_height * len(labels) + 24,
    )
    return figure
