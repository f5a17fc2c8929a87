"""Values that fields of a feature vector may take on the way to a reference."""

from typing import Final

import torch
from torch import Tensor

from deepaid_core.interpreters.search_space import SearchSpace

__all__ = ["CATEGORIES", "NEAREST", "REBUILT", "STRAIGHT", "Candidates"]

REBUILT: Final = 0
NEAREST: Final = 1
STRAIGHT: Final = 3  # where there is a slope
CATEGORIES: Final = 5  # and all after it, where there is a slope
"""Places of some of the values that `Candidates.of` names."""

_CATEGORIES: Final = 2  # of each one-hot group, the most promising ones
_NEIGHBORS: Final = 4  # normal events that lend their values where there is no slope


class Candidates:
    """Several obeying values for every column at once, in each step of a search anew.

    Always: the detector's reconstruction of the event as it stands, the accepted training event
    nearest to the anomaly, and the training median. With a slope also: the value at which the
    score would reach the target if it were a straight line in this column, the reconstruction of
    the anomaly, and the categories of each one-hot group that promise most. Without one: more of
    the nearest training events, and the most common categories.

    Args:
        space: Where the search moves.
        anomalies: (n, d), model space.
    """

    def __init__(self, space: SearchSpace, anomalies: Tensor) -> None:
        self._space = space
        count = 1 if space.differentiable else _NEIGHBORS
        self._nearest = space.scale.nearest(anomalies, count)
        with torch.no_grad():
            self._rebuilt = space.obeying(space.detector.reconstruct(anomalies))
        self._groups = [torch.from_numpy(group) for group in space.constraints.one_hot]
        names = len(space.median)
        off, on = (
            space.detector.to_model(values)[0]
            for values in (torch.zeros((1, names)).numpy(), torch.ones((1, names)).numpy())
        )
        self._off, self._on = off, on
        # A category that training never showed cannot have been normal.
        self._known = torch.from_numpy(space.constraints.high > 0.0)

    def of(self, rows: Tensor, here: Tensor, scores: Tensor, slope: Tensor | None) -> Tensor:
        """Values of every column, (n, C, d).

        Args:
            rows: Which anomalies these are, (n,).
            here: Where they stand now, (n, d).
            scores: Their scores, (n,).
            slope: Gradient of the scores, (n, d); None where there is none.
        """
        space = self._space
        with torch.no_grad():
            values = [
                space.obeying(space.detector.reconstruct(here)),
                *self._nearest[rows].unbind(dim=1),
                space.median.expand_as(here),
            ]
            if slope is not None:
                values.append(self._straight(here, scores, slope))
                values.append(self._rebuilt[rows])
            if self._groups:
                worth = self._common.expand_as(here) if slope is None else slope * -self._step
                values += self._categories(here, worth)
            return torch.stack(values, dim=1)

    def _straight(self, here: Tensor, scores: Tensor, slope: Tensor) -> Tensor:
        flat = slope.abs() < 1e-9
        way = (scores - self._space.target)[:, None] / slope.masked_fill(flat, 1.0)
        there = (here - way).clamp(*self._space.bounds)
        return torch.where(self._space.smooth & ~flat, there, here)

    def _categories(self, here: Tensor, worth: Tensor) -> list[Tensor]:
        """Points in which every one-hot group takes its first, second, ... choice by worth."""
        points = [here.clone() for _ in range(_CATEGORIES)]
        middle = (self._on + self._off) / 2
        for group in self._groups:
            taken = here[:, group] > middle[group]
            promising = worth[:, group].masked_fill(taken | ~self._known[group], -torch.inf)
            order = promising.sort(dim=1, descending=True, stable=True).indices
            for place, point in enumerate(points[: len(group)]):
                chosen = order[:, place, None] == torch.arange(len(group))
                chosen = chosen & promising.gather(1, order[:, place, None]).isfinite()
                put = torch.where(chosen, self._on[group], self._off[group])
                point[:, group] = torch.where(chosen.any(dim=1, keepdim=True), put, here[:, group])
        return points

    @property
    def _step(self) -> Tensor:
        return self._on - self._off

    @property
    def _common(self) -> Tensor:
        return self._space.scale.normal.mean(dim=0)
