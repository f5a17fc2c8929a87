"""From what a search found in windows to interpretations in original units, with proof."""

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.last_step_search import Found
from deepaid_core.interpreters.plausibility import PlausibilityScale
from deepaid_core.interpreters.series_scoring import WindowScores

__all__ = ["flips_of", "plausibility_of", "references_of", "strongest_of"]


def strongest_of(
    scores: WindowScores, z0: Tensor, found: Found, k: int
) -> tuple[IntArray, FloatArray]:
    """The k changed columns without which the score rises most, and their shares; (n, k) each."""
    used = found.changed.any(dim=1)
    where = torch.nonzero(used)
    rise = torch.full(used.shape, -torch.inf)
    without = found.z[where[:, 0]]
    at = torch.arange(len(where))
    without[at, :, where[:, 1]] = z0[where[:, 0], :, where[:, 1]]
    if len(where):
        rise[where[:, 0], where[:, 1]] = scores.score(without) - scores.score(found.z)[where[:, 0]]
    top = rise.topk(min(k, rise.shape[1]), dim=1)
    exists = top.values > -torch.inf
    # A column that does not raise the score by itself still belongs to the answer.
    share = torch.where(exists, top.values.clamp_min(1e-9), 0.0).double()
    total = share.sum(dim=1, keepdim=True)
    weights = torch.where(total > 0, share / total.clamp_min(1e-12), 0.0)
    return torch.where(exists, top.indices, -1).numpy(), weights.numpy()


def references_of(
    values: FloatArray,
    found: Found,
    order: IntArray,
    constraints: Constraints,
    detector: SearchableDetector,
) -> FloatArray:
    """References in original units, different from the anomaly in the shown columns only."""
    rows, places = np.nonzero(order >= 0)
    shown = np.zeros((len(values), values.shape[2]), dtype=bool)
    shown[rows, order[rows, places]] = True
    # The way back from 32-bit model space may leave a whole number or a bound by a hair.
    back = detector.from_model(found.z)
    obeying = constraints.apply(back.reshape(-1, back.shape[2])).reshape(back.shape)
    return np.where(found.changed.numpy() & shown[:, None], obeying, values)


def flips_of(
    values: FloatArray, references: FloatArray, order: IntArray, detector: SearchableDetector
) -> FloatArray:
    """Score after the first 1, 2, ... shown columns take the reference's values, (n, k)."""
    scores = np.full(order.shape, np.nan)
    place = np.full((len(values), values.shape[2]), order.shape[1])
    rows, places = np.nonzero(order >= 0)
    place[rows, order[rows, places]] = places
    with torch.no_grad():
        for count in range(order.shape[1]):
            have = order[:, count] >= 0
            if have.any():
                taken = (place[have] <= count)[:, None]
                windows = np.where(taken, references[have], values[have])
                scores[have, count] = detector.score_tensor(detector.to_model(windows)).numpy()
    return scores


def plausibility_of(
    values: FloatArray,
    references: FloatArray,
    scale: PlausibilityScale,
    detector: SearchableDetector,
) -> FloatArray:
    """Percentile of the strangest changed step, of the last one where none changed; (n,)."""
    n, steps, d = values.shape
    changed = (values != references).any(axis=2)
    changed[:, -1] |= ~changed.any(axis=1)
    percentile = scale.percentile(detector.to_model(references).reshape(-1, d)).reshape(n, steps)
    strangest: FloatArray = np.where(changed, percentile, 0.0).max(axis=1)
    return strangest
