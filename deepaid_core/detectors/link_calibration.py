"""How far an embedding and a memory of links can be trusted for a link of a new day."""

import numpy as np

from deepaid_core.domain.batches import FloatArray, IntArray

__all__ = ["COLUMNS", "calibrate", "calibration_columns"]

COLUMNS = 4  # the embedding's log-odds, logarithm of the count, whether seen at all, one
_RIDGE = 1.0  # keeps weights finite where links and non-links can be told apart perfectly
_STEPS = 100


def calibration_columns(logits: FloatArray, seen: IntArray | FloatArray) -> FloatArray:
    """What the calibration reads of each link, (..., `COLUMNS`)."""
    return np.stack([logits, np.log1p(seen), np.sign(seen), np.ones_like(logits)], axis=-1)


def calibrate(columns: FloatArray, is_link: FloatArray, weights: FloatArray) -> FloatArray:
    """Weights of a logistic regression, none negative but the last, (`COLUMNS`,).

    A link must not become less likely because it was seen more often, nor because the embedding
    thinks it likelier: a column whose weight comes out negative is left out.

    Args:
        columns: (n, `COLUMNS`), of links that the memory and the embedding had not seen, and of
            pairs that are none.
        is_link: (n,), 1 or 0.
        weights: (n,), how much each counts.
    """
    used = np.ones(COLUMNS, dtype=bool)
    while True:
        solution = np.zeros(COLUMNS)
        solution[used] = _regress(columns[:, used], is_link, weights)
        negative = np.flatnonzero(solution[:-1] < 0)
        if not len(negative):
            return solution
        used[negative] = False


def _regress(x: FloatArray, y: FloatArray, weights: FloatArray) -> FloatArray:
    """Ridge logistic regression by Newton's method; the last column is not shrunk much."""
    ridge = np.full(x.shape[1], _RIDGE)
    ridge[-1] = 1e-6
    solution = np.zeros(x.shape[1])
    for _ in range(_STEPS):
        p = _sigmoid(x @ solution)
        slope = x.T @ (weights * (p - y)) + ridge * solution
        curvature = (x * (weights * np.maximum(p * (1 - p), 1e-9))[:, None]).T @ x + np.diag(ridge)
        step = np.linalg.solve(curvature, slope)
        # Full steps overshoot where the two kinds can be told apart.
        step *= min(1.0, 2.0 / max(float(np.abs(step).max()), 1e-12))
        solution = solution - step
        if np.abs(step).max() < 1e-9:
            break
    return solution


def _sigmoid(x: FloatArray) -> FloatArray:
    halves: FloatArray = 0.5 * (1.0 + np.tanh(0.5 * x))
    return halves
