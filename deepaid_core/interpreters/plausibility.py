"""How close a reference is to what normal events look like."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.domain.batches import FloatArray

__all__ = ["PlausibilityScale", "scale_of"]

_ROWS = 1024  # points compared with all training events at a time
_LENT = 300_000  # numbers in the training events that lend their values; more gains little
_SPARE = 3  # more training events than asked for, as the quick distances are rounded


class PlausibilityScale:
    """Distances to the nearest training event, as percentiles of those between training events.

    Args:
        normal: (m, d), accepted training events in model space; at least 2.
    """

    def __init__(self, normal: Tensor) -> None:
        self.normal = normal
        self._all = _Events.of(normal)
        self._some = _Events.of(normal[:: -(-normal.numel() // _LENT)])
        _, distances = self._all.closest(normal, count=min(2, len(normal)))
        self._among = np.sort(distances[:, -1].double().numpy())

    def percentile(self, points: Tensor) -> FloatArray:
        """(n, d) points of model space to (n,) percentiles, 0 to 100; lower is closer."""
        _, distances = self._all.closest(points, count=1)
        below = np.searchsorted(self._among, distances[:, 0].double().numpy(), side="right")
        percentile: FloatArray = below / max(1, len(self._among)) * 100.0
        return percentile

    def nearest(self, points: Tensor, count: int, *, ignoring: Tensor | None = None) -> Tensor:
        """The training events closest to each point, closest first; of very many, a part only.

        Args:
            points: (n, d), model space.
            count: How many; fewer where there are fewer.
            ignoring: (n, d), columns whose distance does not count.

        Returns:
            (n, count, d), model space.
        """
        which, _ = self._some.closest(points, count=count, ignoring=ignoring)
        return self._some.points[which]


@dataclass(frozen=True, eq=False, slots=True)
class _Events:
    """Training events, (m, d) in model space, their squares, and the sums of those."""

    points: Tensor
    squares: Tensor
    norms: Tensor

    @classmethod
    def of(cls, points: Tensor) -> "_Events":
        squares = points.square()
        return cls(points, squares, squares.sum(dim=1))

    def closest(
        self, points: Tensor, *, count: int, ignoring: Tensor | None = None
    ) -> tuple[Tensor, Tensor]:
        """Positions of the closest events and their distances, (n, count) each."""
        count = min(count, len(self.points))
        wide = min(count + _SPARE, len(self.points))
        found, distances = [], []
        for start in range(0, len(points), _ROWS):
            part = points[start : start + _ROWS]
            counted = None if ignoring is None else ~ignoring[start : start + _ROWS]
            seen = part if counted is None else part * counted
            norms = self.norms if counted is None else counted.float() @ self.squares.T
            # Up to a constant of the point; ten times as fast as exact distances.
            quick = torch.addmm(norms.expand(len(part), -1), seen, self.points.T, alpha=-2.0)
            which = quick.topk(wide, dim=1, largest=False).indices.sort(dim=1).values
            difference = self.points[which] - part[:, None, :]
            if counted is not None:
                difference = difference * counted[:, None, :]
            exact = difference.square().sum(dim=2).sqrt()
            order = exact.sort(dim=1, stable=True).indices[:, :count]
            found.append(which.gather(1, order))
            distances.append(exact.gather(1, order))
        if not found:
            return torch.zeros((0, count), dtype=torch.int64), torch.zeros((0, count))
        return torch.cat(found), torch.cat(distances)


_scales: WeakKeyDictionary[NormalProfile, PlausibilityScale] = WeakKeyDictionary()


def scale_of(detector: SearchableDetector, profile: NormalProfile) -> PlausibilityScale:
    """The scale of a detector's training events; made once, as it takes longer than one search."""
    scale = _scales.get(profile)
    if scale is None:
        scale = _scales[profile] = PlausibilityScale(detector.to_model(profile.events))
    return scale
