"""`deepaid detect`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deepaid_core.cli import mapping
from deepaid_core.cli.terminal import (
    interruptible,
    json_text,
    opened,
    progress_bar,
    say,
)
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_share

if TYPE_CHECKING:
    from deepaid_core.workspace import Workspace

__all__ = ["detect", "find"]


def detect(
    ctx: typer.Context,
    file: mapping.File,
    detector: Annotated[
        str | None,
        typer.Option(
            help="Id (D-...) or name of the detector; its newest version if a name.",
            show_default="the newest one that can read the file",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What to call the file.", show_default="the file name"),
    ] = None,
    since: mapping.Since = None,
    until: mapping.Until = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find and interpret the anomalies of a file and store them as findings."""
    from deepaid_core.workflow.detect import detect as run_detector

    with (
        opened(ctx) as workspace,
        progress_bar() as progress,
        interruptible() as cancelled,
    ):
        record = find(workspace, detector) if detector else _fitting(workspace, file)
        result = run_detector(
            workspace,
            file,
            detector_id=record.id if record else None,
            name=name,
            period=mapping.period_of(since, until),
            progress=progress,
            cancelled=cancelled,
        )
    run = result.run
    if as_json:
        typer.echo(json_text(result))
        return
    say(
        f"{run.source_name}: {run.events:,} events, {run.skipped:,} skipped, "
        f"{run.anomalies:,} anomalies"
        + (f" ({format_share(run.anomalies / run.events)})" if run.events else "")
        + f", {run.verified:,} with a verified reference."
    )
    say(f"{run.findings:,} findings, {result.new_findings:,} of them new: deepaid findings")


def find(workspace: "Workspace", wanted: str) -> DetectorRecord:
    """The detector with an id, or the newest one with a name.

    Raises:
        NotFoundError: There is none.
    """
    records = workspace.store.detectors()  # newest first
    for record in records:
        if wanted in (record.id, record.name):
            return record
    known = ", ".join(sorted({record.name for record in records})) or "none yet"
    raise NotFoundError(
        f"There is no detector '{wanted}' in this workspace; choose one of: {known}."
    )


def _fitting(workspace: "Workspace", file: Path) -> DetectorRecord | None:
    """The newest detector that can read a file; None where there is no detector at all."""
    from deepaid_core.workflow.inspection import KINDS, fits
    from deepaid_core.workflow.sniffing import sniff

    records = workspace.store.detectors()
    if not records:
        return None
    kind = sniff(file)
    for record in records:
        if fits(record, file, kind) is None:
            return record
    raise NotFoundError(
        f"No detector of this workspace can read '{file.name}' ({KINDS[kind]}); train one with "
        "`deepaid train`, or name one with --detector."
    )
