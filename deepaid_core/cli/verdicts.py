"""`deepaid verdict` and `undo`."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from deepaid_core.cli.terminal import json_text, opened, say
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import VerdictRefusedError
from deepaid_core.figures.numbers import format_count

if TYPE_CHECKING:
    from deepaid_core.workflow.triage import VerdictOutcome
    from deepaid_core.workspace import Workspace

__all__ = ["undo", "verdict"]

Author = Annotated[
    str | None,
    typer.Option(help="Who decides. Else DEEPAID_USER, else you are asked.", show_default=False),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def verdict(
    ctx: typer.Context,
    finding_ids: Annotated[list[str], typer.Argument(metavar="FINDING", help="F-...")],
    label: Annotated[VerdictLabel, typer.Option(help="The decision, in quotes.")],
    category: Annotated[
        str,
        typer.Option(
            help="What it was, e.g. port-scan or backup-job; needed for a true or false positive."
        ),
    ] = "",
    reason: Annotated[
        str | None,
        typer.Option(help="Why.", show_default="the deviations in words"),
    ] = None,
    pattern: Annotated[
        bool,
        typer.Option("--pattern", help="Decide on all open findings of the finding's pattern."),
    ] = False,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Decide on findings, one decision per pattern among them, or on a whole pattern."""
    from deepaid_core.workflow import triage

    if pattern and len(finding_ids) != 1:
        raise typer.BadParameter("Give exactly one finding with --pattern.")
    with opened(ctx) as workspace:
        who = _author(workspace, author)
        looked_at = workspace.store.finding(finding_ids[0])
        why = triage.drafted_reason(looked_at) if reason is None else reason
        if pattern:
            outcome = triage.give_pattern_verdict(
                workspace,
                pattern_id=looked_at.pattern_id,
                label=label,
                category=category,
                reason=why,
                author=who,
                looked_at=looked_at.id,
            )
        else:
            outcome = triage.give_verdict(
                workspace,
                finding_ids=finding_ids,
                label=label,
                category=category,
                reason=why,
                author=who,
                scope="finding" if len(finding_ids) == 1 else "selection",
            )
    if as_json:
        typer.echo(json_text(outcome))
        return
    numbers = " ".join(str(number) for number in outcome.numbers)
    say(f"Decision {numbers}: {label} on {format_count(outcome.findings, 'finding')}. {why}")
    _tell_machine(outcome)
    say(f"To take it back: deepaid undo {numbers}")


def undo(
    ctx: typer.Context,
    numbers: Annotated[
        list[int], typer.Argument(metavar="NUMBER", help="Numbers of the decisions.")
    ],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Take decisions back; the log keeps both, the machine forgets exactly."""
    from deepaid_core.workflow import triage

    with opened(ctx) as workspace:
        outcome = triage.undo(
            workspace,
            entry_numbers=numbers,
            author=_author(workspace, author),
            reason=reason,
        )
    if as_json:
        typer.echo(json_text(outcome))
        return
    taken = " ".join(str(number) for number in numbers)
    say(f"Took back decision {taken} on {format_count(outcome.findings, 'finding')}.")
    _tell_machine(outcome)


def _tell_machine(outcome: "VerdictOutcome") -> None:
    say(
        f"Machine M-{outcome.machine_before} became M-{outcome.machine_after}; it has a suggestion "
        f"for {outcome.explained_after:,} open findings (before: {outcome.explained_before:,})."
    )


def _author(workspace: "Workspace", given: str | None) -> str:
    name = (given or workspace.author or "").strip()
    if not name and sys.stdin.isatty():
        name = str(typer.prompt("Your name, for the log")).strip()
    if not name:
        raise VerdictRefusedError(
            "Nobody is named as the author of this decision; set DEEPAID_USER or give --author."
        )
    return name
