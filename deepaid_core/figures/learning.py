"""What verdicts did: how many false positives they took out of the queue, how far they agree."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import plotly.graph_objects as go

from deepaid_core.figures.numbers import format_count, format_share, format_time_utc
from deepaid_core.figures.scores import times_utc
from deepaid_core.figures.text import figure_text
from deepaid_core.figures.theme import (
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    empty_figure,
    finish,
)

__all__ = ["Curve", "false_positive_curves", "purity_over_time"]

_LOOKS: Final = (
    (BLUE, "solid"),
    (VERMILLION, "dash"),
    (GREEN, "dot"),
    (PURPLE, "dashdot"),
    (GREY, "longdash"),
)


@dataclass(frozen=True, slots=True)
class Curve:
    """A count after 0, 1, 2, ... verdicts.

    Attributes:
        name: What was done.
        counts: The median of several runs.
        low: The lowest of all runs.
        high: The highest of all runs.
    """

    name: str
    counts: Sequence[float]
    low: Sequence[float]
    high: Sequence[float]


def false_positive_curves(
    curves: Sequence[Curve], *, target_verdicts: int | None = None, target_share: float = 0.0
) -> go.Figure:
    """False positives still in the queue by the verdicts given, a line for each way of working.

    Lines differ in color and in dash; the range of the first one's runs is shaded.

    Args:
        curves: The one that the title is about first.
        target_verdicts: Verdicts within which a share of them should be gone; none drawn if None.
        target_share: That share, 0 to 1.
    """
    curves = [one for one in curves if one.counts]
    if not curves:
        return empty_figure("Nothing was measured", "Run `deepaid bench --only triage` first.")
    first = curves[0]
    start, end, verdicts = first.counts[0], first.counts[-1], len(first.counts) - 1
    gone = format_share(1 - end / start) if start else format_share(0.0)
    traces = [
        {
            "type": "scatter",
            "x": [*range(len(first.low)), *reversed(range(len(first.high)))],
            "y": [*first.low, *reversed(first.high)],
            "mode": "lines",
            "fill": "toself",
            "fillcolor": "rgba(0, 114, 178, 0.15)",
            "line": {"width": 0},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]
    for place, one in enumerate(curves):
        color, dash = _LOOKS[place % len(_LOOKS)]
        traces.append(
            {
                "type": "scatter",
                "x": list(range(len(one.counts))),
                "y": list(one.counts),
                "mode": "lines",
                "name": figure_text(one.name, 60),
                "line": {"color": color, "dash": dash, "width": 2.5 if place == 0 else 1.8},
                "hovertext": [
                    f"{figure_text(one.name, 60)}<br>after {format_count(number, 'verdict')}: "
                    f"{count:,g} open ({low:,g} to {high:,g})"
                    for number, (count, low, high) in enumerate(
                        zip(one.counts, one.low, one.high, strict=True)
                    )
                ],
                "hoverinfo": "text",
            }
        )
    layout: dict[str, object] = {
        "xaxis": {"title": {"text": "Verdicts given"}, "rangemode": "tozero"},
        "yaxis": {"title": {"text": "Open false positives"}, "rangemode": "tozero"},
    }
    if target_verdicts is not None:
        layout |= _target(start * (1 - target_share), target_verdicts, target_share)
    return finish(
        traces,
        layout,
        title=(
            f"{first.name}: {gone} of {format_count(round(start), 'open false positive')} gone "
            f"after {format_count(verdicts, 'verdict')}"
        ),
        height=320,
        legend=len(curves) > 1,
        left=70,
    )


def purity_over_time(points: Sequence[tuple[int, float, float, int]]) -> go.Figure:
    """How far decisions on the same pattern agreed, as time went on.

    Args:
        points: (number of the entry, Unix seconds UTC, purity 0 to 1, decisions in force), oldest
            first.
    """
    if not points:
        return empty_figure("No verdict yet", "With the first one a curve begins here.")
    number, _, purity, decisions = points[-1]
    agree = round(purity * decisions)
    return finish(
        [
            {
                "type": "scatter",
                "x": times_utc([time for _, time, _, _ in points]),
                "y": [100.0 * share for _, _, share, _ in points],
                "mode": "lines+markers" if len(points) <= 60 else "lines",
                "line": {"color": BLUE, "shape": "hv"},
                "hovertext": [
                    f"M-{entry}, {format_time_utc(time)}<br>{format_share(share)} of "
                    f"{format_count(count, 'decision')} agree"
                    for entry, time, share, count in points
                ],
                "hoverinfo": "text",
            }
        ],
        {
            "xaxis": {"title": {"text": "Time (UTC)"}, "type": "date"},
            "yaxis": {"title": {"text": "Agreeing decisions, %"}, "range": [0, 104]},
        },
        title=(
            f"{agree:,} of {format_count(decisions, 'decision')} agree with most on their pattern "
            f"(M-{number})"
        ),
        height=230,
        left=70,
    )


def _target(bound: float, verdicts: int, share: float) -> dict[str, object]:
    return {
        "shapes": [
            {
                "type": "line",
                "x0": 0,
                "x1": verdicts,
                "y0": bound,
                "y1": bound,
                "line": {"color": GREY, "dash": "dot"},
            },
            {
                "type": "line",
                "x0": verdicts,
                "x1": verdicts,
                "y0": 0,
                "y1": bound,
                "line": {"color": GREY, "dash": "dot"},
            },
        ],
        "annotations": [
            {
                "x": verdicts,
                "y": bound,
                "text": f"asked for: {format_share(share)} gone within {verdicts:,}",
                "showarrow": False,
                "xanchor": "left",
                "yanchor": "bottom",
            }
        ],
    }
