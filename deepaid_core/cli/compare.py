"""`deepaid compare`: what several interpreters say of one finding."""

from typing import Annotated

import typer

from deepaid_core.cli.terminal import (
    Column,
    interruptible,
    json_text,
    opened,
    progress_bar,
    say,
    show_table,
)
from deepaid_core.figures.tables import Table

__all__ = ["compare"]


def compare(
    ctx: typer.Context,
    finding_id: Annotated[str, typer.Argument(metavar="FINDING", help="F-...")],
    names: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="NAME",
            help="An interpreter to ask; may be repeated.",
            show_default="all that read such events",
        ),
    ] = None,
    budget_ms: Annotated[
        float | None,
        typer.Option(
            "--budget-ms", help="Milliseconds for each search.", show_default="as long as it takes"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask other interpreters about a finding and set their answers side by side."""
    from deepaid_core.workflow.compare import compare as ask
    from deepaid_core.workflow.compare import offered

    with (
        opened(ctx) as workspace,
        progress_bar() as progress,
        interruptible() as cancelled,
    ):
        finding = workspace.store.finding(finding_id)
        comparison = ask(
            workspace,
            finding_id,
            offered(finding.interpretation) if names is None else names,
            progress=progress,
            cancelled=cancelled,
            budget_ms=budget_ms,
        )
    if as_json:
        typer.echo(json_text(comparison))
        return
    # Figures pull Plotly in, which takes time that JSON need not pay.
    from deepaid_core.figures import compare_tables

    say(f"{finding.id}  {finding.entity}  detector '{finding.detector_name}'")
    for sentence in compare_tables.comparison_sentences(comparison):
        say(sentence)
    _show(compare_tables.summary_table(comparison))
    if comparison.given:
        _show(compare_tables.agreement_table(comparison))
        say("'2. 0.5': named second; in its closest normal event the value is 0.5.")
    for answer in comparison.answers:
        if answer.why_not:
            say(f"{answer.interpreter}: {answer.why_not}")


def _show(table: Table) -> None:
    say("")
    say(f"{table.title}:")
    columns = [Column(title, whole=at == 0) for at, title in enumerate(table.columns)]
    show_table(columns, [[str(cell) for cell in row] for row in table.rows])
