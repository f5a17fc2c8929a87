"""`deepaid data preview` and `deepaid data check`."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

import typer

from deepaid_core.cli import mapping
from deepaid_core.cli.terminal import (
    Column,
    interruptible,
    json_text,
    opened,
    progress_bar,
    say,
    show_table,
)
from deepaid_core.figures.numbers import format_count, format_time_utc

if TYPE_CHECKING:
    from deepaid_core.workflow.validation import ValidationReport

__all__ = ["COMMANDS", "check", "preview"]

_MOST_SHOWN = 20
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def preview(
    ctx: typer.Context,
    file: mapping.File,
    kind: mapping.Kind = None,
    settings: mapping.SettingsFile = None,
    rows: Annotated[int, typer.Option(help="Rows or lines to show.", min=1, max=1000)] = 10,
    as_json: Json = False,
) -> None:
    """Show the beginning of a file, what it seems to be, and how it would be read."""
    from deepaid_core.workflow.inspection import KINDS
    from deepaid_core.workflow.previews import preview as beginning

    known, chosen = mapping.reading_of(file, kind, mapping.Given(settings=settings))
    seen = beginning(file, known, chosen, limit=rows)
    if as_json:
        read_as = mapping.settings_json(known, chosen)
        typer.echo(json_text({**read_as, "columns": seen.columns, "rows": seen.rows}))
        return
    say(f"{file.name}: {KINDS[known]}")
    show_table([Column(name[:40], cut=len(seen.columns) < 6) for name in seen.columns], seen.rows)
    say(f"Would be read as: {mapping.settings_text(known, chosen)}")


def check(
    ctx: typer.Context,
    file: mapping.File,
    kind: mapping.Kind = None,
    settings: mapping.SettingsFile = None,
    time: mapping.Time = None,
    entity: mapping.Entity = None,
    numbers: mapping.Numbers = None,
    categories: mapping.Categories = None,
    context: mapping.Context = None,
    ignore: mapping.Ignore = None,
    skip_bad_rows: mapping.SkipBadRows = False,
    since: mapping.Since = None,
    until: mapping.Until = None,
    detector: Annotated[
        str | None,
        typer.Option(help="Id or name of a detector: check whether it can read the file."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Read a whole file and list every cell in the way; ends with 1 where it cannot be used."""
    from deepaid_core.cli.detection import find
    from deepaid_core.workflow.registered import known_schema
    from deepaid_core.workflow.validation import validate

    known = None
    if detector is not None:
        with opened(ctx) as workspace:
            record = find(workspace, detector)
            known = known_schema(workspace, record)
        kind, chosen = record.source_kind, record.source_settings
    else:
        given = mapping.Given(
            settings=settings,
            time=time,
            entity=entity,
            numbers=numbers,
            categories=categories,
            context=context,
            ignore=ignore,
            skip_bad_rows=skip_bad_rows,
        )
        kind, chosen = mapping.reading_of(file, kind, given)
    with progress_bar() as progress, interruptible() as cancelled:
        report = validate(
            file,
            kind,
            chosen,
            known=known,
            period=mapping.period_of(since, until),
            progress=progress,
            cancelled=cancelled,
        )
    if as_json:
        typer.echo(json_text(report))
    else:
        say(f"Read as: {mapping.settings_text(kind, chosen)}")
        _show(report)
    if not report.usable:
        raise typer.Exit(1)


def _show(report: "ValidationReport") -> None:
    if report.usable:
        span = (
            f", {format_time_utc(report.first_time)} to {format_time_utc(report.last_time)}"
            if report.first_time is not None and report.last_time is not None
            else ""
        )
        say(
            f"{format_count(report.events, 'event')} of {report.seen:,} read, about "
            f"{format_count(report.entities, 'host, user or session', 'hosts, users or sessions')}"
            f"{span}."
        )
    else:
        say(f"Cannot be used: {report.refusal}")
    for reason, count in report.skipped:
        say(f"{count:,} left out: {reason}")
    for warning in report.warnings:
        say(f"Note: {warning}")
    if report.problems:
        show_table(
            (Column("Row", right=True), Column("Column"), Column("Value"), Column("Why not")),
            [
                (str(one.row), one.column, one.value, one.reason)
                for one in report.problems[:_MOST_SHOWN]
            ],
        )
        more = report.problems_total - min(_MOST_SHOWN, len(report.problems))
        if more:
            say(f"and {format_count(more, 'more cell')}")


COMMANDS: dict[str, Callable[..., None]] = {"preview": preview, "check": check}
