"""Keep the events of one part of a source."""

import numpy as np

from deepaid_core.domain.batches import BatchT
from deepaid_core.domain.settings import Period

__all__ = ["within"]


def within(batch: BatchT, period: Period) -> BatchT:
    """The events whose time lies in the period."""
    if period.is_all:
        return batch
    low = -np.inf if period.since is None else period.since
    high = np.inf if period.until is None else period.until
    return batch.take((batch.times >= low) & (batch.times < high))
