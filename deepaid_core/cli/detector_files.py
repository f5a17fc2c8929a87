"""`deepaid detectors export` and `register`: a detector goes from one workspace to another."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import typer

from deepaid_core.cli.detection import find
from deepaid_core.cli.evaluation import AsJson, Wanted
from deepaid_core.cli.terminal import json_text, new_file, opened, say
from deepaid_core.figures.numbers import format_score

__all__ = ["COMMANDS"]


def export(
    ctx: typer.Context,
    detector: Wanted,
    file: Annotated[Path, typer.Argument(help="Zip file to write.")],
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write a detector to a file, to register it elsewhere; that it was taken is recorded."""
    from deepaid_core.workflow.detector_exchange import packed

    with opened(ctx) as workspace:
        record = find(workspace, detector)
        with new_file(file, overwrite=overwrite) as out:
            out.write(packed(workspace, record, author=workspace.author or ""))
    say(f"Detector {record.id} '{record.name}' written to {file}.")


def register(
    ctx: typer.Context,
    file: Annotated[
        Path,
        typer.Argument(help="What `export` wrote, or a folder with both files of a detector."),
    ],
    as_json: AsJson = False,
) -> None:
    """Register a detector that was trained elsewhere; nothing in its file can run."""
    from deepaid_core.workflow.detector_exchange import register_file

    with opened(ctx) as workspace:
        made = register_file(workspace, file)
    if as_json:
        typer.echo(json_text(made))
        return
    say(
        f"Detector {made.id} '{made.name}' ({made.kind}) is registered; threshold "
        f"{format_score(made.threshold)}, trained on {made.trained_on}."
    )


COMMANDS: Final[dict[str, Callable[..., None]]] = {"export": export, "register": register}
