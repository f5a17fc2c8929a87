"""Reports for word processors open in their reader, with the same words and numbers."""

import io
import zipfile

import docx
import pytest
from docx.oxml.ns import qn

from deepaid_core.reports.docx import render
from deepaid_core.reports.laid_text import shown
from tests.unit.reports.planted import HOSTILE, NUMBERS, make_outline


@pytest.fixture(scope="module")
def plain():
    return docx.Document(io.BytesIO(render(make_outline())))


def text_of(document) -> str:
    return "".join(node.text or "\n" for node in document.element.body.iter(qn("w:t")))


def test_all_numbers_of_the_outline_are_in_the_document(plain):
    text = text_of(plain)
    picture = plain.inline_shapes[0]._inline.docPr.get("descr")
    for number in NUMBERS:
        assert number in text + picture


def test_tables_repeat_their_header_and_mark_rows(plain):
    facts, table = plain.tables
    assert [cell.text for cell in table.rows[0].cells] == ["Host", "Events", "Share"]
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None
    assert [row.cells[1].text for row in table.rows[1:]] == ["62,343", "62,344", "62,345"]
    bold = [bool(row.cells[0].paragraphs[0].runs[0].bold) for row in table.rows]
    assert bold == [True, False, True, False]
    assert [cell.text for cell in facts.columns[1].cells] == ["report-0123456789", "plain words"]


def test_headings_make_a_tree_and_pages(plain):
    headings = [
        (paragraph.style.name, paragraph.text)
        for paragraph in plain.paragraphs
        if paragraph.style.name.startswith("Heading")
    ]
    assert headings == [
        ("Heading 1", "Summary"),
        ("Heading 2", "Finding plain words"),
        ("Heading 3", "How to get this"),
        ("Heading 1", "Nothing"),
    ]
    assert [
        paragraph.text
        for paragraph in plain.paragraphs
        if paragraph.paragraph_format.page_break_before
    ] == ["Finding plain words"]


def test_each_page_has_the_marking_and_its_number(plain):
    page = plain.sections[0]
    assert "TLP:AMBER+STRICT" in page.header.paragraphs[0].text
    assert "TLP:AMBER+STRICT" in page.footer.paragraphs[0].text
    fields = [node.text.strip() for node in page.footer._element.iter(qn("w:instrText"))]
    assert fields == ["PAGE", "NUMPAGES"]


def test_pictures_are_told_in_words(plain):
    words = plain.inline_shapes[0]._inline.docPr
    assert words.get("descr") == "Score 48.1517 of plain words"


def test_properties_name_neither_the_machine_nor_another_time(plain):
    properties = plain.core_properties
    assert properties.title == "Report on plain words"
    assert (properties.author, properties.last_modified_by) == ("DeepAID Studio", "")
    assert properties.created is None
    assert properties.modified is None


def test_hostile_text_is_text_everywhere():
    document = docx.Document(io.BytesIO(render(make_outline(HOSTILE))))
    told = shown(HOSTILE)
    assert told in text_of(document)
    assert told in document.tables[1].rows[1].cells[0].text
    assert told in document.inline_shapes[0]._inline.docPr.get("descr")
    assert "\u202e" not in text_of(document)
    assert not list(document.element.body.iter("script"))


def test_equal_outlines_give_equal_bytes():
    first = render(make_outline())
    assert first == render(make_outline())
    assert {entry.date_time[0] for entry in zipfile.ZipFile(io.BytesIO(first)).infolist()} == {1980}


def test_a_large_table_is_no_slower_than_its_size():
    document = docx.Document(io.BytesIO(render(make_outline(rows=1500))))
    assert len(document.tables[1]._tbl.tr_lst) == 1501
