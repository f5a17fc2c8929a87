"""`deepaid detectors`: list them, show one, set its threshold."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from deepaid_core.cli import detector_files, mapping
from deepaid_core.cli.detection import find
from deepaid_core.cli.evaluation import AsJson, Wanted
from deepaid_core.cli.terminal import (
    Column,
    interruptible,
    json_text,
    opened,
    progress_bar,
    say,
    show_table,
)
from deepaid_core.domain.threshold_choice import METHODS, ThresholdChoice
from deepaid_core.errors import InvalidParameterError
from deepaid_core.figures.numbers import (
    format_count,
    format_score,
    format_share,
    format_time_utc,
    format_value,
)

if TYPE_CHECKING:
    from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
    from deepaid_core.domain.detector_scores import ThresholdEffect

__all__ = ["COMMANDS", "detectors"]

_SHORTEST_DAYS: Final = 1 / 24


def detectors(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the detectors of the workspace, newest first; or show one, or set its threshold."""
    if ctx.invoked_subcommand is not None:
        return
    from deepaid_core.workflow.detector_facts import per_day

    with opened(ctx) as workspace:
        records = workspace.store.detectors()
        runs = workspace.store.runs()
    latest = {record.id: _latest(runs, record) for record in records}
    if as_json:
        typer.echo(json_text([_facts(record, records, latest[record.id]) for record in records]))
        return
    if not records:
        say("There is no detector yet; `deepaid demo` brings one, `deepaid train` makes one.")
        return
    columns = (
        Column("Detector", whole=True),
        Column("Name"),
        Column("Kind"),
        Column("Threshold", right=True),
        Column("Chosen as", cut=True),
        Column("Anomalies", right=True),
        Column("Trained on"),
        Column("Created", whole=True),
    )
    rows = [
        (
            record.id,
            record.name,
            record.kind,
            format_score(record.threshold),
            record.threshold_method,
            "" if (run := latest[record.id]) is None else per_day(run.anomalies, run),
            record.trained_on,
            format_time_utc(record.created_time),
        )
        for record in records
    ]
    show_table(columns, rows)


def show(ctx: typer.Context, detector: Wanted, as_json: AsJson = False) -> None:
    """Show a detector: its versions, its threshold, what it flags, how it was evaluated."""
    from deepaid_core.workflow import thresholds
    from deepaid_core.workflow.evaluate import evaluations

    with opened(ctx) as workspace:
        record = find(workspace, detector)
        versions = thresholds.versions(workspace, record.name)
        scores = thresholds.scores_of(workspace, record.id)
        effect = thresholds.effect(scores, record.threshold)
        found = evaluations(workspace, record.id)
        latest = _latest(workspace.store.runs(), record)
    if as_json:
        typer.echo(
            json_text(
                {
                    **_facts(record, versions, latest),
                    "versions": versions,
                    "normal_from": scores.normal_from,
                    "fixed": scores.fixed,
                    "missing": scores.missing,
                    "effect": _effect_facts(effect),
                    "evaluations": found,
                }
            )
        )
        return
    say(
        f"{record.id} '{record.name}' ({record.kind}) learned from {record.training_events:,} "
        f"events of {record.trained_on} on {format_time_utc(record.created_time)}."
    )
    say(f"Threshold {format_score(record.threshold)}: {record.threshold_method}.")
    _say_effect(effect)
    for sentence in (scores.normal_from, scores.fixed, *scores.missing):
        if sentence:
            say(sentence)
    _show_versions(record, versions)
    for one in found:
        say(
            f"{one.id}: {one.measures.events:,} {one.unit} of {one.source_name}, labels from "
            f"{one.labels_from}: F1 {one.measures.at_threshold.f1:.3f}."
        )


def threshold(
    ctx: typer.Context,
    detector: Wanted,
    method: Annotated[
        str, typer.Option(help=f"{', '.join(METHODS)}.", show_default=False)
    ] = "by-hand",
    level: Annotated[
        float | None,
        typer.Option(
            help="Its number: a share, a probability, a rate, or the threshold itself by hand.",
            show_default="that of the method",
        ),
    ] = None,
    normal: Annotated[
        Path | None,
        typer.Option(
            help="File of normal events to score first, where none were held back; of the file it "
            "learned from the last fifth counts."
        ),
    ] = None,
    since: mapping.Since = None,
    until: mapping.Until = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Make a version of the detector with it.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say what another threshold would do; with --apply make a version of the detector with it."""
    from deepaid_core.workflow import thresholds
    from deepaid_core.workflow.normal_scores import keep_normal_scores

    if level is None and method == "by-hand":
        raise InvalidParameterError("By hand the threshold itself is needed; give --level.")
    choice = ThresholdChoice.default(method) if level is None else ThresholdChoice(method, level)
    with opened(ctx) as workspace, progress_bar() as progress, interruptible() as cancelled:
        record = find(workspace, detector)
        if normal is not None:
            keep_normal_scores(
                workspace,
                record.id,
                normal,
                period=mapping.period_of(since, until),
                progress=progress,
                cancelled=cancelled,
            )
        wanted = thresholds.suggest(workspace, record.id, choice)
        scores = thresholds.scores_of(workspace, record.id)
        before, after = (
            thresholds.effect(scores, value) for value in (record.threshold, wanted.value)
        )
        made = thresholds.apply(workspace, record.id, wanted) if apply else None
    if as_json:
        typer.echo(
            json_text(
                {
                    "detector": record.id,
                    "threshold": wanted,
                    "before": _effect_facts(before),
                    "after": _effect_facts(after),
                    "normal_from": scores.normal_from,
                    "made": made,
                }
            )
        )
        return
    say(f"Now {format_score(record.threshold)}: {record.threshold_method}.")
    _say_effect(before)
    say(f"Then {format_score(wanted.value)}: {wanted.method}.")
    _say_effect(after)
    say(scores.normal_from)
    if made is None:
        say("Nothing was changed; add --apply to make a version of the detector with it.")
    else:
        say(
            f"Detector {made.id} is the newest version of '{made.name}'; {record.id} stays as it "
            "is."
        )


COMMANDS: dict[str, Callable[..., None]] = {
    "show": show,
    "threshold": threshold,
    **detector_files.COMMANDS,
}


def _show_versions(record: "DetectorRecord", versions: "tuple[DetectorRecord, ...]") -> None:
    show_table(
        (
            Column("Version", whole=True),
            Column("Threshold", right=True),
            Column("Chosen as", cut=True),
            Column("Created", whole=True),
        ),
        [
            (
                one.id + (" (this one)" if one.id == record.id else ""),
                format_score(one.threshold),
                one.threshold_method,
                format_time_utc(one.created_time),
            )
            for one in versions
        ],
    )


def _say_effect(effect: "ThresholdEffect") -> None:
    said = []
    if effect.normal_share is not None:
        said.append(
            f"flags {effect.normal_flagged:,} of {effect.normal_events:,} normal events "
            f"({format_share(effect.normal_share)})"
        )
    if effect.events:
        said.append(f"{effect.anomalies:,.0f} anomalies in {effect.events:,} events that were read")
        said.append(f"about {format_count(round(effect.findings), 'finding')}")
    # Minutes with an attack in them say nothing of a day.
    if effect.days >= _SHORTEST_DAYS:
        said.append(
            f"{_rate(effect.anomalies_per_day)} anomalies and about "
            f"{_rate(effect.findings_per_day)} findings a day"
        )
    if said:
        say(f"  {'; '.join(said)}.")


def _effect_facts(effect: "ThresholdEffect") -> dict[str, Any]:
    return {
        **dataclasses.asdict(effect),
        "normal_share": effect.normal_share,
        "anomalies_per_day": effect.anomalies_per_day,
        "findings_per_day": effect.findings_per_day,
    }


def _latest(runs: "tuple[RunRecord, ...]", record: "DetectorRecord") -> "RunRecord | None":
    own = (run for run in runs if run.detector_id == record.id)
    return max(own, key=lambda run: run.finished_time, default=None)


def _per_day(run: "RunRecord | None") -> float | None:
    if run is None or not run.last_time > run.first_time:
        return None
    return run.anomalies / (run.last_time - run.first_time) * 86_400.0


def _facts(
    record: "DetectorRecord",
    records: "tuple[DetectorRecord, ...]",
    latest: "RunRecord | None",
) -> dict[str, Any]:
    own = {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}
    return {
        **own,
        "versions_of_name": sum(one.name == record.name for one in records),
        "latest_run": None if latest is None else latest.id,
        "anomalies_per_day": _per_day(latest),
    }


def _rate(rate: float | None) -> str:
    return "" if rate is None else format_value(float(f"{rate:.3g}"))
