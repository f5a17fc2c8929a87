"""`deepaid cases open`, `add`, `note`, `technique`, `close` and `merge`: what writes to a case."""

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from deepaid_core.cli.author import Author, author_of
from deepaid_core.cli.terminal import json_text, opened, say
from deepaid_core.domain.case import Case, CaseStatus
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_count

if TYPE_CHECKING:
    from deepaid_core.workflow.cases import CaseOutcome
    from deepaid_core.workspace import Workspace

__all__ = ["COMMANDS", "AsJson", "CaseId", "asked_for"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
CaseId = Annotated[str, typer.Argument(metavar="CASE", help="C-...")]
FindingIds = Annotated[list[str], typer.Argument(metavar="FINDING", help="F-...")]


def asked_for(workspace: "Workspace", case_id: str) -> Case:
    """The case that a user names.

    Raises:
        NotFoundError: It is no id of a case, or there is none of it.
    """
    from deepaid_core.workflow.cases import number_of

    number = number_of(case_id)
    if number is None:
        raise NotFoundError(f"'{case_id}' is no id of a case; give one like C-12.")
    return workspace.store.desk.case(number)


def open_case(
    ctx: typer.Context,
    title: Annotated[str, typer.Argument(help="What it is about, in a few words, in quotes.")],
    finding_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[FINDING]...", help="F-...", show_default=False)
    ] = None,
    summary: Annotated[str, typer.Option(help="What is known so far.")] = "",
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Open a case, with findings or empty."""
    from deepaid_core.workflow import cases as workflow

    with opened(ctx) as workspace:
        outcome = workflow.open_case(
            workspace,
            title=title,
            finding_ids=finding_ids or (),
            author=author_of(workspace, author),
            summary=summary,
        )
    if as_json:
        typer.echo(json_text({"id": outcome.id, **_written(outcome)}))
    else:
        say(f"Opened {outcome.id} with {format_count(outcome.findings, 'finding')}.")


def add(
    ctx: typer.Context,
    case_id: CaseId,
    finding_ids: FindingIds,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take them out instead of putting them in.")
    ] = False,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Put findings into a case, or take them out."""
    from deepaid_core.workflow import cases as workflow

    with opened(ctx) as workspace:
        case, who = asked_for(workspace, case_id), author_of(workspace, author)
        move = workflow.remove_findings if remove else workflow.add_findings
        outcome = move(workspace, case.number, finding_ids, author=who)
    if as_json:
        typer.echo(json_text({"id": outcome.id, **_written(outcome)}))
        return
    verb = "left" if remove else "came into"
    say(f"{format_count(outcome.findings, 'finding')} {verb} {outcome.id}.")


def note(
    ctx: typer.Context,
    case_id: CaseId,
    text: Annotated[str, typer.Argument(help="The note, in quotes; - reads standard input.")],
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Write a note on a case."""
    from deepaid_core.workflow import cases as workflow

    with opened(ctx) as workspace:
        case, who = asked_for(workspace, case_id), author_of(workspace, author)
        words = sys.stdin.read() if text == "-" else text
        outcome = workflow.take_note(workspace, case.number, words, author=who)
    if as_json:
        typer.echo(json_text({"id": outcome.id, **_written(outcome)}))
    else:
        say(f"Note {outcome.numbers[0]} is on {outcome.id}.")


def technique(
    ctx: typer.Context,
    case_id: CaseId,
    technique_id: Annotated[str, typer.Argument(metavar="TECHNIQUE", help="T1046, T1110.001")],
    reason: Annotated[str, typer.Option(help="What in the findings shows it.")] = "",
    remove: Annotated[bool, typer.Option("--remove", help="Take it off the case.")] = False,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Note an ATT&CK technique on a case, or take it off."""
    from deepaid_core.workflow import cases as workflow

    with opened(ctx) as workspace:
        case, who = asked_for(workspace, case_id), author_of(workspace, author)
        if remove:
            wanted = technique_id.strip().upper()
            outcome = workflow.remove_technique(workspace, case.number, wanted, author=who)
        else:
            outcome = workflow.add_technique(
                workspace, case.number, technique_id, reason, author=who
            )
    if as_json:
        typer.echo(json_text({"id": outcome.id, **_written(outcome)}))
    elif outcome.numbers:
        say(f"{technique_id.strip().upper()} is {'off' if remove else 'on'} {outcome.id} now.")
    else:
        say(f"{outcome.id} says so already; nothing was written.")


def close(
    ctx: typer.Context,
    case_id: CaseId,
    status: Annotated[
        CaseStatus, typer.Option(help="Another status than closed, e.g. discarded or open.")
    ] = CaseStatus.CLOSED,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Close a case, or give it another status."""
    from deepaid_core.workflow import cases as workflow

    with opened(ctx) as workspace:
        case, who = asked_for(workspace, case_id), author_of(workspace, author)
        outcome = workflow.change(workspace, case.number, {"status": status.value}, author=who)
    if as_json:
        typer.echo(json_text({"id": outcome.id, "status": status.value, **_written(outcome)}))
    else:
        say(f"{outcome.id} is {status.value}{'' if outcome.numbers else ' already'}.")


def merge(
    ctx: typer.Context,
    case_id: CaseId,
    into: Annotated[
        str | None,
        typer.Argument(metavar="[INTO]", help="C-...; not with --undo.", show_default=False),
    ] = None,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take the case out of the one it was merged into.")
    ] = False,
    author: Author = None,
    as_json: AsJson = False,
) -> None:
    """Merge a case into another one, or take that apart again."""
    from deepaid_core.workflow import case_merging

    if undo == (into is not None):
        raise typer.BadParameter("Give either the case to merge into or --undo.")
    with opened(ctx) as workspace:
        case, who = asked_for(workspace, case_id), author_of(workspace, author)
        if into is None:
            outcome = case_merging.unmerge(workspace, case.number, author=who)
        else:
            target = asked_for(workspace, into)
            outcome = case_merging.merge(workspace, case.number, target.number, author=who)
    if as_json:
        typer.echo(json_text({"id": case.id, **_written(outcome)}))
    elif into is None:
        say(f"{case.id} stands alone again, as before it was merged.")
    else:
        brought = format_count(outcome.findings, "finding")
        say(f"{case.id} is merged into {outcome.id}, which got {brought} more.")


COMMANDS: dict[str, Callable[..., None]] = {
    "open": open_case,
    "add": add,
    "note": note,
    "technique": technique,
    "close": close,
    "merge": merge,
}
"""Commands below `deepaid cases` that write."""


def _written(outcome: "CaseOutcome") -> dict[str, object]:
    return {"numbers": outcome.numbers, "findings": outcome.findings}
