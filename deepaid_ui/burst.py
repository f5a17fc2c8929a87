"""Which judged false positives make up one burst, for suppressing all of it."""

from typing import Final

from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow.bursts import GAP_S
from deepaid_ui.workspace import workspace

__all__ = ["burst_of"]

_AROUND_S: Final = 3600.0
_MOST: Final = 500


def burst_of(row: FindingRow) -> tuple[str, ...]:
    """Ids of the false positives that form a burst with a judged one, itself included.

    They are of the same detector and were called the same, and no pause between them is longer
    than those within a finding may be; what is more than an hour away is another burst.
    """
    query = FindingQuery(
        detector_name=row.detector_name,
        verdict=VerdictLabel.FALSE_POSITIVE,
        since=row.first_time - _AROUND_S,
        until=row.last_time + _AROUND_S,
        sort="oldest",
    )
    near = workspace().store.page(query, limit=_MOST)
    first, last, members = row.first_time, row.last_time, {row.id}
    grown = True
    while grown:
        grown = False
        for other in near:
            if (
                other.id not in members
                and other.category == row.category
                and other.first_time - last <= GAP_S
                and first - other.last_time <= GAP_S
            ):
                members.add(other.id)
                first, last = min(first, other.first_time), max(last, other.last_time)
                grown = True
    return tuple(sorted(members))
