"""Small changes of an event: how far a column may move, and what stays possible."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.domain.batches import Batch, FloatArray, SeriesBatch, TabularBatch
from deepaid_core.errors import DetectorMismatchError
from deepaid_core.interpreters.base import Context

__all__ = ["Box", "has_numbers"]


def has_numbers(events: Batch) -> bool:
    """Whether events can be changed a little: keys and names cannot."""
    return isinstance(events, (TabularBatch, SeriesBatch))


@dataclass(frozen=True, eq=False, slots=True)
class Box:
    """What may become of events that change a little; arrays are in original units.

    A column's range is that of its bounds where it has both, else that of the training events.
    Columns of one-hot groups do not move, and whole numbers stay whole: those with a range of
    few values cannot change a little. No value leaves the column's bounds; one that lies outside
    already may stay, but goes no further.

    Attributes:
        events: The events.
        reach: (d,), range of each column; 0 where it cannot move.
        low: As the values of `events`, the smallest possible.
        high: As the values of `events`, the largest possible.
        whole: (d,), columns of whole numbers.
    """

    events: TabularBatch | SeriesBatch
    reach: FloatArray
    low: FloatArray
    high: FloatArray
    whole: NDArray[np.bool_]

    @classmethod
    def around(cls, events: Batch, context: Context) -> "Box":
        """Changes of these events.

        Raises:
            DetectorMismatchError: The events hold no numbers.
        """
        if not isinstance(events, (TabularBatch, SeriesBatch)):
            raise DetectorMismatchError(
                f"{events.modality} events hold no numbers that could change a little; measure "
                "robustness of feature vectors or series."
            )
        features, values = events.schema.features, events.values
        low = np.array([-np.inf if f.low is None else f.low for f in features])
        high = np.array([np.inf if f.high is None else f.high for f in features])
        fixed = np.array([f.kind == "category" for f in features])
        return cls(
            events=events,
            reach=np.where(fixed, 0.0, _ranges(low, high, context.columns)),
            low=np.minimum(low, values),
            high=np.maximum(high, values),
            whole=np.array([f.kind == "integer" for f in features]),
        )

    def moved(self, change: FloatArray) -> FloatArray:
        """The events' values after a change, made possible again.

        Args:
            change: As the values of `events`, original units.
        """
        values = self.events.values
        # Toward the event, so that a change never becomes larger than it was asked to be.
        change = np.where(self.whole, np.trunc(change), change)
        moved: FloatArray = np.where(
            self.reach > 0, np.clip(values + change, self.low, self.high), values
        )
        return moved

    def within(self, size: float) -> tuple[FloatArray, FloatArray]:
        """Smallest and largest values no further than `size` of the range from the event."""
        return self.moved(-size * self.reach), self.moved(size * self.reach)

    def with_values(self, values: FloatArray) -> TabularBatch | SeriesBatch:
        """The events with other values."""
        return replace(self.events, values=values)


def _ranges(low: FloatArray, high: FloatArray, profile: NormalProfile) -> FloatArray:
    bounded = np.isfinite(low) & np.isfinite(high)
    seen = profile.quantiles[-1] - profile.quantiles[0]
    ranges: FloatArray = np.where(
        bounded, np.where(bounded, high, 0.0) - np.where(bounded, low, 0.0), seen
    )
    return ranges
