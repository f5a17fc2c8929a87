"""What the findings of a report have in common: time, whom they are about, patterns."""

from collections import Counter
from typing import Final

from deepaid_core.domain.suppression import Suppression
from deepaid_core.figures.findings_timeline import Spot, findings_table, findings_timeline
from deepaid_core.figures.numbers import format_count, format_duration, format_time_utc
from deepaid_core.figures.pattern_path import Outcome, path_figure, path_table
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten
from deepaid_core.reports.blocks import Block, Facts, Items, Paragraph, Section
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.outline_words import (
    CELL,
    SENTENCE,
    decision,
    name,
    one_line,
    verdict_table,
)
from deepaid_core.reports.parts import ReportFinding
from deepaid_core.reports.pictures import picture

__all__ = ["patterns", "scope", "timeline"]

_ENTITIES: Final = 30
_PEERS: Final = 20
_PATTERNS: Final = 40
_DRAWN: Final = 20
_PRECEDENTS: Final = 20
_WAITS: Final = 100


def timeline(document: ReportDocument) -> Section:
    """When it happened, when it was seen, when somebody judged it."""
    findings = document.findings
    blocks: list[Block] = []
    if len(findings) > 1:
        spots = [
            Spot(
                item.finding.id,
                item.finding.entity,
                item.finding.first_time,
                item.finding.last_time,
                item.row.verdict or "",
            )
            for item in findings
        ]
        blocks.append(picture("timeline-all", findings_timeline(spots), findings_table(spots)))
    blocks.append(Facts(tuple(_moments(document))))
    if document.audience == "technical" and len(findings) > 1:
        blocks.append(_waits(document))
    if document.rest is not None:
        blocks.append(
            Paragraph(
                f"{format_count(document.rest.findings, 'further finding')} are not drawn here."
            )
        )
    return Section("timeline", "Timeline", 1, tuple(blocks))


def _moments(document: ReportDocument) -> list[tuple[str, str]]:
    findings = document.findings
    first = min(findings, key=lambda item: item.finding.first_time)
    last = max(findings, key=lambda item: item.finding.last_time)
    pairs = [
        ("First event", format_time_utc(first.finding.first_time)),
        ("Last event", format_time_utc(last.finding.last_time)),
    ]
    detected = [item.run.finished_time for item in findings if item.run is not None]
    if detected:
        pairs.append(("First detected", format_time_utc(min(detected))))
    if document.case is not None:
        pairs.append(("Case opened", format_time_utc(document.case.created_time)))
    triaged = _triaged(document)
    if triaged is not None:
        pairs.append(("First looked into", format_time_utc(triaged)))
    judged = [one.time for item in findings if (one := decision(item)) is not None]
    if judged:
        pairs.append(("First verdict in force", format_time_utc(min(judged))))
        pairs.append(("Last verdict in force", format_time_utc(max(judged))))
    if detected:
        took = min(detected) - first.finding.first_time
        pairs.append(("Time to detection", format_duration(took)))
        if triaged is not None:
            pairs.append(("Time to triage", format_duration(triaged - min(detected))))
    if detected and judged and len(judged) == len(findings):
        pairs.append(("Time to qualification", format_duration(max(judged) - min(detected))))
    open_findings = len(findings) - len(judged)
    if open_findings:
        pairs.append(("Not yet qualified", format_count(open_findings, "finding")))
    return pairs


def _triaged(document: ReportDocument) -> float | None:
    moments = [one.time for one in document.activity if not one.automatic]
    moments += [one.time for item in document.findings for one in item.verdicts]
    return min(moments, default=None)


def _waits(document: ReportDocument) -> Table:
    rows = []
    for item in document.findings[:_WAITS]:
        verdict, run = decision(item), item.run
        rows.append(
            (
                item.finding.id,
                format_time_utc(item.finding.first_time).removesuffix(" UTC"),
                format_time_utc(run.finished_time).removesuffix(" UTC") if run else "not known",
                format_time_utc(verdict.time).removesuffix(" UTC") if verdict else "none yet",
                format_duration(verdict.time - run.finished_time) if verdict and run else "–",
            )
        )
    title = "From event to verdict (UTC)"
    if len(document.findings) > _WAITS:
        title += f", the first {_WAITS} of {len(document.findings):,}"
    return Table(
        title,
        ("Finding", "First event", "Detected", "Verdict", "Detection to verdict"),
        tuple(rows),
    )


def scope(document: ReportDocument) -> Section:
    """Whom it is about, whom they dealt with, and what else looks the same."""
    findings = document.findings
    counts = Counter(item.finding.entity for item in findings)
    entities = document.rest.entities if document.rest is not None else tuple(counts.most_common())
    title = "Entities"
    if len(entities) > _ENTITIES:
        title += f" (the {_ENTITIES} with most findings of {len(entities):,})"
    blocks: list[Block] = [
        Table(title, ("Entity", "Findings"), tuple((name(e), n) for e, n in entities[:_ENTITIES]))
    ]
    peers: Counter[str] = Counter()
    for item in findings:
        peers.update(item.finding.peers)
    if peers:
        title = "Counterparts"
        if len(peers) > _PEERS:
            title += f" (the {_PEERS} most frequent of {len(peers):,})"
        blocks.append(
            Table(
                title,
                ("Counterpart", "Events"),
                tuple((shorten(peer, CELL), n) for peer, n in peers.most_common(_PEERS)),
            )
        )
    else:
        blocks.append(Paragraph("No counterpart was recorded."))
    blocks.append(_related(document))
    return Section("scope", "Scope", 1, tuple(blocks))


def _related(document: ReportDocument) -> Block:
    known = {item.finding.pattern_id: item.pattern for item in document.findings}
    here = Counter(item.finding.pattern_id for item in document.findings)
    executive = document.audience == "executive"
    return Table(
        "Findings that look the same, in this workspace",
        ("Pattern", "Here", "In all", "Open", "Entities"),
        tuple(
            (
                pattern_id,
                here[pattern_id],
                row.findings if row else "not known",
                row.open_findings if row else "not known",
                row.entities if row else "not known",
            )
            for pattern_id, row in list(known.items())[: 10 if executive else _PATTERNS]
        ),
    )


def patterns(document: ReportDocument) -> list[Section]:
    """Each pattern with its path, the verdicts on it, and what suppresses it."""
    by_pattern: dict[str, ReportFinding] = {}
    for item in document.findings:
        by_pattern.setdefault(item.finding.pattern_id, item)
    chosen = list(by_pattern.items())[:_PATTERNS]
    blocks: list[Block] = []
    if len(by_pattern) > len(chosen):
        blocks.append(
            Paragraph(f"The first {len(chosen)} of {len(by_pattern):,} patterns are shown.")
        )
    return [
        Section("patterns", "Pattern and precedent", 1, tuple(blocks)),
        *(
            Section(pattern_id, f"Pattern {pattern_id}", 2,
                    tuple(_pattern(document, item, number, pictures=number < _DRAWN)))
            for number, (pattern_id, item) in enumerate(chosen)
        ),
    ]  # fmt: skip


def _pattern(
    document: ReportDocument, item: ReportFinding, number: int, *, pictures: bool
) -> list[Block]:
    outcomes = _outcomes(item)
    # What stays the same whichever of its findings is read: states in their common order.
    drawn = picture(
        f"path-{number}", path_figure(item.states, outcomes), path_table(item.states, outcomes)
    )
    blocks: list[Block] = []
    if pictures:
        blocks.append(drawn)
    elif drawn.twin is not None:
        blocks.append(drawn.twin)
    blocks.append(
        Paragraph(
            "States of the interpretation, strongest first: "
            f"{shorten(', then '.join(item.states) or 'none', SENTENCE)}."
        )
    )
    if (row := item.pattern) is not None:
        blocks.append(
            Paragraph(
                f"{format_count(row.findings, 'finding')} of this pattern on "
                f"{format_count(row.entities, 'entity', 'entities')}, {row.open_findings} open, "
                f"{row.suppressed_findings} suppressed. Decisions in force: "
                f"{row.true_positives} true positive, {row.false_positives} false positive, "
                f"{row.benign_positives} benign positive, {row.undetermined} undetermined."
            )
        )
    past = item.precedents
    if past:
        title = "Verdicts on this pattern, newest first"
        if len(past) > _PRECEDENTS:
            title += f" (the last {_PRECEDENTS})"
        blocks.append(verdict_table(title, past[:_PRECEDENTS]))
    else:
        blocks.append(Paragraph("No verdict on this pattern yet."))
    own = [
        one
        for one in document.suppressions
        if one.decision.scope.pattern_id in (None, item.finding.pattern_id)
        and one.decision.scope.detector_name == item.finding.detector_name
    ]
    blocks.append(
        Items(tuple(_suppression(one) for one in own))
        if own
        else Paragraph("No suppression covers it.")
    )
    return blocks


def _outcomes(item: ReportFinding) -> list[Outcome]:
    counts = Counter(
        (one.decision.label.value, one.decision.category)
        for one in item.precedents
        if one.undone_by is None
    )
    return [(label, category, count) for (label, category), count in counts.most_common()]


def _suppression(one: Suppression) -> str:
    decided = one.decision
    state = f", disabled by finding {one.disabled_by}" if one.disabled_by else ""
    return (
        f"Suppression {one.id}{state}: {format_count(one.suppressed, 'finding')} suppressed, owner "
        f"{name(decided.owner)}, until {format_time_utc(decided.expires_time)}. "
        f"{shorten(one_line(decided.reason), SENTENCE)}"
    )
