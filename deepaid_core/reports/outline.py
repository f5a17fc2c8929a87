"""What a report says in which order; formats only lay it out."""

from typing import Final

from deepaid_core.figures.text import shorten
from deepaid_core.reports import outline_actions, outline_annex, outline_finding, outline_story
from deepaid_core.reports.blocks import Outline, Section
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.outline_head import facts, subtitle, summary

__all__ = ["PICTURED", "outline"]

PICTURED: Final = 40
"""Findings of a long report whose figures are drawn; the tables of the others hold the numbers."""

_BRIEF: Final = 3
_TITLE: Final = 200


def outline(document: ReportDocument) -> Outline:
    """The report in blocks."""
    sections = _executive if document.audience == "executive" else _technical
    return Outline(
        title=shorten(document.title, _TITLE),
        subtitle=subtitle(document),
        tlp=document.tlp,
        facts=facts(document),
        sections=tuple(sections(document)),
    )


def _executive(document: ReportDocument) -> list[Section]:
    findings = sorted(document.findings, key=lambda item: -item.row.ratio)[:_BRIEF]
    sections = [summary(document)]
    if findings:
        more = len(document.findings) > _BRIEF
        title = f"The {_BRIEF} findings furthest over the threshold" if more else "Findings"
        sections.append(Section("findings", title, 1, ()))
        for number, item in enumerate(findings):
            sections += outline_finding.brief(item, number)
        sections += [outline_story.timeline(document), outline_story.scope(document)]
    return [
        *sections,
        outline_actions.indicator_section(document),
        outline_actions.actions(document),
        outline_annex.again(document),
    ]


def _technical(document: ReportDocument) -> list[Section]:
    findings: list[Section] = []
    for number, item in enumerate(document.findings):
        findings += outline_finding.sections(document, item, number, pictures=number < PICTURED)
    story: list[Section] = []
    if document.findings:
        story = [
            outline_story.timeline(document),
            outline_story.scope(document),
            *outline_story.patterns(document),
        ]
    story += [
        outline_actions.indicator_section(document),
        outline_actions.actions(document),
    ]
    # What several findings have in common comes before each of them; one is read first.
    body = [*story, *findings] if len(document.findings) > 1 else [*findings, *story]
    return [
        summary(document),
        *body,
        *outline_annex.annex(document),
        outline_annex.again(document),
    ]
