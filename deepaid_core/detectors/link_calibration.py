"""How far an embedding and a memory of links can be trusted for a link of a new day."""

import numpy as np

from deepaid_core.detectors.link_logistic import fit_logistic
from deepaid_core.domain.batches import FloatArray, IntArray

__all__ = ["COLUMNS", "calibrate", "calibration_columns"]

COLUMNS = 4  # the embedding's log-odds, logarithm of the count, whether seen at all, one
_RIDGE = 1.0  # keeps weights finite where links and non-links can be told apart perfectly


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
        solution[used] = fit_logistic(columns[:, used], is_link, weights, ridge=_RIDGE)
        negative = np.flatnonzero(solution[:-1] < 0)
        if not len(negative):
            return solution
        used[negative] = False
