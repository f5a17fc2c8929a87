"""What detectors of windows of a series have in common: scaling, training, score, files."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import torch
from torch import Tensor, nn

from deepaid_core.detectors.base import Arrays, Detector
from deepaid_core.detectors.fitting import LoopSettings, train_network
from deepaid_core.detectors.scaling import AsinhScaler
from deepaid_core.detectors.training import Training
from deepaid_core.domain.batches import FloatArray, SeriesBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.params import param
from deepaid_core.domain.schema import EventSchema

__all__ = ["SeriesDetector", "whitening_of"]

_CHUNK: Final = 1024  # windows per forward pass
_SCALER_PARTS: Final = ("center", "spread", "norm")

# In model space, where a training column has a standard deviation of at most one. A column that
# the network knows by heart, or that never moved, must count when it moves, but one such column
# must not outweigh a hundred others.
_SMALLEST_ERROR: Final = 0.2
_LINEAR: Final = 3.0  # standard deviations of training over which the scale stays nearly linear


@dataclass(kw_only=True, eq=False)
class SeriesDetector(Detector[SeriesBatch]):
    """A detector of windows that is one network, and scores its errors in their usual units.

    An author writes `_network_of`, `_loss`, `_errors` and `reconstruct`.

    Attributes:
        epochs: Upper bound on passes over the training windows.
        batch_size: Windows per training step.
        learning_rate: Adam's learning rate.
        weight_decay: Adam's weight decay.
        patience: Epochs without improvement before training stops.
        hidden: Width of the network's memory.
        dropout: Share of inputs and of memory that is hidden at random in training.
        coupling: How much the correlation of errors counts: 0 not at all, the plain root mean
            square; 1 as much as the training errors support.
    """

    modality: ClassVar[Modality] = Modality.SERIES
    epochs: int = param(
        40,
        "Epochs",
        "Upper bound on passes over the training windows; more may fit them better.",
        low=1,
        high=2000,
    )
    batch_size: int = param(
        64,
        "Windows per step",
        "Windows per training step; fewer bring more steps an epoch and take longer.",
        low=8,
        high=8192,
    )
    learning_rate: float = param(
        3e-3,
        "Learning rate",
        "Size of a training step; too large never settles, too small never gets there.",
        low=1e-6,
        high=1.0,
    )
    weight_decay: float = param(
        1e-3,
        "Weight decay",
        "How strongly weights are pulled to zero; more gives a simpler network.",
        low=0.0,
        high=1.0,
    )
    patience: int = param(
        8,
        "Patience",
        "Epochs without improvement on held-back windows before training stops.",
        low=1,
        high=2000,
    )
    hidden: int = param(
        32,
        "Width of the memory",
        "Numbers that the network remembers from step to step.",
        low=1,
        high=1024,
    )
    dropout: float = param(
        0.4,
        "Dropout",
        "Share of inputs and of memory that is hidden at random in training.",
        low=0.0,
        high=0.9,
    )
    coupling: float = param(
        0.5,
        "Coupling of errors",
        "0 is the plain root mean square; 1 counts errors that break the usual proportions most.",
        low=0.0,
        high=1.0,
    )

    @abstractmethod
    def _network_of(self, d: int) -> nn.Module:
        """A network for `d` metrics with its first weights; random numbers are seeded."""

    @abstractmethod
    def _loss(self, network: nn.Module, z: Tensor) -> Tensor:
        """What the training brings down, (n, h + 1, d) to (n,)."""

    @abstractmethod
    def _errors(self, network: nn.Module, z: Tensor) -> Tensor:
        """Errors that the score is made of, (n, h + 1, d) to (n, ..., d)."""

    @abstractmethod
    def reconstruct(self, z: Tensor) -> Tensor:
        """The detector's own idea of a normal window near each one, same shape."""

    def _fit(self, normal: SeriesBatch, training: Training) -> None:
        d = len(normal.schema)
        scaler = _scaler_of(normal.values[:, -1])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = self._network_of(d)
            scaled = [scaler.forward(p).astype(np.float32) for p in _parts(normal.values)]
            windows = torch.from_numpy(np.concatenate(scaled))
            # Windows overlap: those next to the held-back ones would give their steps away.
            held = max(1, len(windows) // 10)
            split = max(1, len(windows) - held - windows.shape[1])
            self.curve_ = train_network(
                network,
                lambda z: self._loss(network, z),
                windows[:split],
                windows[-held:],
                LoopSettings(
                    epochs=self.epochs,
                    batch_size=self.batch_size,
                    learning_rate=self.learning_rate,
                    weight_decay=self.weight_decay,
                    patience=self.patience,
                    seed=self.seed,
                ),
                training,
            )
        errors = [self._errors(network, part) for part in torch.split(windows, _CHUNK)]
        # Of the last step only: windows overlap, and other steps are the last of other windows.
        usual = torch.cat([part.reshape(len(part), -1, d)[:, -1] for part in errors]).numpy()
        self._scaler, self._network = scaler, network
        self._whitening = torch.from_numpy(whitening_of(usual, self.coupling).astype(np.float32))

    def _score(self, events: SeriesBatch) -> FloatArray:
        with torch.no_grad():
            return np.concatenate(
                [self.score_tensor(self.to_model(p)).numpy() for p in _parts(events.values)]
            ).astype(np.float64)

    def to_model(self, values: FloatArray) -> Tensor:
        """Original units to model space, (n, h + 1, d) float32; also (..., d)."""
        return torch.from_numpy(self._scaler.forward(values).astype(np.float32))

    def from_model(self, z: Tensor) -> FloatArray:
        """Model space to original units, same shape."""
        return self._scaler.inverse(z.numpy().astype(np.float64))

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, h + 1, d) to (n,); differentiable."""
        return self.score_errors(self._errors(self._network, z))

    def score_errors(self, errors: Tensor) -> Tensor:
        """Scores of errors in model space, (n, ..., d) to (n,)."""
        # The root has no gradient at zero.
        return self._squares((errors @ self._whitening).square()).clamp_min(1e-12).sqrt()

    def _squares(self, squares: Tensor) -> Tensor:
        """One number of the squares of errors in their usual units, (n, ..., d) to (n,)."""
        return squares.mean(dim=1)

    def _arrays(self) -> Arrays:
        arrays = {f"network.{k}": v.numpy() for k, v in self._network.state_dict().items()}
        return {
            **arrays,
            "whitening": self._whitening.numpy(),
            "scaler.center": self._scaler.center,
            "scaler.spread": self._scaler.spread,
            "scaler.norm": self._scaler.norm,
        }

    def _restore(self, schema: EventSchema, arrays: Arrays) -> None:
        d = len(schema)
        parts = {k: np.asarray(arrays[f"scaler.{k}"], dtype=np.float64) for k in _SCALER_PARTS}
        whitening = np.array(arrays["whitening"], dtype=np.float32)
        if whitening.shape != (d, d) or any(part.shape != (d,) for part in parts.values()):
            raise ValueError(f"the arrays are not those of {d} columns")
        with torch.random.fork_rng(devices=[]):
            network = self._network_of(d)
        network.load_state_dict(
            {k: torch.from_numpy(np.array(arrays[f"network.{k}"])) for k in network.state_dict()}
        )
        network.eval().requires_grad_(False)
        self._scaler, self._network = AsinhScaler(**parts), network
        self._whitening = torch.from_numpy(whitening)


def _scaler_of(values: FloatArray) -> AsinhScaler:
    """A scaler that is nearly linear in the training range and logarithmic beyond it.

    Forecasts miss by differences: the usual up and down of a busy column must not be squeezed
    against that of a quiet one.
    """
    fitted = AsinhScaler.fit(values)
    spread = np.maximum(fitted.spread, _LINEAR * values.std(axis=0))
    moved = np.arcsinh((values - fitted.center) / spread).std(axis=0)
    # Columns that never moved keep their own magnitude as the unit.
    norm = np.where(moved > 1e-9, np.maximum(moved, 1e-3), 1.0)
    return AsinhScaler(fitted.center, spread, norm)


def whitening_of(errors: FloatArray, coupling: float) -> FloatArray:
    """(d, d), takes errors to uncorrelated ones of size one that stay closest to their columns."""
    # Imported here because it takes seconds, and only training needs it.
    from sklearn.covariance import ledoit_wolf_shrinkage

    size = np.maximum(np.sqrt((errors.astype(np.float64) ** 2).mean(axis=0)), _SMALLEST_ERROR)
    scaled = errors / size
    moments = scaled.T @ scaled / len(scaled)
    # A column that hardly ever errs has a tiny variance here; its unit is 1 all the same.
    strength = coupling * (1.0 - ledoit_wolf_shrinkage(scaled, assume_centered=True))
    correlation = strength * moments + (1.0 - strength) * np.eye(len(moments))
    values, vectors = np.linalg.eigh(correlation)
    root = (vectors / np.sqrt(np.maximum(values, 1e-6))) @ vectors.T
    whitening: FloatArray = root / size[:, None]
    return whitening


def _parts(values: FloatArray) -> list[FloatArray]:
    """Windows in pieces that fit the cache, whatever their number."""
    return [values[start : start + _CHUNK] for start in range(0, len(values), _CHUNK)]
