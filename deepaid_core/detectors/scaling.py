"""Invertible scalers; a fitted scaler is part of its detector."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from deepaid_core.domain.batches import FloatArray

__all__ = ["AsinhScaler"]


@dataclass(frozen=True, eq=False, slots=True)
class AsinhScaler:
    """asinh((x - center) / spread) / norm, column by column.

    Linear near the center and logarithmic far from it: an attack ten thousand times outside the
    training range stays ordered by size, yet does not drown every other column, and nothing is
    clipped. `norm` brings each training column to a standard deviation of at most one.

    Attributes:
        center: (d,) medians of the training events.
        spread: (d,) their typical distance from the center, never zero.
        norm: (d,) never below `_SMALLEST_NORM`.
    """

    center: FloatArray
    spread: FloatArray
    norm: FloatArray

    @classmethod
    def fit(cls, values: FloatArray) -> Self:
        """Learn from training events, (n, d)."""
        center = np.median(values, axis=0)
        distance = np.abs(values - center)
        # Many columns are constant most of the time, so the median distance is often zero where
        # the mean is not.
        spread = np.maximum(np.median(distance, axis=0), 0.5 * distance.mean(axis=0))
        # A column that never moved in training: its own magnitude is the only scale there is.
        still = spread <= 1e-9 * np.maximum(1.0, np.abs(center))
        spread = np.where(still, np.maximum(1.0, np.abs(center)), spread)
        squeezed = np.arcsinh((values - center) / spread)
        norm = np.where(still, 1.0, np.maximum(squeezed.std(axis=0), _SMALLEST_NORM))
        return cls(center, spread, norm)

    @classmethod
    def over_range(cls, values: FloatArray) -> Self:
        """Learn from training events, (n, d): nearly linear in their range, logarithmic beyond it.

        What is rare in a column counts no more than what is usual: the way of the usual
        comparisons, which divide each column by its range.
        """
        center = np.median(values, axis=0)
        spread = np.ptp(values, axis=0)
        still = spread <= 1e-9 * np.maximum(1.0, np.abs(center))
        spread = np.where(still, np.maximum(1.0, np.abs(center)), spread)
        return cls(center, spread, np.full(len(center), _RANGE_NORM))

    def forward(self, values: FloatArray) -> FloatArray:
        """Original units to model space."""
        scaled: FloatArray = np.arcsinh((values - self.center) / self.spread) / self.norm
        return scaled

    def inverse(self, scaled: FloatArray) -> FloatArray:
        """Model space to original units."""
        # sinh overflows past 710; a network far off must still give finite numbers.
        grown = np.sinh(np.clip(scaled * self.norm, -80.0, 80.0))
        values: FloatArray = grown * self.spread + self.center
        return values


_SMALLEST_NORM = 0.05
# A range is about four standard deviations wide where values are spread evenly.
_RANGE_NORM = 0.25
