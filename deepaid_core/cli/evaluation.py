"""`deepaid evaluate`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
from deepaid_core.errors import InvalidParameterError, WorkspaceError
from deepaid_core.figures.numbers import format_score, format_share

if TYPE_CHECKING:
    from deepaid_core.workflow.labels import LabelColumn, LabelFile

__all__ = ["AsJson", "Wanted", "evaluate"]

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
