"""Deviations of one method in a narrow place, beside those of others."""

from typing import Final

import plotly.graph_objects as go

from deepaid_core.domain.interpretation import Deviation, Interpretation
from deepaid_core.figures.deviations import column_title, deviations
from deepaid_core.figures.numbers import format_share, format_value
from deepaid_core.figures.text import figure_text, shorten, visible
from deepaid_core.figures.theme import wrapped

__all__ = ["deviation_lines"]

_LINES: Final = 3  # most lines of words above each line of the figure
_LINE, _GAP = 14, 26


def deviation_lines(interpretation: Interpretation, *, letters: int) -> go.Figure:
    """The figure of deviations for a narrow place: all words stand above their lines.

    Args:
        interpretation: What to draw.
        letters: Most letters of a line of words.
    """
    figure = deviations(interpretation)
    drawn = [one for one in interpretation.deviations if one.cells]
    if not drawn:
        return figure
    words = [_words(rank, one, letters) for rank, one in enumerate(drawn, start=1)]
    tallest = max(len(lines) for lines in words)
    row = _LINE * tallest + _GAP
    figure.layout.annotations = [
        {
            "x": 0, "xref": "paper", "xanchor": "left", "y": -place, "yanchor": "bottom",
            "yshift": 6, "showarrow": False, "align": "left", "font": {"size": 11},
            "text": "<br>".join(lines),
        }
        for place, lines in enumerate(words)
    ]  # fmt: skip
    figure.update_yaxes(showticklabels=False, range=[-len(words) + 0.7, 0.98])
    figure.update_xaxes(showticklabels=False, title=None)
    figure.update_layout(
        title=None,
        showlegend=False,
        margin={"l": 4, "r": 4, "t": 4, "b": 4},
        height=row * len(words) + 16,
    )
    return figure


def _words(rank: int, deviation: Deviation, letters: int) -> list[str]:
    cell = deviation.cells[0]
    where = column_title(deviation, cell)
    title = f"{rank}. {deviation.title}" + (f", {where}" if where else "")
    lines = wrapped(visible(shorten(title, _LINES * letters)), letters, max_lines=_LINES - 1)
    observed, reference = (
        figure_text(shorten(format_value(value, cell.unit), letters // 2))
        for value in (cell.observed, cell.reference)
    )
    share = format_share(deviation.weight)
    return [*(figure_text(line) for line in lines), f"<b>{observed} → {reference}</b>  ({share})"]
