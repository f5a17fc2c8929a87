"""What detectors with gradients have to keep; searches that follow gradients rely on it."""

from typing import Any, Final

import numpy as np
import torch

from deepaid_core.detectors.base import Detector, SearchableDetector, gives_gradient
from deepaid_core.domain.batches import FloatArray
from deepaid_core.testing.planted import planted, trained
from deepaid_core.testing.unchanged import nothing_changes

__all__ = ["GRADIENT_CHECKS"]


def check_offers_all_of_the_gradient_interface(cls: type[Detector[Any]]) -> None:
    assert gives_gradient(trained(cls).detector)


def check_score_is_that_of_model_space(cls: type[Detector[Any]]) -> None:
    detector, values = _some(cls)
    events: Any = planted(cls.modality).fresh.take(np.arange(len(values)))
    with torch.no_grad():
        scores = detector.score_tensor(detector.to_model(events.values)).numpy()
    np.testing.assert_allclose(scores, detector.score(events), rtol=1e-5)


def check_gradient_is_that_of_the_score(cls: type[Detector[Any]]) -> None:
    detector, values = _some(cls)
    z = detector.to_model(values)
    point = z.clone().requires_grad_(True)
    detector.score_tensor(point).sum().backward()  # type: ignore[no-untyped-call]
    assert point.grad is not None
    random = torch.Generator().manual_seed(0)
    # Thirty-two bits: shorter steps drown in rounding, longer ones leave the tangent.
    step = 1e-2
    for _ in range(12):
        way = torch.randn(z.shape, generator=random)
        way /= way.flatten(1).norm(dim=1).view(-1, *[1] * (z.ndim - 1))
        with torch.no_grad():
            ahead, behind = (detector.score_tensor(z + sign * step * way) for sign in (1, -1))
        slope = (ahead - behind) / (2 * step)
        expected = (point.grad * way).flatten(1).sum(dim=1)
        torch.testing.assert_close(slope, expected, rtol=0.05, atol=5e-3)


def check_original_units_survive_model_space(cls: type[Detector[Any]]) -> None:
    data = planted(cls.modality)
    batches: list[Any] = [data.fresh, *(plant.events for plant in data.plants)]
    spread = np.asarray(batches[0].values).reshape(-1, batches[0].values.shape[-1]).std(axis=0)
    detector = trained(cls).detector
    assert isinstance(detector, SearchableDetector)
    for events in batches:
        back = detector.from_model(detector.to_model(events.values))
        np.testing.assert_allclose((back - events.values) / spread, 0.0, atol=1e-3)


def check_columns_keep_their_order_in_model_space(cls: type[Detector[Any]]) -> None:
    detector, values = _some(cls)
    higher = values + np.abs(values).max(axis=tuple(range(values.ndim - 1)))
    assert bool((detector.to_model(higher) > detector.to_model(values)).all())


def check_following_gradients_leaves_no_trace(cls: type[Detector[Any]]) -> None:
    detector, values = _some(cls)
    with nothing_changes(trained(cls).detector):
        point = detector.to_model(values).requires_grad_(True)
        detector.score_tensor(point).sum().backward()  # type: ignore[no-untyped-call]


def check_reconstruction_has_the_shape_of_events(cls: type[Detector[Any]]) -> None:
    detector, values = _some(cls)
    z = detector.to_model(values)
    with torch.no_grad():
        assert detector.reconstruct(z).shape == z.shape
        assert detector.score_tensor(z).shape == (len(z),)
    assert z.dtype == torch.float32


GRADIENT_CHECKS: Final = (
    check_offers_all_of_the_gradient_interface,
    check_score_is_that_of_model_space,
    check_gradient_is_that_of_the_score,
    check_original_units_survive_model_space,
    check_columns_keep_their_order_in_model_space,
    check_following_gradients_leaves_no_trace,
    check_reconstruction_has_the_shape_of_events,
)
"""For every detector that offers `score_tensor`."""


def _some(cls: type[Detector[Any]]) -> tuple[SearchableDetector, FloatArray]:
    detector = trained(cls).detector
    assert isinstance(detector, SearchableDetector)
    events: Any = planted(cls.modality).fresh
    values: FloatArray = events.values[:8].copy()
    return detector, values
