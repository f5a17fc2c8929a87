"""A report for word processors, to be edited and pasted from."""

import io
from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

from docx import Document
from docx.document import Document as WordDocument
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.oxml.shape import CT_Inline
from docx.shared import Cm, Pt, RGBColor

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
from deepaid_core.reports.packing import repacked

__all__ = ["render"]

_FONT, _MONOSPACE = "Arial", "Courier New"
_WIDE = 17.0  # centimeters between the margins of an A4 page
_TWIPS = 567  # to a centimeter
_DENSE = 7  # columns, from which letters are small
_STYLES = {"plain": "Normal", "quote": "Quote", "warning": "IntenseQuote", "limit": "Caption"}
_SIZES = {"Title": 20.0, "Subtitle": 11.0, "Heading 1": 15.0, "Heading 2": 12.5, "Heading 3": 11.0}
_INK, _GREY = RGBColor(0x1B, 0x24, 0x30), RGBColor(0x55, 0x60, 0x6E)
_BLUE = RGBColor(0x0B, 0x5C, 0xAD)


def render(outline: Outline) -> bytes:
    """The outline as a DOCX file; equal outlines give equal bytes."""
    document = Document()
    _prepare(document, outline)
    parts = [
        _paragraph(shown(outline.title, NAME), "Title"),
        _paragraph(shown(outline.subtitle, NAME), "Subtitle"),
        *_block(document, outline.facts, 0),
    ]
    shapes = 1
    for section in outline.sections:
        parts.append(
            _paragraph(
                shown(section.title, NAME), f"Heading{section.level}", new_page=section.new_page
            )
        )
        for block in section.blocks:
            parts += _block(document, block, shapes)
            shapes += isinstance(block, Picture)
    # In one piece: python-docx looks its own document through for each paragraph it adds, and
    # elements that move from one tree to another take a time that grows with their square.
    whole = document.element.xml
    at = whole.rindex("<w:sectPr")
    document.part._element = parse_xml(whole[:at] + "".join(parts) + whole[at:])
    out = io.BytesIO()
    document.save(out)
    return repacked(out.getvalue())


def _prepare(document: WordDocument, outline: Outline) -> None:
    properties = document.core_properties
    properties.title = shown(outline.title, NAME)
    properties.subject = shown(outline.subtitle, NAME)
    properties.author = "DeepAID Studio"
    properties.last_modified_by = ""
    properties.comments = ""
    properties.keywords = f"TLP:{outline.tlp.upper()}"
    properties.language = outline.language
    # What the template was made with says nothing of this report.
    for name in ("dcterms:created", "dcterms:modified"):
        for element in properties._element.findall(qn(name)):
            properties._element.remove(element)
    page = document.sections[0]
    page.page_width, page.page_height = Cm(21.0), Cm(29.7)
    page.left_margin = page.right_margin = Cm((21.0 - _WIDE) / 2)
    page.top_margin = page.bottom_margin = Cm(2.0)
    _style(document, "Normal", 10)
    for name, size in _SIZES.items():
        _style(document, name, size).font.color.rgb = _BLUE if "Heading" in name else _INK
    _style(document, "Caption", 8.5).font.color.rgb = _GREY
    document.styles["Caption"].font.bold = False
    for part in (page.header, page.footer):
        paragraph = part.paragraphs[0]
        paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(_WIDE))
        _mark(paragraph, outline.tlp)
    page.header.paragraphs[0].add_run(f"\t{shown(outline.title, 80)}").font.size = Pt(8)
    footer = page.footer.paragraphs[0]
    footer.add_run("\tPage ").font.size = Pt(8)
    _number(footer, "PAGE")
    footer.add_run(" of ").font.size = Pt(8)
    _number(footer, "NUMPAGES")


def _style(document: WordDocument, name: str, size: float) -> Any:
    style: Any = document.styles[name]
    style.font.name = _FONT
    style.font.size = Pt(size)
    style.font.italic = False
    fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
    for part in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        # A font of the theme would win over the one that is named.
        fonts.attrib.pop(qn(f"w:{part}"), None)
    return style


def _mark(paragraph: Any, tlp: str) -> None:
    run = paragraph.add_run(f" TLP:{tlp.upper()} ")
    run.font.bold = True
    run.font.size = Pt(9)
    run.font.color.rgb = RGBColor.from_string(TLP_COLORS.get(tlp, "#FFFFFF")[1:])
    run._element.get_or_add_rPr().append(
        parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="000000"/>')
    )


def _number(paragraph: Any, what: str) -> None:
    # Fields of a page: the word processor counts.
    for kind in ("begin", "", "end"):
        run = paragraph.add_run()
        run.font.size = Pt(8)
        run._element.append(
            parse_xml(f'<w:fldChar {nsdecls("w")} w:fldCharType="{kind}"/>')
            if kind
            else parse_xml(
                f'<w:instrText {nsdecls("w")} xml:space="preserve"> {what} </w:instrText>'
            )
        )


def _block(document: WordDocument, block: Block, number: int) -> list[str]:
    if isinstance(block, Paragraph):
        return [_paragraph(shown(block.text, lines=True), _STYLES[block.kind])]
    if isinstance(block, Items):
        # Word would go on counting from list to list.
        marks = (f"{place}. " if block.numbered else "• " for place in range(1, 1_000_000))
        return [
            _paragraph(mark + shown(text, lines=True), "List")
            for mark, text in zip(marks, block.texts, strict=False)
        ]
    if isinstance(block, Facts):
        rows = [[shown(name, NAME), shown(value, lines=True)] for name, value in block.pairs]
        return _rows(rows, shares=[0.3, 0.7], size=9, header=False)
    if isinstance(block, Source):
        return [_paragraph(shown(block.text, lines=True), "Normal", font=_MONOSPACE)]
    return _picture(document, block, number) if isinstance(block, Picture) else _table(block)


def _paragraph(
    text: str, style: str, *, new_page: bool = False, with_next: bool = False, font: str = ""
) -> str:
    look = f'<w:rFonts w:ascii="{font}" w:hAnsi="{font}" w:cs="{font}"/><w:sz w:val="17"/>'
    return (
        f'<w:p><w:pPr><w:pStyle w:val="{style}"/>{"<w:keepNext/>" if with_next else ""}'
        f"{'<w:pageBreakBefore/>' if new_page else ''}</w:pPr>"
        f"<w:r>{f'<w:rPr>{look}</w:rPr>' if font else ''}{_lines(text)}</w:r></w:p>"
    )


def _lines(text: str) -> str:
    return "<w:br/>".join(
        f'<w:t xml:space="preserve">{escape(line)}</w:t>' for line in text.split("\n")
    )


def _picture(document: WordDocument, picture: Picture, number: int) -> list[str]:
    relation, image = document.part.get_or_add_image(io.BytesIO(static.draw(picture.figure)))
    wide, high = image.scaled_dimensions(width=Cm(_WIDE))
    inline = CT_Inline.new_pic_inline(number, relation, f"{picture.id}.png", wide, high)
    words = inline.docPr
    words.set("name", picture.id)
    words.set("title", shown(picture.title, NAME))
    words.set("descr", shown(picture.alt))
    parts = [f"<w:p><w:r><w:drawing>{inline.xml}</w:drawing></w:r></w:p>"]
    return [*parts, _paragraph(shown(picture.note), "Caption")] if picture.note else parts


def _table(table: Table) -> list[str]:
    title = shown(table.title, NAME)
    if not table.rows:
        return [_paragraph(f"{title}: nothing is known.", "Caption")]
    return [
        _paragraph(title, "Caption", with_next=True),
        *_rows(
            [
                [shown(column) for column in table.columns],
                *([cell_text(cell) for cell in row] for row in table.rows),
            ],
            shares=column_shares(table),
            size=7 if len(table.columns) > _DENSE else 8.5,
            header=True,
            marked=[place + 1 for place in table.marked],
            numbers=[isinstance(cell, int) for cell in table.rows[0]],
        ),
    ]


def _rows(
    rows: Sequence[Sequence[str]],
    *,
    shares: Sequence[float],
    size: float,
    header: bool,
    marked: Sequence[int] = (),
    numbers: Sequence[bool] = (),
) -> list[str]:
    widths = [round(share * _WIDE * _TWIPS) for share in shares]
    right_aligned = '<w:jc w:val="right"/>'
    border = '<w:{0} w:val="single" w:sz="4" w:space="0" w:color="D9DFE6"/>'
    parts = [
        f'<w:tbl><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        f"<w:tblBorders>{border.format('top')}{border.format('bottom')}"
        f'{border.format("insideH")}</w:tblBorders><w:tblLayout w:type="fixed"/>'
        '<w:tblCellMar><w:left w:w="60" w:type="dxa"/><w:right w:w="60" w:type="dxa"/>'
        f'</w:tblCellMar><w:tblLook w:firstRow="{int(header)}" '
        f'w:firstColumn="{int(not header)}"/></w:tblPr><w:tblGrid>',
        *(f'<w:gridCol w:w="{width}"/>' for width in widths),
        "</w:tblGrid>",
    ]
    kept = set(marked)
    for place, row in enumerate(rows):
        is_head = header and place == 0
        flags = "<w:cantSplit/>" + ("<w:tblHeader/>" if is_head else "")
        fill = '<w:shd w:val="clear" w:color="auto" w:fill="F2F5F8"/>' if is_head else ""
        parts.append(f"<w:tr><w:trPr>{flags}</w:trPr>")
        for column, (text, width) in enumerate(zip(row, widths, strict=True)):
            bold = is_head or place in kept or (not header and column == 0)
            right = column < len(numbers) and numbers[column]
            parts.append(
                f'<w:tc><w:tcPr><w:tcW w:w="{width}" w:type="dxa"/>{fill}</w:tcPr>'
                '<w:p><w:pPr><w:spacing w:before="20" w:after="20"/>'
                f"{right_aligned if right else ''}</w:pPr><w:r>"
                f'<w:rPr>{"<w:b/>" if bold else ""}<w:sz w:val="{round(2 * size)}"/></w:rPr>'
                f"{_lines(text)}</w:r></w:p></w:tc>"
            )
        parts.append("</w:tr>")
    # Between two tables without a paragraph a word processor sees one.
    return ["".join(parts), '</w:tbl><w:p><w:pPr><w:spacing w:after="40"/></w:pPr></w:p>']
