"""`deepaid train`."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
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
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.errors import CancelledError, InvalidParameterError, TrainingCancelledError
from deepaid_core.figures.numbers import format_score, format_share, format_time_utc

if TYPE_CHECKING:
    from deepaid_core.domain.threshold_choice import ThresholdChoice
    from deepaid_core.workflow.trainings import UnfinishedTraining
    from deepaid_core.workspace import Workspace

__all__ = ["train"]


def train(
    ctx: typer.Context,
    file: Annotated[
        Path | None,
        typer.Argument(
            help="Packet capture, CSV or Parquet table, or text log; plain or gzip.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What to call the detector, e.g. office-packets.", show_default=False),
    ] = None,
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
        typer.Option(help="Kind of detector.", show_default="the default of the kind of data"),
    ] = None,
    quantile: Annotated[
        float | None,
        typer.Option(
            help="Share of normal events to accept.",
            min=0.5,
            max=1.0,
            show_default="that of the kind of data",
        ),
    ] = None,
    threshold: Annotated[
        str | None,
        typer.Option(
            help="How the threshold is chosen: quantile, peaks-over-threshold, "
            "false-positive-rate or by-hand.",
            show_default="quantile",
        ),
    ] = None,
    level: Annotated[
        float | None,
        typer.Option(help="The number that --threshold needs.", show_default="that of the method"),
    ] = None,
    device: Annotated[
        str | None, typer.Option(help="Where to train: cpu or cuda.", show_default="cpu")
    ] = None,
    assignments: Annotated[
        list[str] | None,
        typer.Option("--set", help="A hyperparameter, e.g. epochs=5; the same as --epochs 5."),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(help="Go on with a training that was cut off (T-...).", show_default=False),
    ] = None,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="List trainings that were cut off.")
    ] = False,
    discard: Annotated[
        str | None,
        typer.Option(help="Forget a training that was cut off (T-...).", show_default=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="With --unfinished: print JSON.")] = False,
) -> None:
    """Train a detector on a file of normal events only.

    Ctrl-C keeps what was learned so far; the same command goes on from there.
    """
    from deepaid_core.workflow import trainings
    from deepaid_core.workflow.train import TrainingPlan

    if unfinished:
        with opened(ctx) as workspace:
            _list(workspace, as_json)
        return
    if discard is not None:
        with opened(ctx) as workspace:
            trainings.discard(workspace, discard)
        say(f"Training {discard[:40]} is forgotten.")
        return
    if resume is not None:
        _only_with_new(
            name=name,
            kind=kind,
            settings=settings,
            detector=detector,
            quantile=quantile,
            threshold=threshold,
            level=level,
            set=assignments,
        )
        go_on = partial(trainings.resume, training_id=resume, path=file, device=device)
        _work(ctx, go_on)
        return
    if file is None:
        raise typer.BadParameter("name the file to learn from", param_hint="FILE")
    if name is None:
        raise typer.BadParameter("say what to call the detector", param_hint="--name")
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
    source_kind, chosen = mapping.reading_of(file, kind, given)
    plan = TrainingPlan(
        source_kind=source_kind,
        settings=chosen,
        period=mapping.period_of(since, until),
        detector_kind=detector or "",
        hyperparameters=mapping.values_of(assignments or ()),
        quantile=quantile,
        threshold=_choice(threshold, level, quantile),
    )
    say(f"Read as: {mapping.settings_text(source_kind, chosen)}")
    _work(ctx, partial(trainings.run, path=file, name=name, plan=plan, device=device or "cpu"))


def _work(ctx: typer.Context, training: Callable[..., DetectorRecord]) -> None:
    try:
        with opened(ctx) as workspace, progress_bar() as progress, interruptible() as cancelled:
            record = training(workspace=workspace, progress=progress, cancelled=cancelled)
    except TrainingCancelledError as error:
        raise CancelledError(
            f"{str(error).removesuffix('.')}: deepaid train --resume {error.training_id}"
        ) from error
    say(
        f"Detector {record.id} '{record.name}' learned from {record.training_events:,} events of "
        f"{record.trained_on}; threshold {format_score(record.threshold)} "
        f"({record.threshold_method})."
    )


def _choice(
    method: str | None, level: float | None, quantile: float | None
) -> "ThresholdChoice | None":
    from deepaid_core.domain.threshold_choice import ThresholdChoice

    if method is None:
        if level is not None:
            raise InvalidParameterError(
                f"--level {level:g} belongs to a way to choose the threshold; give --threshold too."
            )
        return None
    if quantile is not None:
        raise InvalidParameterError(
            f"--quantile {quantile:g} and --threshold {method[:40]} are two ways to choose the "
            "threshold; give one of them."
        )
    return ThresholdChoice.default(method) if level is None else ThresholdChoice(method, level)


def _only_with_new(**given: object) -> None:
    for option, value in given.items():
        if value is not None:
            raise InvalidParameterError(
                f"--resume goes on as it was asked for; leave --{option} out, or train anew."
            )


def _list(workspace: "Workspace", as_json: bool) -> None:
    from deepaid_core.workflow import trainings

    found = trainings.unfinished(workspace)
    if as_json:
        typer.echo(json_text(found))
        return
    if not found:
        say("Every training is finished.")
        return
    columns = (
        Column("Training", whole=True),
        Column("Name"),
        Column("Detector"),
        Column("File"),
        Column("Done", right=True),
        Column("Asked for", whole=True),
        Column("State"),
    )
    rows = [
        (
            one.id,
            one.name,
            one.kind,
            one.file,
            format_share(one.share),
            format_time_utc(one.started),
            _state(one),
        )
        if not one.problem
        else (one.id, "", "", "", "", "", one.problem)
        for one in found
    ]
    show_table(columns, rows)


def _state(one: "UnfinishedTraining") -> str:
    if one.is_running:
        return "running"
    return "cut off; its file has to be given again" if one.needs_file else "cut off"
