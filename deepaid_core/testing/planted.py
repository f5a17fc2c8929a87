"""Planted data of every kind, and detectors trained on it."""

from collections.abc import Callable
from dataclasses import fields
from functools import cache
from typing import Any, Final

from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.trained import TrainedDetector, train_detector
from deepaid_core.domain.modality import Modality
from deepaid_core.registry import DETECTORS
from deepaid_core.testing.planted_links import planted_links
from deepaid_core.testing.planted_sequences import planted_sequences
from deepaid_core.testing.planted_series import planted_series
from deepaid_core.testing.planted_tables import planted_tables
from deepaid_core.testing.plants import Planted

__all__ = ["make", "planted", "quick", "train_planted", "trained"]

_MAKERS: Final[dict[Modality, Callable[[], Planted]]] = {
    Modality.TABULAR: planted_tables,
    Modality.SEQUENCE: planted_sequences,
    Modality.SERIES: planted_series,
    Modality.LINK: planted_links,
}

_SHORT: Final = {"epochs": 2, "steps": 30}


@cache
def planted(modality: Modality) -> Planted:
    """Planted data of a kind; the same object each time, so leave it as it is."""
    return _MAKERS[modality]()


def make(detector: type[Detector[Any]], **changes: Any) -> Detector[Any]:
    """An unfitted detector that is small enough for checks.

    Args:
        detector: Its class; what it names in `CHECK_PARAMS` takes the place of the defaults.
        changes: Further hyperparameters.
    """
    return detector(**{**getattr(detector, "CHECK_PARAMS", {}), **changes})


def quick(detector: type[Detector[Any]]) -> Detector[Any]:
    """An unfitted detector that trains in no time, where it does not matter what it learns.

    Hyperparameters named "epochs" and "steps" are what bounds the training.
    """
    own = {field.name for field in fields(detector)}
    return make(detector, **{name: n for name, n in _SHORT.items() if name in own})


def train_planted(detector: type[Detector[Any]], **changes: Any) -> TrainedDetector:
    """A detector trained on the planted data of its kind."""
    where = f"{detector.__module__}:{detector.__qualname__}"
    names = [name for name, target in DETECTORS.items() if target == where]
    return train_detector(
        planted(detector.modality).normal,
        lambda: make(detector, **changes),
        name="planted",
        kind=names[0] if names else where,
        trained_on="planted",
        trained_on_sha256="0" * 64,
        quantile=0.99,
        profile_size=800,
    )


@cache
def trained(detector: type[Detector[Any]]) -> TrainedDetector:
    """The same, trained once."""
    return train_planted(detector)
