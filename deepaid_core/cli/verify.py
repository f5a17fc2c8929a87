"""`deepaid verify`: whether the numbers of a report are what the detectors say."""

from pathlib import Path
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
from deepaid_core.errors import ReportRefusedError
from deepaid_core.figures.numbers import format_count

__all__ = ["verify"]

_LARGEST = 1 << 30  # bytes; the evidence of 500 findings has a tenth of that at most


def verify(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(help="Evidence of a report, written as JSON.")],
    everything: Annotated[bool, typer.Option("--all", help="List confirmed numbers too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Ask the detectors of a report again and confirm each of its numbers.

    Ends with 1 where a number differs, or where none could be confirmed.
    """
    from deepaid_core.workflow import verify as workflow

    text = _text(file)
    with opened(ctx) as workspace, progress_bar() as progress, interruptible() as cancelled:
        found = workflow.verify(workspace, text, progress=progress, cancelled=cancelled)
    if as_json:
        typer.echo(
            json_text({"holds": found.holds, "report": found.report, "checks": found.checks})
        )
    else:
        shown = [one for one in found.checks if everything or one.outcome != "confirmed"]
        if shown:
            show_table(
                [Column("Of", whole=True), Column("What"), Column("Outcome", whole=True),
                 Column("Report says"), Column("Found")],
                [(one.subject, one.what, one.outcome, one.told, one.found) for one in shown],
            )  # fmt: skip
        counts = [
            f"{format_count(len(found.of('confirmed')), 'number')} confirmed",
            f"{len(found.of('differs')):,} differ",
            f"{len(found.of('not checkable')):,} not checkable",
        ]
        say(f"{found.report}: {', '.join(counts)}")
    if not found.holds:
        raise typer.Exit(1)


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST:
            raise ReportRefusedError(
                f"The file {file} is over 1 GB; evidence of a report is never so large."
            )
        return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ReportRefusedError(
            f"The file {file} cannot be read ({why}); give the JSON evidence of a report."
        ) from error
