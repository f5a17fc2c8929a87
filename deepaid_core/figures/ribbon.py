"""The lines of a log session around a flagged one, marked by what they are to it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from deepaid_core.domain.details import UNKNOWN_TEXT
from deepaid_core.domain.finding import EvidenceRow, Finding
from deepaid_core.figures.sequence import sequence_changes, sequence_details
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten

__all__ = [
    "LineKind",
    "RibbonRow",
    "flagged_message",
    "line_parts",
    "lines_table",
    "message_start",
    "ribbon",
]

_LINE = 2000
_MASK = re.compile(r"<[^<>\s]{1,24}>")


class LineKind(StrEnum):
    """What a line of a session is to its finding; values are the marks that tables show."""

    FLAGGED = "▶ flagged"
    CHANGED = "◆ normal otherwise"
    ALSO = "● flagged too"
    WINDOW = "│ looked at"
    OUTSIDE = ""


@dataclass(frozen=True, slots=True)
class RibbonRow:
    """One line of a session.

    Attributes:
        offset: Lines after the flagged one, 0 for that itself, negative before it.
        kind: What it is to the finding.
        template: The line without its parameters; empty where not known.
        parts: The message as written, cut into pieces, true for those that are parameters; empty
            where the source kept no line.
        details: Its other raw columns, name and value.
        time: Unix seconds, or None where not known.
        reference: Template that stands here in the closest normal window; empty where the same.
        prefix: What the log itself wrote before the message: time, host, process.
    """

    offset: int
    kind: LineKind
    template: str
    parts: tuple[tuple[str, bool], ...] = ()
    details: tuple[tuple[str, str], ...] = ()
    time: float | None = None
    reference: str = ""
    prefix: str = ""

    @property
    def line(self) -> str:
        """The line as written."""
        return self.prefix + "".join(text for text, _ in self.parts)


def message_start(line: str, process: str) -> int:
    """Where a line's message begins: after the name of its process, e.g. "sshd[7]: "; else 0."""
    at = line.find(process) if process else -1
    end = line.find(": ", at) if at >= 0 else -1
    return end + 2 if end >= 0 else 0


def flagged_message(columns: Sequence[str], rows: Sequence[EvidenceRow], index: int) -> str:
    """The message of the event that is interpreted, as written; empty where no line was kept."""
    names = [name.strip().lower() for name in columns]
    row = next((row for row in rows if row.index == index), None)
    if row is None:
        return ""
    line = _value(row, names, "line")
    return line[message_start(line, _value(row, names, "process")) :].strip()


def line_parts(template: str, line: str, process: str = "") -> tuple[tuple[str, bool], ...]:
    """The line cut into pieces: what the template says, and (true) the parameters between.

    A line that the template does not lead to comes back whole.

    Args:
        template: With parameters as "<*>", or by another name between angle brackets.
        line: As written.
        process: Name that may stand before the template, "sshd: ..."; the line has it elsewhere.
    """
    template = template.removeprefix(f"{process}: ") if process else template
    line = shorten(line, _LINE)
    pieces = _MASK.split(template)
    if not line or len(pieces) < 2 or not any(pieces):
        return ((line, False),) if line else ()
    found: list[tuple[str, bool]] = []
    at = 0
    for number, piece in enumerate(pieces):
        if not piece and number < len(pieces) - 1:
            continue
        if piece and (start := line.find(piece, at)) < 0:
            return ((line, False),)
        start = start if piece else len(line)
        between = line[at:start]
        if number == 0:
            # What the log itself writes before the message is no parameter.
            found.append((between, False))
        elif not found:
            cut = between.rstrip().rfind(" ") + 1
            found += [(between[:cut], False), (between[cut:], True)]
        else:
            found.append((between, True))
        found.append((line[start : start + len(piece)], False))
        at = start + len(piece)
    found.append((line[at:], False))
    return tuple((text, is_parameter) for text, is_parameter in found if text)


def ribbon(finding: Finding) -> tuple[RibbonRow, ...]:
    """The lines of the session in order; those of the window alone where no evidence was kept."""
    details = sequence_details(finding.interpretation)
    observed = details.observed
    changes = {offset: wanted for offset, _, wanted in sequence_changes(details)}
    names = [name.strip().lower() for name in finding.evidence_columns]
    at = next(
        (
            place
            for place, row in enumerate(finding.evidence)
            if row.index == finding.event_index
        ),
        None,
    )  # fmt: skip
    rows: list[RibbonRow] = []
    kept = range(0) if at is None else range(-at, len(finding.evidence) - at)
    for place in range(len(observed)):
        offset = place - len(observed) + 1
        # "" is where the session had not begun.
        if offset not in kept and observed[place]:
            rows.append(
                RibbonRow(offset, _kind(offset, len(observed), changes, also=False),
                          observed[place], reference=changes.get(offset, ""))
            )  # fmt: skip
    if at is None:
        return tuple(rows)
    for place, row in enumerate(finding.evidence):
        offset = place - at
        inside = -len(observed) < offset <= 0
        own = observed[offset - 1] if inside else ""
        if own == UNKNOWN_TEXT:
            own = ""  # the source has words for it
        rows.append(
            _row(
                row,
                names,
                offset,
                kind=_kind(offset, len(observed), changes, also=row.flagged),
                template=own or _value(row, names, "template"),
                reference=changes.get(offset, ""),
            )
        )
    return tuple(sorted(rows, key=lambda one: one.offset))


def _kind(offset: int, size: int, changes: dict[int, str], *, also: bool) -> LineKind:
    if offset == 0:
        return LineKind.FLAGGED
    if offset in changes:
        return LineKind.CHANGED
    if also:
        return LineKind.ALSO
    return LineKind.WINDOW if -size < offset < 0 else LineKind.OUTSIDE


def _value(row: EvidenceRow, names: Sequence[str], name: str) -> str:
    place = names.index(name) if name in names else len(row.values)
    return row.values[place] if place < len(row.values) else ""


def _row(
    row: EvidenceRow,
    names: Sequence[str],
    offset: int,
    *,
    kind: LineKind,
    template: str,
    reference: str,
) -> RibbonRow:
    line = next(filter(None, (_value(row, names, name) for name in ("line", "message"))), "")
    process = _value(row, names, "process")
    start = message_start(line, process)
    known = {"template", "line", "message", "position"}
    return RibbonRow(
        offset,
        kind,
        template,
        line_parts(template, line[start:], process),
        tuple(
            (name, value)
            for name, value in zip(names, row.values, strict=False)
            if name not in known and value
        ),
        row.time,
        reference,
        line[:start],
    )


def lines_table(finding: Finding, *, window: bool = False) -> Table:
    """The ribbon as a table, with the closest normal's template beside each changed line.

    Args:
        finding: Of a log session.
        window: Only the lines that the detector looked at.
    """
    rows = [row for row in ribbon(finding) if not window or row.kind is not LineKind.OUTSIDE]
    return Table(
        "Lines of the session; the closest normal differs where a template stands in its column",
        ("Mark", "Place", "Template", "Closest normal", "Line", "Parameters"),
        tuple(
            (
                row.kind,
                row.offset,
                row.template,
                row.reference,
                row.line,
                ", ".join(text.strip() for text, is_parameter in row.parts if is_parameter)
                or dict(row.details).get("parameters", ""),
            )
            for row in rows
        ),
        tuple(
            place
            for place, row in enumerate(rows)
            if row.kind in (LineKind.FLAGGED, LineKind.CHANGED)
        ),
    )
