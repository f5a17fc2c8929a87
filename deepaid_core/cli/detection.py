"""`deepaid detect`, `train` and `detectors`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_score, format_share, format_time_utc

if TYPE_CHECKING:
    from deepaid_core.workspace import Workspace

__all__ = ["detect", "detectors", "train"]

Capture = Annotated[
    Path, typer.Argument(help="Packet capture: pcap or pcapng, plain or gzip.", metavar="CAPTURE")
]


def detect(
    ctx: typer.Context,
    capture: Capture,
    detector: Annotated[
        str | None,
        typer.Option(
            help="Id (D-...) or name of the detector; its newest version if a name.",
            show_default="the newest one",
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What to call the capture.", show_default="the file name"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find and interpret the anomalies of a capture and store them as findings."""
    from deepaid_core.workflow.detect import detect as run_detector

    with (
        opened(ctx) as workspace,
        progress_bar() as progress,
        interruptible() as cancelled,
    ):
        result = run_detector(
            workspace,
            capture,
            detector_id=_find(workspace, detector).id if detector is not None else None,
            name=name,
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


def train(
    ctx: typer.Context,
    capture: Capture,
    name: Annotated[str, typer.Option(help="What to call the detector, e.g. office-packets.")],
) -> None:
    """Train a detector on a capture of normal traffic only."""
    from deepaid_core.workflow.train import train as learn_from

    with (
        opened(ctx) as workspace,
        progress_bar() as progress,
        interruptible() as cancelled,
    ):
        record = learn_from(workspace, capture, name=name, progress=progress, cancelled=cancelled)
    say(
        f"Detector {record.id} '{record.name}' learned from {record.training_events:,} events of "
        f"{record.trained_on}; threshold {format_score(record.threshold)} "
        f"({record.threshold_method})."
    )


def detectors(
    ctx: typer.Context,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """List the detectors of the workspace, newest first."""
    with opened(ctx) as workspace:
        records = workspace.store.detectors()
    if as_json:
        typer.echo(json_text(records))
        return
    if not records:
        say("There is no detector yet; `deepaid demo` brings one, `deepaid train` makes one.")
        return
    columns = (
        Column("Detector", whole=True),
        Column("Name"),
        Column("Kind"),
        Column("Threshold", right=True),
        Column("Trained on"),
        Column("Events", right=True),
        Column("Created", whole=True),
    )
    show_table(
        columns,
        [
            (
                record.id,
                record.name,
                record.kind,
                format_score(record.threshold),
                record.trained_on,
                f"{record.training_events:,}",
                format_time_utc(record.created_time),
            )
            for record in records
        ],
    )


def _find(workspace: "Workspace", wanted: str) -> DetectorRecord:
    records = workspace.store.detectors()  # newest first
    for record in records:
        if wanted in (record.id, record.name):
            return record
    known = ", ".join(sorted({record.name for record in records})) or "none yet"
    raise NotFoundError(
        f"There is no detector '{wanted}' in this workspace; choose one of: {known}."
    )
