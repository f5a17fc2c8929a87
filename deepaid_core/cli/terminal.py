"""What all commands share: settings, safe output, progress, errors as one sentence."""

import dataclasses
import functools
import json
import math
import signal
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, BinaryIO, ParamSpec

import typer

from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.errors import (
    CancelledError,
    DeepAidError,
    InvalidParameterError,
    WorkspaceError,
)
from deepaid_core.figures.text import shorten, visible

if TYPE_CHECKING:
    from deepaid_core.workspace import Workspace

__all__ = [
    "Column",
    "Settings",
    "fail",
    "guarded",
    "interruptible",
    "json_text",
    "new_file",
    "opened",
    "progress_bar",
    "say",
    "settings",
    "show_table",
]

P = ParamSpec("P")
CELL_LIMIT = 200  # characters; a host name of kilobytes must not push the rest off the screen
CUT_WIDTH = 12  # what a cut text keeps at least
GAP = 2  # columns of the terminal between two of a table
PIPED_WIDTH = 160  # columns where output goes to a file or a pipe
INTERRUPTED = 130  # what shells report after Ctrl-C


@dataclass(frozen=True, slots=True)
class Settings:
    """Options before the command.

    Attributes:
        home: Workspace folder, or None for DEEPAID_HOME, else ./workspace.
        debug: Show tracebacks.
    """

    home: Path | None = None
    debug: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table on the terminal.

    Attributes:
        right: Numbers stand at the right edge.
        whole: Never folded over lines.
        cut: Kept on one line, its end left out where the terminal is narrow.
    """

    title: str
    right: bool = False
    whole: bool = False
    cut: bool = False


def settings(ctx: typer.Context) -> Settings:
    """The options given before the command."""
    found = ctx.find_root().obj
    return found if isinstance(found, Settings) else Settings()


@contextmanager
def opened(ctx: typer.Context) -> Iterator["Workspace"]:
    """The workspace, closed again afterwards.

    Raises:
        WorkspaceError: The folder cannot be created or written.
        StoreError: The database cannot be used.
    """
    from deepaid_core.workspace import Workspace

    workspace = Workspace.open(settings(ctx).home)
    try:
        yield workspace
    finally:
        workspace.close()


def say(text: str) -> None:
    """One line on standard output; characters that could steer the terminal are made visible."""
    typer.echo(visible(text))


def fail(text: str) -> None:
    """One line on standard error, likewise."""
    typer.echo(f"Error: {visible(text)}", err=True)


def show_table(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> None:
    """A table on standard output; cells are plain text, whatever they hold."""
    # rich takes 0.1 s to import, which commands without a table need not pay.
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    piped = not sys.stdout.isatty()
    console = Console(
        file=sys.stdout,
        width=PIPED_WIDTH if piped else None,
        no_color=piped,
        markup=False,
        emoji=False,
        highlight=False,
    )
    cells = [[visible(shorten(cell, CELL_LIMIT)) for cell in row] for row in rows]
    _cut(columns, cells, console.width)
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        table.add_column(
            Text(visible(column.title)),
            justify="right" if column.right else "left",
            no_wrap=column.whole or column.cut,
            overflow="fold",
        )
    for row in cells:
        # Text instead of str: rich would read [bold] or a link out of a host name.
        table.add_row(*(Text(cell) for cell in row))
    console.print(table)


def _cut(columns: Sequence[Column], cells: list[list[str]], width: int) -> None:
    # Left to itself, rich takes the room that is missing from all columns alike, ids too.
    taken = sum(
        max(len(text) for text in (column.title, *(row[at] for row in cells)))
        for at, column in enumerate(columns)
        if not column.cut
    )
    room = max(CUT_WIDTH, width - taken - GAP * len(columns))
    for at, column in enumerate(columns):
        for row in cells if column.cut else ():
            row[at] = row[at] if len(row[at]) <= room else f"{row[at][: room - 1]}…"


@contextmanager
def new_file(file: Path, *, overwrite: bool) -> Iterator[BinaryIO]:
    """A file to be written, whole or not at all.

    Where what should be in it cannot be had, an earlier one stays as it was and a new one is gone.

    Raises:
        InvalidParameterError: It exists already, and is not to be replaced.
        WorkspaceError: It cannot be written.
    """
    try:
        target = file.resolve()  # of a link, the file it leads to is replaced, and not the link
        draft = target.with_name(f".{target.name}.part")
        if not overwrite:
            target.open("x").close()  # takes the name, or fails where somebody was faster
        elif target.exists() and not target.is_file():
            raise WorkspaceError(f"{file} is no ordinary file; choose another place.")
        try:
            with draft.open("wb") as out:
                yield out
            draft.replace(target)
        except BaseException:
            draft.unlink(missing_ok=True)
            if not overwrite:
                target.unlink(missing_ok=True)
            raise
    except FileExistsError as error:
        raise InvalidParameterError(
            f"The file {file} exists already; add --overwrite or choose another name."
        ) from error
    except OSError as error:
        raise WorkspaceError(
            f"The file {file} cannot be written ({error.strerror}); choose another place."
        ) from error


def json_text(value: object) -> str:
    """A value as JSON of plain ASCII, so that no character in it can steer a terminal.

    Numbers that JSON does not know (infinite, not a number) become null.
    """
    return json.dumps(_plain(value), indent=2, ensure_ascii=True, allow_nan=False)


def _plain(value: object) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value


@contextmanager
def progress_bar() -> Iterator[Progress]:
    """A bar on standard error while work runs; nothing where nobody watches."""
    if not sys.stderr.isatty():
        yield lambda share, message: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    console = Console(file=sys.stderr, markup=False, emoji=False, highlight=False)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        console=console,
        transient=True,
    )
    with bar:
        task = bar.add_task("", total=1.0)

        def report(share: float, message: str) -> None:
            bar.update(task, completed=share, description=visible(shorten(message, 60)))

        yield report


@contextmanager
def interruptible() -> Iterator[Cancelled]:
    """Turn the first Ctrl-C into a request to stop cleanly; a second one stops at once."""
    asked = False

    def ask(number: int, frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            raise KeyboardInterrupt
        asked = True

    before = signal.signal(signal.SIGINT, ask)
    try:
        yield lambda: asked
    finally:
        signal.signal(signal.SIGINT, before)


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Make a command end with one sentence instead of a traceback.

    Exit codes: 1 after an error, 130 when the user cancelled. Wrong usage ends with 2 before the
    command starts.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, typer.Abort, typer.BadParameter, BrokenPipeError):
            raise
        except CancelledError as error:
            fail(str(error))
            raise typer.Exit(INTERRUPTED) from error
        except DeepAidError as error:
            _trace(kwargs)
            fail(str(error))
            raise typer.Exit(1) from error
        except Exception as error:  # the last place before the user
            _trace(kwargs)
            fail(
                f"Something unexpected went wrong ({type(error).__name__}: "
                f"{shorten(str(error), CELL_LIMIT)}); `deepaid --debug ...` shows where."
            )
            raise typer.Exit(1) from error

    return run


def _trace(kwargs: dict[str, Any]) -> None:
    if "ctx" in kwargs and settings(kwargs["ctx"]).debug:
        for line in traceback.format_exc().splitlines():
            typer.echo(visible(line), err=True)
