"""Who decides, for commands that write to the log."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from deepaid_core.errors import VerdictRefusedError

if TYPE_CHECKING:
    from deepaid_core.workspace import Workspace

__all__ = ["Author", "author_of"]

Author = Annotated[
    str | None,
    typer.Option(help="Who decides. Else DEEPAID_USER, else you are asked.", show_default=False),
]


def author_of(workspace: "Workspace", given: str | None) -> str:
    """The name given, else that of the workspace, else what the user answers.

    Raises:
        VerdictRefusedError: Nobody is named, and nobody can be asked.
    """
    name = (given or workspace.author or "").strip()
    if not name and sys.stdin.isatty():
        name = str(typer.prompt("Your name, for the log")).strip()
    if not name:
        raise VerdictRefusedError(
            "Nobody is named as the author of this decision; set DEEPAID_USER or give --author."
        )
    return name
