"""`deepaid audit`: who did what and when, to be read, exported and checked."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from deepaid_core.cli.mapping import period_of
from deepaid_core.cli.terminal import (
    Column,
    interruptible,
    json_text,
    new_file,
    opened,
    progress_bar,
    say,
    show_table,
)
from deepaid_core.domain.audit import AuditQuery
from deepaid_core.errors import StoreError
from deepaid_core.figures.numbers import format_count, format_time_utc

__all__ = ["COMMANDS", "audit"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
By = Annotated[str | None, typer.Option("--by", help="Lines of this person.", show_default=False)]
Kind = Annotated[
    str | None,
    typer.Option(help="verdict, suppression, note, export, report, ...", show_default=False),
]
About = Annotated[
    str,
    typer.Option(
        help="F-..., P-..., S-12, C-3, D-..., M-12, or a line itself: 'decision 12'.",
        show_default=False,
    ),
]
Text = Annotated[
    str, typer.Option("--text", help="Part of anything in the line.", show_default=False)
]
Since = Annotated[
    str | None, typer.Option(help="From here on, e.g. 2026-03-01T08:00 UTC.", show_default=False)
]
Until = Annotated[str | None, typer.Option(help="Before this moment.", show_default=False)]


def audit(
    ctx: typer.Context,
    by: By = None,
    kind: Kind = None,
    about: About = "",
    text: Text = "",
    since: Since = None,
    until: Until = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many lines.")] = 50,
    as_json: AsJson = False,
) -> None:
    """List who did what and when, newest first; or export it, or check that nobody changed it."""
    if ctx.invoked_subcommand is not None:
        return
    from deepaid_core.workflow import audit as workflow
    from deepaid_core.workflow.audit_export import plain

    query = _query(by, kind, about, text, since, until)
    with opened(ctx) as workspace:
        found = workflow.lines(workspace, query, limit=limit)
        total = workspace.store.audit.count(query)
    if as_json:
        typer.echo(json_text({"total": total, "lines": [plain(line) for line in found]}))
        return
    if not found:
        say("No line matches; `deepaid audit` without options lists all.")
        return
    columns = (
        Column("Line", whole=True),
        Column("Time (UTC)", whole=True),
        Column("Who"),
        Column("Kind", whole=True),
        Column("What", cut=True),
        Column("Taken back by", whole=True),
    )
    show_table(
        columns,
        [
            (
                line.id,
                format_time_utc(line.entry.time).removesuffix(" UTC"),
                line.author,
                line.kind,
                line.text,
                line.undone_by,
            )
            for line in found
        ],
    )
    say(f"{len(found):,} of {format_count(total, 'line')}, newest first.")


def export(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="File to write: .csv or .json.")],
    form: Annotated[
        Literal["csv", "json"] | None,
        typer.Option("--format", help="How.", show_default="by the file's name, else json"),
    ] = None,
    by: By = None,
    kind: Kind = None,
    about: About = "",
    text: Text = "",
    since: Since = None,
    until: Until = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write all matching lines to a file; that they were taken is written to the log."""
    from deepaid_core.workflow import audit_export

    query = _query(by, kind, about, text, since, until)
    chosen = form or ("csv" if file.suffix.lower() == ".csv" else "json")
    with opened(ctx) as workspace, new_file(file, overwrite=overwrite) as out:
        author = workspace.author or ""
        out.write(audit_export.export(workspace, query, form=chosen, author=author))
    say(f"Written to {file}")


def check(
    ctx: typer.Context,
    head: Annotated[
        list[str] | None,
        typer.Option(
            help="A head that was noted earlier, e.g. in a report: 'decision 12 3f0a...'; may be "
            "repeated.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Check the chain of both logs; ends with 1 where a line is not as it was written."""
    from deepaid_core.workflow import audit as workflow

    noted = [workflow.head_of(text) for text in head or ()]
    with (
        opened(ctx) as workspace,
        progress_bar() as progress,
        interruptible() as cancelled,
    ):
        reports = workflow.check(workspace, noted=noted, progress=progress, cancelled=cancelled)
    problems = [report.problem for report in reports if report.problem]
    if as_json:
        told: dict[str, Any] = {"whole": not problems, "logs": reports}
        typer.echo(json_text(told))
        if problems:
            raise typer.Exit(1)
        return
    for report in reports:
        if report.problem is None:
            say(f"{format_count(report.lines, report.log)}, each as it was written.")
    if problems:
        raise StoreError(" ".join(problems))
    say("Note these heads elsewhere to find lines that are cut off later:")
    for report in reports:
        say(f"  {workflow.head_text(report.head)}")


COMMANDS: dict[str, Callable[..., None]] = {"export": export, "check": check}


def _query(
    by: str | None, kind: str | None, about: str, text: str, since: str | None, until: str | None
) -> AuditQuery:
    from deepaid_core.workflow.audit_told import kept_as

    period = period_of(since, until)
    return AuditQuery(
        author=by,
        kind=None if kind is None else kept_as(kind),
        subject=about,
        since=period.since,
        until=period.until,
        text=text,
    )
