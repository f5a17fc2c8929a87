"""A report as one HTML file that opens anywhere and asks nothing of any network."""

import base64
import hashlib
import html
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import plotly.graph_objects as go
import plotly.io
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from plotly.offline import get_plotlyjs

from deepaid_core.domain.finding import Finding
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.severity import SEVERITY_BOUNDS, Severity, severity
from deepaid_core.domain.verdict import Verdict
from deepaid_core.figures import deviations as deviation_figures
from deepaid_core.figures import links, numbers, scores, sequence, series
from deepaid_core.figures.firmness import firmness_sentences, firmness_table
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten, visible
from deepaid_core.figures.twins import raw_columns, twins
from deepaid_core.figures.words import sentences
from deepaid_core.reports.document import ReportDocument, ReportFinding

__all__ = ["render"]

_TIMELINE_POINTS = 500  # enough for a figure of 690 pixels; keeps 200 findings openable
_PRECEDENTS = 20
_PEERS = 20
_NAME = 120
_SENTENCE = 600
_CELL = 400
_WORD = 22  # characters of the longest word that a column of a table makes room for


@dataclass(frozen=True, slots=True)
class _Figure:
    # A figure as the page carries it: drawn when it comes into view.
    id: str
    json: Markup
    title: str
    height: int


@dataclass(frozen=True, slots=True)
class _Section:
    # One finding with its figures.
    item: ReportFinding
    severity: Severity
    decision: Verdict | None
    score: _Figure
    whys: tuple[_Figure, ...]
    sentences: tuple[str, ...]
    tables: tuple[Table, ...]
    raw: tuple[int, ...]
    flip: _Figure
    firmness: tuple[str, ...]
    firm: Table
    timeline: _Figure


def render(document: ReportDocument) -> str:
    """The document as HTML text, to be written as UTF-8.

    The page's own policy lets nothing load and no script run but the two it carries; event text
    is escaped, and figures stay tables where scripts are off.
    """
    environment = _environment()
    script = _asset("report.js")
    library = _library()
    return environment.get_template("report.html.j2").render(
        document=document,
        sections=[_section(item, number) for number, item in enumerate(document.findings)],
        severities=_by_severity(document.findings),
        verdicts=Counter(item.row.verdict or "no verdict yet" for item in document.findings),
        policy=(
            "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'unsafe-inline'; "
            f"img-src data: blob:; script-src {_digest(library)} {_digest(script)}"
        ),
        style=_asset("report.css"),
        script=script,
        library=library,
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
        "count": numbers.format_count,
        "duration": numbers.format_duration,
        "factor": numbers.format_factor,
        "has_long_word": lambda text: any(len(word) > _WORD for word in text.split()),
        "lines": _lines,
        "percentile": numbers.format_percentile,
        "ratio": numbers.format_ratio,
        "score": numbers.format_score,
        "sentence": deviation_figures.deviation_sentence,
        "share": numbers.format_share,
        "short": lambda text: shorten(text, _NAME),
        "table": deviation_figures.deviation_table,
        "time": numbers.format_time_utc,
        "value": numbers.format_value,
    }
    environment.globals |= {
        "bounds": _bounds_text(),
        "excess": lambda row: numbers.format_excess(row.max_score, row.threshold, row.ratio),
        "max_peers": _PEERS,
        "max_precedents": _PRECEDENTS,
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


def _section(item: ReportFinding, number: int) -> _Section:
    finding = item.finding
    diagnostics = finding.interpretation.diagnostics
    return _Section(
        item=item,
        severity=severity(item.row.ratio),
        decision=next(
            (verdict for verdict in item.verdicts if verdict.number == item.row.verdict_number),
            None,
        ),
        score=_figure(
            f"score-{number}",
            scores.score_strip(
                diagnostics.score,
                diagnostics.threshold,
                diagnostics.reference_score,
                ratio=finding.ratio,
            ),
        ),
        whys=tuple(
            _figure(f"why-{number}" if not place else f"why-{number}-{place}", figure)
            for place, figure in enumerate(_whys(finding.interpretation))
        ),
        sentences=tuple(shorten(sentence, _SENTENCE) for sentence in sentences(finding)),
        tables=twins(finding),
        raw=raw_columns(finding),
        flip=_figure(f"flip-{number}", scores.flip_curve(diagnostics)),
        firmness=firmness_sentences(finding.interpretation),
        firm=firmness_table(finding.interpretation),
        timeline=_figure(f"timeline-{number}", _timeline(finding)),
    )


def _whys(interpretation: Interpretation) -> tuple[go.Figure, ...]:
    if interpretation.modality is Modality.SEQUENCE:
        return (sequence.expected_keys(sequence.sequence_details(interpretation)),)
    if interpretation.modality is Modality.SERIES:
        return (series.deviation_map(interpretation), series.courses(interpretation))
    if interpretation.modality is Modality.LINK:
        return (links.neighborhood(interpretation),)
    return (deviation_figures.deviations(interpretation),)


def _timeline(finding: Finding) -> go.Figure:
    return scores.members_timeline(
        finding.member_times,
        finding.member_scores,
        finding.threshold,
        finding.event_time,
        ratio=finding.ratio,
        max_points=_TIMELINE_POINTS,
    )


def _figure(name: str, figure: go.Figure) -> _Figure:
    content: dict[str, Any] = json.loads(plotly.io.to_json(figure, validate=False))
    # One template for all figures lies in the script; Plotly's own is 7 kB each time.
    content["layout"].pop("template", None)
    text = json.dumps(content, separators=(",", ":"))
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return _Figure(
        id=name,
        # Escaped just above, for the one place it is meant for.
        json=Markup(text),  # noqa: S704
        title=html.unescape(figure.layout.title.text.replace("<br>", " ")),
        height=int(figure.layout.height),
    )


def _lines(text: str) -> list[str]:
    return visible(text, keep_lines=True).split("\n")


def _by_severity(findings: Sequence[ReportFinding]) -> dict[str, int]:
    counts = Counter(severity(item.row.ratio) for item in findings)
    return {band: counts[band] for band, _ in SEVERITY_BOUNDS if counts[band]}


def _bounds_text() -> str:
    words = [f"{band} from {bound:g}" for band, bound in SEVERITY_BOUNDS if bound]
    return f"{', '.join(words)}, {SEVERITY_BOUNDS[-1][0]} below"
