"""Suppressions as they would be written from the verdicts so far, for an analyst to complete."""

import math
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.errors import SuppressionRefusedError
from deepaid_core.workflow.bursts import GAP_S
from deepaid_core.workflow.suppression_texts import DAY_S
from deepaid_core.workspace import Workspace

__all__ = ["DEFAULT_DAYS", "burst_proposal", "false_positives_of_burst", "proposal"]

DEFAULT_DAYS: Final = 30

_AROUND_S: Final = 3600.0
_MOST: Final = 500
_FALSE, _BENIGN = VerdictLabel.FALSE_POSITIVE, VerdictLabel.BENIGN_POSITIVE


def proposal(workspace: Workspace, pattern_id: str, *, author: str) -> NewSuppression:
    """A suppression of a pattern: basis, category and reason from its verdicts, for 30 days.

    The basis is what most decisions say, a false positive where none says anything; with benign
    positives the scope names the entities that they were given on.

    Args:
        workspace: Where.
        pattern_id: "P-...".
        author: Who writes it and, unless somebody else is named, answers for it.

    Raises:
        NotFoundError: There is no such pattern.
    """
    pattern = workspace.store.pattern(pattern_id)
    basis = _BENIGN if pattern.benign_positives > pattern.false_positives else _FALSE
    entities: tuple[str, ...] = ()
    if basis is _BENIGN:
        judged = FindingQuery(pattern_id=pattern_id, verdict=_BENIGN)
        groups = workspace.store.groups(judged, "entity", limit=1000)
        entities = tuple(sorted(group.key for group in groups))
    decisions = [
        one.decision
        for one in workspace.store.verdicts(pattern_id=pattern_id)
        if one.undone_by is None and one.decision.label is basis
    ]
    scope = SuppressionScope(pattern.detector_name, pattern_id, entities)
    return _written(scope, basis, decisions, author)


def burst_proposal(
    workspace: Workspace, finding_ids: Sequence[str], *, author: str, margin_s: float = 5.0
) -> NewSuppression:
    """A suppression of the burst that these false positives belong to, whatever its pattern.

    Its scope is their detector, their entities and the time that they span, with a margin.

    Args:
        workspace: Where.
        finding_ids: Judged false positives of one detector, at least one.
        author: Who writes it and, unless somebody else is named, answers for it.
        margin_s: Seconds that the scope reaches beyond them at either end.

    Raises:
        SuppressionRefusedError: They are none, of several detectors, or not all false positives.
        NotFoundError: A finding is unknown.
    """
    rows = [workspace.store.row(finding_id) for finding_id in dict.fromkeys(finding_ids)]
    if not rows:
        raise SuppressionRefusedError("No finding was chosen; choose judged false positives.")
    other = next((row for row in rows if row.verdict != _FALSE), None)
    if other is not None:
        raise SuppressionRefusedError(
            f"Finding {other.id} is judged {other.verdict or 'by nobody'}; a burst is suppressed "
            "from false positives only."
        )
    detector_names = sorted({row.detector_name for row in rows})
    if len(detector_names) > 1:
        raise SuppressionRefusedError(
            f"The findings are of the detectors {', '.join(detector_names)}; choose those of one."
        )
    scope = SuppressionScope(
        detector_name=detector_names[0],
        entities=tuple(sorted({row.entity for row in rows})),
        since=min(row.first_time for row in rows) - margin_s,
        until=max(row.last_time for row in rows) + margin_s,
    )
    return _written(scope, _FALSE, _decisions_on(workspace, rows), author)


def false_positives_of_burst(workspace: Workspace, row: FindingRow) -> tuple[str, ...]:
    """Ids of the false positives that form a burst with a judged one, itself included.

    They are of the same detector and were called the same, and no pause between them is longer
    than those within a finding may be; what is more than an hour away is another burst.
    """
    near = FindingQuery(
        detector_name=row.detector_name,
        verdict=_FALSE,
        since=row.first_time - _AROUND_S,
        until=row.last_time + _AROUND_S,
        sort="oldest",
    )
    burst: set[str] = set()
    ended = -math.inf
    for other in workspace.store.page(near, limit=_MOST):
        if other.category != row.category:
            continue
        if other.first_time - ended > GAP_S:
            if row.id in burst:
                break
            burst.clear()
        burst.add(other.id)
        ended = max(ended, other.last_time)
    return tuple(sorted(burst | {row.id}))


def _decisions_on(workspace: Workspace, rows: Sequence[FindingRow]) -> list[NewVerdict]:
    found: dict[int, NewVerdict] = {}
    for row in rows:
        if row.verdict_number is not None and row.verdict_number not in found:
            found |= {
                one.number: one.decision
                for one in workspace.store.verdicts(finding_id=row.id)
                if one.number == row.verdict_number
            }
    return [found[number] for number in sorted(found, reverse=True)]


def _written(
    scope: SuppressionScope, basis: VerdictLabel, decisions: Sequence[NewVerdict], author: str
) -> NewSuppression:
    """The suppression in the words of the decisions behind it, newest first."""
    categories = Counter(one.category for one in decisions if one.category)
    category = categories.most_common(1)[0][0] if categories else ""
    agreed = (one.reason for one in decisions if one.reason and one.category == category)
    return NewSuppression(
        scope=scope,
        basis=basis,
        category=category,
        reason=next(agreed, ""),
        author=author,
        owner=author,
        ticket="",
        expires_time=time.time() + DEFAULT_DAYS * DAY_S,
    )
