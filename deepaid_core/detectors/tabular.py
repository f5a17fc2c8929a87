"""What detectors of feature vectors have in common: scaling, scoring in parts, files."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from torch import Tensor, nn

from deepaid_core.detectors.base import Arrays, Detector
from deepaid_core.detectors.fitting import LoopSettings
from deepaid_core.detectors.scaling import AsinhScaler
from deepaid_core.detectors.training import Curve, Training
from deepaid_core.domain.batches import FloatArray, TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.params import param
from deepaid_core.domain.schema import EventSchema

__all__ = ["LoopDetector", "NetworkDetector", "TabularDetector", "held_back_rows", "vector_of"]

_CHUNK: Final = 16_384  # events per forward pass: fits the cache of a small machine
_SCALER_PARTS: Final = ("center", "spread", "norm")


@dataclass(kw_only=True, eq=False)
class TabularDetector(Detector[TabularBatch]):
    """A detector of feature vectors that works in model space, columns scaled one by one.

    An author writes `_learn`, `score_tensor`, `reconstruct`, `_learned` and `_relearn`.

    Attributes:
        scaling: What a column is measured by, its typical spread or its range.
    """

    modality: ClassVar[Modality] = Modality.TABULAR
    scaling: str = param(
        "spread",
        "Scale of columns",
        "What a column is measured by: its typical spread, by which what is rare in it weighs "
        "most, or its range, by which every column weighs the same.",
        choices=("spread", "range"),
        added_later=True,
    )

    @abstractmethod
    def _learn(self, z: Tensor, training: Training) -> None:
        """Learn from training events in model space, (n, d) float32, in order of time."""

    @abstractmethod
    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,); differentiable."""

    @abstractmethod
    def reconstruct(self, z: Tensor) -> Tensor:
        """The detector's own idea of a normal event near each point, (n, d) to (n, d)."""

    @abstractmethod
    def _learned(self) -> Arrays:
        """What `_learn` set, as arrays by name."""

    @abstractmethod
    def _relearn(self, d: int, arrays: Arrays) -> None:
        """Set it from those arrays, or raise KeyError or ValueError where they do not fit."""

    def _scaler_of(self, values: FloatArray) -> AsinhScaler:
        """The scale of the columns, from training events in original units, (n, d)."""
        if self.scaling == "range":
            return AsinhScaler.over_range(values)
        return AsinhScaler.fit(values)

    def _fit(self, normal: TabularBatch, training: Training) -> None:
        scaler = self._scaler_of(normal.values)
        self._learn(torch.from_numpy(scaler.forward(normal.values).astype(np.float32)), training)
        self._scaler = scaler

    def _score(self, events: TabularBatch) -> FloatArray:
        values = events.values
        scores = np.empty(len(values))
        with torch.no_grad():
            for start in range(0, len(values), _CHUNK):
                part = values[start : start + _CHUNK]
                scores[start : start + len(part)] = self.score_tensor(self.to_model(part)).numpy()
        return scores

    def to_model(self, values: FloatArray) -> Tensor:
        """Original units to model space, (n, d) float32."""
        return torch.from_numpy(self._scaler.forward(values).astype(np.float32))

    def from_model(self, z: Tensor) -> FloatArray:
        """Model space to original units, (n, d)."""
        return self._scaler.inverse(z.numpy().astype(np.float64))

    def _arrays(self) -> Arrays:
        parts = {f"scaler.{name}": getattr(self._scaler, name) for name in _SCALER_PARTS}
        return {**self._learned(), **parts}

    def _restore(self, schema: EventSchema, arrays: Arrays) -> None:
        d = len(schema)
        scaler = AsinhScaler(*(vector_of(arrays, f"scaler.{k}", d) for k in _SCALER_PARTS))
        self._relearn(d, arrays)
        self._scaler = scaler


@dataclass(kw_only=True, eq=False)
class LoopDetector(TabularDetector):
    """A detector of feature vectors that is trained by the one loop; its fields are the loop's.

    Attributes:
        epochs: Upper bound on passes over the training events.
        batch_size: Events per training step.
        learning_rate: Adam's learning rate.
        weight_decay: Adam's weight decay.
        patience: Epochs without improvement before training stops.
    """

    epochs: int = param(
        30,
        "Epochs",
        "Upper bound on passes over the training events; more may fit them better.",
        low=1,
        high=2000,
    )
    batch_size: int = param(
        256,
        "Events per step",
        "Events per training step; fewer bring more steps an epoch and take longer.",
        low=8,
        high=8192,
    )
    learning_rate: float = param(
        1e-3,
        "Learning rate",
        "Size of a training step; too large never settles, too small never gets there.",
        low=1e-6,
        high=1.0,
    )
    weight_decay: float = param(
        1e-6,
        "Weight decay",
        "How strongly weights are pulled to zero; more gives a simpler network.",
        low=0.0,
        high=1.0,
    )
    patience: int = param(
        6,
        "Patience",
        "Epochs without improvement on held-back events before training stops.",
        low=1,
        high=2000,
    )

    @property
    def loop_settings(self) -> LoopSettings:
        """What the fields say of the training loop."""
        return LoopSettings(
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=self.patience,
            seed=self.seed,
        )


@dataclass(kw_only=True, eq=False)
class NetworkDetector(LoopDetector):
    """A detector of feature vectors that is one network, trained by the one loop.

    An author writes `_network_of`, `_train`, `score_tensor` and `reconstruct`; buffers and
    parameters of the network are what is stored.
    """

    @abstractmethod
    def _network_of(self, d: int) -> nn.Module:
        """A network for `d` columns with its first weights; random numbers are seeded."""

    @abstractmethod
    def _train(
        self, network: nn.Module, train: Tensor, held_back: Tensor, training: Training
    ) -> Curve:
        """Train it by `train_network`; random numbers are seeded."""

    def _learn(self, z: Tensor, training: Training) -> None:
        held = held_back_rows(len(z))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = self._network_of(z.shape[1])
            curve = self._train(network, z[~held], z[held], training)
        self._network, self.curve_ = network, curve

    def _learned(self) -> Arrays:
        return {f"network.{k}": v.numpy() for k, v in self._network.state_dict().items()}

    def _relearn(self, d: int, arrays: Arrays) -> None:
        with torch.random.fork_rng(devices=[]):
            network = self._network_of(d)
        network.load_state_dict(
            {k: torch.from_numpy(np.array(arrays[f"network.{k}"])) for k in network.state_dict()}
        )
        network.eval().requires_grad_(False)
        self._network = network


def held_back_rows(n: int) -> Tensor:
    """Which of n training events are held back for early stopping, (n,) bool.

    Every tenth: spread over time, as traffic drifts.
    """
    return torch.arange(n) % 10 == 9


def vector_of(arrays: Arrays, name: str, d: int) -> FloatArray:
    """An array of one number per column.

    Raises:
        KeyError: It is missing.
        ValueError: It has another shape.
    """
    vector = np.asarray(arrays[name], dtype=np.float64)
    if vector.shape != (d,):
        raise ValueError(f"'{name}' has shape {vector.shape}, expected ({d},)")
    return vector
