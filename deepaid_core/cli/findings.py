"""`deepaid findings`, `interpret` and `patterns`: what is stored, read only."""

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deepaid_core.cli.terminal import Column, json_text, opened, say, show_table
from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.interpretation import Deviation
from deepaid_core.domain.queries import FindingQuery, FindingRow, Sort
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures.numbers import (
    format_count,
    format_ratio,
    format_score,
    format_share,
    format_time_utc,
    format_value,
)

if TYPE_CHECKING:
    from deepaid_core.figures.tables import Table
    from deepaid_core.workflow.distill import Suggestion

__all__ = ["findings", "interpret", "patterns"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Limit = Annotated[int, typer.Option(min=1, help="Show at most this many.")]


def findings(
    ctx: typer.Context,
    status: Annotated[
        Literal["open", "closed", "suppressed", "all"], typer.Option(help="Which findings.")
    ] = "open",
    pattern: Annotated[
        str | None, typer.Option(help="Only this pattern, P-...", show_default=False)
    ] = None,
    entity: Annotated[
        str | None, typer.Option(help="Only this entity, exactly.", show_default=False)
    ] = None,
    detector: Annotated[
        str | None, typer.Option(help="Only detectors of this name.", show_default=False)
    ] = None,
    verdict: Annotated[
        VerdictLabel | None, typer.Option(help="Only with this verdict.", show_default=False)
    ] = None,
    text: Annotated[
        str, typer.Option(help="Only where id, entity, summary or category has this text.")
    ] = "",
    sort: Annotated[Sort, typer.Option(help="Order.")] = "score",
    limit: Limit = 20,
    as_json: AsJson = False,
) -> None:
    """List findings with what the Distiller suggests."""
    from deepaid_core.workflow.distill import suggestions

    query = FindingQuery(
        status=None if status == "all" else Status(status),
        pattern_id=pattern,
        entity=entity,
        detector_name=detector,
        verdict=verdict,
        text=text,
        sort=sort,
    )
    with opened(ctx) as workspace:
        total = workspace.store.count(query)
        rows = workspace.store.page(query, limit=limit)
        suggested = suggestions(workspace, rows)
    if as_json:
        listed = [{"finding": row, "suggestion": suggested.get(row.id)} for row in rows]
        typer.echo(json_text({"total": total, "findings": listed}))
        return
    if not rows:
        say("No finding matches.")
        return
    columns = (
        Column("Finding", whole=True),
        Column("Last seen (UTC)", whole=True),
        Column("Entity"),
        Column("Events", right=True),
        Column("Severity"),
        Column("Deviations", cut=True),
        Column("Verdict"),
    )
    show_table(
        columns,
        [
            (
                row.id,
                format_time_utc(row.last_time).removesuffix(" UTC"),
                row.entity,
                f"{row.event_count:,}",
                format_ratio(row.ratio) + ("" if row.verified else " (not verified)"),
                row.summary,
                _state(row, suggested.get(row.id)),
            )
            for row in rows
        ],
    )
    say(
        f"{len(rows):,} of {format_count(total, 'finding')}. Severity: how far over the "
        "threshold, which is 1. In brackets: suggested."
    )


def interpret(
    ctx: typer.Context,
    finding_id: Annotated[str, typer.Argument(metavar="FINDING", help="F-...")],
    as_json: AsJson = False,
) -> None:
    """Show why a finding is one: its deviations from the closest normal event, and the proof."""
    with opened(ctx) as workspace:
        finding = workspace.store.finding(finding_id)
    if as_json:
        typer.echo(json_text(finding))
        return
    # Figures pull Plotly in, which takes time that JSON need not pay.
    from deepaid_core.figures.twins import twins

    _describe(finding)
    if tables := twins(finding):
        _show(finding, tables)
        _how_firm(finding)
        return
    columns = (
        Column("Deviation"),
        Column("Observed", right=True),
        Column("Closest normal", right=True),
        Column("Normally", right=True),
        Column("Share", right=True),
        Column("Score after", right=True),
    )
    flips = finding.interpretation.diagnostics.flip_scores
    show_table(
        columns,
        [
            (*_deviation(deviation), format_score(flips[at]) if at < len(flips) else "")
            for at, deviation in enumerate(finding.interpretation.deviations)
        ],
    )
    say("'Score after': the score once this and all deviations above take the normal values.")
    _how_firm(finding)


def _show(finding: Finding, tables: "tuple[Table, ...]") -> None:
    from deepaid_core.figures.words import sentences

    # Kinds of data whose deviations are no columns with numbers: in sentences, then as tables.
    for sentence in sentences(finding):
        say(sentence)
    for table in tables:
        say("")
        say(f"{table.title}:")
        if not table.rows:
            say("  nothing is known")
            continue
        columns = [
            Column(title, right=isinstance(table.rows[0][at], int))
            for at, title in enumerate(table.columns)
        ]
        show_table(columns, [[str(cell) for cell in row] for row in table.rows])


def _how_firm(finding: Finding) -> None:
    from deepaid_core.figures.firmness import firmness_sentences

    say("")
    for sentence in firmness_sentences(finding.interpretation):
        say(sentence)


def patterns(ctx: typer.Context, limit: Limit = 20, as_json: AsJson = False) -> None:
    """List patterns, most open findings first, with the verdicts given on them."""
    with opened(ctx) as workspace:
        rows = workspace.store.patterns()
    if as_json:
        typer.echo(json_text({"total": len(rows), "patterns": rows[:limit]}))
        return
    if not rows:
        say("There is no pattern yet; `deepaid detect` or `deepaid demo` brings findings.")
        return
    several = len({row.detector_name for row in rows}) > 1
    columns = (
        Column("Pattern", whole=True),
        *([Column("Detector")] if several else []),
        Column("Findings", right=True),
        Column("Open", right=True),
        Column("Entities", right=True),
        Column("Example", whole=True),
        Column("Deviations", cut=True),
        Column("Verdicts", whole=True),
    )
    show_table(
        columns,
        [
            (
                row.pattern_id,
                *([row.detector_name] if several else []),
                f"{row.findings:,}",
                f"{row.open_findings:,}",
                f"{row.entities:,}",
                row.example_id,
                row.example_summary,
                f"{row.true_positives}/{row.false_positives}/{row.benign_positives}/"
                f"{row.undetermined}",
            )
            for row in rows[:limit]
        ],
    )
    say(
        f"{min(limit, len(rows)):,} of {format_count(len(rows), 'pattern')}. Verdicts: findings "
        "judged true / false / benign positive / undetermined."
    )


def _state(row: FindingRow, suggestion: "Suggestion | None") -> str:
    if row.verdict:
        return f"{row.verdict}: {row.category}" if row.category else row.verdict
    if row.suppression_number is not None:
        check = " (left as a check)" if row.resurfaced else ""
        return f"suppressed by S-{row.suppression_number}{check}"
    if suggestion is None or suggestion.category is None:
        return "(unknown)"
    return f"({suggestion.category}, {format_share(suggestion.confidence)})"


def _describe(finding: Finding) -> None:
    proof = finding.interpretation.diagnostics
    say(f"{finding.id}  {finding.entity}  detector '{finding.detector_name}'")
    say(
        f"{format_count(finding.event_count, 'event')} of {finding.source_name}, "
        f"{format_time_utc(finding.first_time)} to {format_time_utc(finding.last_time)}"
    )
    say(f"Pattern {finding.pattern_id}: {finding.summary}")
    say(f"Score {format_score(proof.score)}, threshold {format_score(proof.threshold)}")
    say(
        f"Verified: the closest normal event scores {format_score(proof.reference_score)}."
        if proof.verified
        else "Not verified: the best event that was found still scores "
        f"{format_score(proof.reference_score)}, above the threshold."
    )


def _deviation(deviation: Deviation) -> tuple[str, ...]:
    if not deviation.cells:
        return deviation.title, "", "", "", format_share(deviation.weight)
    cell = deviation.cells[0]  # the one that moved most
    normally = (
        f"{format_value(cell.normal_low, cell.unit)} to {format_value(cell.normal_high, cell.unit)}"
        if cell.normal_low is not None and cell.normal_high is not None
        else ""
    )
    return (
        f"{cell.title} ({deviation.direction})",
        format_value(cell.observed, cell.unit),
        format_value(cell.reference, cell.unit),
        normally,
        format_share(deviation.weight),
    )
