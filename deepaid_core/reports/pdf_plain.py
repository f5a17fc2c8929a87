"""A report as PDF without a browser: plain, with the same words, tables and pictures."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from fpdf import FPDF

from deepaid_core.figures.tables import Table
from deepaid_core.reports import static
from deepaid_core.reports.blocks import (
    Block,
    Facts,
    Items,
    Outline,
    Paragraph,
    Picture,
    Source,
)
from deepaid_core.reports.laid_text import NAME, TLP_COLORS, cell_text, column_shares, shown
from deepaid_core.reports.static_text import drawable, font_file

__all__ = ["render"]

_LEFT, _TOP, _WIDE, _BOTTOM = 15.0, 20.0, 180.0, 279.0  # millimeters of an A4 page
_POINT: Final = 25.4 / 72
_LEAD: Final = 1.35  # height of a line in sizes of its letters
_PAD: Final = 1.0  # millimeters around the text of a cell
_DENSE: Final = 7  # columns, from which letters are small
_INK, _GREY, _BLUE, _RED = (27, 36, 48), (85, 96, 110), (11, 92, 173), (163, 70, 0)
_HEADINGS: Final = {1: 15.0, 2: 12.0, 3: 10.5}
_TABLE_END: Final = 2.0


def render(outline: Outline) -> bytes:
    """The outline as a PDF file."""
    page = _Pages(outline)
    page.words(shown(outline.title, NAME), 20, bold=True)
    page.words(shown(outline.subtitle, NAME), 10, color=_GREY)
    page.block(outline.facts)
    for number, section in enumerate(outline.sections):
        page.heading(shown(section.title, NAME), section.level, section.new_page and number > 0)
        for block in section.blocks:
            page.block(block)
    return bytes(page.pdf.output())


class _Paper(FPDF):
    # A page with its marking and its number.
    outline: Outline

    def header(self) -> None:
        tlp = self.outline.tlp
        red, green, blue = bytes.fromhex(TLP_COLORS.get(tlp, "#FFFFFF")[1:])
        self.set_font("plain", "B", 9)
        self.set_fill_color(0, 0, 0)
        self.set_text_color(red, green, blue)
        mark = f"TLP:{tlp.upper()}"
        self.rect(_LEFT, 9.0, self.get_string_width(mark) + 4, 5.5, style="F")
        self.text(_LEFT + 2, 13.0, mark)
        self.set_font("plain", "", 7)
        self.set_text_color(*_GREY)
        title = _legible(shown(self.outline.title, 90))
        self.text(_LEFT + _WIDE - self.get_string_width(title), 13.0, title)

    def footer(self) -> None:
        self.set_font("plain", "", 7)
        self.set_text_color(*_GREY)
        self.text(_LEFT, 289.0, f"TLP:{self.outline.tlp.upper()}")
        # A cell, since only there the number of all pages is filled in at the end.
        self.set_xy(_LEFT + _WIDE - 40, 286.0)
        self.cell(40, 4, f"Page {self.page_no()} of {{nb}}", align="R")


@dataclass(frozen=True, slots=True)
class _Row:
    # A row of a table, wrapped: lines of each cell.
    cells: tuple[list[str], ...]
    bold: tuple[bool, ...]
    height: float


class _Pages:
    # What is laid down from top to bottom, page after page.

    def __init__(self, outline: Outline) -> None:
        self.pdf = _Paper(format="A4", unit="mm")
        self.pdf.outline = outline
        self.pdf.set_auto_page_break(False)
        self.pdf.set_title(shown(outline.title, NAME))
        self.pdf.set_subject(shown(outline.subtitle, NAME))
        self.pdf.set_author("DeepAID Studio")
        self.pdf.set_keywords(f"TLP:{outline.tlp.upper()}")
        self.pdf.set_lang(outline.language)
        for style in ("", "B"):
            self.pdf.add_font("plain", style, str(font_file(bold=style == "B")))
        self.pdf.add_page()
        self.y = _TOP

    def room(self, height: float) -> None:
        """Begin a page where what comes does not fit on this one."""
        if self.y + height > _BOTTOM and self.y > _TOP:
            self.new_page()

    def new_page(self) -> None:
        self.pdf.add_page()
        self.y = _TOP

    def wrapped(self, text: str, size: float, wide: float, *, bold: bool = False) -> list[str]:
        """Lines that are at most so wide, in millimeters."""
        self.pdf.set_font("plain", "B" if bold else "", size)
        font: Any = self.pdf.current_font
        return _wrapped(_legible(text, bold=bold), font.cw, wide / _POINT / size * 1000)

    def words(
        self,
        text: str,
        size: float = 9.5,
        *,
        bold: bool = False,
        color: tuple[int, int, int] = _INK,
        indent: float = 0.0,
        bar: tuple[int, int, int] | None = None,
        after: float = 1.5,
    ) -> None:
        high = size * _POINT * _LEAD
        for line in self.wrapped(text, size, _WIDE - indent, bold=bold):
            self.room(high)
            self.pdf.set_font("plain", "B" if bold else "", size)
            self.pdf.set_text_color(*color)
            self.pdf.text(_LEFT + indent, self.y + 0.78 * high, line)
            if bar is not None:
                self.pdf.set_fill_color(*bar)
                self.pdf.rect(_LEFT, self.y, 0.8, high, style="F")
            self.y += high
        self.y += after

    def heading(self, title: str, level: int, new_page: bool) -> None:
        size = _HEADINGS[level]
        if new_page:
            self.new_page()
        # A heading never stands alone at the end of a page.
        self.room(30.0)
        self.y += 3.0 if self.y > _TOP else 0.0
        self.pdf.set_y(self.y)
        self.pdf.start_section(_legible(title) or "–", level=level - 1, strict=False)
        self.words(title, size, bold=True, color=_BLUE)

    def block(self, block: Block) -> None:
        if isinstance(block, Paragraph):
            text = shown(block.text, lines=True)
            if block.kind == "quote":
                self.words(text, indent=4, bar=_BLUE)
            elif block.kind == "warning":
                self.words(text, indent=4, bar=_RED)
            else:
                limit = block.kind == "limit"
                self.words(text, 8.5 if limit else 9.5, color=_GREY if limit else _INK)
        elif isinstance(block, Items):
            for place, text in enumerate(block.texts, start=1):
                mark = f"{place}. " if block.numbered else "• "
                self.words(mark + shown(text, lines=True), indent=4, after=0.6)
            self.y += 1.0
        elif isinstance(block, Facts):
            rows = [[shown(name, NAME), shown(value, lines=True)] for name, value in block.pairs]
            self.rows(rows, [0.3, 0.7], 8.5, bold=lambda _, column: column == 0)
        elif isinstance(block, Source):
            self.words(shown(block.text, lines=True), 8, indent=4, bar=_GREY)
        elif isinstance(block, Picture):
            self.picture(block)
        else:
            self.table(block)

    def picture(self, picture: Picture) -> None:
        drawn = static.draw(picture.figure)
        wide, high = _size(drawn)
        across = min(_WIDE, (_BOTTOM - _TOP) * wide / high)
        down = across * high / wide
        self.room(down + 2)
        self.pdf.image(
            io.BytesIO(drawn),
            x=_LEFT,
            y=self.y,
            w=across,
            h=down,
            title=shown(picture.title, NAME),
            alt_text=shown(picture.alt),
        )
        self.y += down + 2
        if picture.note:
            self.words(shown(picture.note), 8, color=_GREY)

    def table(self, table: Table) -> None:
        title = shown(table.title, NAME)
        if not table.rows:
            self.words(f"{title}: nothing is known.", 8, color=_GREY)
            return
        size = 5.5 if len(table.columns) > _DENSE + 3 else 6.5 if len(table.columns) > _DENSE else 8
        self.room(20.0)
        self.words(title, 8, color=_GREY, after=0.5)
        marked = {place + 1 for place in table.marked}
        self.rows(
            [
                [shown(column) for column in table.columns],
                *([cell_text(cell) for cell in row] for row in table.rows),
            ],
            column_shares(table),
            size,
            bold=lambda row, _: row == 0 or row in marked,
            header=True,
            numbers=[isinstance(cell, int) for cell in table.rows[0]],
        )

    def rows(
        self,
        rows: Sequence[Sequence[str]],
        shares: Sequence[float],
        size: float,
        *,
        bold: Any,
        header: bool = False,
        numbers: Sequence[bool] = (),
    ) -> None:
        widths = [share * _WIDE for share in shares]
        high = size * _POINT * _LEAD
        head: _Row | None = None
        for place, row in enumerate(rows):
            weights = tuple(bool(bold(place, column)) for column in range(len(row)))
            cells = tuple(
                self.wrapped(text, size, width - 2 * _PAD, bold=weight)
                for text, width, weight in zip(row, widths, weights, strict=True)
            )
            laid = _Row(cells, weights, max(map(len, cells)) * high + 1.0)
            if self.y + laid.height > _BOTTOM and self.y > _TOP:
                self.new_page()
                if head is not None:
                    self.lay(head, widths, size, numbers, shaded=True)
            if header and place == 0:
                head = laid
            self.lay(laid, widths, size, numbers, shaded=header and place == 0)
        self.y += _TABLE_END

    def lay(
        self,
        row: _Row,
        widths: Sequence[float],
        size: float,
        numbers: Sequence[bool],
        *,
        shaded: bool,
    ) -> None:
        pdf, high = self.pdf, size * _POINT * _LEAD
        # What is longer than a page goes on on the next one.
        start, total = 0, max(map(len, row.cells))
        while start < total:
            fits = max(1, int((_BOTTOM - self.y - 1.0) / high))
            count = min(fits, total - start)
            if shaded:
                pdf.set_fill_color(242, 245, 248)
                pdf.rect(_LEFT, self.y, _WIDE, count * high + 1.0, style="F")
            pdf.set_text_color(*_INK)
            left = _LEFT
            for column, (lines, bold, width) in enumerate(
                zip(row.cells, row.bold, widths, strict=True)
            ):
                pdf.set_font("plain", "B" if bold else "", size)
                right = column < len(numbers) and numbers[column]
                for number, line in enumerate(lines[start : start + count]):
                    if line:
                        shift = width - 2 * _PAD - pdf.get_string_width(line) if right else 0.0
                        pdf.text(left + _PAD + shift, self.y + 0.5 + (number + 0.78) * high, line)
                left += width
            self.y += count * high + 1.0
            pdf.set_draw_color(217, 223, 230)
            pdf.line(_LEFT, self.y, _LEFT + _WIDE, self.y)
            start += count
            if start < total:
                self.new_page()


def _size(picture: bytes) -> tuple[int, int]:
    # Width and height stand at a fixed place of each PNG file.
    return int.from_bytes(picture[16:20], "big"), int.from_bytes(picture[20:24], "big")


@lru_cache(maxsize=4096)
def _code_point(character: str, bold: bool) -> str:
    return drawable(character, bold=bold, unknown=f"⟨U+{ord(character):04X}⟩")


def _legible(text: str, *, bold: bool = False) -> str:
    # Other formats leave letters that a font lacks to the reader's own; here they are told.
    if text.isascii():
        return text
    return "".join(one if one == "\n" else _code_point(one, bold) for one in text)


def _wrapped(text: str, widths: Any, most: float) -> list[str]:
    # Greedy; a word that is wider than a line breaks anywhere.
    lines = []
    for paragraph in text.split("\n"):
        line, used = "", 0.0
        for word in paragraph.split(" "):
            wide = sum(widths[ord(one)] for one in word)
            blank = widths[32] if line else 0.0
            if line and used + blank + wide > most:
                lines.append(line)
                line, used, blank = "", 0.0, 0.0
            if wide > most:
                pieces = _torn(word, widths, most)
                lines += pieces[:-1]
                word = pieces[-1]
                wide = sum(widths[ord(one)] for one in word)
            line = f"{line} {word}" if blank else line + word
            used += blank + wide
        lines.append(line)
    return lines


def _torn(word: str, widths: Any, most: float) -> list[str]:
    pieces, piece, used = [], "", 0.0
    for one in word:
        wide = widths[ord(one)]
        if piece and used + wide > most:
            pieces.append(piece)
            piece, used = "", 0.0
        piece += one
        used += wide
    return [*pieces, piece]
