"""`deepaid evaluate` and `deepaid detectors`."""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deepaid_core.cli import mapping
from deepaid_core.cli.detection import find
from deepaid_core.cli.terminal import (
    Column,
    interruptible,
    json_text,
    opened,
    progress_bar,
    say,
    show_table,
)
from deepaid_core.domain.evaluation import Evaluation
from deepaid_core.domain.threshold_choice import METHODS, ThresholdChoice
from deepaid_core.errors import InvalidParameterError, WorkspaceError
from deepaid_core.figures.numbers import format_score, format_share, format_time_utc, format_value

if TYPE_CHECKING:
    from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
    from deepaid_core.domain.detector_scores import ThresholdEffect
    from deepaid_core.workflow.labels import LabelColumn, LabelFile

__all__ = ["COMMANDS", "detectors", "evaluate"]

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Wanted = Annotated[
    str,
    typer.Argument(
        help="Id (D-...) or name of the detector; its newest version if a name.",
        metavar="DETECTOR",
    ),
]


def evaluate(
    ctx: typer.Context,
    detector: Wanted,
    file: Annotated[
        Path | None, typer.Argument(help="File with labelled events.", show_default=False)
    ] = None,
    labels: Annotated[
        str,
        typer.Option(
            help="Column of the file, or a table with intervals (start, end) or positions "
            "(packet, line, row) and a category.",
            show_default=False,
        ),
    ] = "",
    label_events: Annotated[
        Path | None,
        typer.Option(help="Table that says more of the events which the labels name."),
    ] = None,
    category: Annotated[
        str, typer.Option(help="Column with the category.", show_default="that of the labels")
    ] = "",
    normal: Annotated[
        list[str] | None,
        typer.Option(
            help="What the column holds for events that are not to be found; may be repeated.",
            show_default="0, normal, benign, background, false, no, nothing",
        ),
    ] = None,
    verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Take the verdicts of analysts as labels.")
    ] = False,
    since: mapping.Since = None,
    until: mapping.Until = None,
    as_json: AsJson = False,
    markdown: Annotated[
        Path | None, typer.Option(help="Write a page of Markdown to this file.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace that file if it exists.")
    ] = False,
) -> None:
    """Compare a detector with labels, or with the verdicts on its findings."""
    from deepaid_core.workflow import evaluate as workflow
    from deepaid_core.workflow.evaluation_text import markdown_of

    if verdicts == bool(file and labels):
        raise InvalidParameterError("Give a file with --labels, or --verdicts, and not both.")
    if markdown is not None and markdown.exists() and not overwrite:
        raise InvalidParameterError(
            f"The file {markdown} exists already; add --overwrite or choose another name."
        )
    with opened(ctx) as workspace, progress_bar() as progress, interruptible() as cancelled:
        record = find(workspace, detector)
        if file is None:
            found = workflow.evaluate_verdicts(workspace, record.id)
        else:
            found = workflow.evaluate(
                workspace,
                record.id,
                file,
                labels=_labels(labels, label_events, category, tuple(normal or ())),
                period=mapping.period_of(since, until),
                progress=progress,
                cancelled=cancelled,
            )
    if markdown is not None:
        try:
            markdown.write_text(markdown_of(found), encoding="utf-8")
        except OSError as error:
            raise WorkspaceError(
                f"The file {markdown} cannot be written ({error.strerror}); choose another place."
            ) from error
    if as_json:
        typer.echo(json_text(found))
        return
    _show(found)
    if markdown is not None:
        say(f"Written to {markdown}")


def detectors(ctx: typer.Context, as_json: AsJson = False) -> None:
    """List the detectors of the workspace, newest first; or show one, or set its threshold."""
    if ctx.invoked_subcommand is not None:
        return
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
        Column("Anomalies a day", right=True),
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
            _rate(_per_day(latest[record.id])),
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


COMMANDS: dict[str, Callable[..., None]] = {"show": show, "threshold": threshold}


def _labels(
    labels: str, label_events: Path | None, category: str, normal: tuple[str, ...]
) -> "LabelColumn | LabelFile":
    from deepaid_core.workflow.labels import NORMAL, LabelColumn, LabelFile

    path = Path(labels)
    if not path.is_file() and label_events is None:
        return LabelColumn(column=labels, category=category, normal=normal or NORMAL)
    if category or normal:
        raise InvalidParameterError(
            f"'{labels[:80]}' is a table of labels; --category and --normal are for a column of "
            "the evaluated file."
        )
    return LabelFile(path=path, events=label_events)


def _show(found: Evaluation) -> None:
    from deepaid_core.workflow.evaluation_text import bounds_of, measure_text

    measures = found.measures
    say(
        f"{found.id}: {found.detector_id} '{found.detector_name}' on {measures.events:,} "
        f"{found.unit} of {found.source_name}, {measures.wanted:,} of them to be found; labels "
        f"from {found.labels_from}."
    )
    say(
        f"ROC AUC {measure_text(measures.roc_auc)}, average precision "
        f"{measure_text(measures.average_precision)}."
    )
    columns = (
        Column("Bound", whole=True),
        *(Column(title, right=True) for title in ("Threshold", "Precision", "Recall", "F1", "F2",
                                                  "Found", "False alarms", "Missed")),
    )  # fmt: skip
    show_table(
        columns,
        [
            (name, format_score(at.threshold), f"{at.precision:.3f}", f"{at.recall:.3f}",
             f"{at.f1:.3f}", f"{at.f2:.3f}", f"{at.true_positives:,}", f"{at.false_positives:,}",
             f"{at.false_negatives:,}")
            for name, at in bounds_of(found)
        ],
    )  # fmt: skip
    if measures.categories:
        show_table(
            (
                Column("Category", cut=True),
                Column("To be found", whole=True),
                *(Column(title, right=True) for title in ("All", "Flagged", "Share")),
            ),
            [
                (one.category, "yes" if one.wanted else "no", f"{one.events:,}",
                 f"{one.flagged:,}", format_share(one.share))
                for one in measures.categories
            ],
        )  # fmt: skip
    for note in found.notes:
        say(note)


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
    if effect.anomalies_per_day is not None:
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
