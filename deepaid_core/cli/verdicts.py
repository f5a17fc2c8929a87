"""`deepaid verdict` and `undo`."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from deepaid_core.cli.author import Author, author_of
from deepaid_core.cli.terminal import json_text, opened, say
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import InvalidParameterError
from deepaid_core.figures.numbers import format_count

if TYPE_CHECKING:
    from deepaid_core.workflow.triage import VerdictOutcome

__all__ = ["undo", "verdict"]

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
        who = author_of(workspace, author)
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
    _tell_suppressions(outcome)
    _tell_machine(outcome)
    say(f"To take it back: deepaid undo {numbers}")


def undo(
    ctx: typer.Context,
    numbers: Annotated[
        list[str],
        typer.Argument(metavar="NUMBER", help="Numbers of entries of the log, e.g. 12 or S-14."),
    ],
    reason: Annotated[str, typer.Option(help="Why.")] = "",
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Take decisions, suppressions, settings or imports back; the log keeps both."""
    from deepaid_core.workflow import triage

    entries = [_entry_number(number) for number in numbers]
    with opened(ctx) as workspace:
        outcome = triage.undo(
            workspace,
            entry_numbers=entries,
            author=author_of(workspace, author),
            reason=reason,
        )
    if as_json:
        typer.echo(json_text(outcome))
        return
    taken = " ".join(str(number) for number in entries)
    say(f"Took back decision {taken} on {format_count(outcome.findings, 'finding')}.")
    _tell_suppressions(outcome)
    _tell_machine(outcome)


def _entry_number(text: str) -> int:
    found = re.fullmatch(r"(?:[Ss]-)?([0-9]{1,15})", text)
    if found is None:
        raise InvalidParameterError(
            f"'{text[:60]}' is no entry of the log; give a number, e.g. 12 or S-14."
        )
    return int(found[1])


def _tell_suppressions(outcome: "VerdictOutcome") -> None:
    if outcome.disabled:
        names = ", ".join(f"S-{number}" for number in outcome.disabled)
        say(f"Disabled {names}: an attack is in its scope now.")
    if outcome.reopened:
        say(f"Back in the open queue: {format_count(outcome.reopened, 'suppressed finding')}.")


def _tell_machine(outcome: "VerdictOutcome") -> None:
    say(
        f"Machine M-{outcome.machine_before} became M-{outcome.machine_after}; it has a suggestion "
        f"for {outcome.explained_after:,} open findings (before: {outcome.explained_before:,})."
    )
