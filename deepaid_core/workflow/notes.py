"""Remarks on findings; those on cases are in `cases`."""

from deepaid_core.domain.actions import NewNote, NewNoteWithdrawal
from deepaid_core.errors import NotFoundError, VerdictRefusedError
from deepaid_core.workflow.verdict_text import checked_author, checked_text
from deepaid_core.workspace import Workspace

__all__ = ["LONGEST_NOTE", "take", "withdraw"]

LONGEST_NOTE = 4000
"""Characters that a note may have."""


def take(workspace: Workspace, finding_id: str, text: str, *, author: str) -> int:
    """Write a note on a finding; returns the number of the action.

    Raises:
        VerdictRefusedError: It is empty, too long or cannot be read, or nobody is named.
        NotFoundError: The finding is unknown.
    """
    note = checked_text(text, "note", LONGEST_NOTE)
    if not note:
        raise VerdictRefusedError("The note is empty; write what a colleague should know.")
    (line,) = workspace.store.desk.act([NewNote(finding_id, note, checked_author(author))])
    return line.number


def withdraw(workspace: Workspace, finding_id: str, number: int, *, author: str) -> int:
    """Take a note on a finding back, which the log keeps; returns the number of the action.

    Raises:
        VerdictRefusedError: Nobody is named.
        NotFoundError: It is no note on this finding.
        StaleWriteError: It was withdrawn already.
    """
    who = checked_author(author)
    line = next(iter(workspace.store.desk.actions(number=number)), None)
    if line is None or not isinstance(line.action, NewNote) or line.action.subject != finding_id:
        raise NotFoundError(f"Action {number} is no note on finding {finding_id}; reload it.")
    (done,) = workspace.store.desk.act([NewNoteWithdrawal(number, who)])
    return done.number
