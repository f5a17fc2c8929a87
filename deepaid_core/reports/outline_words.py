"""Words that several sections of a report share; texts of anybody are bounded here."""

from collections.abc import Iterable, Sequence
from typing import Final

from deepaid_core.domain.severity import SEVERITY_BOUNDS, severity
from deepaid_core.domain.verdict import Verdict
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.parts import ReportFinding

__all__ = [
    "CELL",
    "NAME",
    "SENTENCE",
    "decision",
    "first_lines",
    "listed",
    "name",
    "one_line",
    "sentence",
    "severity_scale",
    "severity_words",
    "source",
    "span",
    "verdict_table",
    "verdict_words",
]

NAME: Final = 120
SENTENCE: Final = 600
CELL: Final = 400
_SYMBOLS: Final = {"critical": "▲▲", "high": "▲", "medium": "◆", "low": "●"}


def name(text: str) -> str:
    """A name in as many letters as a heading or a line has room for."""
    return shorten(text, NAME)


def decision(item: ReportFinding) -> Verdict | None:
    """The verdict in force on a finding."""
    number = item.row.verdict_number
    return next((one for one in item.verdicts if one.number == number), None)


def severity_words(item: ReportFinding) -> str:
    """Its severity, with a symbol beside the word."""
    band = severity(item.row.ratio)
    return f"{_SYMBOLS[band]} {band}"


def severity_scale() -> str:
    """From where on each band of severity holds."""
    words = [f"{band} from {bound:g}" for band, bound in SEVERITY_BOUNDS if bound]
    return f"{', '.join(words)}, {SEVERITY_BOUNDS[-1][0]} below"


def verdict_words(item: ReportFinding) -> str:
    """What was decided on a finding, and what it was."""
    if not item.row.verdict:
        return "suppressed, no verdict" if item.row.suppression_number else "none yet"
    category = item.row.category
    return f"{item.row.verdict}: {name(category)}" if category else item.row.verdict


def span(document: ReportDocument) -> str:
    """From the first event to the last, in words."""
    findings = [item.finding for item in document.findings]
    first = min(one.first_time for one in findings)
    last = max(one.last_time for one in findings)
    return f"{format_time_utc(first)} to {format_time_utc(last)}"


def first_lines(text: str, most: int = 5) -> str:
    """The first lines of what somebody wrote, and a mark where there are more."""
    lines = text.strip().splitlines()
    kept = shorten("\n".join(lines[:most]), most * 200)
    return f"{kept}\n…" if len(lines) > most else kept


def listed(texts: Iterable[str], most: int, noun: str = "more") -> str:
    """The first few, with commas, and how many there are besides."""
    everything = list(texts)
    kept = [name(text) for text in everything[:most]]
    rest = len(everything) - len(kept)
    return ", ".join([*kept, *([f"{rest:,} {noun}"] if rest else [])])


def sentence(text: str) -> str:
    """A sentence in as many letters as a paragraph has room for."""
    return shorten(text, SENTENCE)


def one_line(text: str) -> str:
    """What somebody wrote in lines, for a cell; a break in a name is left to be seen."""
    return " / ".join(filter(None, (line.strip() for line in text.splitlines())))


def source(item: ReportFinding) -> str:
    """Which detector said it of which source, for a line under a picture."""
    finding = item.finding
    return (
        f"Detector {name(finding.detector_name)} ({finding.detector_id}) on "
        f"{name(finding.source_name)}"
    )


def verdict_table(title: str, verdicts: Sequence[Verdict]) -> Table:
    """Verdicts as rows, as given."""
    return Table(
        title,
        ("No.", "Time (UTC)", "Verdict", "Category", "By", "Reason", "Scope", "State"),
        tuple(
            (
                one.number,
                format_time_utc(one.time).removesuffix(" UTC"),
                one.decision.label,
                one.decision.category or "none",
                one.decision.author,
                shorten(one_line(one.decision.reason), 2 * CELL),
                f"{one.decision.scope}, {format_count(len(one.decision.finding_ids), 'finding')}",
                "in force" if one.undone_by is None else f"undone by no. {one.undone_by}",
            )
            for one in verdicts
        ),
    )
