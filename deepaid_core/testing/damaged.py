"""Events with one cell that cannot be used."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from deepaid_core.domain.batches import Batch, LinkBatch, SequenceBatch, SeriesBatch, TabularBatch

__all__ = ["damaged_events"]

_ROW = 3


def damaged_events(events: Batch) -> tuple[Callable[[], Batch], tuple[str, ...]]:
    """What makes a batch with one bad cell, and what a message about it has to name."""
    where = f"event {int(events.indices[_ROW])}"
    match events:
        case TabularBatch():
            values = events.values.copy()
            values[_ROW, 1] = np.nan
            return (lambda: replace(events, values=values)), (where, events.schema.names[1])
        case SeriesBatch():
            values = events.values.copy()
            values[_ROW, -1, 1] = np.inf
            return (lambda: replace(events, values=values)), (where, events.schema.names[1])
        case SequenceBatch():
            keys = events.keys.copy()
            keys[_ROW, 1] = len(events.schema) + 7
            return (lambda: replace(events, keys=keys)), (
                where.capitalize(),
                str(len(events.schema) + 7),
            )
        case LinkBatch():
            nodes = events.nodes.copy()
            nodes[_ROW, 1] = ""
            return (lambda: replace(events, nodes=nodes)), (where, events.schema.roles[1])
    raise TypeError(f"nobody knows how to damage a {type(events).__name__}")
