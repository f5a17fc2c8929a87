"""A report as one HTML file that opens anywhere and asks nothing of any network."""

import base64
import hashlib
import json
from functools import cache
from typing import Any

import plotly.graph_objects as go
import plotly.io
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from deepaid_core.figures.text import shorten, visible
from deepaid_core.reports.blocks import Outline
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.outline import outline

__all__ = ["lay_out", "render"]

_CELL = 400
_NAME = 200
_WORD = 22  # characters of the longest word that a column of a table makes room for


def render(document: ReportDocument) -> str:
    """The document as HTML text, to be written as UTF-8."""
    return lay_out(outline(document))


def lay_out(report: Outline) -> str:
    """An outline as HTML text, to be written as UTF-8.

    The page's own policy lets nothing load and no script run but the two it carries; event text
    is escaped, and figures stay tables where scripts are off.
    """
    script = _asset("report.js")
    library = _library()
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            anchors={section.id for section in report.sections},
            policy=(
                "default-src 'none'; base-uri 'none'; form-action 'none'; "
                "style-src 'unsafe-inline'; "
                f"img-src data: blob:; script-src {_digest(library)} {_digest(script)}"
            ),
            style=_asset("report.css"),
            script=script,
            library=library,
        )
    )


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("deepaid_core.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        # Every text that the template writes passes here, so none can forget hidden characters.
        finalize=lambda value: (
            visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
        ),
    )
    environment.filters |= {
        "cell": lambda text: shorten(text, _CELL),
        "figure": _figure,
        "has_long_word": lambda text: any(len(word) > _WORD for word in text.split()),
        "height": lambda figure: int(figure.layout.height),
        "kind": lambda block: type(block).__name__,
        "lines": lambda text: visible(text, keep_lines=True).split("\n"),
        "short": lambda text: shorten(text, _NAME),
    }
    return environment


@cache
def _asset(name: str) -> Markup:
    loader = _environment().loader
    assert loader is not None  # set a few lines above  # noqa: S101
    text, _, _ = loader.get_source(_environment(), name)
    # Our own file, part of the package.
    return Markup(text)  # noqa: S704


@cache
def _library() -> Markup:
    # Browsers read a carriage return as a line feed, and hash what they read.
    text: str = get_plotlyjs().replace("\r\n", "\n").replace("\r", "\n")
    return Markup(text)  # noqa: S704


@cache
def _digest(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def _figure(figure: go.Figure) -> Markup:
    content: dict[str, Any] = json.loads(plotly.io.to_json(figure, validate=False))
    # One template for all figures lies in the script; Plotly's own is 7 kB each time.
    content["layout"].pop("template", None)
    # Readers have letters of many widths, and a report draws each figure once: labels are measured.
    for name, part in content["layout"].items():
        if name.startswith("yaxis"):
            part["automargin"] = True
    text = json.dumps(content, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    # Escaped just above, for the one place it is meant for.
    return Markup(text)  # noqa: S704
