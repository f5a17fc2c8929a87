"""Logistic regression, fitted exactly."""

import numpy as np
import torch

from deepaid_core.detectors.fitting import one_thread
from deepaid_core.domain.batches import FloatArray

__all__ = ["fit_logistic"]

_STEPS = 200
_LONGEST_STEP = 2.0  # full steps overshoot where the two kinds can be told apart
_LAST_RIDGE = 1e-6  # of the last column, the constant: it should not be shrunk, only kept finite


@one_thread()
def fit_logistic(x: FloatArray, y: FloatArray, weights: FloatArray, *, ridge: float) -> FloatArray:
    """Weights of a ridge logistic regression by Newton's method, (d,).

    The problem is convex: neither a start nor a seed matters.

    Args:
        x: (n, d); the last column is constant.
        y: (n,), 0 or 1.
        weights: (n,), how much each row counts.
        ridge: Times half the squares of the weights, added to the summed loss.
    """
    rows, kinds, share = (torch.from_numpy(np.asarray(a, np.float64)) for a in (x, y, weights))
    shrink = torch.full((rows.shape[1],), ridge, dtype=torch.float64)
    shrink[-1] = _LAST_RIDGE
    solution = torch.zeros_like(shrink)
    for _ in range(_STEPS):
        likely = torch.sigmoid(rows @ solution)
        slope = rows.T @ (share * (likely - kinds)) + shrink * solution
        flatness = share * (likely * (1 - likely)).clamp_min(1e-9)
        curvature = (rows * flatness[:, None]).T @ rows + torch.diag(shrink)
        step = torch.linalg.solve(curvature, slope)
        longest = float(step.abs().max())
        solution = solution - step * min(1.0, _LONGEST_STEP / max(longest, 1e-12))
        if longest < 1e-9:
            break
    found: FloatArray = solution.numpy()
    return found
