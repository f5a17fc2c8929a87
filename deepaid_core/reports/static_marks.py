"""What a static picture draws of a trace: lines, symbols, bars and colored cells."""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, Literal

import numpy as np
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.transforms import Bbox, IdentityTransform, Transform, TransformedBbox

from deepaid_core.domain.batches import FloatArray
from deepaid_core.figures.theme import BLUE, GREEN, GREY, PURPLE, VERMILLION
from deepaid_core.reports.static_text import paper

__all__ = ["COLORS", "Color", "add_cells", "add_line", "add_symbols", "color_of", "dashes", "shade"]

Color = tuple[float, float, float, float]

COLORS: Final = (BLUE, VERMILLION, GREEN, PURPLE, GREY)
"""Of traces that name none."""

_RGB = re.compile(r"rgba?\(([^)]*)\)")
_DASHES: Final[Mapping[str, tuple[int, ...]]] = {
    "dot": (1, 1), "dash": (3, 3), "longdash": (5, 5), "dashdot": (3, 1, 1, 1),
    "longdashdot": (5, 2, 1, 2),
}  # fmt: skip


def _star(points: int, outer: float, inner: float) -> list[tuple[float, float]]:
    angles = np.arange(2 * points) * np.pi / points - np.pi / 2
    sizes = np.where(np.arange(2 * points) % 2, inner, outer)
    return [
        (float(size * np.cos(angle)), float(size * np.sin(angle)))
        for angle, size in zip(angles, sizes, strict=True)
    ]


def _polygon(corners: Sequence[tuple[float, float]]) -> Path:
    return Path([*corners, corners[0]], closed=True)


# Within a radius of 0.5 as Plotly draws them; y grows downwards.
_SYMBOLS: Final[Mapping[str, Path]] = {
    "circle": Path.unit_circle().transformed(IdentityTransform()),
    "square": _polygon([(1, 1), (-1, 1), (-1, -1), (1, -1)]),
    "diamond": _polygon([(1.3, 0), (0, 1.3), (-1.3, 0), (0, -1.3)]),
    "triangle-up": _polygon([(-1.155, 0.5), (1.155, 0.5), (0, -1)]),
    "triangle-down": _polygon([(-1.155, -0.5), (1.155, -0.5), (0, 1)]),
    "triangle-left": _polygon([(0.5, -1.155), (0.5, 1.155), (-1, 0)]),
    "triangle-right": _polygon([(-0.5, -1.155), (-0.5, 1.155), (1, 0)]),
    "star": _polygon(_star(5, 1.4, 0.55)),
    "star-diamond": _polygon(_star(4, 1.4, 0.55)),
    "hexagon": _polygon(_star(3, 1.0, 1.0)),
    "cross": _polygon(
        [(1.2, .4), (.4, .4), (.4, 1.2), (-.4, 1.2), (-.4, .4), (-1.2, .4),
         (-1.2, -.4), (-.4, -.4), (-.4, -1.2), (.4, -1.2), (.4, -.4), (1.2, -.4)]
    ),
    "x": _polygon(
        [(0, .55), (.55, 1.1), (1.1, .55), (.55, 0), (1.1, -.55), (.55, -1.1),
         (0, -.55), (-.55, -1.1), (-1.1, -.55), (-.55, 0), (-1.1, .55), (-.55, 1.1)]
    ),
    "line-ns": Path([(0, -1.4), (0, 1.4)]),
    "line-ew": Path([(-1.4, 0), (1.4, 0)]),
}  # fmt: skip


def color_of(value: Any, opacity: float = 1.0) -> Color:
    """A color as Plotly writes it."""
    text = str(value).strip()
    if found := _RGB.fullmatch(text):
        parts = [float(part) for part in found.group(1).split(",")]
        red, green, blue = (min(255.0, part) / 255 for part in parts[:3])
        return red, green, blue, (parts[3] if len(parts) > 3 else 1.0) * opacity
    red, green, blue, alpha = to_rgba(text)
    return float(red), float(green), float(blue), float(alpha) * opacity


def shade(scale: Sequence[Sequence[Any]], share: FloatArray) -> FloatArray:
    """Colors on a scale of Plotly's, (n, 4), at shares from 0 to 1, (n,)."""
    at = [float(stop[0]) for stop in scale]
    colors = np.array([color_of(stop[1]) for stop in scale])
    return np.column_stack([np.interp(share, at, colors[:, part]) for part in range(4)])


def dashes(name: str | None, width: float) -> Literal["solid"] | tuple[float, tuple[float, ...]]:
    """A dash of Plotly's for lines of that width."""
    pattern = _DASHES.get(name or "solid")
    if pattern is None:
        return "solid"
    # Matplotlib takes multiples of the width; thin lines keep dashes that can be seen.
    return 0.0, tuple(max(width, 3.0) / width * part for part in pattern)


def _clip(artist: Any, figure: Figure, box: Bbox | None) -> None:
    if box is not None:
        artist.set_clip_box(TransformedBbox(box, paper(figure)))


def add_line(
    figure: Figure,
    x: FloatArray,
    y: FloatArray,
    where: Transform,
    *,
    color: Color,
    width: float,
    dash: str | None,
    order: float,
    clip: Bbox | None,
) -> None:
    """A line through points; it breaks where one is not a number."""
    line = Line2D(
        x, y, color=color, linewidth=width, linestyle=dashes(dash, width), transform=where,
        zorder=order, solid_capstyle="butt", dash_capstyle="butt",
    )  # fmt: skip
    _clip(line, figure, clip)
    figure.add_artist(line)


def add_symbols(
    figure: Figure,
    spots: FloatArray,
    where: Transform,
    *,
    symbols: Sequence[str],
    sizes: Sequence[float],
    colors: Sequence[Color],
    edges: Sequence[Color],
    edge_widths: Sequence[float],
    order: float,
    clip: Bbox | None,
) -> None:
    """Symbols at spots, (n, 2); of each kind in one piece."""
    for symbol in dict.fromkeys(symbols):
        own = [place for place, one in enumerate(symbols) if one == symbol]
        name, hollow = symbol.removesuffix("-open"), symbol.endswith("-open")
        path = _SYMBOLS.get(name, _SYMBOLS["circle"])
        vertices = np.asarray(path.vertices, dtype=np.float64)
        hollow = hollow or len(vertices) == 2
        drawn = PathCollection(
            # Matplotlib scales by the root of an area; y of symbols points up there.
            [Path(vertices * (0.5, -0.5), path.codes)],
            np.array([sizes[place] ** 2 for place in own]),
            offsets=spots[own],
            offset_transform=where,
            facecolors="none" if hollow else [colors[place] for place in own],
            # An open symbol is drawn in its own color.
            edgecolors=[colors[place] if hollow else edges[place] for place in own],
            linewidths=[edge_widths[place] for place in own],
            zorder=order,
        )
        drawn.set_transform(IdentityTransform())
        _clip(drawn, figure, clip)
        figure.add_artist(drawn)


def add_cells(
    figure: Figure,
    boxes: FloatArray,
    where: Transform,
    *,
    colors: Sequence[Color] | FloatArray,
    order: float,
    clip: Bbox | None,
    hatch: str = "",
) -> None:
    """Filled boxes, (n, 4): left, lower, right, upper."""
    corners = [
        [(left, low), (right, low), (right, high), (left, high)]
        for left, low, right, high in boxes.tolist()
    ]
    if not corners:
        return
    cells = PolyCollection(
        corners, facecolors=colors, linewidths=0, edgecolors="none", transform=where, zorder=order,
        antialiaseds=False,
    )  # fmt: skip
    _clip(cells, figure, clip)
    figure.add_artist(cells)
    if hatch:
        marks = PolyCollection(
            corners, facecolors="none", edgecolors=(1, 1, 1, 0.75), linewidths=0,
            hatch=hatch, transform=where, zorder=order + 0.01,
        )  # fmt: skip
        _clip(marks, figure, clip)
        figure.add_artist(marks)


def stairs(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """A line that keeps its height until the next point ("hv")."""
    if len(x) < 2:
        return x, y
    steps_x, steps_y = [x[0]], [y[0]]
    for (_, right), (before, after) in zip(pairwise(x), pairwise(y), strict=True):
        steps_x += [right, right]
        steps_y += [before, after]
    return np.array(steps_x), np.array(steps_y)
