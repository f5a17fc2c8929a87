"""Mixtures of anomaly and reference, scored: what methods learn from that only call the model."""

from dataclasses import dataclass
from typing import Final, Self

import torch
from torch import Tensor

from deepaid_core.interpreters.ranked import Surroundings

__all__ = ["Trials", "weighted_ridge"]

_NUMBERS: Final = 4_000_000  # in one batch of mixtures: 16 MB


@dataclass(frozen=True, eq=False, slots=True)
class Trials:
    """Scores of mixtures, each with some fields of the anomaly replaced by the reference's.

    Only fields that differ count. They are packed to the left, so that regressions need not be
    wider than the anomaly with the most differences: `fields` tells which is which.

    Attributes:
        fields: (n, w), positions of fields, in their order; those after `count` mean nothing.
        count: (n,), fields that differ.
        replaced: (n, S, w), float64, 1 where the field has the reference's value; 0 after `count`.
        scores: (n, S), float64.
        before: (n,), float64, scores of the anomalies.
        after: (n,), float64, scores of the references.
    """

    fields: Tensor
    count: Tensor
    replaced: Tensor
    scores: Tensor
    before: Tensor
    after: Tensor

    @classmethod
    def of(cls, z: Tensor, reference: Tensor, replace: Tensor, known: Surroundings) -> Self:
        """Score mixtures.

        Args:
            z: Anomalies, (n, d), model space.
            reference: (n, d).
            replace: (S, F), whether a mixture takes a field from the reference; the same for all.
            known: Detector and fields.
        """
        moving = known.moving(z, reference)
        # A field that may not move stays in every mixture.
        full = torch.where(moving[:, known.field_of], reference, z)
        with torch.no_grad():
            scores = _scores(z, full, replace[:, known.field_of], known)
            before, after = (known.detector.score_tensor(points).double() for points in (z, full))
        count = moving.sum(dim=1)
        width = max(1, int(count.max())) if len(z) else 1
        fields = torch.argsort((~moving).byte(), dim=1, stable=True)[:, :width]
        real = torch.arange(width) < count[:, None]
        replaced = replace.T[fields].transpose(1, 2) & real[:, None]
        return cls(fields, count, replaced.double(), scores.double(), before, after)

    def spread(self, worth: Tensor, known: Surroundings) -> Tensor:
        """(n, w) of packed fields to (n, d) of columns."""
        real = torch.arange(worth.shape[1]) < self.count[:, None]
        every = torch.zeros(len(worth), known.membership.shape[1], dtype=torch.float64)
        every.scatter_(1, self.fields, torch.where(real, worth, 0.0))
        return known.over_columns(every)


def weighted_ridge(x: Tensor, y: Tensor, weights: Tensor, penalty: Tensor | float) -> Tensor:
    """Coefficients, (n, w), of the regressions of y, (n, S), on x, (n, S, w).

    Args:
        x: Inputs; add a column of ones for a constant.
        y: Outputs.
        weights: (n, S), at least 0.
        penalty: On squared coefficients, one for all or (n, w), or (n, w, w) for squared sums.
    """
    weighted = x * weights[..., None]
    gram = weighted.transpose(1, 2) @ x
    width = x.shape[2]
    if isinstance(penalty, Tensor) and penalty.dim() == 3:
        gram = gram + penalty
    else:
        gram = gram + torch.eye(width, dtype=x.dtype) * torch.as_tensor(penalty)[..., None]
    right = weighted.transpose(1, 2) @ y[..., None]
    solved: Tensor = torch.linalg.solve(gram, right)[..., 0]
    return solved


def _scores(z: Tensor, full: Tensor, columns: Tensor, known: Surroundings) -> Tensor:
    """(n, S), of mixtures; `columns` is (S, d)."""
    n, d = z.shape
    scores = torch.empty(n, len(columns))
    step = max(1, _NUMBERS // max(1, n * d))
    for start in range(0, len(columns), step):
        part = columns[start : start + step]
        mixed = torch.where(part, full[:, None], z[:, None]).flatten(0, 1)
        scores[:, start : start + step] = known.detector.score_tensor(mixed).view(n, -1)
    return scores
