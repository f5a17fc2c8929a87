"""Boxes of bars and cells, and how far the axes of a panel have to reach."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from deepaid_core.domain.batches import FloatArray
from deepaid_core.reports.static_scale import Extent, Scale, listed, make_scale

__all__ = ["Trace", "bar_boxes", "cell_edges", "color_range", "each", "extents"]

Trace = Mapping[str, Any]


def each(value: Any, count: int, default: Any) -> list[Any]:
    """One value for each of `count` points, where one may stand for all."""
    if value is None:
        return [default] * count
    if isinstance(value, list | tuple | np.ndarray):
        given = [default if one is None else one for one in listed(value)]
        return [*given[:count], *[default] * (count - len(given))]
    return [value] * count


def bar_boxes(traces: Sequence[Trace], x: Scale, y: Scale, mode: str) -> list[FloatArray]:
    """Left, lower, right and upper end of the bars of each trace, in numbers of the axes."""
    heaps: dict[tuple[float, bool], float] = {}
    bars = [trace for trace in traces if trace.get("type") == "bar"]
    boxes: list[FloatArray] = []
    for trace in traces:
        if trace.get("type") != "bar":
            boxes.append(np.empty((0, 4)))
            continue
        flat = trace.get("orientation") == "h"
        along, over = (y, x) if flat else (x, y)
        at = along.numbers(listed(trace.get("y" if flat else "x")))
        sizes = over.lengths(listed(trace.get("x" if flat else "y")))
        count = min(len(at), len(sizes))
        at, sizes = at[:count], sizes[:count]
        given = trace.get("width")
        if given is None:
            apart = np.diff(np.unique(at[np.isfinite(at)]))
            wide = np.full(count, 0.8 * (float(apart.min()) if len(apart) else 1.0))
        else:
            wide = along.lengths(each(given, count, 0.8))
        if mode == "group" and given is None and len(bars) > 1:
            wide = wide / len(bars)
            at = at + (bars.index(trace) - (len(bars) - 1) / 2) * wide
        base = trace.get("base")
        if base is not None:
            feet = over.numbers(each(base, count, None))
        elif mode in ("stack", "relative"):
            feet = np.zeros(count)
            for place, (spot, size) in enumerate(zip(at.tolist(), sizes.tolist(), strict=True)):
                key = (round(spot, 9), size < 0)
                feet[place] = heaps.get(key, 0.0)
                heaps[key] = feet[place] + (size if math.isfinite(size) else 0.0)
        else:
            feet = np.zeros(count)
        ends = feet + sizes
        sides = (at - wide / 2, at + wide / 2)
        tips = (np.minimum(feet, ends), np.maximum(feet, ends))
        boxes.append(
            np.column_stack([tips[0], sides[0], tips[1], sides[1]])
            if flat
            else np.column_stack([sides[0], tips[0], sides[1], tips[1]])
        )
    return boxes


def cell_edges(trace: Trace, x: Scale, y: Scale) -> tuple[list[float], list[float]]:
    """Where columns and rows of a heat map begin and end, in numbers of the axes."""
    rows = listed(trace.get("z"))
    wide = max((len(listed(row)) for row in rows), default=0)
    return (
        _edges(x.numbers(listed(trace.get("x")) or range(wide)).tolist(), wide),
        _edges(y.numbers(listed(trace.get("y")) or range(len(rows))).tolist(), len(rows)),
    )


def _edges(at: list[float], count: int) -> list[float]:
    if len(at) == count + 1:
        return at
    if len(at) < 2:
        return [at[0] - 0.5, at[0] + 0.5] if at else []
    middles = [(left + right) / 2 for left, right in pairwise(at)]
    return [2 * at[0] - middles[0], *middles, 2 * at[-1] - middles[-1]]


def color_range(trace: Trace, rows: Sequence[Sequence[Any]]) -> tuple[float, float]:
    """Values at both ends of the color scale."""
    values = [value for row in rows for value in row if value is not None and math.isfinite(value)]
    low, high = trace.get("zmin"), trace.get("zmax")
    return (
        float(low) if low is not None else min(values, default=0.0),
        float(high) if high is not None else max(values, default=1.0),
    )


def extents(
    traces: Sequence[Trace], x_axis: Trace, y_axis: Trace, mode: str
) -> tuple[list[Extent], list[Extent], str, str]:
    """What both axes of a panel have to show, and the kinds of the axes.

    Args:
        traces: Those in the panel.
        x_axis: Layout of the horizontal axis.
        y_axis: Layout of the vertical one.
        mode: How bars stand together.
    """
    # Bars and cells are measured on axes of their values; how far those reach does not matter.
    drafts = [
        make_scale(axis, [Extent(listed(trace.get(part))) for trace in traces for part in parts])
        for axis, parts in ((x_axis, ("x",)), (y_axis, ("y",)))
    ]
    x, y = drafts
    shown: tuple[list[Extent], list[Extent]] = ([], [])
    for trace, boxes in zip(traces, bar_boxes(traces, x, y, mode), strict=True):
        kind = str(trace.get("type", "scatter"))
        if kind == "bar":
            flat = trace.get("orientation") == "h"
            for side, (scale, over) in enumerate(((x, flat), (y, not flat))):
                shown[side].append(Extent(_back(scale, boxes[:, side]), padded=False))
                shown[side].append(Extent(_back(scale, boxes[:, side + 2]), padded=over))
        elif kind == "heatmap":
            for side, (scale, edges) in enumerate(
                zip((x, y), cell_edges(trace, x, y), strict=True)
            ):
                shown[side].append(Extent(_back(scale, np.array(edges)), padded=False))
        else:
            lines = "markers" not in str(trace.get("mode") or "lines+markers")
            shown[0].append(Extent(listed(trace.get("x")), padded=not lines))
            shown[1].append(Extent(listed(trace.get("y"))))
    for side, scale in enumerate(drafts):
        if scale.categories:
            shown[side].append(Extent(list(scale.categories), padded=False))
    return *shown, x.kind, y.kind


def _back(scale: Scale, numbers: FloatArray) -> list[Any]:
    # Numbers of an axis as values that make the same numbers again.
    fine = numbers[np.isfinite(numbers)]
    if scale.kind == "date":
        return list(((fine + scale.origin) * 1000.0).tolist())
    if scale.kind == "log":
        return list((10.0**fine).tolist())
    return list(fine.tolist())
