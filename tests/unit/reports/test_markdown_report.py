"""Reports as Markdown: a zip that every tool opens, with event text that is no markup."""

import io
import json
import re
import xml.etree.ElementTree as ET
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from deepaid_core.reports.markdown import escaped, render
from tests.unit.reports.planted import HOSTILE, NUMBERS, make_outline


def opened(outline, **options):
    return zipfile.ZipFile(io.BytesIO(render(outline, **options)))


@pytest.fixture(scope="module")
def plain():
    return opened(make_outline(), evidence='{"content":1}\n')


def test_the_zip_holds_text_pictures_and_evidence(plain):
    assert plain.testzip() is None
    assert plain.namelist() == [
        "report.md", "images/score-0.png", "images/score-0.svg", "evidence.json",
    ]  # fmt: skip
    assert Image.open(plain.open("images/score-0.png")).size[0] > 1000
    assert ET.fromstring(plain.read("images/score-0.svg")).tag.endswith("svg")  # noqa: S314
    assert json.loads(plain.read("evidence.json")) == {"content": 1}


def test_pictures_can_go_without_vectors_and_evidence():
    assert opened(make_outline(), vectors=False).namelist() == ["report.md", "images/score-0.png"]


def test_all_numbers_of_the_outline_are_in_the_text(plain):
    text = plain.read("report.md").decode()
    for number in NUMBERS:
        assert number in text
    assert text.startswith("**TLP:AMBER+STRICT**")
    assert "![Score 48.1517 of plain words](images/score-0.png)" in text
    assert "| host-0 plain words | 62,343 | 0.0271828 |" in text
    assert "| **host-1 plain words** | **62,344** | **0.0271828** |" in text


def test_equal_outlines_give_equal_bytes():
    assert render(make_outline()) == render(make_outline())


def unescaped(markdown: str) -> str:
    # What a reader of Markdown shows of one line of text.
    found = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown)
    for entity, character in (
        ("&lt;", "<"), ("&gt;", ">"), ("&#124;", "|"), ("&#58;", ":"), ("&#64;", "@"),
        ("&nbsp;", " "), ("&amp;", "&"),
    ):  # fmt: skip
        found = found.replace(entity, character)
    return found


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"])))
def test_escaped_text_reads_as_it_was_and_holds_no_markup(text):
    markdown = escaped(text)
    assert unescaped(markdown) == text
    bare = re.sub(r"\\.", "", markdown)
    assert not set("<>|`*_[]#~$@") & set(re.sub(r"&#\d+;", "", bare))
    assert "://" not in markdown


def test_hostile_text_is_neither_html_nor_link_nor_cell():
    archive = opened(make_outline(HOSTILE))
    whole = archive.read("report.md").decode()
    fence = "`" * 4
    text = re.sub(rf"^{fence}text\n.*?^{fence}$", "", whole, flags=re.MULTILINE | re.DOTALL)
    assert len(text) < len(whole)
    assert "<script" not in text
    assert not re.findall(r"(?<!\\)\](?=\()(?!\(images/)", text)
    assert "http:" not in text
    assert "\u202e" not in text
    table = [line for line in text.split("\n") if line.startswith("| host-0")]
    assert len(re.findall(r"(?<!\\)\|", table[0])) == 4
    assert all(name.isascii() for name in archive.namelist())


def test_source_text_cannot_close_its_fence():
    text = opened(make_outline("````` ends here")).read("report.md").decode()
    assert re.findall(r"^`{6,}", text, re.MULTILINE) == ["``````", "``````"]
    assert "\n````` ends here\n" in text
