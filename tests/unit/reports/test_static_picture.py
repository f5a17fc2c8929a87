"""Pictures drawn without a browser: the same numbers as the figure, whatever its words."""

import io
import math
import xml.etree.ElementTree as ET

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PathCollection, PolyCollection
from matplotlib.lines import Line2D
from matplotlib.text import Text
from PIL import Image

from deepaid_core.errors import InvalidParameterError
from deepaid_core.figures import deviations, links, scores, sequence, series, volume
from deepaid_core.figures.findings_timeline import Spot, findings_timeline
from deepaid_core.figures.pattern_path import path_figure
from deepaid_core.figures.theme import VERMILLION, finish
from deepaid_core.reports import static
from deepaid_core.reports.static_marks import COLORS, color_of
from tests.factories import make_finding
from tests.kinds import make_link_finding, make_sequence_finding, make_series_finding
from tests.unit.reports.planted import HOSTILE

MINUTES = [(1_740_819_600.0 + 60 * minute, 5 + minute, minute % 4) for minute in range(1, 6)]
SPOTS = [
    Spot("F-1", "10.0.0.1", 1_740_819_600.0, 1_740_819_700.0, "true positive"),
    Spot("F-2", "ws05", 1_740_819_650.0, 1_740_819_650.0, ""),
]


def figures():
    rows = make_finding(0).interpretation
    return {
        "strip": scores.score_strip(8.0, 1.5, 0.7),
        "flip": scores.flip_curve(rows.diagnostics),
        "timeline": scores.members_timeline([1.0, 2.5, 9.0], [2.0, 3.0, 2.5], 1.5, 2.5),
        "deviations": deviations.deviations(rows, all_columns=True),
        "expected": sequence.expected_keys(
            sequence.sequence_details(make_sequence_finding().interpretation)
        ),
        "map": series.deviation_map(make_series_finding().interpretation),
        "courses": series.courses(make_series_finding().interpretation),
        "links": links.neighborhood(make_link_finding().interpretation),
        "volume": volume.volume(MINUTES),
        "spots": findings_timeline(SPOTS),
        "path": path_figure(["bytes:up:2", "flags:down:1"], []),
        "nothing": scores.members_timeline([], [], 1.0, 1.0),
    }


FIGURES = figures()


def artists(drawing, kind):
    return [one for one in drawing.figure.artists if isinstance(one, kind)]


def ends(values):
    return min(values), max(values)


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_every_figure_of_ours_is_drawn_inside_its_picture(figure):
    picture = Image.open(io.BytesIO(static.draw(figure)))
    assert picture.size[0] == 2 * static.WIDTH
    assert picture.convert("RGB").getpixel((0, picture.size[1] - 1)) == (255, 255, 255)
    assert len(picture.convert("RGB").getcolors(10**6)) > 3
    drawing = static.compose(figure)
    for text in artists(drawing, Text):
        x, y = text.get_position()
        assert -1 <= x <= static.WIDTH
        assert 0 <= y <= drawing.height + 2
    title = " ".join(figure.layout.title.text.replace("<br>", " ").split())
    words = " ".join(text.get_text() for text in artists(drawing, Text))
    assert title.split()[0].replace("&gt;", ">") in words


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_lines_and_symbols_stand_at_the_numbers_of_the_figure(figure):
    drawing = static.compose(figure)
    drawn = np.concatenate(
        [np.empty((0, 2)), *(one.get_offsets() for one in artists(drawing, PathCollection))]
    )
    spots = {(round(float(x), 6), round(float(y), 6)) for x, y in drawn}
    for trace in figure.data:
        if trace.type != "scatter" or "markers" not in (trace.mode or ""):
            continue
        panel = drawing.panels[trace.xaxis or "x", trace.yaxis or "y"]
        wanted = np.column_stack([panel.x.numbers(trace.x), panel.y.numbers(trace.y)])
        for x, y in wanted[np.isfinite(wanted).all(axis=1)]:
            assert (round(float(x), 6), round(float(y), 6)) in spots


def test_a_value_stands_where_its_tick_says():
    values = [3.0, 17.0, 240.0]
    figure = finish(
        [{"type": "scatter", "mode": "lines", "x": [1, 2, 3], "y": values}],
        {"yaxis": {"type": "log", "tickvals": values, "ticktext": ["three", "more", "most"]}},
        title="Steps", height=200,
    )  # fmt: skip
    drawing = static.compose(figure)
    (line,) = (one for one in artists(drawing, Line2D) if len(one.get_xdata()) == 3)
    assert line.get_ydata() == pytest.approx(np.log10(values))
    panel = drawing.panels["x", "y"]
    labels = {one.get_text(): one.get_position()[1] for one in artists(drawing, Text)}
    for value, name in zip(values, ("three", "more", "most"), strict=True):
        middle = labels[name] - 0.35 * 12
        assert middle == pytest.approx(panel.down(math.log10(value)), abs=1.0)


def test_bars_are_stacked_with_their_heights_at_their_times():
    figure = FIGURES["volume"]
    drawing = static.compose(figure)
    first, second = figure.data
    lower, upper = [
        one
        for one in artists(drawing, PolyCollection)
        if not one.get_hatch() and len(one.get_paths()) == len(first.y)
    ]
    for bars, feet, heights in (
        (lower, [0] * len(first.y), first.y),
        (upper, first.y, second.y),
    ):
        boxes = [ends(path.vertices[:, 1]) for path in bars.get_paths()]
        assert boxes == [(foot, foot + height) for foot, height in zip(feet, heights, strict=True)]
    panel = drawing.panels["x", "y"]
    middles = [path.vertices[:4, 0].mean() for path in lower.get_paths()]
    assert middles == pytest.approx(panel.x.numbers(first.x))
    assert panel.y.low == 0


def test_bars_on_a_date_axis_take_lengths_in_milliseconds_from_their_base():
    figure = finish(
        [{"type": "bar", "orientation": "h", "base": ["2026-03-01 10:00:00"], "x": [90_000.0],
          "y": ["host"]}],
        {"xaxis": {"type": "date"}}, title="Spans", height=100,
    )  # fmt: skip
    drawing = static.compose(figure)
    (bars,) = artists(drawing, PolyCollection)
    left, right = ends(bars.get_paths()[0].vertices[:, 0])
    assert right - left == 90
    assert "host" in [one.get_text() for one in artists(drawing, Text)]


def test_cells_without_a_value_are_left_out_and_colors_follow_the_scale():
    figure = finish(
        [{"type": "heatmap", "x": [0, 1, 2], "y": [0, 1], "z": [[0, None, 10], [5, 5, None]],
          "zmin": 0, "zmax": 10, "colorscale": [[0, "#000000"], [1, "#ffffff"]]}],
        {}, title="Cells", height=200,
    )  # fmt: skip
    drawing = static.compose(figure)
    cells, bar = artists(drawing, PolyCollection)
    assert [round(float(color[0]), 2) for color in cells.get_facecolor()] == [0, 1, 0.5, 0.5]
    assert len(bar.get_paths()) > 10  # the scale beside it


def test_symbols_tell_apart_what_colors_do():
    figure = FIGURES["flip"]
    drawing = static.compose(figure)
    (trace,) = figure.data
    kinds = artists(drawing, PathCollection)
    assert sum(len(one.get_offsets()) for one in kinds) == len(trace.x)
    assert len(kinds) == len(set(trace.marker.symbol))


@pytest.mark.parametrize("figure", FIGURES.values(), ids=FIGURES)
def test_svg_holds_text_as_text_and_loads_nothing(figure):
    text = static.draw(figure, kind="svg").decode()
    root = ET.fromstring(text)  # noqa: S314  our own file
    tags = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert tags <= {
        "svg", "metadata", "RDF", "Work", "type", "format", "title", "creator", "Agent", "date",
        "defs", "style", "g", "path", "use", "clipPath", "rect", "text", "pattern", "image",
    }  # fmt: skip
    for element in root.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on")
            if name.endswith("href"):
                assert value.startswith("#")
    if figure.data:
        assert "text" in tags


def test_equal_figures_give_equal_bytes():
    for kind in ("png", "svg"):
        assert static.draw(FIGURES["deviations"], kind=kind) == static.draw(
            FIGURES["deviations"], kind=kind
        )


def make_named(name: str) -> go.Figure:
    safe = deviations.figure_text(name)
    return finish(
        [{"type": "scatter", "mode": "markers+text", "x": [1, 2], "y": [1, 2], "name": safe,
          "text": [safe, "b"], "marker": {"color": VERMILLION}}],
        {"yaxis": {"tickvals": [1, 2], "ticktext": [safe, "two"]},
         "annotations": [{"x": 1, "y": 2, "text": safe, "showarrow": False}]},
        title=name, height=150, legend=True,
    )  # fmt: skip


@pytest.mark.parametrize(
    "name",
    [HOSTILE, "$\\frac{1}{0}$", "n" * 10_000, "\n\r\n", "", "▯名前", "<b>no</b><br>x", "&lt;b&gt;"],
    ids=["hostile", "formula", "long", "lines", "empty", "glyphs", "tags", "entities"],
)
def test_any_name_is_drawn_as_text(name):
    drawing = static.compose(make_named(name))
    assert not any(one.get_parse_math() for one in artists(drawing, Text))
    for kind in ("png", "svg"):
        assert len(static.draw(make_named(name), kind=kind)) < 200_000
    said = [one.get_text() for one in artists(drawing, Text)]
    assert all("\u202e" not in text and "\n" not in text for text in said)
    if name.startswith(("$", "<b>", "&lt;")):
        assert name in said


@pytest.mark.slow
@settings(max_examples=10, deadline=None)
@given(
    st.lists(st.none() | st.floats(allow_nan=True, allow_infinity=True), max_size=4),
    st.sampled_from(["linear", "log"]),
)
def test_no_number_breaks_a_picture(values, kind):
    figure = finish(
        [{"type": "scatter", "mode": "lines+markers", "x": list(range(len(values))),
          "y": values}],
        {"yaxis": {"type": kind}}, title="Any", height=80,
    )  # fmt: skip
    assert static.draw(figure).startswith(b"\x89PNG")


def test_a_trace_that_is_not_drawn_is_named():
    with pytest.raises(InvalidParameterError, match="'pie'"):
        static.draw(go.Figure(go.Pie(values=[1, 2])))


def test_colors_read_as_plotly_writes_them():
    assert color_of("rgba(0, 158, 115, 0.20)") == pytest.approx((0, 158 / 255, 115 / 255, 0.2))
    assert color_of(COLORS[0], 0.5)[3] == 0.5
