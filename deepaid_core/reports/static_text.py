"""Words of a static picture: the little markup that our figures use, in a font that we ship."""

import html
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import matplotlib as mpl
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, get_font
from matplotlib.text import Text
from matplotlib.transforms import Affine2D, Transform
from PIL import Image, ImageDraw, ImageFont

from deepaid_core.figures.text import shorten, visible

__all__ = [
    "FONT",
    "INK",
    "LINE",
    "Run",
    "Words",
    "drawable",
    "font_file",
    "paper",
    "words",
    "write",
]

FONT = "DejaVu Sans"
INK = "#1b2430"
LINE = 1.3
"""Height of a line in sizes of its letters."""

_NARROW = 0.9  # DejaVu is that much wider than the fonts that browsers draw our figures with
_TAG = re.compile(r"<(/?)(br|b|sup|sub|i)\s*/?>", re.IGNORECASE)
_MOST_LETTERS, _MOST_LINES = 400, 40
_MEASURED = 200.0
_SUPERSCRIPTS = str.maketrans("0123456789+-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻")
_UNKNOWN = "▯"


@dataclass(frozen=True, slots=True)
class Run:
    """Letters of one weight."""

    text: str
    bold: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Lines of runs at one size, measured in pixels.

    Attributes:
        lines: From top to bottom.
        size: Of the letters, as asked for.
    """

    lines: tuple[tuple[Run, ...], ...]
    size: float

    @property
    def widths(self) -> tuple[float, ...]:
        """Width of each line."""
        return tuple(
            sum(_width(run.text, self.size * _NARROW, run.bold) for run in line)
            for line in self.lines
        )

    @property
    def width(self) -> float:
        """Of the widest line."""
        return max(self.widths, default=0.0)

    @property
    def height(self) -> float:
        """Of all lines."""
        return LINE * self.size * len(self.lines)

    def draw(
        self,
        figure: Figure,
        x: float,
        y: float,
        *,
        across: float = 0.5,
        down: float = 0.5,
        align: float = 0.5,
        color: str | tuple[float, float, float, float] = INK,
        order: float = 9.0,
        upright: bool = False,
    ) -> None:
        """Put the words down; x and y are pixels from the left and from the top.

        Args:
            figure: Where to.
            x: Place of the block, its left edge for `across` 0, its right one for 1.
            y: Likewise, its top for `down` 0, its bottom for 1.
            across: See `x`.
            down: See `y`.
            align: Of lines within the block: 0 left, 0.5 middle, 1 right.
            color: Of the letters.
            order: Later ones are drawn over earlier ones.
            upright: Turned by a quarter, read from below; one line only.
        """
        ground = paper(figure)
        if upright:
            text = " ".join(run.text for line in self.lines for run in line)
            figure.add_artist(
                _artist(x, y, text, self.size, False, color, ground, order, turned=True)
            )
            return
        left, top = x - across * self.width, y - down * self.height
        for number, (line, width) in enumerate(zip(self.lines, self.widths, strict=True)):
            at = left + align * (self.width - width)
            baseline = top + (number * LINE + 1.0) * self.size
            for run in line:
                figure.add_artist(
                    _artist(at, baseline, run.text, self.size, run.bold, color, ground, order)
                )
                at += _width(run.text, self.size * _NARROW, run.bold)


def words(markup: str, size: float = 12.0) -> Words:
    """Text as Plotly's figures write it: <br>, <b>, <sup> and entities; nothing else is read."""
    lines: list[list[Run]] = [[]]
    bold = raised = False
    at = 0
    markup = shorten(markup, 40 * _MOST_LETTERS)
    for tag in _TAG.finditer(markup):
        _append(lines[-1], markup[at : tag.start()], bold=bold, raised=raised)
        at = tag.end()
        name, opens = tag.group(2).lower(), not tag.group(1)
        if name == "br":
            lines.append([])
        elif name == "b":
            bold = opens
        elif name == "sup":
            raised = opens
    _append(lines[-1], markup[at:], bold=bold, raised=raised)
    return Words(tuple(tuple(line) for line in lines[:_MOST_LINES]), size)


def _append(line: list[Run], piece: str, *, bold: bool, raised: bool) -> None:
    # Entities after tags: what reads as a tag once they are resolved is event text.
    text = visible(shorten(html.unescape(piece), _MOST_LETTERS))
    if raised:
        text = text.translate(_SUPERSCRIPTS)
    if text:
        line.append(Run(drawable(text, bold=bold), bold))


def drawable(text: str, *, bold: bool = False, unknown: str = _UNKNOWN) -> str:
    """The text with characters that our font cannot draw replaced."""
    if text.isascii():
        return text
    known = _known(bold)
    return "".join(one if ord(one) in known else unknown for one in text)


def font_file(*, bold: bool = False) -> Path:
    """The font that comes with Matplotlib."""
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return Path(mpl.get_data_path()) / "fonts" / "ttf" / name


def paper(figure: Figure) -> Transform:
    """From pixels, counted from the left and from the top, to the figure's own ground."""
    height = figure.get_size_inches()[1]
    return Affine2D().scale(1 / 72, -1 / 72).translate(0, height) + figure.dpi_scale_trans


def write(picture: Image.Image, texts: Sequence[Text], sharpness: int) -> None:
    """Put a figure's words on its picture.

    Args:
        picture: Of the figure without its words.
        texts: Those of the figure.
        sharpness: Dots of the picture for each pixel of the figure.
    """
    pen = ImageDraw.Draw(picture)
    for text in texts:
        x, y = (float(at) * sharpness for at in text.get_position())
        bold = text.get_fontweight() == "bold"
        font = _pen_font(float(text.get_fontsize()) * sharpness, bold)
        color = tuple(round(255 * part) for part in to_rgb(text.get_color()))
        said = text.get_text()
        if not text.get_rotation():
            pen.text((x, y), said, fill=color, font=font, anchor="ls")
            continue
        left, top, right, bottom = font.getbbox(said, anchor="ls")
        wide, high = max(1, math.ceil(right - left)), max(1, math.ceil(bottom - top))
        mask = Image.new("L", (wide, high), 0)
        ImageDraw.Draw(mask).text((-left, -top), said, fill=255, font=font, anchor="ls")
        mask = mask.rotate(90, expand=True)
        picture.paste(color, (round(x - high / 2), round(y - wide / 2)), mask)


@lru_cache(maxsize=64)
def _pen_font(size: float, bold: bool) -> ImageFont.FreeTypeFont:
    # The basic layout is the same on every machine.
    return ImageFont.truetype(str(font_file(bold=bold)), size, layout_engine=ImageFont.Layout.BASIC)


@cache
def _known(bold: bool) -> frozenset[int]:
    return frozenset(get_font(str(font_file(bold=bold))).get_charmap())


@lru_cache(maxsize=20_000)
def _width(text: str, size: float, bold: bool) -> float:
    font = get_font(str(font_file(bold=bold)))
    # Measured large, where rounding to whole dots does not add up along a line.
    font.set_size(_MEASURED, 72)
    font.set_text(text, 0.0)
    return float(font.get_width_height()[0]) / 64.0 * size / _MEASURED


@cache
def _properties(size: float, bold: bool) -> FontProperties:
    return FontProperties(family=FONT, size=size, weight="bold" if bold else "normal")


def _artist(
    x: float,
    y: float,
    text: str,
    size: float,
    bold: bool,
    color: str | tuple[float, float, float, float],
    ground: Transform,
    order: float,
    *,
    turned: bool = False,
) -> Text:
    return Text(
        x,
        y,
        text,
        fontproperties=_properties(size * _NARROW, bold),
        color=color,
        transform=ground,
        zorder=order,
        # A dollar sign in a host name is no formula.
        parse_math=False,
        usetex=False,
        horizontalalignment="center" if turned else "left",
        verticalalignment="center" if turned else "baseline",
        rotation=90 if turned else 0,
    )
