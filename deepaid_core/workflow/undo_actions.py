"""Taking back what was done beside deciding; `triage.undo` takes decisions back."""

from collections.abc import Sequence
from dataclasses import dataclass

from deepaid_core.errors import ChangeRefusedError
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.verdict_text import checked_author
from deepaid_core.workspace import Workspace

__all__ = ["UndoneActions", "told", "undo_actions"]


@dataclass(frozen=True, slots=True)
class UndoneActions:
    """What taking actions back did.

    Attributes:
        numbers: The actions that were written for it; none where nothing was left to take back.
        findings: Findings that they touched.
        kept: Values that stay as they are, because somebody has changed them since.
    """

    numbers: tuple[int, ...]
    findings: int
    kept: int


def undo_actions(workspace: Workspace, numbers: Sequence[int], *, author: str) -> UndoneActions:
    """Restore what actions replaced, all at once and exactly; the log keeps them.

    What a colleague changed since stays as it is.

    Args:
        workspace: Where.
        numbers: Assignments, notes, their withdrawals, cases and what was done to them.
        author: Who.

    Raises:
        ChangeRefusedError: No action was chosen.
        VerdictRefusedError: No author, or a name that cannot be kept.
        NotFoundError: There is no such action.
        InvalidParameterError: It is a record, which changed nothing.
    """
    if not numbers:
        raise ChangeRefusedError("No action was chosen to undo; choose at least one.")
    back = workspace.store.desk.take_back(numbers, author=checked_author(author))
    return UndoneActions(tuple(line.number for line in back.lines), back.findings, back.kept)


def told(undone: UndoneActions) -> str:
    """What was taken back, in a sentence or two."""
    kept = f" {undone.kept:,} changed by somebody since stay as they are." if undone.kept else ""
    if not undone.numbers:
        return f"Nothing is left to take back.{kept}"
    about = f": {format_count(undone.findings, 'finding')} as before" if undone.findings else ""
    many = len(undone.numbers)
    what = "Took it back" if many == 1 else f"Took back {format_count(many, 'action')}"
    return f"{what}{about}.{kept}"
