"""How much each field matters for an anomaly: a ranking that small changes do not upset."""

from dataclasses import dataclass
from typing import Final
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.interpreters.search_space import SearchSpace

__all__ = ["rank_by_effect", "rank_by_oddness"]

_SIMILAR: Final = 15  # normal events that an anomaly is compared with
_BY_NORMAL: Final = 0.8  # weight of these; the rest is that of the reconstruction
_FLOOR: Final = 0.1  # share of what a normal event may have in all; less says nothing
_STEP: Final = 1e-5  # of the same; closer than that is equal
_SAMPLE: Final = 3000  # normal events that say what is usual


@dataclass(frozen=True, eq=False, slots=True)
class _Usual:
    """What normal events have of one measure of oddness.

    Attributes:
        typical: (F,), means of each field.
        most: 99 % quantile of the sum over the fields.
    """

    typical: FloatArray
    most: float


def rank_by_oddness(space: SearchSpace, z: Tensor) -> IntArray:
    """Fields that may move, (n, F), by how far they are off; -1 after the last.

    Off from two things: from the median of the fifteen most similar normal events, and from the
    detector's own idea of the anomaly. The median hardly notices when a small change lets another
    event be the most similar one. Of each squared distance, what a normal event may have too does
    not count: a tenth of what the fields of one may add up to. Fields below that are in the order
    in which normal events are off, which no change of the anomaly can alter.

    Args:
        space: Where the search moves.
        z: Anomalies, (n, d), model space.
    """
    total, typical = np.zeros((len(z), len(space.movable))), np.zeros(len(space.movable))
    weights = (_BY_NORMAL, 1.0 - _BY_NORMAL)
    for weight, usual, odd in zip(weights, _usual(space), _odd(space, z, 0), strict=True):
        total += weight * np.maximum(odd / usual.most - _FLOOR, 0.0)
        typical += weight * usual.typical / usual.most
    return _ordered(space, -np.round(total / _STEP), -typical)


def rank_by_effect(space: SearchSpace, scores: FloatArray) -> IntArray:
    """Fields that may move, (n, F), by how far each alone can lower the score.

    Args:
        space: Where the search moves.
        scores: (n, F), lowest score with this field changed; infinite where none was tried.
    """
    step = max(_STEP * abs(space.target), 1e-12)
    return _ordered(space, np.round(scores / step), np.zeros(scores.shape[1]))


def _ordered(space: SearchSpace, first: FloatArray, then: FloatArray) -> IntArray:
    order = np.lexsort((np.broadcast_to(then, first.shape), first), axis=1)
    movable = space.constraints.movable
    # Those that may move come first, whatever the others would be worth.
    still = np.argsort(~movable[order], axis=1, kind="stable")
    order = np.take_along_axis(order, still, axis=1)
    ranking: IntArray = np.where(movable[order], order, -1)
    return ranking


def _odd(space: SearchSpace, z: Tensor, skip: int) -> tuple[FloatArray, FloatArray]:
    """Squared distance of each field from similar normal events, from the reconstruction; (n, F).

    The first `skip` of the similar events are left out: an event is the most similar to itself.
    """
    similar = space.scale.nearest(z, _SIMILAR + skip)[:, skip:].median(dim=1).values
    with torch.no_grad():
        rebuilt = space.detector.reconstruct(z)
    membership = space.membership.double()
    by_normal, by_error = (
        ((z - other).square().double() @ membership).numpy() for other in (similar, rebuilt)
    )
    return by_normal, by_error


_usuals: WeakKeyDictionary[NormalProfile, tuple[_Usual, _Usual]] = WeakKeyDictionary()


def _usual(space: SearchSpace) -> tuple[_Usual, _Usual]:
    usual = _usuals.get(space.profile)
    if usual is None:
        normal = space.scale.normal[:: -(-len(space.scale.normal) // _SAMPLE)]
        of_normal, of_error = (
            # Where normal events do not differ at all, any distance is odd.
            _Usual(odd.mean(axis=0), max(float(np.quantile(odd.sum(axis=1), 0.99)), 1e-12))
            for odd in _odd(space, normal, 1)
        )
        usual = _usuals[space.profile] = of_normal, of_error
    return usual
