"""When a score makes an event an anomaly."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.batches import FloatArray

__all__ = ["Threshold"]


@dataclass(frozen=True, slots=True)
class Threshold:
    """A bound on the score; an event above it is an anomaly.

    Attributes:
        value: The bound, in the unit of the detector's score.
        method: How it was chosen, e.g. "quantile 0.999 of held-back normal scores".
    """

    value: float
    method: str

    @property
    def margin(self) -> float:
        """How far below the bound a search aims, so that rounding cannot undo acceptance."""
        return max(1e-6, 1e-3 * abs(self.value))

    def flag(self, scores: FloatArray) -> NDArray[np.bool_]:
        """Which events are anomalies, (n,)."""
        return scores > self.value
