"""Our figures as pictures, drawn without a browser, for formats that cannot run one.

Only what the figures of `deepaid_core.figures` use is drawn: scatter, bars and heat maps, several
panels, shapes, annotations. Places and sizes follow Plotly's layout, in pixels.
"""

import io
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import matplotlib as mpl
import plotly.graph_objects as go
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from deepaid_core.errors import InvalidParameterError
from deepaid_core.reports.static_axes import COLOR_BAR, draw_axes, draw_color_bar, has_color_bar
from deepaid_core.reports.static_boxes import Trace, extents
from deepaid_core.reports.static_legend import Legend, draw_legend, legend_of, title_words
from deepaid_core.reports.static_notes import draw_notes, draw_shapes, note_reach
from deepaid_core.reports.static_panel import Panel
from deepaid_core.reports.static_scale import Extent, Scale, listed, make_scale
from deepaid_core.reports.static_text import words, write

__all__ = ["WIDTH", "Drawing", "compose", "draw"]

WIDTH: Final = 690
"""Width of a picture in pixels, as in the HTML report."""

_HIGHEST = 3000.0
_SHARPNESS = 2  # dots for each pixel of a PNG
_LETTERS_ACROSS, _LETTERS_DOWN = 70.0, 32.0  # pixels for each tick
_KINDS = {"scatter", "bar", "heatmap"}
_SALT = "deepaid"
# Matplotlib keeps a few settings for the whole process only.
_SETTINGS = threading.Lock()


@dataclass(frozen=True, slots=True)
class Drawing:
    """A figure laid out.

    Attributes:
        figure: What Matplotlib draws; one unit of its coordinates is a pixel.
        panels: Axes by the names of their axes, e.g. ("x", "y2").
        height: In pixels.
    """

    figure: Figure
    panels: Mapping[tuple[str, str], Panel]
    height: float


def draw(figure: go.Figure, *, kind: Literal["png", "svg"] = "png", width_px: int = WIDTH) -> bytes:
    """A picture of the figure on white ground; equal figures give equal bytes.

    Args:
        figure: Of `deepaid_core.figures`.
        kind: "png", twice as sharp as its size, or "svg", whose text stays text.
        width_px: Width; the height is the figure's own.

    Raises:
        InvalidParameterError: The figure has a trace of a kind that is not drawn.
    """
    drawing = compose(figure, width_px=width_px)
    out = io.BytesIO()
    if kind == "svg":
        with _SETTINGS, mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": _SALT}):
            drawing.figure.savefig(
                out, format="svg", dpi=72, metadata={"Date": None, "Creator": None}
            )
        return out.getvalue()
    return _png(drawing.figure)


def _png(figure: Figure) -> bytes:
    # Matplotlib draws each letter anew, which took most of the time; Pillow does not.
    texts = [artist for artist in figure.artists if isinstance(artist, Text)]
    for text in texts:
        text.set_visible(False)
    figure.set_dpi(72 * _SHARPNESS)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    size = canvas.get_width_height(physical=True)
    dots = bytes(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
    picture = Image.frombuffer("RGBA", size, dots).convert("RGB")
    write(picture, texts, _SHARPNESS)
    # A palette takes a third of the room. It is found by the first four bits of each color: what
    # is nearly white is moved away from white, or the paper would turn grey.
    picture = picture.point([min(tone, 239) if tone < 255 else 255 for tone in range(256)] * 3)
    picture = picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = picture.getpalette() or []
    paper = picture.getpixel((0, size[1] - 1))
    if isinstance(paper, int):
        palette[3 * paper : 3 * paper + 3] = [255, 255, 255]
        picture.putpalette(palette)
    out = io.BytesIO()
    picture.save(out, format="PNG", dpi=(96 * _SHARPNESS, 96 * _SHARPNESS), compress_level=6)
    return out.getvalue()


def compose(figure: go.Figure, *, width_px: int = WIDTH) -> Drawing:
    """Lay a figure out; `draw` makes a picture of it."""
    layout: dict[str, Any] = figure.layout.to_plotly_json()
    traces = [
        trace
        for trace in (one.to_plotly_json() for one in figure.data)
        if trace.get("visible") is not False
    ]
    strange = {str(trace.get("type", "scatter")) for trace in traces} - _KINDS
    if strange:
        raise InvalidParameterError(
            f"A figure with a trace of kind '{sorted(strange)[0]}' cannot be drawn without a "
            f"browser; use one of: {', '.join(sorted(_KINDS))}."
        )
    mode = str(layout.get("barmode") or "group")
    pairs = _pairs(layout, traces)
    scales = _scales(layout, traces, pairs, mode)
    wide = float(width_px)
    legend = legend_of(layout, traces, wide)
    left, top, right, bottom, height = _margins(layout, scales, pairs, legend, traces, wide)
    panels = {}
    for pair in pairs:
        across, down = (_domain(_axis(layout, name)) for name in pair)
        inner_wide, inner_high = wide - left - right, height - top - bottom
        panels[pair] = Panel(
            scales[pair[0]],
            scales[pair[1]],
            (
                left + across[0] * inner_wide,
                top + (1 - down[1]) * inner_high,
                left + across[1] * inner_wide,
                top + (1 - down[0]) * inner_high,
            ),
        )
    drawn = Figure(figsize=(wide / 72, height / 72), dpi=72, facecolor="white")
    ground = (left, top, wide - right, height - bottom)
    draw_shapes(drawn, layout, panels, ground)
    for pair, panel in panels.items():
        draw_axes(
            drawn,
            panel,
            _axis(layout, pair[0]),
            _axis(layout, pair[1]),
            panel.x.ticks(_axis(layout, pair[0]), panel.box[2] - panel.box[0], _LETTERS_ACROSS),
            panel.y.ticks(_axis(layout, pair[1]), panel.box[3] - panel.box[1], _LETTERS_DOWN),
        )
        panel.draw(drawn, [trace for trace in traces if _pair(trace) == pair], layout)
        draw_color_bar(drawn, panel, [trace for trace in traces if _pair(trace) == pair])
    draw_notes(drawn, layout, panels, ground)
    title_words(layout, wide).draw(drawn, 4, 6, across=0, down=0, align=0)
    draw_legend(drawn, legend, ground, height)
    return Drawing(drawn, panels, height)


def _pair(trace: Trace) -> tuple[str, str]:
    return str(trace.get("xaxis") or "x"), str(trace.get("yaxis") or "y")


def _axis(layout: Mapping[str, Any], name: str) -> dict[str, Any]:
    axis: dict[str, Any] = layout.get(f"{name[0]}axis{name[1:]}") or {}
    return axis


def _domain(axis: Mapping[str, Any]) -> tuple[float, float]:
    low, high = listed(axis.get("domain")) or (0.0, 1.0)
    return float(low), float(high)


def _pairs(layout: Mapping[str, Any], traces: Sequence[Trace]) -> list[tuple[str, str]]:
    return list(dict.fromkeys(map(_pair, traces))) or [("x", "y")]


def _scales(
    layout: Mapping[str, Any],
    traces: Sequence[Trace],
    pairs: Sequence[tuple[str, str]],
    mode: str,
) -> dict[str, Scale]:
    shown: dict[str, list[Extent]] = {}
    kinds: dict[str, str] = {}
    for pair in pairs:
        own = [trace for trace in traces if _pair(trace) == pair]
        x, y, x_kind, y_kind = extents(own, _axis(layout, pair[0]), _axis(layout, pair[1]), mode)
        for name, extent, kind in ((pair[0], x, x_kind), (pair[1], y, y_kind)):
            shown.setdefault(name, []).extend(extent)
            kinds[name] = kind
    # Shapes and annotations on an axis are in view too, as in Plotly.
    for shape in layout.get("shapes") or ():
        for letter in "xy":
            name = str(shape.get(f"{letter}ref") or letter)
            if name in shown:
                values = [shape.get(f"{letter}0"), shape.get(f"{letter}1")]
                shown[name].append(Extent(values))
    for note in layout.get("annotations") or ():
        for letter in "xy":
            name = str(note.get(f"{letter}ref") or letter)
            if name in shown:
                shown[name].append(Extent([note.get(letter)], is_logarithm=True))
    return {
        name: make_scale(_axis(layout, name) | {"type": kinds[name]}, extent)
        for name, extent in shown.items()
    }


def _margins(
    layout: Mapping[str, Any],
    scales: Mapping[str, Scale],
    pairs: Sequence[tuple[str, str]],
    legend: Legend,
    traces: Sequence[Trace],
    wide: float,
) -> tuple[float, float, float, float, float]:
    # Left, top, right, bottom and the height of all, grown where words need more.
    margin = layout.get("margin") or {}
    left, right = float(margin.get("l", 60)), float(margin.get("r", 20))
    top, bottom = float(margin.get("t", 60)), float(margin.get("b", 50))
    height = float(layout.get("height") or 360)
    more = legend.extra
    top, bottom = (top, bottom + more) if legend.at_bottom else (top + more, bottom)
    height += more
    inner = max(40.0, height - top - bottom)
    for x_name, y_name in pairs:
        x_axis, y_axis = _axis(layout, x_name), _axis(layout, y_name)
        if y_axis.get("visible") is not False and _domain(x_axis)[0] == 0.0:
            length = inner * (_domain(y_axis)[1] - _domain(y_axis)[0])
            needed = _widest(scales[y_name].ticks(y_axis, length, _LETTERS_DOWN), y_axis) + 10
            left = max(left, needed + (26 if _titled(y_axis) else 0))
        if x_axis.get("visible") is not False and _domain(y_axis)[0] == 0.0:
            ticks = scales[x_name].ticks(x_axis, wide - left - right, _LETTERS_ACROSS)
            high = max((words(text).height for _, text in ticks), default=0.0)
            bottom = max(bottom, high + 12 + (24 if _titled(x_axis) else 0))
    reach_left, reach_right = note_reach(layout)
    if any(has_color_bar(trace) for trace in traces):
        right = max(right, COLOR_BAR)
    left, right = max(left, reach_left), max(right, reach_right)
    room = max(80.0, wide - 120.0)
    if left + right > room:
        left, right = left * room / (left + right), right * room / (left + right)
    height = min(max(height, top + bottom + 40), _HIGHEST)
    return left, top, right, bottom, height


def _titled(axis: Mapping[str, Any]) -> bool:
    return bool((axis.get("title") or {}).get("text"))


def _widest(ticks: Sequence[tuple[float, str]], axis: Mapping[str, Any]) -> float:
    if axis.get("showticklabels") is False:
        return 0.0
    return max((words(text).width for _, text in ticks), default=0.0)
