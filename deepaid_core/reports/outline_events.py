"""The events of one finding: over time, and as they were recorded."""

from typing import Final

from deepaid_core.figures import scores
from deepaid_core.figures.numbers import format_score, format_time_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten
from deepaid_core.figures.twins import raw_columns
from deepaid_core.reports.blocks import Block, Facts, Paragraph
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.outline_words import CELL, decision, name, source
from deepaid_core.reports.parts import ReportFinding
from deepaid_core.reports.pictures import picture

__all__ = ["events", "raw"]

_POINTS: Final = 500  # enough for a figure of 690 pixels
_SLOTS: Final = 30
_EVENTS: Final = 40


def events(item: ReportFinding, number: int, pictures: bool) -> list[Block]:
    """When they were, and their scores."""
    finding = item.finding
    pairs = [
        ("First event", format_time_utc(finding.first_time, milliseconds=True)),
        (
            "Interpreted event (highest score)",
            f"{format_time_utc(finding.event_time, milliseconds=True)}, position "
            f"{finding.event_index} in the source",
        ),
        ("Last event", format_time_utc(finding.last_time, milliseconds=True)),
    ]
    if item.run is not None:
        pairs.append(("Detected", format_time_utc(item.run.finished_time)))
    verdict = decision(item)
    if verdict is not None:
        pairs.append(("Verdict", format_time_utc(verdict.time)))
    blocks: list[Block] = [Facts(tuple(pairs))]
    if pictures:
        figure = scores.members_timeline(
            finding.member_times,
            finding.member_scores,
            finding.threshold,
            finding.event_time,
            ratio=finding.ratio,
            max_points=_POINTS,
        )
        blocks.insert(0, picture(f"timeline-{number}", figure, _members(item), note=source(item)))
    return blocks


def _members(item: ReportFinding) -> Table:
    finding = item.finding
    everything = list(
        zip(finding.member_times, finding.member_scores, finding.member_indices, strict=True)
    )
    kept = everything
    if len(everything) > _SLOTS:
        kept = sorted(sorted(everything, key=lambda one: -one[1])[:_SLOTS])
    title = "Events of this finding"
    if len(everything) > len(kept):
        title += f" (the {_SLOTS} highest scores of {len(everything):,})"
    return Table(
        title,
        ("Event", "Time (UTC)", "Score"),
        tuple(
            (
                str(index),
                format_time_utc(time, milliseconds=True).removesuffix(" UTC"),
                format_score(score),
            )
            for time, score, index in kept
        ),
    )


def raw(document: ReportDocument, item: ReportFinding) -> Block:
    """The interpreted event among those around it, column by column."""
    finding = item.finding
    if not finding.evidence:
        return Paragraph("No raw event was kept.")
    columns = raw_columns(finding)
    rows = finding.evidence
    title = (
        "Events around the interpreted one, as recorded; ▲ belongs to this finding, △ to another "
        "one; scores are kept of flagged events"
    )
    if len(document.findings) > 1 and len(rows) > _EVENTS:
        at = next((i for i, row in enumerate(rows) if row.index == finding.event_index), 0)
        start = max(0, min(at - _EVENTS // 2, len(rows) - _EVENTS))
        title += f"; {_EVENTS} of the {len(rows)} that are kept"
        rows = rows[start : start + _EVENTS]
    if "payload" in document.masks:
        title += "; what was recorded is masked"
    return Table(
        title,
        ("Mark", "Event", "Time (UTC)", "Score",
         *(name(finding.evidence_columns[at]).replace("_", " ") for at in columns)),
        tuple(
            (
                "▲" if row.flagged else ("△" if row.score is not None else ""),
                str(row.index),
                format_time_utc(row.time, milliseconds=True).removesuffix(" UTC"),
                "–" if row.score is None else format_score(row.score),
                *(
                    shorten(row.values[at], CELL) if at < len(row.values) else ""
                    for at in columns
                ),
            )
            for row in rows
        ),
        tuple(place for place, row in enumerate(rows) if row.index == finding.event_index),
    )  # fmt: skip
