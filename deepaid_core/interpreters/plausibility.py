"""How close a reference is to what normal events look like."""

from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.domain.batches import FloatArray

__all__ = ["PlausibilityScale", "scale_of"]


class PlausibilityScale:
    """Distances to the nearest training event, as percentiles of those between training events.

    Args:
        normal: (m, d), accepted training events in model space; at least 2.
    """

    def __init__(self, normal: Tensor) -> None:
        self.normal = normal
        self._among = np.sort(self._nearest(normal, skip_self=True))

    def percentile(self, points: Tensor) -> FloatArray:
        """(n, d) points of model space to (n,) percentiles, 0 to 100; lower is closer."""
        distance = self._nearest(points, skip_self=False)
        below = np.searchsorted(self._among, distance, side="right")
        percentile: FloatArray = below / max(1, len(self._among)) * 100.0
        return percentile

    def _nearest(self, points: Tensor, *, skip_self: bool) -> FloatArray:
        with torch.no_grad():
            distance = torch.cdist(points, self.normal)
            if skip_self:
                distance.fill_diagonal_(torch.inf)
            return distance.min(dim=1).values.numpy().astype(np.float64)


_scales: WeakKeyDictionary[NormalProfile, PlausibilityScale] = WeakKeyDictionary()


def scale_of(detector: SearchableDetector, profile: NormalProfile) -> PlausibilityScale:
    """The scale of a detector's training events; made once, as it takes longer than one search."""
    scale = _scales.get(profile)
    if scale is None:
        scale = _scales[profile] = PlausibilityScale(detector.to_model(profile.events))
    return scale
