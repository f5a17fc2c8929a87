"""The score of an anomaly on one narrow line: normal, threshold, closest normal, anomaly."""

import math

import plotly.graph_objects as go

from deepaid_core.figures.numbers import format_score
from deepaid_core.figures.scores import is_wide
from deepaid_core.figures.theme import BAND, BLUE, GREY, VERMILLION

__all__ = ["gauge_sentence", "score_gauge"]

_NEAR = 0.34
"""Share of the width below which two labels would touch."""
_ROOM = 0.75


def gauge_sentence(score: float, threshold: float, reference_score: float) -> str:
    """What the gauge shows, in words; its text alternative."""
    accepted = "accepted" if reference_score <= threshold else "still flagged"
    return (
        f"Score {format_score(score)}, threshold {format_score(threshold)}, closest normal "
        f"{format_score(reference_score)} ({accepted})"
    )


def score_gauge(score: float, threshold: float, reference_score: float) -> go.Figure | None:
    """Where the score lies against threshold and closest normal, without axis or title.

    Args:
        score: Of the anomaly.
        threshold: The detector's.
        reference_score: Of the closest normal event.

    Returns:
        None where a score is no finite number and nothing can be drawn.
    """
    values = (score, threshold, reference_score)
    if not all(map(math.isfinite, values)):
        return None
    log = is_wide(values)
    anomaly, bound, normal = (math.log10(value) if log else value for value in values)
    low, high = min(anomaly, bound, normal), max(anomaly, bound, normal)
    room = (high - low or max(abs(high), 1.0)) * 0.18
    left, right = low - room, high + room
    # The threshold is named below the line, so that its label never meets the other two; those
    # read away from each other where they are close, which takes room on the right.
    close = abs(anomaly - normal) < _NEAR * (right - left)
    if close:
        right += (high - low) * _ROOM
    marks = (
        ("anomaly", score, anomaly, "diamond", VERMILLION, 0.0, normal <= anomaly),
        ("closest normal", reference_score, normal, "circle-open", BLUE, 2.5, normal > anomaly),
    )
    return go.Figure(
        data=[
            {
                "type": "scatter", "mode": "markers", "x": [spot], "y": [0],
                "marker": {"symbol": symbol, "color": color, "size": 13, "line": {"width": line}},
                "hovertext": [f"{name}: {format_score(value)}"], "hoverinfo": "text",
            }
            for name, value, spot, symbol, color, line, _ in marks
        ],
        layout={
            "xaxis": {"visible": False, "range": [left, right], "fixedrange": True},
            "yaxis": {"visible": False, "range": [-1, 1], "fixedrange": True},
            "shapes": [
                {
                    "type": "line", "x0": left, "x1": right, "y0": 0, "y1": 0, "layer": "below",
                    "line": {"color": GREY, "width": 1},
                },
                {
                    "type": "rect", "x0": left, "x1": bound, "y0": -0.34, "y1": 0.34,
                    "fillcolor": BAND, "line": {"width": 0}, "layer": "below",
                },
                {
                    "type": "line", "x0": bound, "x1": bound, "y0": -0.5, "y1": 0.5,
                    "line": {"color": GREY, "width": 2, "dash": "dash"},
                },
            ],
            "annotations": [
                *(
                    {
                        "x": spot, "y": 0, "yshift": 17, "showarrow": False,
                        "text": f"{name} {format_score(value)}", "font": {"size": 11},
                        "xanchor": ("left" if right_one else "right") if close
                        else ("right" if right_one else "left"),
                        "xshift": (8 if right_one else -8) if close else 0,
                    }
                    for name, value, spot, _, _, _, right_one in marks
                ),
                {
                    "x": bound, "y": 0, "yshift": -17, "showarrow": False, "font": {"size": 11},
                    "text": f"threshold {format_score(threshold)}",
                    "xanchor": "left" if bound - left < right - bound else "right",
                },
            ],
            "height": 62,
            "margin": {"l": 0, "r": 0, "t": 2, "b": 2},
            "showlegend": False,
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
        },
    )  # fmt: skip
