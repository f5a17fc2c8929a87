"""Reports as PDF, printed by a browser and without one: marked, numbered, with the same numbers."""

import io
import unicodedata

import pypdf
import pytest

from deepaid_core.reports import pdf, pdf_plain
from deepaid_core.reports.html import lay_out
from deepaid_core.reports.pdf import browser
from tests.unit.reports.planted import HOSTILE, NUMBERS, make_outline


def pages_of(content: bytes) -> list[str]:
    # Fonts draw "fi" as one letter, and letters after each other may be told apart by blanks.
    return [
        unicodedata.normalize("NFKC", page.extract_text())
        for page in pypdf.PdfReader(io.BytesIO(content)).pages
    ]


def bookmarks(outline) -> list[str]:
    return [
        title
        for one in outline
        for title in (bookmarks(one) if isinstance(one, list) else [one.title])
    ]


def check(content: bytes) -> None:
    reader = pypdf.PdfReader(io.BytesIO(content))
    pages = pages_of(content)
    text = " ".join("\n".join(pages).split())
    for number in NUMBERS[1:]:  # the first one is drawn
        assert number in text
    for number, page in enumerate(pages, start=1):
        assert "TLP:AMBER+STRICT" in page
        assert str(number) in page.split()
    assert {"Summary", "Finding plain words", "Nothing"} <= set(bookmarks(reader.outline))
    assert reader.metadata.title == "Report on plain words"
    assert len(pages) > 1  # a section begins a page


def alternatives(content: bytes) -> str:
    # Words for those who cannot see the pictures, wherever the document keeps them.
    reader = pypdf.PdfReader(io.BytesIO(content))
    every = (reader.get_object(number) for number in range(1, int(reader.trailer["/Size"])))
    return "\n".join(str(one["/Alt"]) for one in every if isinstance(one, dict) and "/Alt" in one)


@pytest.fixture
def unfound(monkeypatch):
    """A machine without a browser."""
    monkeypatch.setenv("PATH", "")


def test_without_a_browser_the_same_words_and_numbers_are_laid_out(unfound):
    assert browser() is None
    content = pdf.render(make_outline(), "<p>never printed</p>")
    check(content)
    assert "48.1517" in alternatives(content)
    pages = pages_of(content)
    assert all(f"Page {at} of {len(pages)}" in page for at, page in enumerate(pages, start=1))


def test_a_browser_that_fails_is_replaced(tmp_path, monkeypatch, caplog):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    check(pdf.render(make_outline(), "<p>not printed</p>"))
    assert "did not print" in caplog.text


def test_a_browser_that_hangs_is_ended(tmp_path, monkeypatch):
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\n/bin/sleep 600\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    check(pdf.render(make_outline(), "<p>not printed</p>", seconds=0.2))


def test_hostile_text_and_letters_without_a_glyph_are_told():
    text = " ".join("".join(pages_of(pdf_plain.render(make_outline(HOSTILE)))).split())
    assert "<script>alert(1)</script>" in text
    assert "⟨U+202E⟩txt.exe" in text
    assert "⟨U+540D⟩" in text  # the font has no such letter


def test_a_cell_longer_than_a_page_goes_on():
    outline = make_outline("x" * 350 + " " + "y" * 40, rows=60)
    pages = pages_of(pdf_plain.render(outline))
    assert sum("Events" in page for page in pages) > 1  # the header is repeated
    text = " ".join("".join(pages).split())
    assert "62,343" in text
    assert "62,402" in text


@pytest.mark.slow
@pytest.mark.browser
def test_a_browser_prints_the_page_with_its_figures_drawn():
    if browser() is None:
        pytest.skip("no browser of the Chromium family on the PATH")
    outline = make_outline()
    content = pdf.render(outline, lay_out(outline))
    check(content)
    text = " ".join(pages_of(content))
    assert "drawn by a script" not in text
    assert "48.15" in text  # in the figure
    root = pypdf.PdfReader(io.BytesIO(content)).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
