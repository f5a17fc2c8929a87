"""What is drawn on a static picture beside its data: shapes, annotations and arrows."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle

from deepaid_core.reports.static_marks import add_line, color_of, dashes
from deepaid_core.reports.static_panel import Panel
from deepaid_core.reports.static_text import INK, Words, paper, words

__all__ = ["draw_notes", "draw_shapes", "note_reach"]

_HEAD = 7.0  # pixels of an arrow's head for each of its width

Box = tuple[float, float, float, float]


def _place(
    value: Any, name: str, letter: str, panels: Mapping[tuple[str, str], Panel], ground: Box,
    *, is_logarithm: bool,
) -> float:  # fmt: skip
    # A pixel: on the paper, within the domain of an axis, or at a value of one.
    left, top, right, bottom = ground
    name = name or letter
    panel = next(
        (own for pair, own in panels.items() if pair["xy".index(letter)] == name.split(" ")[0]),
        None,
    )
    if name == "paper" or panel is None:
        share = float(value)
        return left + share * (right - left) if letter == "x" else bottom - share * (bottom - top)
    if name.endswith(" domain"):
        left, top, right, bottom = panel.box
        share = float(value)
        return left + share * (right - left) if letter == "x" else bottom - share * (bottom - top)
    scale = panel.x if letter == "x" else panel.y
    number = float(scale.numbers([value], is_logarithm=is_logarithm)[0])
    return panel.across(number) if letter == "x" else panel.down(number)


def draw_shapes(
    figure: Figure,
    layout: Mapping[str, Any],
    panels: Mapping[tuple[str, str], Panel],
    ground: Box,
) -> None:
    """Rectangles and lines that are no data."""
    for shape in layout.get("shapes") or ():
        (x0, x1), (y0, y1) = (
            [
                _place(shape[f"{letter}{end}"], str(shape.get(f"{letter}ref") or ""), letter,
                       panels, ground, is_logarithm=False)
                for end in "01"
            ]
            for letter in "xy"
        )  # fmt: skip
        if not np.isfinite([x0, x1, y0, y1]).all():
            continue
        line = shape.get("line") or {}
        width = float(line.get("width", 2))
        color = color_of(line.get("color") or "#444444")
        order = 0.5 if shape.get("layer") == "below" else 6.0
        if shape.get("type") == "line":
            add_line(
                figure, np.array([x0, x1]), np.array([y0, y1]), paper(figure), color=color,
                width=width, dash=line.get("dash"), order=order, clip=None,
            )  # fmt: skip
            continue
        # Kept within the ground: a band may reach beyond what is in view.
        left, right = (min(max(at, ground[0]), ground[2]) for at in sorted((x0, x1)))
        upper, lower = (min(max(at, ground[1]), ground[3]) for at in sorted((y0, y1)))
        fill = shape.get("fillcolor")
        figure.add_artist(
            Rectangle(
                (left, upper), right - left, lower - upper,
                facecolor=color_of(fill, float(shape.get("opacity") or 1)) if fill else "none",
                edgecolor=color if width else "none", linewidth=width,
                linestyle=dashes(line.get("dash"), max(width, 1)),
                transform=paper(figure), zorder=order,
            )
        )  # fmt: skip


def _anchor(note: Mapping[str, Any], letter: str) -> float:
    # Share of the words' own size that lies before the place: 0 puts their start there.
    named = {"left": 0.0, "center": 0.5, "right": 1.0, "top": 0.0, "middle": 0.5, "bottom": 1.0}
    given = note.get(f"{letter}anchor")
    if given in named:
        return named[given]
    if note.get(f"{letter}ref") == "paper":
        share = float(note.get(letter, 0.5))
        third = 0.0 if share < 1 / 3 else (1.0 if share > 2 / 3 else 0.5)
        return third if letter == "x" else 1.0 - third
    return 0.5


def _note_words(note: Mapping[str, Any]) -> Words:
    return words(str(note.get("text") or ""), float((note.get("font") or {}).get("size", 12)))


def note_reach(layout: Mapping[str, Any]) -> tuple[float, float]:
    """Pixels that words beside the data take left and right of it."""
    left = right = 0.0
    for note in layout.get("annotations") or ():
        if note.get("xref") != "paper" or note.get("showarrow"):
            continue
        shift = float(note.get("xshift") or 0)
        if note.get("x") == 1 and _anchor(note, "x") == 0.0:
            right = max(right, shift + _note_words(note).width + 4)
        elif note.get("x") == 0 and _anchor(note, "x") == 1.0:
            left = max(left, _note_words(note).width - shift + 4)
    return left, right


def draw_notes(
    figure: Figure,
    layout: Mapping[str, Any],
    panels: Mapping[tuple[str, str], Panel],
    ground: Box,
) -> None:
    """Words and arrows at places, kept within the picture."""
    wide = float(figure.get_size_inches()[0]) * 72
    for note in layout.get("annotations") or ():
        x, y = (
            _place(note.get(letter, 0.5), str(note.get(f"{letter}ref") or ""), letter, panels,
                   ground, is_logarithm=True)
            for letter in "xy"
        )  # fmt: skip
        if not np.isfinite([x, y]).all():
            continue
        if note.get("showarrow") is not False:
            tail = _tail(note, x, y, panels, ground)
            _arrow(figure, note, tail, (x, y))
            x, y = tail
        shown = _note_words(note)
        if not shown.width:
            continue
        x, y = x + float(note.get("xshift") or 0), y - float(note.get("yshift") or 0)
        across = _anchor(note, "x")
        left = min(max(x - across * shown.width, 2.0), max(2.0, wide - 2 - shown.width))
        ink = (note.get("font") or {}).get("color")
        shown.draw(
            figure, left, y, across=0, down=_anchor(note, "y"),
            align={"left": 0.0, "right": 1.0}.get(str(note.get("align")), 0.5),
            color=color_of(ink) if ink else INK,
        )  # fmt: skip


def _tail(
    note: Mapping[str, Any], x: float, y: float, panels: Mapping[tuple[str, str], Panel],
    ground: Box,
) -> tuple[float, float]:  # fmt: skip
    ends = []
    for letter, at in (("x", x), ("y", y)):
        reference = str(note.get(f"a{letter}ref") or "pixel")
        given = note.get(f"a{letter}")
        if reference == "pixel":
            ends.append(at + float((0 if letter == "x" else -30) if given is None else given))
        else:
            ends.append(_place(given, reference, letter, panels, ground, is_logarithm=True))
    return ends[0], ends[1]


def _arrow(
    figure: Figure, note: Mapping[str, Any], start: tuple[float, float], end: tuple[float, float]
) -> None:
    tail, tip = np.array(start), np.array(end)
    way = tip - tail
    length = float(np.hypot(*way))
    before, after = float(note.get("startstandoff") or 0), float(note.get("standoff") or 0)
    if not np.isfinite(length) or length <= before + after + 1:
        return
    along = way / length
    tail, tip = tail + before * along, tip - after * along
    width = float(note.get("arrowwidth") or 1)
    color = color_of(note.get("arrowcolor") or "#444444", float(note.get("opacity") or 1))
    head = (4 + _HEAD * 0.5 * width) * float(note.get("arrowsize") or 1)
    foot = tip - head * along
    side = 0.4 * head * np.array([-along[1], along[0]])
    add_line(
        figure, np.array([tail[0], foot[0]]), np.array([tail[1], foot[1]]), paper(figure),
        color=color, width=width, dash=None, order=2.0, clip=None,
    )  # fmt: skip
    figure.add_artist(
        Polygon([tip, foot + side, foot - side], facecolor=color, edgecolor="none",
                transform=paper(figure), zorder=2.1)
    )  # fmt: skip
