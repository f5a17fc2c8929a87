"""Who looks at which findings."""

from collections.abc import Sequence
from dataclasses import dataclass

from deepaid_core.domain.actions import NewAssignment
from deepaid_core.errors import ChangeRefusedError
from deepaid_core.workflow.verdict_text import checked_author, checked_line
from deepaid_core.workspace import Workspace

__all__ = ["RESERVED", "AssignOutcome", "assign"]

RESERVED = ("mine", "unassigned", "mine or unassigned")
"""What the filter by assignee says instead of a name, so nobody can be called so."""

_LONGEST = 200


@dataclass(frozen=True, slots=True)
class AssignOutcome:
    """What an assignment did.

    Attributes:
        numbers: Actions that were written; none where nothing was to be changed.
        findings: Findings that have another assignee now.
    """

    numbers: tuple[int, ...]
    findings: int


def assign(
    workspace: Workspace, finding_ids: Sequence[str], assignee: str, *, author: str
) -> AssignOutcome:
    """Have somebody look at findings; those that are theirs already are left alone.

    Args:
        workspace: Where.
        finding_ids: At least one.
        assignee: A name; empty for nobody.
        author: Who assigns them.

    Raises:
        ChangeRefusedError: No finding was chosen, or the name is one that the filter uses.
        VerdictRefusedError: No author, or a name that is too long or cannot be read.
        NotFoundError: A finding is unknown; nothing was written.
    """
    author = checked_author(author)
    assignee = checked_line(" ".join(assignee.split()), "assignee", _LONGEST)
    if assignee.casefold() in RESERVED:
        raise ChangeRefusedError(
            f"Nobody can be called '{assignee}', which the queue's filter uses for something "
            "else; give another name."
        )
    rows = workspace.store.rows(tuple(dict.fromkeys(finding_ids)))
    if not rows:
        raise ChangeRefusedError("No finding was chosen to assign; choose at least one.")
    others = {row.id: assignee for row in rows if (row.assignee or "") != assignee}
    if not others:
        return AssignOutcome((), 0)
    (line,) = workspace.store.desk.act([NewAssignment(others, author)])
    return AssignOutcome((line.number,), len(others))
