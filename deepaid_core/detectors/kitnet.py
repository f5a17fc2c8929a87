"""Kitsune's detector: an ensemble of small autoencoders, and one that judges their errors."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import Arrays
from deepaid_core.detectors.fitting import one_thread, train_network
from deepaid_core.detectors.kitnet_network import KitnetNetwork, clusters_of
from deepaid_core.detectors.kitnet_online import learn_in_passing
from deepaid_core.detectors.scaling import AsinhScaler
from deepaid_core.detectors.tabular import LoopDetector, held_back_rows, vector_of
from deepaid_core.detectors.training import Curve, Training
from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.domain.params import param

__all__ = ["KitnetDetector"]


@dataclass(kw_only=True, eq=False)
class KitnetDetector(LoopDetector):
    """Root mean square error of an autoencoder over the errors of many small autoencoders.

    Columns that are correlated share a small autoencoder. The root mean square errors of all of
    them, less their mean and divided by their spread over the training events, go into the output
    autoencoder, and its error is the score. Hidden units are bounded and outputs are not: the
    further an event lies outside, the higher it scores, and gradients do not vanish there.

    Use it for many columns that fall into groups, as traffic statistics do, and with `mode` at
    "online" where events must not be kept: each is then learned from once, in order of time, the
    scale and the clusters from the first of them. Avoid it for few columns, and where anomalies
    break the relation between columns that are hardly correlated: no small autoencoder sees both.

    Attributes:
        scaling: What a column is measured by, its typical spread or its range.
        epochs: Upper bound on passes over the training events; of "online" there is one.
        batch_size: Events per training step; of "online" it is one.
        learning_rate: Adam's learning rate.
        weight_decay: Adam's weight decay, in batches.
        patience: Epochs without improvement before training stops, in batches.
        mode: "batch" trains the small autoencoders until they are good, then the output one;
            "online" trains all of them in one pass over the events in order of time.
        cluster_size: Most columns that share a small autoencoder.
        hidden: Width of hidden layers as a share of what goes in.
        mapping: Share of the events, from the first on, that scale and clusters are learned from
            before the autoencoders learn from the rest; used by "online" only.

    References:
        Mirsky et al., Kitsune: An Ensemble of Autoencoders for Online Network Intrusion
        Detection, NDSS 2018. Different here: average linkage, columns scaled by asinh, tanh and
        linear layers without tied weights, and steps by Adam.
    """

    CHECK_PARAMS: ClassVar[dict[str, float]] = {
        "epochs": 12,
        "batch_size": 64,
        "learning_rate": 3e-3,
    }
    mode: str = param(
        "batch",
        "Way of training",
        "Many passes over the events, or one, learning from each event once, in order of time.",
        choices=("batch", "online"),
    )
    cluster_size: int = param(
        10,
        "Columns per autoencoder",
        "Most columns that share a small autoencoder; more let it see more relations.",
        low=1,
        high=1000,
    )
    hidden: float = param(
        0.75,
        "Hidden layers",
        "Width of hidden layers as a share of what goes in; less has to generalise more.",
        low=0.05,
        high=1.0,
    )
    mapping: float = param(
        0.1,
        "Events for the map",
        "Share of the events that scale and clusters are learned from; for one pass only.",
        low=0.01,
        high=0.9,
    )

    def _scaler_of(self, values: FloatArray) -> AsinhScaler:
        return super()._scaler_of(values[: self._mapped(len(values))])

    def _learn(self, z: Tensor, training: Training) -> None:
        mapped = self._mapped(len(z))
        with torch.random.fork_rng(devices=[]), one_thread():
            torch.manual_seed(self.seed)
            clusters = clusters_of(z[:mapped], self.cluster_size)
            network = KitnetNetwork(clusters, self.hidden)
            if self.mode == "online":
                curve = learn_in_passing(network, z[mapped:], self.learning_rate, training)
            else:
                curve = self._learn_in_batches(network, z, training)
        self._clusters, self._network, self.curve_ = clusters, network, curve

    def _learn_in_batches(self, network: KitnetNetwork, z: Tensor, training: Training) -> Curve:
        held = held_back_rows(len(z))
        curve = train_network(
            network.small,
            lambda batch: network.small.squares(batch).mean(dim=1),
            z[~held],
            z[held],
            self.loop_settings,
            training.part(0.0, 0.8),
            name="small",
        )
        network.learn_usual(z[~held])
        errors = network.compare(network.small.errors(z))
        curve += train_network(
            network.output,
            lambda batch: network.output.squares(batch)[:, 0],
            errors[~held],
            errors[held],
            self.loop_settings,
            training.part(0.8, 1.0),
            name="output",
        )
        network.eval().requires_grad_(False)
        return curve

    def _mapped(self, n: int) -> int:
        """How many of n training events the map is learned from."""
        return n if self.mode == "batch" else min(n - 1, max(2, round(self.mapping * n)))

    @property
    def clusters_(self) -> IntArray:
        """Cluster of each column, (d,), numbered from 0."""
        return self._clusters

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,); differentiable."""
        score: Tensor = self._network(z)
        return score

    def reconstruct(self, z: Tensor) -> Tensor:
        """Each column as its small autoencoder rebuilds it, (n, d) to (n, d)."""
        rebuilt: Tensor = self._network.small(z)
        return rebuilt

    def _learned(self) -> Arrays:
        state = self._network.state_dict()
        return {
            "clusters": self._clusters,
            **{f"network.{name}": tensor.numpy() for name, tensor in state.items()},
        }

    def _relearn(self, d: int, arrays: Arrays) -> None:
        numbers = vector_of(arrays, "clusters", d)
        # A damaged file must not make a network larger than one with a cluster for each column.
        if set(numbers) != set(range(len(set(numbers)))):
            raise ValueError("'clusters' are not numbered from 0 without a gap")
        clusters = numbers.astype(np.int64)
        with torch.random.fork_rng(devices=[]):
            network = KitnetNetwork(clusters, self.hidden)
        network.load_state_dict(
            {k: torch.from_numpy(np.array(arrays[f"network.{k}"])) for k in network.state_dict()}
        )
        network.eval().requires_grad_(False)
        self._clusters, self._network = clusters, network
