"""What normal events look like, kept beside a detector for interpretation."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from deepaid_core.domain.batches import FloatArray

__all__ = ["NormalProfile"]

_STEPS = 201


@dataclass(frozen=True, eq=False, slots=True, weakref_slot=True)
class NormalProfile:
    """Quantiles of each training column, and a sample of training events.

    Attributes:
        quantiles: (201, d), quantiles 0, 0.5 %, ... 100 % of each column, original units.
        spread: (d,), standard deviation of each training column, original units; columns that
            never moved have the size of their own value, or 1.
        events: (m, d), training events that the detector accepts, original units.
    """

    quantiles: FloatArray
    spread: FloatArray
    events: FloatArray

    @classmethod
    def of(cls, values: FloatArray, accepted: FloatArray, *, size: int, seed: int) -> Self:
        """Profile of training events.

        Args:
            values: All training events, (n, d), original units.
            accepted: Those that the detector accepts, (m, d).
            size: How many of `accepted` to keep at most.
            seed: Seed of that choice.
        """
        quantiles = np.quantile(values, np.linspace(0, 1, _STEPS), axis=0)
        spread = values.std(axis=0)
        still = spread <= 1e-9 * np.maximum(1.0, np.abs(values).max(axis=0))
        spread = np.where(still, np.maximum(1.0, np.abs(values).max(axis=0)), spread)
        rows = np.random.default_rng(seed).permutation(len(accepted))[:size]
        return cls(quantiles, spread, accepted[np.sort(rows)])

    @property
    def median(self) -> FloatArray:
        """(d,), medians of the training columns."""
        middle: FloatArray = self.quantiles[_STEPS // 2]
        return middle

    @property
    def low(self) -> FloatArray:
        """(d,), 1 % quantiles."""
        low: FloatArray = self.quantiles[2]
        return low

    @property
    def high(self) -> FloatArray:
        """(d,), 99 % quantiles."""
        high: FloatArray = self.quantiles[-3]
        return high

    def percentile(self, column: int, value: float) -> float:
        """Share of training events at or below a value of a column, 0 to 100."""
        at = np.searchsorted(self.quantiles[:, column], value, side="right")
        return float(np.clip((at - 1) / (_STEPS - 1) * 100.0, 0.0, 100.0))
