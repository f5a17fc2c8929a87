"""What was decided before on what a finding is about: its pattern's verdicts, its suppressions."""

from dataclasses import dataclass

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.suppression import Suppression, SuppressionScope
from deepaid_core.domain.verdict import Verdict
from deepaid_core.store.rows import entity_key
from deepaid_core.workspace import Workspace

__all__ = ["Precedent", "similar", "touching"]


@dataclass(frozen=True, slots=True)
class Precedent:
    """A finding of the same pattern that was judged before.

    Attributes:
        row: The finding.
        verdict: The decision in force on it, with reason and author.
    """

    row: FindingRow
    verdict: Verdict


def similar(workspace: Workspace, row: FindingRow, *, limit: int) -> tuple[Precedent, ...]:
    """Other findings of the same pattern with a verdict in force, newest first."""
    query = FindingQuery(status=Status.CLOSED, pattern_id=row.pattern_id, sort="newest")
    judged = workspace.store.page(query, limit=limit + 1)
    others = [one for one in judged if one.id != row.id][:limit]
    # One query reads the decisions behind all of them; only what a very long history pushed out
    # is read by itself.
    known = {one.number: one for one in workspace.store.verdicts(pattern_id=row.pattern_id)}
    for one in others:
        if one.verdict_number is not None and one.verdict_number not in known:
            known |= {other.number: other for other in workspace.store.verdicts(finding_id=one.id)}
    return tuple(
        Precedent(one, known[one.verdict_number])
        for one in others
        if one.verdict_number is not None and one.verdict_number in known
    )


def touching(
    workspace: Workspace, row: FindingRow, *, all_of_them: bool = False
) -> tuple[Suppression, ...]:
    """Suppressions whose scope covers a finding, newest first, expired and disabled ones included.

    Whether one of them hides the finding is for the store to say: see `FindingRow`.

    Args:
        workspace: Where.
        row: The finding.
        all_of_them: Also those that were taken back.
    """
    found = workspace.store.suppressions(in_force=not all_of_them)
    return tuple(one for one in found if _covers(one.decision.scope, row))


def _covers(scope: SuppressionScope, row: FindingRow) -> bool:
    return (
        scope.detector_name == row.detector_name
        and scope.pattern_id in (None, row.pattern_id)
        and (not scope.entities or row.entity in set(map(entity_key, scope.entities)))
        and (scope.since is None or row.first_time >= scope.since)
        and (scope.until is None or row.last_time <= scope.until)
    )
