"""The way of one pattern through the machine: its states, and what analysts called it."""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import figure_text
from deepaid_core.figures.theme import (
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    empty_figure,
    finish,
    wrapped,
)

__all__ = ["Outcome", "path_figure", "path_table"]

Outcome = tuple[str, str, int]
"""Label, category, and how many decisions in force ended there."""

_MOST: Final = 6
_LETTERS, _LINES = 22, 4
_STYLES: Final = {
    "true positive": (VERMILLION, "diamond"),
    "false positive": (BLUE, "circle"),
    "benign positive": (GREEN, "square"),
    "undetermined": (PURPLE, "triangle-up"),
}


def path_figure(states: Sequence[str], outcomes: Sequence[Outcome]) -> go.Figure:
    """States from left to right, strongest first, and to their right what was decided.

    Args:
        states: In an analyst's words.
        outcomes: Most decisions first; the width of a line says how many.
    """
    if not states:
        return empty_figure("A path without states", "The interpretation names no deviation.")
    shown = list(outcomes[:_MOST])
    middle = (len(shown) - 1) / 2 if shown else 0.0
    end = float(len(states))
    traces = [
        {
            "type": "scatter", "mode": "lines+markers",
            "x": [float(at) for at in range(len(states))],
            "y": [middle] * len(states), "line": {"color": GREY, "width": 3},
            "marker": {"color": GREY, "symbol": "triangle-right", "size": 14},
            "hovertext": [figure_text(state, 300) for state in states], "hoverinfo": "text",
            "showlegend": False,
        }
    ]  # fmt: skip
    total = max((count for _, _, count in shown), default=1)
    for place, (_, _, count) in enumerate(shown):
        traces.append(
            {
                "type": "scatter", "mode": "lines", "x": [end - 1, end], "y": [middle, place],
                "line": {"color": GREY, "width": 1.5 + 3.5 * count / total}, "hoverinfo": "skip",
                "showlegend": False,
            }
        )  # fmt: skip
    for label, (color, symbol) in _STYLES.items():
        places = [at for at, (own, _, _) in enumerate(shown) if own == label]
        if places:
            traces.append(
                {
                    "type": "scatter", "mode": "markers", "name": label,
                    "x": [end] * len(places), "y": [float(at) for at in places],
                    "marker": {"color": color, "symbol": symbol, "size": 14},
                    "hovertext": [
                        f"{figure_text(shown[at][1] or label, 120)}: "
                        f"{format_count(shown[at][2], 'decision')}"
                        for at in places
                    ],
                    "hoverinfo": "text",
                }
            )  # fmt: skip
    notes = [
        {
            "x": at, "y": middle, "text": _lines(f"{at + 1}. {state}"), "showarrow": False,
            "yshift": -18, "yanchor": "top", "align": "center", "font": {"size": 11},
        }
        for at, state in enumerate(states)
    ] + [
        {
            "x": end, "y": at, "showarrow": False, "xanchor": "left", "xshift": 12,
            "align": "left", "font": {"size": 11},
            "text": _lines(f"{category or label} ({count:,}×)"),
        }
        for at, (label, category, count) in enumerate(shown)
    ]  # fmt: skip
    hidden = {"visible": False, "fixedrange": True}
    return finish(
        traces,
        {
            "xaxis": {**hidden, "range": [-0.6, end + (0.9 if shown else -0.3)]},
            "yaxis": {**hidden, "range": [max(len(shown) - 1, 0) + 1.2, -0.8]},
            "annotations": notes,
        },
        title=_title(states, outcomes),
        height=150 + 40 * max(len(shown), 1),
        legend=bool(shown),
        left=10,
        right=10,
    )


def path_table(states: Sequence[str], outcomes: Sequence[Outcome]) -> Table:
    """The same as rows."""
    rows = [(f"state {at}", state, "") for at, state in enumerate(states, start=1)]
    rows += [(label, category or "no category", str(count)) for label, category, count in outcomes]
    return Table("Path, strongest state first, and the decisions in force on it",
                 ("What", "Name", "Decisions"), tuple(rows))  # fmt: skip


def _title(states: Sequence[str], outcomes: Sequence[Outcome]) -> str:
    count = format_count(len(states), "state")
    decisions = sum(number for _, _, number in outcomes)
    if not decisions:
        return f"A path of {count} that nobody has judged yet"
    label, category, most = outcomes[0]
    return (
        f"A path of {count}: {most} of {format_count(decisions, 'decision')} called it "
        f"{category or label}"
    )


def _lines(text: str) -> str:
    lines = wrapped(text, _LETTERS, max_lines=_LINES)
    return "<br>".join(figure_text(line) for line in lines)
