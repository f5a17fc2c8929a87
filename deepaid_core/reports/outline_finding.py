"""The sections on one finding: why it was flagged, and how far to trust that."""

from typing import Final

import plotly.graph_objects as go

from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.figures import deviations as deviation_figures
from deepaid_core.figures import links, scores, sequence, series
from deepaid_core.figures.deviations import deviation_sentence, deviation_table
from deepaid_core.figures.firmness import firmness_sentences, firmness_table
from deepaid_core.figures.numbers import (
    format_count,
    format_duration,
    format_excess,
    format_score,
    format_time_utc,
)
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import shorten
from deepaid_core.figures.twins import twins
from deepaid_core.figures.words import sentences
from deepaid_core.reports.blocks import Block, Facts, Items, Paragraph, Picture, Section
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.outline_events import events, raw
from deepaid_core.reports.outline_words import (
    CELL,
    SENTENCE,
    decision,
    name,
    one_line,
    sentence,
    severity_words,
    source,
    verdict_words,
)
from deepaid_core.reports.parts import ReportFinding
from deepaid_core.reports.pictures import picture

__all__ = ["LIMIT", "brief", "sections"]

LIMIT: Final = (
    "Limit: a reference describes the detector, not the attacker's intent. It says what would "
    "have to differ for this detector to accept the event; other differences may exist, and none "
    "of them proves an attack."
)


def sections(
    document: ReportDocument, item: ReportFinding, number: int, *, pictures: bool
) -> list[Section]:
    """All of one finding.

    Args:
        document: What it is of.
        item: The finding.
        number: Its place among the findings; ids of pictures are made with it.
        pictures: Whether figures are drawn; their tables stand there anyway.
    """
    finding = item.finding
    anchor = finding.id
    return [
        Section(
            anchor,
            f"Finding {anchor}: {name(finding.entity)}",
            1,
            (_head(item), *_drawn(pictures, _score(item, number))),
            new_page=len(document.findings) > 1,
        ),
        Section(f"{anchor}-why", "Why it was flagged", 2, tuple(_why(item, number, pictures))),
        Section(f"{anchor}-trust", "How far to trust this", 2,
                tuple(_trust(item, number, pictures))),
        Section(f"{anchor}-events", "Events of this finding", 2,
                tuple(events(item, number, pictures))),
        Section(f"{anchor}-raw", "Raw events", 2, (raw(document, item),)),
    ]  # fmt: skip


def brief(item: ReportFinding, number: int) -> list[Section]:
    """One finding for somebody who decides and does not investigate."""
    finding = item.finding
    told = [sentence(one) for one in sentences(finding)[:2]]
    proof = finding.interpretation.diagnostics
    firm = (
        "The detector was asked again with these differences put right and accepted the event, so "
        "they are enough to explain why it was flagged."
        if proof.verified
        else "No event was found that the detector accepts, so what stands out is a lead only."
    )
    return [
        Section(
            finding.id,
            f"Finding {finding.id}: {name(finding.entity)}",
            2,
            (_score(item, number), *(Paragraph(one) for one in told), Paragraph(firm)),
        )
    ]


def _head(item: ReportFinding) -> Facts:
    finding = item.finding
    lasted = finding.last_time - finding.first_time
    events = format_count(finding.event_count, "event")
    if finding.event_count > 1:
        events += f" in {format_duration(lasted)}"
    excess = format_excess(item.row.max_score, item.row.threshold, item.row.ratio)
    pairs = [
        # Elsewhere names are shortened; here everything can be read once.
        ("Entity", finding.entity),
        ("Severity", f"{severity_words(item)} ({excess})"),
        ("Status", f"{item.row.status}; verdict: {verdict_words(item)}"),
    ]
    verdict = decision(item)
    if verdict is not None:
        pairs.append(
            ("Decided", f"{format_time_utc(verdict.time)} by {name(verdict.decision.author)}")
        )
        if verdict.decision.reason:
            pairs.append(("Reason", shorten(one_line(verdict.decision.reason), 2 * SENTENCE)))
    if item.row.assignee:
        pairs.append(("Worked on by", name(item.row.assignee)))
    if item.suggestion:
        pairs.append(("Distiller suggests", shorten(item.suggestion, SENTENCE)))
    pairs += [
        (
            "When",
            f"{format_time_utc(finding.first_time)} to {format_time_utc(finding.last_time)} "
            f"({events})",
        ),
        ("What stands out", shorten(finding.summary, SENTENCE)),
    ]
    return Facts(tuple(pairs))


def _score(item: ReportFinding, number: int) -> Picture:
    proof = item.finding.interpretation.diagnostics
    told = (
        ("anomaly", format_score(proof.score)),
        ("threshold", format_score(proof.threshold)),
        ("closest normal", format_score(proof.reference_score)),
    )
    return picture(
        f"score-{number}",
        scores.score_strip(
            proof.score, proof.threshold, proof.reference_score, ratio=item.finding.ratio
        ),
        Table("Score against the threshold", ("What", "Score"), told),
        note=source(item),
    )


def _why(item: ReportFinding, number: int, pictures: bool) -> list[Block]:
    finding = item.finding
    interpretation = finding.interpretation
    tables = twins(finding)
    blocks: list[Block] = []
    if tables:
        blocks += [Paragraph(sentence(one)) for one in sentences(finding)]
    elif interpretation.deviations:
        blocks.append(
            Items(
                tuple(sentence(deviation_sentence(one)) for one in interpretation.deviations),
                numbered=True,
            )
        )
    else:
        blocks.append(
            Paragraph("The search found no change that makes the detector accept this event.")
        )
    main = tables or ((_deviation_table(interpretation),) if interpretation.deviations else ())
    if pictures:
        blocks += [
            picture(
                f"why-{number}-{place}" if place else f"why-{number}",
                figure,
                # The tables below hold the numbers of these figures.
                None,
                note=source(item),
            )
            for place, figure in enumerate(_whys(interpretation))
        ]
    return [*blocks, *main]


def _whys(interpretation: Interpretation) -> tuple[go.Figure, ...]:
    if interpretation.modality is Modality.SEQUENCE:
        return (sequence.expected_keys(sequence.sequence_details(interpretation)),)
    if interpretation.modality is Modality.SERIES:
        return (series.deviation_map(interpretation), series.courses(interpretation))
    if interpretation.modality is Modality.LINK:
        return (links.neighborhood(interpretation),)
    return (deviation_figures.deviations(interpretation),)


def _deviation_table(interpretation: Interpretation) -> Table:
    lines = deviation_table(interpretation)
    return Table(
        "Deviations in original units, strongest first; numbered rows moved most of their field",
        ("No.", "Field", "Column", "Observed", "Closest normal", "Difference",
         "Normal range (1 % to 99 %)", "Training events at or below"),
        tuple(
            (
                line.rank if line.strongest else "",
                shorten(line.field, CELL) if line.strongest else "",
                shorten(line.column, CELL),
                shorten(line.observed, CELL),
                shorten(line.closest_normal, CELL),
                line.factor,
                line.normal_range or "not known",
                "not known" if line.percentile is None else f"{line.percentile:.4g} %",
            )
            for line in lines
        ),
        tuple(place for place, line in enumerate(lines) if line.strongest),
    )  # fmt: skip


def _trust(item: ReportFinding, number: int, pictures: bool) -> list[Block]:
    interpretation = item.finding.interpretation
    proof = interpretation.diagnostics
    reference, threshold = format_score(proof.reference_score), format_score(proof.threshold)
    if proof.verified:
        said = Paragraph(
            "Verified. The detector accepts exactly the closest normal event that is shown: its "
            f"score {reference} is at or under the threshold {threshold}."
        )
    else:
        said = Paragraph(
            "Not verified. The detector still flags the event that is shown as closest normal: "
            f"its score {reference} is over the threshold {threshold}. Read the deviations as a "
            "lead, not as the reason.",
            "warning",
        )
    needed = (
        f"{proof.deviations_needed} needed"
        if proof.deviations_needed
        else "no number was found that works"
    )
    near = (
        "not known"
        if proof.plausibility is None
        else f"percentile {proof.plausibility:.4g} of such distances between training events; "
        "lower is closer to normal"
    )
    flips = ", ".join(format_score(one) for one in proof.flip_scores)
    pairs = [
        ("Score of the anomaly", format_score(proof.score)),
        ("Threshold", threshold),
        ("Score of the closest normal", reference),
        (
            "Deviations shown",
            f"{len(interpretation.deviations)} of at most {proof.max_deviations} ({needed})",
        ),
        ("Distance of the closest normal to training events", near),
        ("Score after each deviation", flips or "no deviation"),
        ("Method and seed", f"{interpretation.interpreter}, seed {proof.seed}"),
    ]
    if proof.stopped_early:
        pairs.append(("Search", "ran out of time: this is the best that was found until then"))
    blocks: list[Block] = [said, Facts(tuple(pairs))]
    if pictures:
        steps = tuple(
            (place, format_score(score))
            for place, score in enumerate((proof.score, *proof.flip_scores))
        )
        blocks.append(
            picture(
                f"flip-{number}",
                scores.flip_curve(proof),
                Table("Score after each deviation", ("Deviations put right", "Score"), steps),
                note=source(item),
            )
        )
    blocks += [Paragraph(one) for one in firmness_sentences(interpretation)]
    firm = firmness_table(interpretation)
    return [*blocks, *([firm] if firm.rows else []), Paragraph(LIMIT, "limit")]


def _drawn(pictures: bool, one: Picture) -> tuple[Block, ...]:
    return (one,) if pictures or one.twin is None else (one.twin,)
