"""Models that were trained elsewhere, as detectors whose anomalies can be interpreted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar, Final, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from deepaid_core.detectors.base import Arrays, Detector
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.detectors.thresholds import quantile_threshold
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.detectors.training import Training
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import FloatArray, TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.schema import EventSchema, Schema
from deepaid_core.errors import ArtifactError, InvalidEventsError, InvalidParameterError

__all__ = ["OwnModelDetector", "adapt"]

Function: TypeAlias = Callable[[Tensor], Tensor]

_CHUNK: Final = 16_384


@dataclass(kw_only=True, eq=False)
class OwnModelDetector(Detector[TabularBatch]):
    """A model of feature vectors that was trained elsewhere; made by `adapt`.

    Model space is the model's own, divided by the range of each column in the normal events.

    Attributes:
        scoring: Events in original units, (n, d) float32, to scores, (n,); higher is more
            abnormal.
        rebuilding: Events to the model's reconstruction of them, both (n, d) in original units;
            None where the model has none, then the nearest normal event stands in.
        differentiable: Whether `scoring` can be differentiated; None to try it out.

    References:
        Han et al., DeepAID: Interpreting and Improving Deep Learning-based Anomaly Detection in
        Security Applications, CCS 2021: an interpreter needs nothing of a detector but this.
    """

    modality: ClassVar[Modality] = Modality.TABULAR
    scoring: Function
    rebuilding: Function | None = None
    differentiable: bool | None = None

    def __post_init__(self) -> None:
        # Its fields are the caller's model, not hyperparameters.
        self.schema_ = None

    def _fit(self, normal: TabularBatch, training: Training) -> None:
        low, high = normal.values.min(axis=0), normal.values.max(axis=0)
        # A column that never moved: its own magnitude is the only scale there is.
        still = high - low <= 1e-9 * np.maximum(1.0, np.abs(low))
        self._range = np.where(still, np.maximum(1.0, np.abs(low)), high - low)
        self._normal = self.to_model(normal.values)
        if self.differentiable is None:
            self.differentiable = self._has_gradient(self._normal[:2])

    def _score(self, events: TabularBatch) -> FloatArray:
        scores = np.empty(len(events))
        with torch.no_grad():
            for start in range(0, len(events), _CHUNK):
                part = events.values[start : start + _CHUNK]
                scores[start : start + len(part)] = self.score_tensor(self.to_model(part)).numpy()
        if not np.isfinite(scores).all():
            row = int(np.flatnonzero(~np.isfinite(scores))[0])
            raise InvalidEventsError(
                f"The model's score of event {int(events.indices[row])} is {scores[row]}, which is "
                "not finite; let it give a number for every event."
            )
        return scores

    def to_model(self, values: FloatArray) -> Tensor:
        """Original units to model space, (n, d) float32."""
        return torch.from_numpy((values / self._range).astype(np.float32))

    def from_model(self, z: Tensor) -> FloatArray:
        """Model space to original units, (n, d)."""
        values: FloatArray = z.numpy().astype(np.float64) * self._range
        return values

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,).

        Raises:
            InvalidEventsError: The model gives something else than one finite score per event.
        """
        scores = self.scoring(z * self._scale)
        if not isinstance(scores, Tensor) or scores.shape != (len(z),):
            shape = tuple(scores.shape) if isinstance(scores, Tensor) else type(scores).__name__
            raise InvalidEventsError(
                f"The model gives {shape} for {len(z)} events; it has to give a tensor of one "
                f"score per event, ({len(z)},)."
            )
        return scores.float()

    def reconstruct(self, z: Tensor) -> Tensor:
        """The model's reconstruction, or the nearest normal event, (n, d) to (n, d)."""
        if self.rebuilding is None:
            return self._normal[torch.cdist(z, self._normal).argmin(dim=1)]
        rebuilt: Tensor = self.rebuilding(z * self._scale) / self._scale
        return rebuilt.float()

    @property
    def _scale(self) -> Tensor:
        return torch.from_numpy(self._range.astype(np.float32))

    def _has_gradient(self, z: Tensor) -> bool:
        point = z.clone().requires_grad_(True)
        try:
            with torch.enable_grad():
                total = self.score_tensor(point).sum()
                (gradient,) = torch.autograd.grad(total, point, allow_unused=True)
        except RuntimeError:  # NumPy refuses tensors that record what is done to them
            return False
        return gradient is not None

    def _arrays(self) -> Arrays:
        raise ArtifactError(
            "A model that was trained elsewhere is not stored here; keep its own files and adapt "
            "it again."
        )

    def _restore(self, schema: EventSchema, arrays: Arrays) -> None:
        raise ArtifactError("A model that was trained elsewhere is not stored here; adapt it.")


def adapt(
    schema: Schema,
    normal: FloatArray,
    *,
    score: Function | None = None,
    reconstruct: Function | None = None,
    threshold: float | None = None,
    quantile: float = 0.99,
    name: str = "own model",
    normal_size: int = 3000,
) -> TrainedDetector:
    """Your own model as a detector: what interpreters, quality measures and benchmarks take.

    Give `score`, or `reconstruct` alone, whose root mean square error is then the score, or both.
    Each is any callable, an `nn.Module` too: it gets events in original units, (n, d) float32, and
    must not depend on what else is in the batch. Modules are called in evaluation mode and
    left in the mode they were in; nothing else of them changes. Where no gradient
    comes through (NumPy, trees, a remote service), searches score their trials instead.

    Args:
        schema: What the columns are: names, fields, bounds, one-hot groups.
        normal: Normal events, (m, d), original units; at least 10. The more of them the model was
            not trained on, the better.
        score: To scores, (n,); higher is more abnormal.
        reconstruct: To the model's reconstruction of the events, (n, d).
        threshold: Events that score higher are anomalies; None for a quantile of `normal`.
        quantile: Which one.
        name: What reports call the model.
        normal_size: How many accepted normal events to keep as candidates for references.

    Raises:
        InvalidParameterError: Neither `score` nor `reconstruct` is given.
        InvalidEventsError: Normal events are too few, misshapen or all over the threshold, or the
            model gives something else than one score per event.
    """
    rebuilding = None if reconstruct is None else _called(reconstruct)
    if score is not None:
        scoring = _called(score)
    elif rebuilding is not None:
        scoring = _error_of(rebuilding)
    else:
        raise InvalidParameterError("No score is given; give score=..., or reconstruct=....")
    events = TabularBatch.of_values(schema, normal)
    detector = OwnModelDetector(scoring=scoring, rebuilding=rebuilding).fit(events)
    scores = detector.score(events)
    bound = (
        quantile_threshold(scores, quantile)
        if threshold is None
        else Threshold(threshold, "given with the model")
    )
    accepted = events.values[~bound.flag(scores)]
    if not len(accepted):
        raise InvalidEventsError(
            f"The model accepts none of the {len(normal)} normal events at the threshold "
            f"{bound.value:g}; check that higher scores mean more abnormal."
        )
    return TrainedDetector(
        name=name,
        kind="own-model",
        detector=detector,
        threshold=bound,
        profile=NormalProfile.of(events.values, accepted, size=normal_size, seed=0),
        trained_on="elsewhere",
        trained_on_sha256="",
        training_events=len(normal),
        source_kind="table",
    )


def _error_of(rebuild: Function) -> Function:
    def score(x: Tensor) -> Tensor:
        # The root has no gradient at zero.
        return (rebuild(x) - x).square().mean(dim=1).clamp_min(1e-12).sqrt()

    return score


def _called(function: Function) -> Function:
    """A function as it is; a module in evaluation mode for the length of each call."""
    if not isinstance(function, nn.Module):
        return function

    def call(x: Tensor) -> Tensor:
        with _evaluating(function):
            out: Tensor = function(x)
            return out

    return call


@contextmanager
def _evaluating(module: nn.Module) -> Iterator[None]:
    in_training = [part for part in module.modules() if part.training]
    for part in in_training:
        part.training = False
    try:
        yield
    finally:
        for part in in_training:
            part.training = True
