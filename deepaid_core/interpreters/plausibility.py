"""How close a reference is to what normal events look like."""

import numpy as np
import torch
from torch import Tensor

from deepaid_core.domain.batches import FloatArray

__all__ = ["PlausibilityScale"]


class PlausibilityScale:
    """Distances to the nearest training event, as percentiles of those between training events.

    Args:
        normal: (m, d), accepted training events in model space; at least 2.
    """

    def __init__(self, normal: Tensor) -> None:
        self._normal = normal
        self._among = np.sort(self._nearest(normal, skip_self=True))

    def percentile(self, points: Tensor) -> FloatArray:
        """(n, d) points of model space to (n,) percentiles, 0 to 100; lower is closer."""
        distance = self._nearest(points, skip_self=False)
        below = np.searchsorted(self._among, distance, side="right")
        percentile: FloatArray = below / max(1, len(self._among)) * 100.0
        return percentile

    def _nearest(self, points: Tensor, *, skip_self: bool) -> FloatArray:
        with torch.no_grad():
            distance = torch.cdist(points, self._normal)
            if skip_self:
                distance.fill_diagonal_(torch.inf)
            return distance.min(dim=1).values.numpy().astype(np.float64)
