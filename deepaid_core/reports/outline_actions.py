"""What to look for, what was done, what should be done, what is not known."""

from typing import Final

from deepaid_core.domain.attack import technique_name
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten
from deepaid_core.reports.blocks import Block, Facts, Items, Paragraph, Section
from deepaid_core.reports.defang import defanged
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.indicators import indicators
from deepaid_core.reports.outline_words import CELL, SENTENCE, name, one_line

__all__ = ["actions", "indicator_section"]

_INDICATORS: Final = 200
_NOTES: Final = 50


def indicator_section(document: ReportDocument) -> Section:
    """Indicators and techniques."""
    found = indicators(document)
    spelled = defanged if document.defang else str
    title = "Indicators" + (", written so that nothing makes a link of them" * document.defang)
    if len(found) > _INDICATORS:
        title += f" (the first {_INDICATORS} of {len(found):,})"
    blocks: list[Block] = [
        Table(
            title,
            ("Kind", "Value", "Role", "Findings"),
            tuple(
                (one.kind, spelled(shorten(one.value, CELL)), one.role, one.findings)
                for one in found[:_INDICATORS]
            ),
        )
        if found
        else Paragraph("No indicator was recorded."),
        Paragraph("Each was seen in these findings; that alone does not make it hostile.", "limit"),
    ]
    techniques = document.case.techniques if document.case is not None else ()
    if techniques:
        blocks.append(
            Table(
                "ATT&CK techniques that analysts see in this case",
                ("Technique", "Name", "Reason", "By"),
                tuple(
                    (
                        one.id,
                        technique_name(one.id),
                        shorten(one_line(one.reason), 2 * CELL),
                        one.author,
                    )
                    for one in techniques
                ),
            )
        )
    else:
        blocks.append(
            Paragraph(
                "No ATT&CK technique was assigned; techniques are named by analysts in a case, "
                "never by the software."
            )
        )
    return Section("indicators", "Indicators and ATT&CK", 1, tuple(blocks))


def actions(document: ReportDocument) -> Section:
    """Impact, actions taken, recommendations and open questions."""
    blocks: list[Block] = []
    case = document.case
    if case is not None:
        for what, text in (
            ("Impact", case.impact),
            ("Actions taken", case.actions_taken),
            ("Recommendations", case.recommendations),
        ):
            written = text.strip()
            blocks.append(Paragraph(f"{what}:" if written else f"{what}: nothing was written yet."))
            if written:
                blocks.append(Paragraph(written, "quote"))
    else:
        blocks += [
            Paragraph(
                "Actions taken and recommendations are written in a case; this report is of none."
            )
        ]
    blocks.append(Facts((("Decided", _decided(document)),)))
    if document.notes:
        kept = document.notes[-_NOTES:]
        blocks.append(
            Table(
                "Notes, oldest first"
                + (f" (the last {_NOTES})" if len(document.notes) > len(kept) else ""),
                ("Time (UTC)", "By", "On", "Note"),
                tuple(
                    (
                        format_time_utc(one.time).removesuffix(" UTC"),
                        name(one.author),
                        one.subject,
                        shorten(one_line(one.text), 2 * SENTENCE),
                    )
                    for one in kept
                ),
            )
        )
    blocks += [Paragraph("Open questions:"), Items(tuple(_questions(document)))]
    return Section("actions", "Actions taken, recommendations, open questions", 1, tuple(blocks))


def _decided(document: ReportDocument) -> str:
    judged = sum(item.row.verdict is not None for item in document.findings)
    told = f"{judged} of {format_count(len(document.findings), 'finding')} judged"
    suppressed = sum(item.row.suppression_number is not None for item in document.findings)
    return f"{told}, {suppressed} under a suppression"


def _questions(document: ReportDocument) -> list[str]:
    asked = []
    waiting = [item for item in document.findings if item.row.verdict is None]
    if waiting:
        asked.append(
            f"{format_count(len(waiting), 'finding')} without a verdict, "
            f"e.g. {waiting[0].finding.id}: what is it?"
        )
    unsure = [item for item in document.findings if item.row.verdict == "undetermined"]
    if unsure:
        asked.append(
            f"{format_count(len(unsure), 'finding')} judged undetermined, "
            f"e.g. {unsure[0].finding.id}: what would settle it?"
        )
    loose = [item for item in document.findings if not item.row.verified]
    if loose:
        asked.append(
            f"{format_count(len(loose), 'interpretation')} not verified, "
            f"e.g. {loose[0].finding.id}: why does the detector flag it?"
        )
    near = {
        item.finding.pattern_id: item.pattern
        for item in document.findings
        if item.row.verdict == "true positive" and item.pattern and item.pattern.open_findings
    }
    for pattern_id, row in near.items():
        if row is not None:
            asked.append(
                f"{format_count(row.open_findings, 'open finding')} of pattern {pattern_id}, of "
                "which one was confirmed: the same attack?"
            )
    if document.case is not None:
        for what, text in (
            ("the impact", document.case.impact),
            ("what should be done", document.case.recommendations),
        ):
            if not text.strip():
                asked.append(f"Nobody has written {what} yet.")
    return asked or ["None that the records show."]
