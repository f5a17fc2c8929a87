"""From what a search found in model space to interpretations in original units, with proof."""

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.interpreters.constraints import Constraints

__all__ = ["columns_of", "references_of", "steps_of", "weights_of"]


def columns_of(fields: IntArray, constraints: Constraints) -> np.ndarray:
    """(n, K) positions of fields, -1 for none, to (n, d): whether a column belongs to one."""
    belongs = constraints.membership.T > 0
    columns: np.ndarray = np.any(belongs[fields] & (fields >= 0)[:, :, None], axis=1)
    return columns


def references_of(
    values: FloatArray,
    z: Tensor,
    fields: IntArray,
    constraints: Constraints,
    detector: SearchableDetector,
) -> FloatArray:
    """References in original units that differ from the anomaly in the shown fields only.

    Args:
        values: The anomalies, (n, d), original units.
        z: Values that changed columns take, (n, d), model space.
        fields: (n, K), positions of the shown fields, -1 after the last.
        constraints: What a reference must obey.
        detector: Whose model space it is.
    """
    with torch.no_grad():
        # The way back from 32-bit model space may leave a whole number or a bound by a hair.
        back = constraints.apply(detector.from_model(z))
    return np.where(columns_of(fields, constraints), back, values)


def steps_of(
    values: FloatArray,
    references: FloatArray,
    fields: IntArray,
    constraints: Constraints,
    detector: SearchableDetector,
) -> FloatArray:
    """Score after the first 1, 2, ... fields take the reference's values, (n, K).

    Not a number after the last field. All steps of all anomalies are scored in one batch.
    """
    scores = np.full(fields.shape, np.nan)
    rows, places = np.nonzero(fields >= 0)
    if not len(rows):
        return scores
    taken = np.zeros((*fields.shape, values.shape[1]), dtype=bool)
    for place in range(fields.shape[1]):
        taken[:, place] = columns_of(fields[:, : place + 1], constraints)
    points = np.where(taken[rows, places], references[rows], values[rows])
    with torch.no_grad():
        scores[rows, places] = detector.score_tensor(detector.to_model(points)).numpy()
    return scores


def weights_of(scores: FloatArray, flip_scores: FloatArray) -> FloatArray:
    """Each field's share of the fall of the score, (n, K)."""
    before = np.concatenate([scores[:, None], flip_scores[:, :-1]], axis=1)
    fall = np.nan_to_num(np.maximum(before - flip_scores, 0.0), nan=0.0)
    # A step that does not lower the score by itself still belongs to the answer.
    fall = np.where(np.isnan(flip_scores), 0.0, np.maximum(fall, 1e-12))
    total = fall.sum(axis=1, keepdims=True)
    weights: FloatArray = np.divide(fall, total, out=np.zeros_like(fall), where=total > 0)
    return weights
