"""What a search over feature vectors moves in: a detector, its rules and its normal events."""

from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector, gives_gradient
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.schema import Schema
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.plausibility import PlausibilityScale, scale_of

__all__ = ["SearchSpace"]

_POINTS: Final = 16_384  # scored at a time: fits the cache of a small machine
_EQUAL: Final = 1e-5  # share of the target; scores closer than that are the same


@dataclass(frozen=True, eq=False)
class SearchSpace:
    """Points are in the detector's model space.

    Attributes:
        detector: Whose score is brought down.
        profile: Of its training events.
        constraints: What a reference must obey.
        scale: Holds the accepted training events, (m, d), as `scale.normal`.
        median: (d,), training medians that obey.
        target: Score that a reference has to reach, a little under the threshold.
    """

    detector: SearchableDetector
    profile: NormalProfile
    constraints: Constraints
    scale: PlausibilityScale
    median: Tensor
    target: float

    @classmethod
    def of(cls, schema: Schema, context: Context) -> "SearchSpace":
        """The space of a detector that `SearchableDetector` describes."""
        detector, profile = context.detector, context.columns
        assert isinstance(detector, SearchableDetector)  # noqa: S101  supports() saw to it
        rules = Constraints.of(schema, profile, context.locked)
        return cls(
            detector=detector,
            profile=profile,
            constraints=rules,
            scale=scale_of(detector, profile),
            median=detector.to_model(rules.apply(profile.median[None]))[0],
            target=context.threshold.value - _aside(context.threshold),
        )

    @cached_property
    def differentiable(self) -> bool:
        """Whether slopes are known."""
        return gives_gradient(self.detector)

    @cached_property
    def membership(self) -> Tensor:
        """(d, F), 1 where a column belongs to a field."""
        return torch.from_numpy(self.constraints.membership.astype(np.float32))

    @cached_property
    def columns(self) -> Tensor:
        """(F, d), whether a column belongs to a field."""
        return self.membership.T.bool().contiguous()

    @cached_property
    def movable(self) -> Tensor:
        """(F,), fields that may differ."""
        return torch.from_numpy(self.constraints.movable)

    @cached_property
    def bounds(self) -> tuple[Tensor, Tensor]:
        """Smallest and largest values, (d,) each."""
        rules = self.constraints
        return (
            self.detector.to_model(rules.low[None])[0],
            self.detector.to_model(rules.high[None])[0],
        )

    @cached_property
    def smooth(self) -> Tensor:
        """(d,), columns whose values may be anything inside the bounds."""
        whole = self.constraints.integer.copy()
        for group in self.constraints.one_hot:
            whole[group] = True
        return torch.from_numpy(~whole)

    def obeying(self, points: Tensor) -> Tensor:
        """The nearest points that obey, (n, d)."""
        if self.constraints.bounds_only:
            return points.clamp(*self.bounds)
        back = self.constraints.apply(self.detector.from_model(points))
        return self.detector.to_model(back)

    def around(self, values: FloatArray) -> tuple[Tensor, Tensor]:
        """Points up to which values, (n, d), count as unchanged: from, to."""
        tolerance = self.constraints.tolerance
        return self.detector.to_model(values - tolerance), self.detector.to_model(
            values + tolerance
        )

    def scores(self, points: Tensor) -> Tensor:
        """Scores of points, (..., d) to (...)."""
        flat = points.reshape(-1, points.shape[-1])
        with torch.no_grad():
            parts = [
                self.detector.score_tensor(flat[start : start + _POINTS])
                for start in range(0, len(flat), _POINTS)
            ]
        return torch.cat(parts).reshape(points.shape[:-1]) if parts else flat.new_zeros(0)

    def slope(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Scores (n,) and their gradient (n, d)."""
        points = points.detach().requires_grad_(True)
        with torch.enable_grad():
            scores = self.detector.score_tensor(points)
            (slope,) = torch.autograd.grad(scores.sum(), points)
        return scores.detach(), slope

    def lowest(self, scores: Tensor) -> Tensor:
        """Where each row, (n, p), is lowest; of equal scores the first, (n,).

        Scores round differently from batch to batch: those that are closer than that are equal.
        """
        step = _EQUAL * max(abs(self.target), 1e-6)
        return (scores.double() / step).round().argmin(dim=1)

    def score_each(self, here: Tensor, other: Tensor, which: np.ndarray) -> Tensor:
        """Scores when one of `which` fields, (n, F), takes the value of `other`, (n, F).

        Fields outside `which` get infinity; only those inside are scored.
        """
        rows, fields = (torch.from_numpy(part) for part in np.nonzero(which))
        scores = torch.full(which.shape, torch.inf)
        trials = torch.where(self.columns[fields], other[rows], here[rows])
        scores[rows, fields] = self.scores(trials)
        return scores


def _aside(threshold: Threshold) -> float:
    """How far under the threshold to aim: more than 32-bit numbers round, less than a field.

    A tenth of the margin: with all of it, fields were shown only to cross the margin.
    """
    return min(threshold.margin, max(1e-6, threshold.margin / 10))
