"""How far the verdicts agreed with each other, from version to version of the log."""

from collections.abc import Sequence

import plotly.graph_objects as go

from deepaid_core.figures.numbers import format_count, format_share, format_time_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.theme import BLUE, VERMILLION, empty_figure, finish

__all__ = ["Agreement", "agreement", "agreement_table"]

Agreement = tuple[int, float, float, int]
"""Number of the entry, its time (Unix seconds, UTC), share that agrees (0 to 1), decisions."""

_MARKED = 40


def agreement(points: Sequence[Agreement]) -> go.Figure:
    """The share of decisions that say what most on their pattern say, after each verdict.

    Args:
        points: Oldest first.
    """
    if not points:
        return empty_figure(
            "No verdict yet", "Judge findings to see how far the verdicts on a pattern agree."
        )
    *_, (_, _, share, decisions) = points
    title = (
        f"{format_share(share)} of {format_count(decisions, 'decision')} "
        f"{'says' if decisions == 1 else 'say'} what most on the same pattern say"
    )
    whole = [one == 1.0 for _, _, one, _ in points]
    return finish(
        [
            {
                "type": "scatter",
                "mode": "lines+markers" if len(points) <= _MARKED else "lines",
                "x": [number for number, *_ in points],
                "y": [100.0 * one for _, _, one, _ in points],
                "line": {"color": BLUE, "width": 2, "shape": "hv"},
                "marker": {
                    "symbol": ["circle" if ok else "diamond" for ok in whole],
                    "color": [BLUE if ok else VERMILLION for ok in whole],
                    "size": 8,
                },
                "hovertext": [
                    f"M-{number}, {format_time_utc(time)}<br>{format_share(one)} of "
                    f"{format_count(count, 'decision')} agree"
                    for number, time, one, count in points
                ],
                "hoverinfo": "text",
            }
        ],
        {
            "xaxis": {
                "title": {"text": "Version of the log (M-…)"},
                "tickformat": "d",
                "zeroline": False,
            },
            "yaxis": {
                "title": {"text": "Decisions that agree"},
                "ticksuffix": " %",
                "range": [max(0.0, 100.0 * min(one for _, _, one, _ in points) - 8.0), 102.0],
                "fixedrange": True,
            },
        },
        title=title,
        height=230,
        left=80,
    )


def agreement_table(points: Sequence[Agreement]) -> Table:
    """The same as a table, newest first."""
    return Table(
        "Decisions that agree, by version",
        ("Version", "Time (UTC)", "Agree", "Decisions in force"),
        tuple(
            (f"M-{number}", format_time_utc(time).removesuffix(" UTC"), format_share(share), count)
            for number, time, share, count in reversed(points)
        ),
    )
