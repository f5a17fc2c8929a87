"""What is done to a set of fields that the detector accepts: fewer, more normal, in order."""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.interpreters.search_space import SearchSpace

__all__ = ["in_order", "leave_out", "take_normal_values"]

_LENDERS: Final = 2  # normal events whose values are tried
_WAYS: Final = (0.75, 0.5, 0.25)  # shares of the way to the values of the first of them


def leave_out(space: SearchSpace, z0: Tensor, z: Tensor, changed: np.ndarray) -> None:
    """Put back fields, one by one, as long as the detector still accepts; in place.

    Args:
        space: Where the search moves.
        z0: Anomalies, (n, d), model space.
        z: Points that the detector accepts, (n, d), model space.
        changed: (n, F), fields in which the two differ.
    """
    rows = np.flatnonzero(changed.sum(axis=1) > 1)
    while len(rows):
        at = torch.from_numpy(rows)
        scores = space.score_each(z[at], z0[at], changed[rows])
        best = space.lowest(scores)
        free = scores[torch.arange(len(rows)), best] <= space.target
        rows, field = rows[free.numpy()], best[free]
        at = torch.from_numpy(rows)
        z[at] = torch.where(space.columns[field], z0[at], z[at])
        changed[rows, field.numpy()] = False
        rows = rows[changed[rows].sum(axis=1) > 1]


def take_normal_values(
    space: SearchSpace, z0: Tensor, z: Tensor, changed: np.ndarray, values: FloatArray
) -> None:
    """Let the changed fields take the values of a normal event, as far as they may; in place.

    The normal event is the one that is nearest to the anomaly in everything that did not change:
    no other values lie nearer to it. Where the detector does not accept them, those of the next
    normal event are tried, then points on the way to the first.

    Args:
        space: Where the search moves.
        z0: Anomalies, (n, d), model space.
        z: Points that the detector accepts, (n, d), model space.
        changed: (n, F), fields in which the two differ.
        values: The anomalies in original units, (n, d).
    """
    if not len(z):
        return
    fields = torch.from_numpy(changed)
    moves = (fields.float() @ space.membership.T) > 0
    lenders = space.scale.nearest(z0, _LENDERS, ignoring=moves)
    first = lenders[:, 0]
    trials = [torch.where(moves, lender, z0) for lender in lenders.unbind(dim=1)]
    trials += [torch.where(moves & space.smooth, z + way * (first - z), z) for way in _WAYS]
    points = torch.stack([*trials, z], dim=1)
    less, more = space.around(values)
    differs = (points < less[:, None]) | (points > more[:, None])
    # A field that no longer differed would still be shown.
    whole = (((differs.float() @ space.membership) > 0) == fields[:, None]).all(dim=2)
    allowed = whole & (space.scores(points) <= space.target)
    allowed[:, -1] = True
    taken = allowed.float().argmax(dim=1)
    z[:] = points[torch.arange(len(z)), taken]


def in_order(
    space: SearchSpace, z0: Tensor, z: Tensor, changed: np.ndarray
) -> tuple[IntArray, FloatArray]:
    """Order of the changed fields in which the score falls fastest, and the score after each.

    Both (n, F); -1 and not a number after the last.
    """
    n, f = changed.shape
    order, flip_scores = np.full((n, f), -1), np.full((n, f), np.nan)
    here, left = z0.clone(), changed.copy()
    for place in range(f):
        rows = np.flatnonzero(left.any(axis=1))
        if not len(rows):
            break
        at = torch.from_numpy(rows)
        scores = space.score_each(here[at], z[at], left[rows])
        best = space.lowest(scores)
        here[at] = torch.where(space.columns[best], z[at], here[at])
        order[rows, place] = best.numpy()
        flip_scores[rows, place] = scores[torch.arange(len(rows)), best].double().numpy()
        left[rows, best.numpy()] = False
    return order, flip_scores
