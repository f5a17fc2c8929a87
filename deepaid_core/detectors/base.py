"""What every detector promises."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self, TypeVar, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.thresholds import quantile_threshold
from deepaid_core.detectors.training import NOTHING_KEPT, Checkpoints, Training, check_device
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import Batch, FloatArray
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.params import check_params, param
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.schema import EventSchema
from deepaid_core.errors import DetectorMismatchError, InvalidEventsError, NotFittedError

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Arrays", "Detector", "SearchableDetector", "gives_gradient"]

Arrays = Mapping[str, NDArray[np.generic]]
BatchT = TypeVar("BatchT", bound=Batch)


@dataclass(kw_only=True, eq=False)
class Detector(ABC, Generic[BatchT]):
    """Learns what normal looks like and scores how far an event is from it.

    Dataclass fields are hyperparameters, made by `param`; what is learned ends in an underscore.
    An author writes `_fit`, `_score`, `_arrays` and `_restore`; checks are done here, once.

    Attributes:
        seed: Seed of everything random; the same seed and events give the same detector.
    """

    modality: ClassVar[Modality]
    fixed_threshold: ClassVar[str] = ""
    """Why the threshold is what it is and cannot be chosen, in a sentence; empty where it can."""

    foretells: ClassVar[bool] = True
    """Of sequences and series: whether what the last step should be is told from what comes before
    it; False where it is told knowing the last step too."""

    seed: int = param(
        0,
        "Seed",
        "Seed of everything random; the same one gives the same detector.",
        low=0,
        high=2**31,
    )

    def __post_init__(self) -> None:
        check_params(type(self), self.hyperparameters())
        self.schema_: EventSchema | None = None

    def fit(
        self,
        normal: BatchT,
        *,
        progress: Progress = silent,
        cancelled: Cancelled = never,
        checkpoints: Checkpoints = NOTHING_KEPT,
        device: str = "cpu",
    ) -> Self:
        """Learn from normal events only.

        Args:
            normal: Training events, original units; at least 10.
            progress: Told the share done.
            cancelled: Asked between steps.
            checkpoints: Where loops keep how far they are; with the same events and
                hyperparameters a training that was cut off ends as if it had not been.
            device: Where networks are trained, "cpu" or "cuda".

        Raises:
            InvalidEventsError: There are too few events.
            DetectorMismatchError: The events are of another kind of data.
            InvalidParameterError: This machine has no such device.
            CancelledError: `cancelled` said so; the detector stays as it was.
        """
        check_device(device)
        self._require_kind(normal)
        if len(normal) < 10:
            raise InvalidEventsError(
                f"Only {len(normal)} training events; give at least 10 normal ones."
            )
        self._fit(normal, Training(progress, cancelled, checkpoints, device))
        self.schema_ = normal.schema
        return self

    def score(self, events: BatchT) -> FloatArray:
        """How abnormal each event is, (n,); higher is more.

        Raises:
            NotFittedError: `fit` was not called.
            DetectorMismatchError: The events have other columns than the training events, or are of
                another kind of data.
        """
        schema = self.fitted_schema
        self._require_kind(events)
        if events.schema.names != schema.names:
            raise DetectorMismatchError(
                f"The detector was trained on '{schema.name}' with {len(schema)} columns, these "
                f"events are '{events.schema.name}' with {len(events.schema)}; use its source."
            )
        return self._score(events) if len(events) else np.zeros(0)

    @property
    def fitted_schema(self) -> EventSchema:
        """What the training events were made of.

        Raises:
            NotFittedError: `fit` was not called.
        """
        if self.schema_ is None:
            raise NotFittedError(
                f"{type(self).__name__} has not been trained; call fit() on normal events first."
            )
        return self.schema_

    def hyperparameters(self) -> dict[str, int | float | str | bool]:
        """Field values by name, ready for JSON."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def arrays(self) -> Arrays:
        """All that was learned, as arrays by name."""
        _ = self.fitted_schema
        return self._arrays()

    def restore(self, schema: EventSchema, arrays: Arrays) -> Self:
        """Become the detector that `arrays` came from.

        Raises:
            KeyError: An array is missing.
            ValueError: An array has the wrong shape.
        """
        self._restore(schema, arrays)
        self.schema_ = schema
        return self

    def threshold(self, held_back_scores: FloatArray, quantile: float) -> Threshold:
        """The bound on the score, from normal events that were not trained on.

        Args:
            held_back_scores: Their scores, (n,).
            quantile: Share of them that should stay at or under the bound.
        """
        return quantile_threshold(held_back_scores, quantile)

    def severity_unit(self, threshold: Threshold) -> float:
        """How far over the threshold a score counts as another whole threshold.

        Severity bands compare scores of different detectors: one unit over the threshold is
        "2x", whatever the scale of the score.
        """
        return threshold.value if threshold.value > 0 else 1.0

    def _require_kind(self, events: Batch) -> None:
        if events.modality is not self.modality:
            raise DetectorMismatchError(
                f"{type(self).__name__} reads {self.modality} events, these are "
                f"{events.modality} events; use a detector of that kind."
            )

    @abstractmethod
    def _fit(self, normal: BatchT, training: Training) -> None: ...

    @abstractmethod
    def _score(self, events: BatchT) -> FloatArray: ...

    @abstractmethod
    def _arrays(self) -> Arrays: ...

    @abstractmethod
    def _restore(self, schema: EventSchema, arrays: Arrays) -> None: ...


@runtime_checkable
class SearchableDetector(Protocol):
    """What a search for references needs of a detector.

    Model space is where the network works. Every column is scaled on its own and keeps its
    order; the way there and back costs no more than 32-bit rounding. Shapes are (n, d) for
    TABULAR and (n, h + 1, d) for SERIES.
    """

    def score(self, events: Any) -> FloatArray:
        """How abnormal each event is, (n,)."""
        ...

    def to_model(self, values: FloatArray) -> "Tensor":
        """Original units to model space, float32."""
        ...

    def from_model(self, z: "Tensor") -> FloatArray:
        """Model space to original units."""
        ...

    def score_tensor(self, z: "Tensor") -> "Tensor":
        """Scores of points of model space, (n,); differentiable where `gives_gradient` says so."""
        ...

    def reconstruct(self, z: "Tensor") -> "Tensor":
        """The detector's own idea of a normal event near each point, same shape."""
        ...


def gives_gradient(detector: object) -> bool:
    """Whether `score_tensor` can be differentiated.

    Detectors of this package always can; one that cannot has `differentiable = False`.
    """
    return isinstance(detector, SearchableDetector) and bool(
        getattr(detector, "differentiable", True)
    )
