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

__all__ = ["rank_by_effect", "rank_by_error"]

_FLOOR: Final = 0.03  # share of the error that a normal event may have; less says nothing
_STEP: Final = 1e-5  # of the same; closer than that is equal


@dataclass(frozen=True, eq=False, slots=True)
class _Errors:
    """Squared reconstruction errors of normal events.

    Attributes:
        typical: (F,), means of each field.
        usual: 99 % quantile of the sum over the fields.
    """

    typical: FloatArray
    usual: float


def rank_by_error(space: SearchSpace, z: Tensor) -> IntArray:
    """Fields that may move, (n, F), by how far the detector's own idea of them is off.

    Of a field's squared reconstruction error, what a normal event may have too does not count:
    3 % of the error at which events become anomalies. Fields below that are in the order in which
    normal events are off, which no change of the anomaly can alter. -1 after the last.

    Args:
        space: Where the search moves.
        z: Anomalies, (n, d), model space.
    """
    normal = _errors_of(space)
    error = _by_field(space, z)
    excess = np.maximum(error - _FLOOR * normal.usual, 0.0)
    step = max(_STEP * normal.usual, 1e-12)
    return _ordered(space, -np.round(excess / step), -normal.typical)


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


def _by_field(space: SearchSpace, z: Tensor) -> FloatArray:
    with torch.no_grad():
        error = (z - space.detector.reconstruct(z)).square().double()
        by_field: FloatArray = (error @ space.membership.double()).numpy()
    return by_field


_errors: WeakKeyDictionary[NormalProfile, _Errors] = WeakKeyDictionary()


def _errors_of(space: SearchSpace) -> _Errors:
    errors = _errors.get(space.profile)
    if errors is None:
        by_field = _by_field(space, space.scale.normal)
        errors = _errors[space.profile] = _Errors(
            by_field.mean(axis=0), float(np.quantile(by_field.sum(axis=1), 0.99))
        )
    return errors
