"""`deepaid report`: findings as one self-contained file."""

import itertools
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from deepaid_core import __version__
from deepaid_core.cli.terminal import opened, say
from deepaid_core.errors import InvalidParameterError, WorkspaceError
from deepaid_core.figures.numbers import format_count

__all__ = ["report"]


def report(
    ctx: typer.Context,
    finding_ids: Annotated[list[str], typer.Argument(metavar="FINDING", help="F-...")],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="HTML file to write.",
            show_default="a new file in the workspace's reports folder",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write findings with their figures to one HTML file that opens offline."""
    from deepaid_core.reports import html
    from deepaid_core.reports.document import ReportDocument
    from deepaid_core.workflow import distill

    with opened(ctx) as workspace:
        if output is not None and output.exists() and not overwrite:
            raise InvalidParameterError(
                f"The file {output} exists already; add --overwrite or choose another name."
            )
        document = ReportDocument.build(
            workspace.store,
            finding_ids,
            generated_time=time.time(),
            version=__version__,
            author=workspace.author or "",
            suggest=lambda row: distill.suggestions(workspace, [row])[row.id].reason,
            describe_state=distill.describe,
        )
        path = output or _free(workspace.reports, finding_ids)
        _write(path, html.render(document), replace=overwrite and output is not None)
    say(f"{format_count(len(finding_ids), 'finding')} written to {path}")


def _free(folder: Path, finding_ids: list[str]) -> Path:
    # Ids that reach this line are in the store, hence safe as file names.
    stem = finding_ids[0] if len(finding_ids) == 1 else f"{len(finding_ids)}-findings"
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(path for name in names if not (path := folder / f"{name}.html").exists())


def _write(path: Path, text: str, *, replace: bool) -> None:
    # Complete or not at all: a reader never meets half a report.
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        if not replace:
            path.open("x").close()  # takes the name, or fails where somebody was faster
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise WorkspaceError(
            f"The report cannot be written to {path} ({error.strerror}); choose another place "
            "with --output."
        ) from error
