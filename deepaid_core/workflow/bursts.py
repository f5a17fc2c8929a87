"""Which anomalies an analyst judges together."""

from typing import Final

import numpy as np

from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray

__all__ = ["GAP_S", "group_bursts"]

GAP_S: Final = 60.0
"""A pause of this many seconds ends a burst."""


def group_bursts(
    entities: ObjectArray, patterns: ObjectArray, times: FloatArray, *, gap_s: float = GAP_S
) -> list[IntArray]:
    """Bursts of anomalies with one entity and one pattern.

    Args:
        entities: (n,), text.
        patterns: (n,), pattern ids.
        times: (n,), Unix seconds.
        gap_s: Events that follow each other after this long or longer belong to two bursts.

    Returns:
        Positions of the members of each burst in order of time; bursts in order of their first
        member. Every position occurs exactly once.
    """
    n = len(times)
    if not n:
        return []
    entity_codes = np.unique(entities.astype(str), return_inverse=True)[1]
    pattern_codes = np.unique(patterns.astype(str), return_inverse=True)[1]
    order = np.lexsort((np.arange(n), times, pattern_codes, entity_codes))
    ends = (
        (np.diff(entity_codes[order]) != 0)
        | (np.diff(pattern_codes[order]) != 0)
        | (np.diff(times[order]) >= gap_s)
    )
    bursts = np.split(order, np.flatnonzero(ends) + 1)
    return sorted(bursts, key=lambda members: (times[members[0]], members[0]))
