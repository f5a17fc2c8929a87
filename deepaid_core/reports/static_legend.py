"""Title and legend of a static picture."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from deepaid_core.reports.static_boxes import Trace
from deepaid_core.reports.static_marks import Color, add_cells, add_line, add_symbols, color_of
from deepaid_core.reports.static_panel import HATCHES, symbols_of, trace_color
from deepaid_core.reports.static_text import Words, paper, words

__all__ = ["Legend", "draw_legend", "legend_of", "title_words"]

_ROW = 22.0
_SWATCH = 34.0

Box = tuple[float, float, float, float]


def title_words(layout: Mapping[str, Any], wide: float) -> Words:
    """The title at a size that fits."""
    title = layout.get("title") or {}
    size = float((title.get("font") or {}).get("size", 15))
    shown = words(str(title.get("text") or ""), size)
    if shown.width > wide - 8:
        return words(str(title["text"]), size * max(0.5, (wide - 8) / shown.width))
    return shown


@dataclass(frozen=True, slots=True)
class Legend:
    """Names of traces in rows.

    Attributes:
        rows: Traces with their names, and pixels from the left at which each begins.
        at_bottom: Under the picture instead of over it.
        extra: Pixels that rows beyond the first need.
    """

    rows: tuple[tuple[tuple[Trace, Words, float], ...], ...]
    at_bottom: bool
    extra: float


def legend_of(layout: Mapping[str, Any], traces: Sequence[Trace], wide: float) -> Legend:
    """The legend of a figure; without rows where it shows none."""
    own = layout.get("legend") or {}
    at_bottom = own.get("yref") == "container" and own.get("y") == 0
    rows: list[list[tuple[Trace, Words, float]]] = [[]]
    at = 0.0
    for trace in traces if layout.get("showlegend") else ():
        if trace.get("showlegend") is False or not trace.get("name"):
            continue
        name = words(str(trace["name"]))
        needed = _SWATCH + name.width + 14
        if rows[-1] and at + needed > wide - 20:
            rows.append([])
            at = 0.0
        rows[-1].append((trace, name, at))
        at += needed
    # Where it lies below, the figure itself has made room for rows of two names.
    known = max(1, (sum(map(len, rows)) + 1) // 2) if at_bottom else 1
    kept = tuple(tuple(row) for row in rows if row)
    return Legend(kept, at_bottom, _ROW * max(0, len(kept) - known))


def draw_legend(figure: Figure, legend: Legend, ground: Box, height: float) -> None:
    """Names of traces, each beside a sample of it."""
    left = 10.0 if legend.at_bottom else min(ground[0], 70.0)
    if legend.rows and not legend.at_bottom:
        last, name, at = legend.rows[0][-1]
        del last
        longest = at + _SWATCH + name.width
        left = max(4.0, min(left, float(figure.get_size_inches()[0]) * 72 - longest - 4))
    top = (
        height - 6 - _ROW * len(legend.rows)
        if legend.at_bottom
        else ground[1] - 6 - _ROW * len(legend.rows)
    )
    for number, row in enumerate(legend.rows):
        middle = top + (number + 0.5) * _ROW
        for trace, name, at in row:
            _sample(figure, trace, left + at, middle)
            name.draw(figure, left + at + _SWATCH, middle, across=0, align=0)


def _sample(figure: Figure, trace: Trace, left: float, middle: float) -> None:
    opacity = float(trace.get("opacity") or 1.0)
    marker = trace.get("marker") or {}
    if trace.get("type") == "bar":
        color = marker.get("color")
        fill: Color = color_of(color if isinstance(color, str) else trace_color(trace), opacity)
        shape = (marker.get("pattern") or {}).get("shape")
        add_cells(
            figure, np.array([[left + 6, middle - 6, left + 28, middle + 6]]), paper(figure),
            colors=[fill], order=9.0, clip=None,
            hatch=HATCHES.get(shape, "") if isinstance(shape, str) else "",
        )  # fmt: skip
        return
    mode = str(trace.get("mode") or "lines+markers")
    line = trace.get("line") or {}
    if "lines" in mode:
        add_line(
            figure, np.array([left + 2, left + 30]), np.array([middle, middle]), paper(figure),
            color=color_of(trace_color(trace), opacity), width=float(line.get("width", 2)),
            dash=line.get("dash"), order=9.0, clip=None,
        )  # fmt: skip
    if "markers" in mode:
        look = symbols_of(trace, 1, opacity)
        look["sizes"] = [min(14.0, look["sizes"][0])]
        add_symbols(
            figure, np.array([[left + 16, middle]]), paper(figure), **look, order=9.1, clip=None
        )
