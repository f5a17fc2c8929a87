"""One panel of a static picture: a pair of axes, where it lies, and the traces in it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.transforms import Affine2D, Bbox, Transform

from deepaid_core.domain.batches import FloatArray
from deepaid_core.reports.static_boxes import (
    Trace,
    bar_boxes,
    cell_edges,
    color_range,
    each,
)
from deepaid_core.reports.static_marks import (
    Color,
    add_cells,
    add_line,
    add_symbols,
    color_of,
    shade,
    stairs,
)
from deepaid_core.reports.static_scale import Scale, listed
from deepaid_core.reports.static_text import INK, paper, words

__all__ = ["COLOR_SCALE", "HATCHES", "Panel", "symbols_of", "trace_color"]

COLOR_SCALE = ((0.0, "#ffffff"), (1.0, "#00204d"))
"""Of heat maps that name none."""

HATCHES: Mapping[str, str] = {
    "/": "////", "\\": "\\\\\\\\", "x": "xxx", "-": "---", "|": "|||", "+": "+++", ".": "...",
}  # fmt: skip
_PALE = 0.55  # lightness from which dark letters read better on a cell


@dataclass(frozen=True, slots=True)
class Panel:
    """Axes and their place.

    Attributes:
        x: Horizontal axis.
        y: Vertical axis.
        box: Left, top, right and bottom in pixels from the left and from the top.
    """

    x: Scale
    y: Scale
    box: tuple[float, float, float, float]

    @property
    def clip(self) -> Bbox:
        """The box as Matplotlib takes it."""
        left, top, right, bottom = self.box
        return Bbox([[left, top], [right, bottom]])

    def across(self, number: float) -> float:
        """Pixel of a number of the horizontal axis."""
        left, _, right, _ = self.box
        return left + (number - self.x.low) / (self.x.high - self.x.low) * (right - left)

    def down(self, number: float) -> float:
        """Pixel of a number of the vertical axis."""
        _, top, _, bottom = self.box
        return bottom - (number - self.y.low) / (self.y.high - self.y.low) * (bottom - top)

    def where(self, figure: Figure) -> Transform:
        """From numbers of both axes to the figure's own ground."""
        left, top, right, bottom = self.box
        wide = (right - left) / (self.x.high - self.x.low)
        high = (top - bottom) / (self.y.high - self.y.low)
        return Affine2D().translate(-self.x.low, -self.y.low).scale(wide, high).translate(
            left, bottom
        ) + paper(figure)

    def draw(self, figure: Figure, traces: Sequence[Trace], layout: Trace) -> None:
        """All traces, later ones over earlier ones."""
        boxes = bar_boxes(traces, self.x, self.y, str(layout.get("barmode") or "group"))
        for place, trace in enumerate(traces):
            order = 3.0 + place / (len(traces) + 1)
            kind = str(trace.get("type", "scatter"))
            if kind == "bar":
                self._bars(figure, trace, boxes[place], order)
            elif kind == "heatmap":
                self._cells(figure, trace, order)
            else:
                self._scatter(figure, trace, order)

    def _scatter(self, figure: Figure, trace: Trace, order: float) -> None:
        x, y = self.x.numbers(listed(trace.get("x"))), self.y.numbers(listed(trace.get("y")))
        count = min(len(x), len(y))
        x, y = x[:count], y[:count]
        mode = str(trace.get("mode") or "lines+markers")
        opacity = float(trace.get("opacity") or 1.0)
        clip = self.clip if trace.get("cliponaxis") is not False else None
        line = trace.get("line") or {}
        if trace.get("fill") in ("toself", "tozeroy") and count > 2:
            self._area(figure, trace, x, y, order)
        width = float(line.get("width", 2))
        if "lines" in mode and width > 0 and count > 1:
            drawn = stairs(x, y) if line.get("shape") == "hv" else (x, y)
            add_line(
                figure, *drawn, self.where(figure), color=color_of(trace_color(trace), opacity),
                width=width, dash=line.get("dash"), order=order, clip=clip,
            )  # fmt: skip
        if "markers" in mode and count:
            look = symbols_of(trace, count, opacity)
            add_symbols(
                figure, np.column_stack([x, y]), self.where(figure), **look,
                order=order + 0.001, clip=clip,
            )  # fmt: skip
        if "text" in mode:
            self._texts(figure, trace, x, y, order + 0.002)

    def _area(
        self, figure: Figure, trace: Trace, x: FloatArray, y: FloatArray, order: float
    ) -> None:
        if trace["fill"] == "tozeroy":
            x, y = np.r_[x, x[-1], x[0]], np.r_[y, 0.0, 0.0]
        fine = np.isfinite(x) & np.isfinite(y)
        fill = trace.get("fillcolor")
        color = color_of(fill) if fill else color_of(trace_color(trace), 0.3)
        figure.add_artist(
            PolyCollection(
                [np.column_stack([x[fine], y[fine]])], facecolors=[color], linewidths=0,
                transform=self.where(figure), zorder=order - 0.001,
            )
        )  # fmt: skip

    def _texts(
        self, figure: Figure, trace: Trace, x: FloatArray, y: FloatArray, order: float
    ) -> None:
        texts = each(trace.get("text"), len(x), "")
        places = each(trace.get("textposition"), len(x), "middle center")
        font = trace.get("textfont") or {}
        sizes = each(font.get("size"), len(x), 12)
        marker = trace.get("marker") or {}
        reaches = each(marker.get("size") if "markers" in str(trace.get("mode")) else 0, len(x), 6)
        ink = color_of(font["color"]) if isinstance(font.get("color"), str) else color_of(INK)
        for at_x, at_y, text, place, size, reach in zip(
            x, y, texts, places, sizes, reaches, strict=True
        ):
            if not text or not (math.isfinite(at_x) and math.isfinite(at_y)):
                continue
            vertical, horizontal = str(place).split(" ", 1)
            across = {"left": 1.0, "right": 0.0}.get(horizontal, 0.5)
            down = {"top": 1.0, "bottom": 0.0}.get(vertical, 0.5)
            room = float(reach) / 2 + 3
            words(str(text), float(size)).draw(
                figure,
                self.across(at_x) + (0.5 - across) * 2 * room,
                self.down(at_y) + (0.5 - down) * 2 * room,
                across=across, down=down, align=across, color=ink, order=order,
            )  # fmt: skip

    def _bars(self, figure: Figure, trace: Trace, boxes: FloatArray, order: float) -> None:
        marker = trace.get("marker") or {}
        opacity = float(trace.get("opacity") or 1.0)
        colors = [
            color_of(one, opacity) for one in each(marker.get("color"), len(boxes), COLOR_OF_NONE)
        ]
        pattern = marker.get("pattern") or {}
        shape = pattern.get("shape")
        hatch = HATCHES.get(shape, "") if isinstance(shape, str) else ""
        kept = np.atleast_1d(np.isfinite(boxes).all(axis=1))
        add_cells(
            figure, boxes[kept], self.where(figure),
            colors=[one for one, keep in zip(colors, kept, strict=True) if keep],
            order=order, clip=self.clip, hatch=hatch,
        )  # fmt: skip
        if trace.get("texttemplate") or not listed(trace.get("text")):
            return
        flat = trace.get("orientation") == "h"
        inside = str(trace.get("textposition") or "").startswith("inside")
        for box, text in zip(boxes, each(trace.get("text"), len(boxes), ""), strict=True):
            if not np.isfinite(box).all() or not text:
                continue
            left, low, right, high = box.tolist()
            label = words(str(text), 11.0)
            if flat:
                label.draw(
                    figure,
                    self.across(right) + (-4 if inside else 4),
                    self.down((low + high) / 2),
                    across=1.0 if inside else 0.0,
                    order=order,
                )
            else:
                label.draw(figure, self.across((left + right) / 2),
                           self.down(high) + (3 if inside else -3), down=0.0 if inside else 1.0,
                           order=order)  # fmt: skip

    def _cells(self, figure: Figure, trace: Trace, order: float) -> None:
        rows = [[one for one in listed(row)] for row in listed(trace.get("z"))]
        columns_at, rows_at = cell_edges(trace, self.x, self.y)
        low, high = color_range(trace, rows)
        scale = trace.get("colorscale") or COLOR_SCALE
        wide, tall = float(trace.get("xgap") or 0) / 2, float(trace.get("ygap") or 0) / 2
        boxes: list[tuple[float, float, float, float]] = []
        shares: list[float] = []
        texts: list[str] = []
        template = str(trace.get("texttemplate") or "")
        written = listed(trace.get("text")) if "%{text}" in template else []
        for at, row in enumerate(rows[: len(rows_at) - 1]):
            upper, lower = sorted((self.down(rows_at[at]), self.down(rows_at[at + 1])))
            for place, value in enumerate(row[: len(columns_at) - 1]):
                if value is None or not math.isfinite(value):
                    continue
                left, right = sorted(
                    (self.across(columns_at[place]), self.across(columns_at[place + 1]))
                )
                gap_x, gap_y = min(wide, 0.3 * (right - left)), min(tall, 0.3 * (lower - upper))
                boxes.append((left + gap_x, upper + gap_y, right - gap_x, lower - gap_y))
                shares.append((float(value) - low) / ((high - low) or 1.0))
                texts.append(
                    str(listed(written[at])[place]) if written
                    else (f"{value:g}" if template else "")
                )  # fmt: skip
        if not boxes:
            return
        colors = shade(scale, np.clip(np.array(shares), 0.0, 1.0))
        add_cells(figure, np.array(boxes), paper(figure), colors=colors, order=order,
                  clip=self.clip)  # fmt: skip
        for (left, top, right, bottom), text, color in zip(boxes, texts, colors, strict=True):
            label = words(text, 10.0)
            if text and label.width <= right - left + 4:
                label.draw(figure, (left + right) / 2, (top + bottom) / 2, color=_ink_on(color),
                           order=order + 0.5)  # fmt: skip


COLOR_OF_NONE = "#0072B2"


def _ink_on(color: FloatArray) -> str:
    red, green, blue, alpha = (float(part) for part in color)
    light = alpha * (0.299 * red + 0.587 * green + 0.114 * blue) + (1 - alpha)
    return INK if light > _PALE else "#ffffff"


def trace_color(trace: Trace) -> str:
    """The one color that stands for a trace."""
    for part in ("line", "marker"):
        color = (trace.get(part) or {}).get("color")
        if isinstance(color, str):
            return color
    return COLOR_OF_NONE


def symbols_of(trace: Trace, count: int, opacity: float) -> dict[str, Any]:
    """How the symbols of a trace look, one by one, as `add_symbols` takes it."""
    marker = trace.get("marker") or {}
    line = marker.get("line") or {}
    own = float(marker["opacity"]) if isinstance(marker.get("opacity"), int | float) else 1.0
    colors: list[Color] = [
        color_of(one, opacity * own) for one in each(marker.get("color"), count, trace_color(trace))
    ]
    symbols = [str(one) for one in each(marker.get("symbol"), count, "circle")]
    widths = [
        float(width) or (1.0 if symbol.endswith("-open") else 0.0)
        for width, symbol in zip(each(line.get("width"), count, 0), symbols, strict=True)
    ]
    return {
        "symbols": symbols,
        "sizes": [float(one) for one in each(marker.get("size"), count, 6)],
        "colors": colors,
        "edges": [color_of(one, opacity) for one in each(line.get("color"), count, "#444444")],
        "edge_widths": widths,
    }
