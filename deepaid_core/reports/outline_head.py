"""The head of a report, its summary, and the list of its findings."""

from collections import Counter

from deepaid_core.domain.severity import SEVERITY_BOUNDS, severity
from deepaid_core.figures.numbers import format_count, format_ratio, format_time_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.words import sentences
from deepaid_core.reports.blocks import Block, Facts, Paragraph, Section
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.outline_words import (
    decision,
    first_lines,
    listed,
    name,
    sentence,
    severity_scale,
    severity_words,
    span,
    verdict_words,
)

__all__ = ["facts", "subtitle", "summary"]

_QUOTES = 3


def subtitle(document: ReportDocument) -> str:
    """What kind of report it is."""
    kinds = {"C": "a case", "P": "a pattern"}
    what = kinds.get(
        document.subject[:1], "findings" if len(document.findings) > 1 else "a finding"
    )
    return f"{document.audience.capitalize()} report on {what}"


def facts(document: ReportDocument) -> Facts:
    """What stands at the top: which report, of what, by whom, how marked."""
    made = format_time_utc(document.generated_time)
    pairs = [
        ("Report", document.id),
        ("SHA-256 of its content", document.sha256),
        ("Generated", f"{made} by {name(document.author)}" if document.author else made),
    ]
    if (case := document.case) is not None:
        pairs += [
            ("Case", f"{case.id}, {case.status}, opened by {name(case.author)}"),
            ("Worked on by", name(case.assignee) or "nobody yet"),
        ]
    if document.pattern is not None:
        pairs.append(("Pattern", document.pattern.pattern_id))
    shown = len(document.findings)
    rest = document.rest.findings if document.rest else 0
    pairs += [
        ("Findings", f"{shown:,} shown of {shown + rest:,}" if rest else f"{shown:,}"),
        ("Filter used", name(document.filters) or "none: picked one by one"),
    ]
    if document.findings:
        pairs.append(("Time range", span(document)))
        pairs.append(("Severity", _severities(document)))
        pairs.append(("Verdicts", _verdicts(document)))
    pairs += [
        ("Left out", f"masked: {', '.join(document.masks)}" if document.masks else "nothing"),
        ("Times", "UTC throughout"),
    ]
    return Facts(tuple(pairs))


def summary(document: ReportDocument) -> Section:
    """What happened, in an analyst's words where there are any, and the counts."""
    blocks: list[Block] = []
    if document.masks:
        blocks.append(
            Paragraph(
                f"Masked: {', '.join(document.masks)}. The same name stands for the same user or "
                "address throughout this report and for nothing outside it.",
                "warning",
            )
        )
    blocks += _words(document)
    if document.findings:
        blocks.append(Paragraph(_counts(document)))
        if document.audience == "technical":
            blocks += [Paragraph(_verified(document)), Paragraph(_scale(), "limit")]
    else:
        blocks.append(Paragraph("The case holds no finding yet."))
    if len(document.findings) > 1:
        blocks.append(_overview(document))
    if document.rest is not None:
        blocks.append(
            Paragraph(
                f"{format_count(document.rest.findings, 'further finding')} "
                f"({document.rest.open_findings:,} open, "
                f"{format_count(document.rest.events, 'event')}) are counted in “Scope” and not "
                "shown one by one.",
                "warning",
            )
        )
    return Section("summary", "Summary", 1, tuple(blocks))


def _words(document: ReportDocument) -> list[Block]:
    if document.case is not None and document.case.summary.strip():
        return [
            Paragraph(first_lines(document.case.summary), "quote"),
            Paragraph(f"Summary of case {document.case.id}, as its analysts wrote it."),
        ]
    reasons: dict[str, tuple[str, float]] = {}
    for item in document.findings:
        verdict = decision(item)
        if verdict is not None and verdict.decision.reason.strip():
            reasons.setdefault(verdict.decision.reason, (verdict.decision.author, verdict.time))
    if reasons:
        blocks: list[Block] = []
        for reason, (author, time) in list(reasons.items())[:_QUOTES]:
            blocks.append(Paragraph(first_lines(reason), "quote"))
            blocks.append(
                Paragraph(f"Reason of a verdict by {name(author)}, {format_time_utc(time)}.")
            )
        if len(reasons) > _QUOTES:
            blocks.append(Paragraph(f"{len(reasons) - _QUOTES} more reasons stand below."))
        return blocks
    if not document.findings:
        return []
    worst = max(document.findings, key=lambda item: item.row.ratio)
    drafted = " ".join(sentence(one) for one in sentences(worst.finding)[:2])
    return [
        Paragraph(drafted or "No single change makes the detector accept the event."),
        Paragraph(
            f"Drafted by the software from finding {worst.finding.id}; no analyst has confirmed "
            "it yet.",
            "limit",
        ),
    ]


def _counts(document: ReportDocument) -> str:
    findings = document.findings
    events = sum(item.finding.event_count for item in findings)
    entities = list(dict.fromkeys(item.finding.entity for item in findings))
    return (
        f"{format_count(events, 'event')} in {format_count(len(findings), 'finding')}, from "
        f"{span(document)}, about {listed(entities, 5)}. Severity: {_severities(document)}. "
        f"Verdicts: {_verdicts(document)}."
    )


def _severities(document: ReportDocument) -> str:
    counts = Counter(severity(item.row.ratio) for item in document.findings)
    return ", ".join(f"{counts[band]} {band}" for band, _ in SEVERITY_BOUNDS if counts[band])


def _verdicts(document: ReportDocument) -> str:
    counts = Counter(item.row.verdict or "no verdict yet" for item in document.findings)
    return ", ".join(f"{count} {label}" for label, count in counts.items())


def _verified(document: ReportDocument) -> str:
    unverified = sum(not item.row.verified for item in document.findings)
    if unverified:
        return f"{format_count(unverified, 'interpretation')} could not be verified."
    return (
        "Every interpretation is verified: the detector accepts each closest normal event that is "
        "shown."
    )


def _scale() -> str:
    return (
        "Severity says how far the score is over the threshold, on one scale for all detectors "
        f"where 1 is the threshold ({severity_scale()}). It says how abnormal an event is, not "
        "how dangerous."
    )


def _overview(document: ReportDocument) -> Table:
    return Table(
        "Findings in this report",
        ("Finding", "Severity", "Entity", "First event (UTC)", "Events", "Severity scale",
         "Strongest deviations", "Verdict"),
        tuple(
            (
                item.finding.id,
                severity_words(item),
                name(item.finding.entity),
                format_time_utc(item.finding.first_time).removesuffix(" UTC"),
                item.finding.event_count,
                format_ratio(item.row.ratio),
                name(item.finding.summary),
                verdict_words(item),
            )
            for item in document.findings
        ),
    )  # fmt: skip
