"""`deepaid report`: findings, a pattern or a case as one file."""

import itertools
from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from deepaid_core.cli.terminal import interruptible, opened, progress_bar, say
from deepaid_core.errors import InvalidParameterError, WorkspaceError

__all__ = ["report"]


def report(
    ctx: typer.Context,
    finding_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[FINDING]...", help="F-...")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option("--pattern", help="P-...: report on a pattern instead.")
    ] = None,
    case: Annotated[
        str | None, typer.Option("--case", help="C-...: report on a case instead.")
    ] = None,
    form: Annotated[
        str, typer.Option("--format", "-f", help="html, pdf, docx, md (a zip), json or stix.")
    ] = "html",
    audience: Annotated[
        str, typer.Option("--audience", help="technical, or executive: short and without jargon.")
    ] = "technical",
    tlp: Annotated[
        str | None,
        typer.Option(
            "--tlp",
            help="clear, green, amber, amber+strict or red.",
            show_default="that of the case, else amber",
        ),
    ] = None,
    masks: Annotated[
        list[str] | None,
        typer.Option("--mask", help="users, addresses or payload; may be given several times."),
    ] = None,
    defang: Annotated[
        bool, typer.Option(help="Write indicators so that nothing makes a link of them.")
    ] = True,
    title: Annotated[str, typer.Option("--title", help="Drafted where left out.")] = "",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write.",
            show_default="a new file in the workspace's reports folder",
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file if it exists.")
    ] = False,
) -> None:
    """Write findings, a pattern or a case with their figures to one file that opens offline."""
    from typing import get_args

    from deepaid_core.reports.document import Audience
    from deepaid_core.workflow.reporting import FORMATS, ReportRequest, make

    chosen = next((one for one in FORMATS if one == form), None)
    if chosen is None:
        raise InvalidParameterError(
            f"'{form}' is no format of reports; choose one of: {', '.join(FORMATS)}."
        )
    reader: Audience | None = next((one for one in get_args(Audience) if one == audience), None)
    if reader is None:
        raise InvalidParameterError(
            f"'{audience}' is no audience; choose one of: {', '.join(get_args(Audience))}."
        )
    request = ReportRequest(
        finding_ids=tuple(finding_ids or ()),
        pattern_id=pattern,
        case_number=None if case is None else _number(case),
        format=chosen,
        audience=reader,
        tlp=tlp,
        masks=tuple(masks or ()),
        defang=defang,
        title=title,
    )
    if output is not None and output.exists() and not overwrite:
        raise InvalidParameterError(
            f"The file {output} exists already; add --overwrite or choose another name."
        )
    with opened(ctx) as workspace, progress_bar() as progress, interruptible() as cancelled:
        file = make(workspace, request, progress=progress, cancelled=cancelled)
        path = output or _free(workspace.reports, file.name)
        _write(path, file.data, replace=overwrite and output is not None)
    say(f"Report written to {path} (SHA-256 {file.sha256})")


def _number(case: str) -> int:
    digits = case.strip().upper().removeprefix("C-")
    if not digits.isdecimal() or len(digits) > 9:
        raise InvalidParameterError(f"'{case}' is no case; give it as C-12.")
    return int(digits)


def _free(folder: Path, name: str) -> Path:
    stem, _, ending = name.partition(".")
    names = itertools.chain([stem], (f"{stem}-{number}" for number in itertools.count(2)))
    return next(path for one in names if not (path := folder / f"{one}.{ending}").exists())


def _write(path: Path, data: bytes, *, replace: bool) -> None:
    # Complete or not at all: a reader never meets half a report.
    draft = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_bytes(data)
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
