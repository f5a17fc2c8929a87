"""Keep the events of one part of a source."""

from deepaid_core.domain.batches import BatchT
from deepaid_core.domain.settings import Period

__all__ = ["within"]


def within(batch: BatchT, period: Period) -> BatchT:
    """The events whose time lies in the period."""
    return batch if period.is_all else batch.take(period.holds(batch.times))
