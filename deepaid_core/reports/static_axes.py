"""Axes of a static picture: grid, ticks, titles, and what the colors of a heat map mean."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from deepaid_core.reports.static_boxes import Trace, color_range
from deepaid_core.reports.static_marks import add_cells, add_line, color_of, shade
from deepaid_core.reports.static_panel import COLOR_SCALE, Panel
from deepaid_core.reports.static_scale import Scale, listed
from deepaid_core.reports.static_text import paper, words
from deepaid_core.reports.static_ticks import Tick, number_ticks

__all__ = ["COLOR_BAR", "draw_axes", "draw_color_bar", "has_color_bar"]

COLOR_BAR = 92.0
"""Pixels that a scale of colors takes at the right."""

_GRID, _ZERO = "#e1e6eb", "#aab4bf"

_Line = tuple[float, float, float, float]


def draw_axes(
    figure: Figure,
    panel: Panel,
    x_axis: Mapping[str, Any],
    y_axis: Mapping[str, Any],
    x_ticks: Sequence[Tick],
    y_ticks: Sequence[Tick],
) -> None:
    """Grid, names of ticks and titles of both axes; nothing of an axis that is not visible."""
    left, top, right, bottom = panel.box
    if x_axis.get("visible") is not False:
        spots = [panel.across(at) for at, _ in x_ticks]
        if x_axis.get("showgrid") is not False:
            _rule(figure, [(spot, top, spot, bottom) for spot in spots], _GRID, 1.0)
        if _has_zero(panel.x, x_axis):
            spot = panel.across(0.0)
            _rule(figure, [(spot, top, spot, bottom)], _ZERO, 1.1)
        _name_columns(figure, panel, x_axis, x_ticks)
    if y_axis.get("visible") is not False:
        spots = [panel.down(at) for at, _ in y_ticks]
        if y_axis.get("showgrid") is not False:
            _rule(figure, [(left, spot, right, spot) for spot in spots], _GRID, 1.0)
        if _has_zero(panel.y, y_axis):
            spot = panel.down(0.0)
            _rule(figure, [(left, spot, right, spot)], _ZERO, 1.1)
        _name_rows(figure, panel, y_axis, y_ticks)


def _name_columns(
    figure: Figure, panel: Panel, axis: Mapping[str, Any], ticks: Sequence[Tick]
) -> None:
    left, _, right, bottom = panel.box
    edge = float(figure.get_size_inches()[0]) * 72 - 2
    free, lowest = 0.0, 0.0
    for at, text in ticks if axis.get("showticklabels") is not False else ():
        label = words(text)
        half = label.width / 2
        spot = min(max(panel.across(at), half + 2), edge - half)
        # Names never run into each other; a table beside the picture has them all.
        if spot - half < free:
            continue
        free = spot + half + 4
        lowest = max(lowest, label.height)
        label.draw(figure, spot, bottom + 5, down=0)
    if title := (axis.get("title") or {}).get("text"):
        words(str(title), 13).draw(figure, (left + right) / 2, bottom + 9 + lowest, down=0)


def _name_rows(
    figure: Figure, panel: Panel, axis: Mapping[str, Any], ticks: Sequence[Tick]
) -> None:
    left, top, _, bottom = panel.box
    widest = 0.0
    for at, text in ticks if axis.get("showticklabels") is not False else ():
        label = words(text)
        widest = max(widest, label.width)
        label.draw(figure, left - 6, panel.down(at), across=1, align=1)
    if title := (axis.get("title") or {}).get("text"):
        words(str(title), 13).draw(figure, left - widest - 20, (top + bottom) / 2, upright=True)


def _has_zero(scale: Scale, axis: Mapping[str, Any]) -> bool:
    if axis.get("zeroline") is False or scale.kind != "linear":
        return False
    return min(scale.low, scale.high) <= 0 <= max(scale.low, scale.high)


def _rule(figure: Figure, lines: Sequence[_Line], color: str, order: float) -> None:
    for x0, y0, x1, y1 in lines:
        add_line(
            figure, np.array([x0, x1]), np.array([y0, y1]), paper(figure),
            color=color_of(color), width=1, dash=None, order=order, clip=None,
        )  # fmt: skip


def has_color_bar(trace: Trace) -> bool:
    """Whether a scale of its colors stands beside a trace."""
    return trace.get("type") == "heatmap" and trace.get("showscale") is not False


def draw_color_bar(figure: Figure, panel: Panel, traces: Sequence[Trace]) -> None:
    """What the colors of a heat map mean, at the right of its panel."""
    trace = next(filter(has_color_bar, traces), None)
    if trace is None:
        return
    low, high = color_range(trace, [listed(row) for row in listed(trace.get("z"))])
    _, top, right, bottom = panel.box
    left, steps = right + 12, 64
    edges = np.linspace(bottom, top, steps + 1)
    boxes = np.column_stack(
        [np.full(steps, left), edges[1:], np.full(steps, left + 12), edges[:-1]]
    )
    colors = shade(trace.get("colorscale") or COLOR_SCALE, np.linspace(0, 1, steps))
    add_cells(figure, boxes, paper(figure), colors=colors, order=3.0, clip=None)
    for at, text in number_ticks(low, high, max(2, int((bottom - top) / 24))):
        if low <= at <= high:
            spot = bottom - (at - low) / ((high - low) or 1.0) * (bottom - top)
            words(text, 11).draw(figure, left + 16, spot, across=0)
    if title := ((trace.get("colorbar") or {}).get("title") or {}).get("text"):
        words(str(title), 11).draw(figure, left, top - 2, across=0, down=1)
