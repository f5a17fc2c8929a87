"""A window of a multivariate series: where it leaves its reference, and its course."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from deepaid_core.domain.details import SeriesColumn
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.figures.numbers import format_count, format_factor, format_value
from deepaid_core.figures.series_window import (
    MOST_PANELS,
    SeriesWindow,
    moment,
    series_window,
    step_offsets,
    step_words,
)
from deepaid_core.figures.text import figure_text, shorten, visible
from deepaid_core.figures.theme import BAND, BLUE, GREY, VERMILLION, empty_figure, finish

__all__ = ["MOST_ROWS", "courses", "deviation_map"]

MOST_ROWS = 12
_MAP_ROW, _PANEL, _GAP = 30, 108, 36
_NAME = 40
_NUMBERED = 16  # steps; more leave no room for numbers


def deviation_map(interpretation: Interpretation, *, everything: bool = False) -> go.Figure:
    """Metric by step: how far each value lies from the closest normal one.

    Distances are in widths of the metric's normal range on a logarithmic scale, so that metrics
    of different units share one scale of color; arrows say up and down without color.

    Args:
        interpretation: Of a series.
        everything: Draw all metrics that deviate, not only the strongest.
    """
    window = series_window(interpretation)
    if window is None or not window.order:
        return empty_figure(
            "No deviation was found",
            "The search found no values that bring this window closer to normal. Read the course "
            "of the metrics and the raw events instead.",
        )
    details = window.details
    columns = list(window.order if everything else window.order[:MOST_ROWS])
    steps = step_offsets(details)
    widths = np.array([_width(details.columns[at]) for at in columns])
    gaps = (window.observed[:, columns] - window.reference[:, columns]).T / widths[:, None]
    z = np.sign(gaps) * np.log10(1.0 + np.abs(gaps))
    most = max(1.0, float(np.abs(z).max()))
    rows = list(range(len(columns)))
    return finish(
        [
            {
                "type": "heatmap",
                "x": steps,
                "y": rows,
                "z": z.tolist(),
                "zmin": -most,
                "zmax": most,
                # The middle is the page's own ground, so that it reads on light and dark.
                "colorscale": [[0, BLUE], [0.5, "rgba(127, 127, 127, 0.10)"], [1, VERMILLION]],
                "text": [
                    [_cell_text(gap, len(steps) <= _NUMBERED) for gap in row]
                    for row in gaps.tolist()
                ],
                "texttemplate": "%{text}",
                "hovertext": [[_map_hover(window, at, place) for place in range(details.steps)]
                              for at in columns],
                "hoverinfo": "text",
                "xgap": 2,
                "ygap": 3,
                "showscale": False,
            }
        ],
        {
            "xaxis": _step_axis(steps)
            | {"title": {"text": "Steps before the scored one; numbers: normal widths outside"}},
            "yaxis": {
                "tickvals": rows,
                "ticktext": [figure_text(details.columns[at].title, 34) for at in columns],
                "range": [len(rows) - 0.5, -0.5],
                "fixedrange": True,
                "showgrid": False,
                "zeroline": False,
            },
        },
        title=_map_title(window, len(columns)),
        height=max(130, _MAP_ROW * len(rows) + 60),
        left=190,
        right=20,
    )  # fmt: skip


def _map_title(window: SeriesWindow, drawn: int) -> str:
    cells = int((window.observed != window.reference).sum())
    total = len(window.order)
    name = visible(shorten(window.details.columns[window.order[0]].title, _NAME))
    shown = f" ({drawn} drawn)" if drawn < total else ""
    if total == 1:
        return f"{format_count(cells, 'value')} of {name} would have to differ"
    return (
        f"{format_count(cells, 'value')} of {format_count(total, 'metric')} would have to "
        f"differ{shown}; strongest is {name}"
    )


def _width(column: SeriesColumn) -> float:
    width = column.normal_high - column.normal_low
    # A metric that never moved has no width of its own; its size is the nearest natural one.
    return width if width > 0 else abs(column.normal_high) or 1.0


def _map_hover(window: SeriesWindow, at: int, place: int) -> str:
    details, column = window.details, window.details.columns[at]
    seen, wanted = float(window.observed[place, at]), float(window.reference[place, at])
    lines = [
        shorten(column.title, 200),
        f"{step_words(place - details.steps + 1)}, {moment(details, place)}",
        f"Observed: {format_value(seen, column.unit)}",
        f"Closest normal: {format_value(wanted, column.unit)} ({format_factor(seen, wanted)})",
    ]
    return "<br>".join(figure_text(line, 300) for line in lines)


def _cell_text(gap: float, numbered: bool) -> str:
    # What the color says, without color; many steps leave room for an arrow only.
    if not gap:
        return ""
    arrow = "▲" if gap > 0 else "▼"
    size = abs(gap)
    if not numbered or size < 0.05:
        return arrow
    text = f"{size:.1f}" if size < 9.95 else (f"{size:,.0f}" if size < 9999.5 else ">9,999")
    return f"{arrow} {text}"


def _step_axis(steps: Sequence[int]) -> dict[str, Any]:
    every = max(1, math.ceil(len(steps) / 11))
    shown = steps[::-1][::every][::-1]
    return {
        "title": {"text": "Steps before the scored one"},
        "tickvals": list(shown),
        "ticktext": ["scored" if step == 0 else f"−{-step}" for step in shown],
        "tickangle": 0,
        "range": [steps[0] - 0.5, 0.5],
        "fixedrange": True,
        "zeroline": False,
        "showgrid": False,
    }


def courses(interpretation: Interpretation, *, most: int = MOST_PANELS) -> go.Figure:
    """The strongest metrics step by step, one panel each: observed, closest normal, normal range.

    Args:
        interpretation: Of a series.
        most: Most panels.
    """
    window = series_window(interpretation)
    if window is None:
        return empty_figure(
            "The window was not kept", "What was stored with this finding is not a whole window."
        )
    columns = window.shown[:most]
    steps = step_offsets(window.details)
    count = len(columns)
    inner = count * (_PANEL + _GAP)
    layout: dict[str, Any] = {"annotations": [], "shapes": []}
    traces: list[dict[str, Any]] = []
    for place, at in enumerate(columns):
        top = 1.0 - (place * (_PANEL + _GAP) + _GAP) / inner
        suffix = "" if place == 0 else str(place + 1)
        traces += _panel(window, at, steps, suffix, first=place == 0)
        bottom = max(0.0, top - _PANEL / inner)
        last = place == count - 1
        layout[f"yaxis{suffix}"] = {
            "domain": [bottom, top], "anchor": f"x{suffix}", "fixedrange": True, "nticks": 4,
            "rangemode": "tozero", "zeroline": False, "separatethousands": True,
        }  # fmt: skip
        axis = _step_axis(steps) | {"anchor": f"y{suffix}", "domain": [0, 1]}
        layout[f"xaxis{suffix}"] = axis if last else axis | {"title": None, "showticklabels": False}
        layout["annotations"].append(_panel_title(window.details.columns[at], top))
        layout["shapes"] += _panel_shapes(window.details.columns[at], suffix, steps)
    return finish(
        traces,
        layout,
        title=_courses_title(window, columns),
        height=inner + 50,
        legend=True,
        left=70,
        right=20,
    )


def _courses_title(window: SeriesWindow, columns: Sequence[int]) -> str:
    details = window.details
    name = visible(shorten(details.columns[columns[0]].title, _NAME))
    seen = window.observed[:, columns[0]]
    peak = format_value(float(seen[int(np.abs(seen).argmax())]), details.columns[columns[0]].unit)
    until = f" until {moment(details, details.steps - 1)}" if details.step_times else ""
    return f"{name} reached {peak} in {format_count(details.steps, 'step')}{until}"


def _panel(
    window: SeriesWindow, at: int, steps: list[int], suffix: str, *, first: bool
) -> list[dict[str, Any]]:
    axes = {"xaxis": f"x{suffix}", "yaxis": f"y{suffix}", "type": "scatter"}
    seen, wanted = window.observed[:, at], window.reference[:, at]
    moved = np.flatnonzero(seen != wanted).tolist()
    hover = [_map_hover(window, at, place) for place in range(len(steps))]
    shared = {**axes, "x": steps, "hovertext": hover, "hoverinfo": "text", "showlegend": first}
    return [
        {
            **shared, "name": "observed", "mode": "lines+markers", "y": seen.tolist(),
            "line": {"color": GREY, "width": 2}, "marker": {"size": 4},
        },
        {
            **shared, "name": "closest normal", "mode": "lines", "y": wanted.tolist(),
            "line": {"color": BLUE, "width": 2, "dash": "dash"},
        },
        {
            **axes, "name": "deviates", "mode": "markers", "x": [steps[i] for i in moved],
            "y": seen[moved].tolist(), "hovertext": [hover[i] for i in moved],
            "hoverinfo": "text", "showlegend": first,
            "marker": {"color": VERMILLION, "symbol": "diamond", "size": 10},
        },
        *([{
            **axes, "name": "normal range", "mode": "markers", "x": [None], "y": [None],
            "marker": {"color": BAND, "symbol": "square", "size": 14}, "hoverinfo": "skip",
        }] if first else []),
    ]  # fmt: skip


def _panel_title(column: SeriesColumn, top: float) -> dict[str, Any]:
    unit = f" ({shorten(column.unit, 16)})" if column.unit else ""
    return {
        "x": 0, "xref": "paper", "xanchor": "left", "y": top, "yref": "paper",
        "yanchor": "bottom", "showarrow": False, "font": {"size": 12},
        "text": f"<b>{figure_text(column.title, 60)}</b>{figure_text(unit)}",
    }  # fmt: skip


def _panel_shapes(column: SeriesColumn, suffix: str, steps: Sequence[int]) -> list[dict[str, Any]]:
    axes = {"xref": f"x{suffix}", "yref": f"y{suffix}"}
    first, low, high = steps[0] - 0.5, column.normal_low, column.normal_high
    return [
        {
            **axes, "type": "rect", "x0": first, "x1": 0.5, "y0": low, "y1": high,
            # A metric that never moved is still seen: as the edge of a band without height.
            "fillcolor": BAND, "line": {"width": 0 if high > low else 2, "color": BAND},
            "layer": "below",
        },
        {
            **axes, "yref": f"y{suffix} domain", "type": "line", "x0": 0, "x1": 0, "y0": 0,
            "y1": 1, "line": {"color": GREY, "width": 1, "dash": "dot"}, "layer": "below",
        },
    ]  # fmt: skip
