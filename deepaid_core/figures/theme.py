"""What all figures share: colors that read on light and dark, symbols, titles, empty states."""

import html
import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from deepaid_core.figures.text import figure_text

__all__ = [
    "BAND",
    "BLUE",
    "GREEN",
    "GREY",
    "PURPLE",
    "VERMILLION",
    "empty_figure",
    "finish",
    "is_empty",
    "wrapped",
]

# Okabe and Ito's hues that keep a contrast of 3:1 on white and on a dark page alike; meaning is
# always carried by a symbol, a dash or words too.
BLUE = "#0072B2"
VERMILLION = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
GREY = "#7F7F7F"
BAND = "rgba(0, 158, 115, 0.20)"

_TITLE_WIDTH = 66
_BOTTOM = 56  # two lines of labels, as times have, or one and a title
_LETTER = 6.6  # mean width of a letter of a label
_AXIS = re.compile(r"[xy]axis\d*")
_TAG = re.compile(r"<[^>]*>")
_EMPTY = "empty"
_UNIT = re.compile(r"(?<=\d) (?=(?:%|UTC|[kMG]?B|[mµ]?s|min|h)(?![^\W_]))")


def wrapped(text: str, width: int, *, max_lines: int | None = None, tear: bool = True) -> list[str]:
    """Lines of at most `width` letters in which numbers stay with their units.

    Args:
        text: Any text.
        width: Most letters of a line.
        max_lines: The rest is left out.
        tear: Whether a word that is longer than a line is torn apart.
    """
    # `textwrap` breaks at plain blanks only.
    lines = textwrap.wrap(
        _UNIT.sub("\u00a0", text),
        width,
        max_lines=max_lines,
        placeholder=" …",
        break_long_words=tear,
    )
    return [line.replace("\u00a0", " ") for line in lines]


def finish(
    traces: Sequence[Mapping[str, Any]],
    layout: Mapping[str, Any],
    *,
    title: str,
    height: int,
    legend: bool = False,
    left: int = 60,
    right: int = 20,
) -> go.Figure:
    """A figure with its title, margins and transparent ground.

    Figures are made in one piece: changing one afterwards costs ten times as much.

    Args:
        traces: Plotly traces.
        layout: Axes, shapes and annotations.
        title: The finding as a sentence, plain text; long ones are wrapped.
        height: Height in pixels of what lies under the title and the legend.
        legend: Whether a legend is shown, in a line under the title.
        left: Left margin in pixels; wider where labels given as text need more.
        right: Right margin in pixels.
    """
    lines = wrapped(title, _TITLE_WIDTH, max_lines=3) or [""]
    top = 18 + 20 * len(lines) + (36 if legend else 8)
    return go.Figure(
        data=list(traces),
        layout={
            **_with_fixed_margins(layout),
            "title": {
                "text": "<br>".join(figure_text(line) for line in lines),
                "x": 0,
                "xref": "container",
                "xanchor": "left",
                "y": 1,
                "yref": "container",
                "yanchor": "top",
                # Plotly places the middle line, so each further line needs half of itself.
                "pad": {"t": 8 + 10 * (len(lines) - 1), "l": 4},
                "font": {"size": 15},
            },
            "height": height + top,
            "margin": {"l": max(left, _labels_width(layout)), "r": right, "t": top, "b": _BOTTOM},
            "showlegend": legend,
            "legend": {
                "orientation": "h",
                "x": 0,
                "xref": "paper",
                "xanchor": "left",
                "y": 1,
                "yanchor": "bottom",
                "bgcolor": "rgba(0,0,0,0)",
            },
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "hoverlabel": {"align": "left", "namelength": -1},
            "dragmode": "pan",
        },
    )


def _with_fixed_margins(layout: Mapping[str, Any]) -> dict[str, Any]:
    """The layout with axes that do not measure their labels.

    Streamlit's theme has every axis do so, and each then draws the whole chart a second time: of a
    finding's charts that was two thirds of the time that the browser took.
    """
    return {
        name: {**part, "automargin": False} if _AXIS.fullmatch(name) else part
        for name, part in layout.items()
    }


def _labels_width(layout: Mapping[str, Any]) -> int:
    """Pixels that the labels of the vertical axis take, with its title."""
    axis = layout.get("yaxis", {})
    if axis.get("side") == "right" or not axis.get("visible", True):
        return 0
    texts = [_TAG.sub("", line) for text in axis.get("ticktext", ()) for line in text.split("<br>")]
    longest = max((len(html.unescape(text)) for text in texts), default=0)
    return round(_LETTER * longest) + 12 + (22 if axis.get("title") else 0) if longest else 0


def empty_figure(title: str, sentence: str) -> go.Figure:
    """A figure that says in a sentence why there is nothing to draw."""
    hidden = {"visible": False, "fixedrange": True}
    note = {
        "text": "<br>".join(figure_text(line) for line in textwrap.wrap(sentence, 60)),
        "x": 0.5,
        "y": 0.5,
        "xref": "paper",
        "yref": "paper",
        "showarrow": False,
        "name": _EMPTY,
        "font": {"size": 14},
    }
    layout = {"xaxis": hidden, "yaxis": hidden, "annotations": [note]}
    return finish([], layout, title=title, height=140)


def is_empty(figure: go.Figure) -> bool:
    """Whether a figure only says that there is nothing to draw."""
    return any(note.name == _EMPTY for note in figure.layout.annotations)
