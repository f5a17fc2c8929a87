"""The text of a report's file, as the reader of its format gets it."""

import io
import json
import unicodedata
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import docx
import pypdf

from deepaid_core.figures.numbers import format_score

_TEXT = """() => {
  const body = document.body.cloneNode(true);
  for (const one of body.querySelectorAll('script, style')) one.remove();
  return [...(function* texts(node) {
    for (const one of node.childNodes) one.nodeType === 3 ? yield one.data : yield* texts(one);
  })(body)].join(' ');
}"""

__all__ = ["READERS", "opened_offline"]


def _one_line(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _pdf(content: bytes) -> str:
    pages = pypdf.PdfReader(io.BytesIO(content)).pages
    assert all("TLP:" in page.extract_text() for page in pages)
    return _one_line(" ".join(page.extract_text() for page in pages))


def _docx(content: bytes) -> str:
    document = docx.Document(io.BytesIO(content))
    assert document.inline_shapes, "no figure"
    texts = [one.text for one in document.element.body.iter() if one.tag.endswith("}t")]
    return _one_line(" ".join(text for text in texts if text))


def _markdown(content: bytes) -> str:
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    names = set(archive.namelist())
    text = archive.read("report.md").decode("utf-8")
    drawn = {name for name in names if name.startswith("images/")}
    assert any(name.endswith(".png") for name in drawn)
    assert any(name.endswith(".svg") for name in drawn)
    assert all(f"]({name})" in text for name in drawn if name.endswith(".png"))
    # Escaped so that nothing in it is markup.
    return _one_line(text.replace("\\", ""))


def _json(content: bytes) -> str:
    found = json.loads(content)["content"]
    proofs = [one["finding"]["interpretation"]["diagnostics"] for one in found["findings"]]
    scores = [
        format_score(proof[name])
        for proof in proofs
        for name in ("score", "threshold", "reference_score")
    ]
    return _one_line(f"{json.dumps(found, ensure_ascii=False)} {' '.join(scores)}")


def _stix(content: bytes) -> str:
    text = content.decode("utf-8")
    # Takes five seconds to import, which each process would spend for the tests of one.
    from stix2validator import ValidationOptions, validate_string

    result = validate_string(text, ValidationOptions(version="2.1"))
    assert result.is_valid, [str(error) for error in result.errors]
    return _one_line(" ".join(str(one) for one in json.loads(text)["objects"]))


READERS: Mapping[str, Callable[[bytes], str]] = {
    "PDF": _pdf,
    "DOCX": _docx,
    "Markdown": _markdown,
    "JSON": _json,
    "STIX": _stix,
}
"""By the first word of what the dialog calls a format; HTML is opened by a browser."""


def opened_offline(context, file: Path) -> str:
    """Text of a page that is opened from disk and drawn there; nothing else may be asked for."""
    asked: list[str] = []
    page = context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto(file.as_uri())
    page.locator(".plot[data-drawn=yes]").first.wait_for()
    # Sections below the fold are laid out when they are scrolled to; their text is there before.
    said = page.evaluate(_TEXT)
    page.close()
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [file.as_uri()]
    return _one_line(said)
