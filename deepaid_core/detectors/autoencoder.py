"""Reconstruction error of an autoencoder."""

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn

from deepaid_core.detectors.base import Arrays, Detector
from deepaid_core.detectors.fitting import train_network
from deepaid_core.detectors.scaling import AsinhScaler
from deepaid_core.domain.batches import FloatArray, TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.domain.schema import EventSchema

__all__ = ["AutoencoderDetector"]

_CHUNK = 16_384  # events per forward pass: fits the cache of a small machine


@dataclass(kw_only=True, eq=False)
class AutoencoderDetector(Detector[TabularBatch]):
    """Root mean square error between an event and its reconstruction, in model space.

    Use it as the first choice for feature vectors: quick to train, quick to interpret. Avoid it
    where normal events are few (under a thousand) or nearly independent columns dominate.

    Attributes:
        epochs: Upper bound on passes over the training events.
        batch_size: Events per training step.
        learning_rate: Adam's learning rate.
        weight_decay: Adam's weight decay.
        patience: Epochs without improvement before training stops.
        bottleneck: Width of the narrowest layer as a share of the columns.

    References:
        Mirsky et al., Kitsune: An Ensemble of Autoencoders for Online Network Intrusion
        Detection, NDSS 2018. Sakurada and Yairi, Anomaly Detection Using Autoencoders with
        Nonlinear Dimensionality Reduction, MLSDA 2014.
    """

    modality: ClassVar[Modality] = Modality.TABULAR
    CHECK_PARAMS: ClassVar[dict[str, float]] = {
        "epochs": 20,
        "batch_size": 64,
        "bottleneck": 0.2,
        "learning_rate": 3e-3,
    }
    epochs: int = 30
    batch_size: int = 256
    learning_rate: float = 1e-3
    weight_decay: float = 1e-6
    patience: int = 6
    bottleneck: float = 0.1

    def _fit(self, normal: TabularBatch, progress: Progress, cancelled: Cancelled) -> None:
        scaler = AsinhScaler.fit(normal.values)
        scaled = torch.from_numpy(scaler.forward(normal.values).astype(np.float32))
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.seed)
            network = _network(len(normal.schema), self.bottleneck)

        def loss(z: Tensor) -> Tensor:
            error: Tensor = (network(z) - z).square().mean(dim=1)
            return error

        # Every tenth event is held back for early stopping: spread over time, as traffic drifts.
        held_back = torch.arange(len(scaled)) % 10 == 9
        self.curve_ = train_network(
            network,
            loss,
            scaled[~held_back],
            scaled[held_back],
            epochs=self.epochs,
            batch_size=self.batch_size,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            patience=self.patience,
            seed=self.seed,
            progress=progress,
            cancelled=cancelled,
        )
        self._scaler, self._network = scaler, network

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

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,); differentiable."""
        difference: Tensor = self._network(z) - z
        # The root has no gradient at zero.
        return difference.square().mean(dim=1).clamp_min(1e-12).sqrt()

    def reconstruct(self, z: Tensor) -> Tensor:
        """The network's output, (n, d) to (n, d)."""
        reconstruction: Tensor = self._network(z)
        return reconstruction

    def _arrays(self) -> Arrays:
        arrays = {f"network.{k}": v.numpy() for k, v in self._network.state_dict().items()}
        return {
            **arrays,
            "scaler.center": self._scaler.center,
            "scaler.spread": self._scaler.spread,
            "scaler.norm": self._scaler.norm,
        }

    def _restore(self, schema: EventSchema, arrays: Arrays) -> None:
        d = len(schema)
        scaler = AsinhScaler(*(_vector(arrays, f"scaler.{k}", d) for k in _SCALER_PARTS))
        with torch.random.fork_rng(devices=[]):
            network = _network(d, self.bottleneck)
        expected = network.state_dict()
        network.load_state_dict(
            {k: torch.from_numpy(np.array(arrays[f"network.{k}"])) for k in expected}
        )
        network.eval().requires_grad_(False)
        self._scaler, self._network = scaler, network


_SCALER_PARTS = ("center", "spread", "norm")


def _vector(arrays: Arrays, name: str, d: int) -> FloatArray:
    vector = np.asarray(arrays[name], dtype=np.float64)
    if vector.shape != (d,):
        raise ValueError(f"'{name}' has shape {vector.shape}, expected ({d},)")
    return vector


def _network(d: int, bottleneck: float) -> nn.Sequential:
    """Linear layers of widths d, .75 d, .5 d, .25 d, bottleneck, and back; ReLU between.

    There is none at the middle, which may need both signs, nor at the end; it is a leaky one where
    the layers are narrow.
    """
    narrow = max(4, round(bottleneck * d))
    widths = [d, *(max(narrow, round(share * d)) for share in (0.75, 0.5, 0.25)), narrow]
    slope = _LEAK if d < _NARROW else 0.0
    encoder, decoder = _layers(widths, slope), _layers(widths[::-1], slope)
    return nn.Sequential(*encoder, *decoder)


# With a few units a layer, ReLU often cuts off all of them at once and nothing is learned any more:
# on 8 planted columns 5 of 5 networks ended no better than one that always answers the mean.
_NARROW, _LEAK = 32, 0.1


def _layers(widths: list[int], slope: float) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for wide, narrow in pairwise(widths):
        layers += [nn.Linear(wide, narrow), nn.LeakyReLU(slope) if slope else nn.ReLU()]
    return layers[:-1]
