"""`deepaid cases`, `cases show` and `cases navigator`: what only reads."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from deepaid_core.cli import cases_writing
from deepaid_core.cli.cases_writing import AsJson, CaseId, asked_for
from deepaid_core.cli.terminal import Column, json_text, opened, say, show_table
from deepaid_core.domain.attack import technique_name
from deepaid_core.domain.case import OPEN_CASES, Case, CaseQuery, CaseRow, CaseStatus
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.figures.numbers import format_count, format_ratio, format_time_utc

if TYPE_CHECKING:
    from deepaid_core.domain.timeline import CaseTimeline

__all__ = ["COMMANDS", "cases"]

_MOST = 1000
_LISTED = 50
State = Literal["open", "closed", "discarded", "all"]


def cases(
    ctx: typer.Context,
    state: Annotated[
        State, typer.Option("--status", help="open: also those in progress.")
    ] = "open",
    assignee: Annotated[
        str | None, typer.Option(help="Only cases of this analyst.", show_default=False)
    ] = None,
    text: Annotated[str, typer.Option(help="Part of an id, title or summary.")] = "",
    as_json: AsJson = False,
) -> None:
    """List cases, the last changed first, or work with one."""
    if ctx.invoked_subcommand is not None:
        return
    statuses = {"open": OPEN_CASES, "all": tuple(CaseStatus)}
    chosen = statuses.get(state) or (CaseStatus(state),)
    query = CaseQuery(statuses=chosen, assignee=assignee, text=text)
    with opened(ctx) as workspace:
        rows = workspace.store.desk.cases(query, limit=_MOST)
        total = workspace.store.desk.count_cases(query)
    if as_json:
        typer.echo(
            json_text({"total": total, "cases": [{"id": row.id, "case": row} for row in rows]})
        )
        return
    if not rows:
        say("No case matches; `deepaid cases open` opens one.")
        return
    columns = (
        Column("Case", whole=True),
        Column("Status", whole=True),
        Column("Severity", right=True),
        Column("Findings", right=True),
        Column("To judge", right=True),
        Column("Assignee"),
        Column("Last change (UTC)", whole=True),
        Column("Title", cut=True),
    )
    show_table(columns, [_line(row) for row in rows])
    more = f", the first {len(rows):,} shown" if total > len(rows) else ""
    say(f"{format_count(total, 'case')}{more}.")


def show(ctx: typer.Context, case_id: CaseId, as_json: AsJson = False) -> None:
    """Show one case: what is written about it, techniques, notes, findings and timeline."""
    from deepaid_core.workflow.case_entities import case_entities
    from deepaid_core.workflow.case_timeline import timeline

    with opened(ctx) as workspace:
        case = asked_for(workspace, case_id)
        query = FindingQuery(case_number=case.number)
        rows = workspace.store.page(query, limit=_LISTED)
        notes = workspace.store.desk.notes(case.id)
        happened = timeline(workspace, case.number)
        entities = case_entities(workspace, case.number) if as_json else None
    if as_json:
        told = {"case": case, "notes": notes, "timeline": happened, "entities": entities}
        typer.echo(json_text({"id": case.id, **told}))
        return
    _tell(case)
    for note in notes:
        say(f"Note {note.number} of {note.author}, {format_time_utc(note.time)}:")
        _say_text(note.text)
    columns = (
        Column("Finding", whole=True),
        Column("Severity", right=True),
        Column("Entity"),
        Column("Verdict"),
        Column("What deviates", cut=True),
    )
    lines = [
        (row.id, format_ratio(row.ratio), row.entity, row.verdict or row.status, row.summary)
        for row in rows
    ]
    if lines:
        show_table(columns, lines)
    if len(case.finding_ids) > len(rows):
        say(f"The {len(rows)} strongest of {format_count(len(case.finding_ids), 'finding')}.")
    _tell_done(happened)


def navigator(
    ctx: typer.Context,
    case_id: Annotated[
        str | None,
        typer.Argument(metavar="[CASE]", help="C-...; else all cases.", show_default=False),
    ] = None,
) -> None:
    """Print the techniques as a layer of the ATT&CK Navigator (JSON, format 4.5)."""
    from deepaid_core.workflow.navigator import navigator_layer

    with opened(ctx) as workspace:
        number = asked_for(workspace, case_id).number if case_id is not None else None
        typer.echo(navigator_layer(workspace, number))


COMMANDS: dict[str, Callable[..., None]] = {
    "show": show,
    **cases_writing.COMMANDS,
    "navigator": navigator,
}
"""Commands below `deepaid cases`."""


def _line(row: CaseRow) -> tuple[str, ...]:
    merged = f" (merged into C-{row.merged_into})" if row.merged_into is not None else ""
    return (
        row.id,
        row.status.value,
        "" if row.max_ratio is None else format_ratio(row.max_ratio),
        f"{row.findings:,}",
        f"{row.open_findings:,}",
        row.assignee or "nobody",
        format_time_utc(row.changed_time).removesuffix(" UTC"),
        f"{row.title}{merged}",
    )


def _tell(case: Case) -> None:
    say(f"{case.id} {case.title}")
    merged = f", merged into C-{case.merged_into}" if case.merged_into is not None else ""
    say(
        f"{case.status.value}{merged}, TLP:{case.tlp.upper()}, assigned to "
        f"{case.assignee or 'nobody'}, opened by {case.author} "
        f"{format_time_utc(case.created_time)}"
    )
    for label, text in (
        ("Summary", case.summary),
        ("Impact", case.impact),
        ("Actions taken", case.actions_taken),
        ("Recommendations", case.recommendations),
    ):
        if text:
            say(f"{label}:")
            _say_text(text)
    for one in case.techniques:
        name = technique_name(one.id)
        say(f"{one.id}{f' {name}' if name else ''} ({one.author}): {' '.join(one.reason.split())}")


def _tell_done(happened: "CaseTimeline") -> None:
    if happened.first_event is not None and happened.last_event is not None:
        say(
            f"Events from {format_time_utc(happened.first_event)} to "
            f"{format_time_utc(happened.last_event)}."
        )
    for one in happened.entries:
        if one.lane != "events":
            who = one.who or "the program"
            say(f"{format_time_utc(one.time)}  {who}: {one.text}")


def _say_text(text: str) -> None:
    for line in text.splitlines():
        say(f"  {line}")
