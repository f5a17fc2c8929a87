"""Next-key prediction: an event is abnormal when its key is not among the likeliest."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from deepaid_core.detectors.base import Arrays, Detector
from deepaid_core.detectors.fitting import LoopSettings, train_network
from deepaid_core.detectors.key_counts import KeyCounts
from deepaid_core.detectors.key_network import KeyNetwork
from deepaid_core.detectors.training import Training
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import PADDING, FloatArray, IntArray, SequenceBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.params import param
from deepaid_core.domain.schema import EventSchema, Vocabulary
from deepaid_core.errors import InvalidEventsError

__all__ = ["DeepLogDetector"]

_UNKNOWN_FLOOR = float(np.log(10.0))  # an unknown key is ten times less likely than any known one
_LEARNED = ("likelihoods", "history")


@dataclass(kw_only=True, eq=False)
class DeepLogDetector(Detector[SequenceBatch]):
    """How much less likely a key is than the g-th likeliest one, after the h keys before it.

    The score is log p of the g-th likeliest key - log p of the observed one; the threshold is 0,
    so an anomaly is exactly a key that is not among the g likeliest. A line of no known template
    counts as ten times less likely than the least likely known key.

    Use it for logs whose sessions follow a program: logins, jobs, protocols. Avoid it where lines
    of many unrelated tasks are mixed in one session, or where what counts is in the parameters.

    Attributes:
        top: g, how many likeliest keys are accepted; at most half of the keys there are.
        width: Units of each layer.
        layers: Number of layers.
        epochs: Upper bound on passes over the different training windows.
        steps: Training steps to aim at: few different windows are passed over more often. Half as
            many again flag fewer normal sessions, and rank single wrong passwords behind them.
        batch_size: Different windows per training step.
        learning_rate: Adam's learning rate.
        patience: Share of the epochs without improvement before training stops.
        label_smoothing: Share of the target spread over all keys. Without it the order of keys
            that never followed is noise, and so is the g-th likeliest among them.

    References:
        Du et al., DeepLog: Anomaly Detection and Diagnosis from System Logs through Deep Learning,
        CCS 2017.
    """

    CHECK_PARAMS: ClassVar[dict[str, float]] = {
        "top": 1,
        "steps": 350,
        "width": 32,
        "learning_rate": 2e-2,
    }
    """What the common checks use: their small grammar settles the next key."""

    modality: ClassVar[Modality] = Modality.SEQUENCE
    fixed_threshold: ClassVar[str] = (
        "The threshold of DeepLog is 0 by its rule, not among the likeliest keys; train it again "
        "with more accepted keys (top) to flag less, or with fewer to flag more."
    )
    top: int = param(
        9,
        "Accepted keys",
        "How many likeliest keys are accepted; more flags less.",
        low=1,
        high=500,
    )
    width: int = param(64, "Width of a layer", "Units of each layer.", low=1, high=2048)
    layers: int = param(2, "Layers", "Number of layers.", low=1, high=6)
    epochs: int = param(
        1000,
        "Epochs",
        "Upper bound on passes over the different training windows.",
        low=1,
        high=100_000,
    )
    steps: int = param(
        1000,
        "Steps",
        "Training steps to aim at; more fit the training sessions better.",
        low=1,
        high=1_000_000,
    )
    batch_size: int = param(
        64, "Windows per step", "Different windows per training step.", low=1, high=8192
    )
    learning_rate: float = param(
        3e-3,
        "Learning rate",
        "Size of a training step; too large never settles, too small never gets there.",
        low=1e-6,
        high=1.0,
    )
    patience: float = param(
        0.2,
        "Patience",
        "Share of the epochs without improvement before training stops.",
        low=0.001,
        high=1.0,
    )
    label_smoothing: float = param(
        0.02,
        "Label smoothing",
        "Share of the target spread over all keys; orders keys that never followed.",
        low=0.0,
        high=0.9,
    )

    def accepted_keys(self) -> int:
        """How many likeliest keys are accepted: `top`, or half of a smaller vocabulary."""
        return max(1, min(self.top, len(self.vocabulary) // 2))

    @property
    def vocabulary(self) -> Vocabulary:
        """The keys that it knows.

        Raises:
            NotFittedError: `fit` was not called.
        """
        schema = self.fitted_schema
        assert isinstance(schema, Vocabulary)  # noqa: S101  sequences have no other schema
        return schema

    def threshold(self, held_back_scores: FloatArray, quantile: float) -> Threshold:
        """Always 0: the top-g rule leaves nothing to choose; the method says what that flags."""
        flagged = float((held_back_scores > 0).mean()) if len(held_back_scores) else 0.0
        return Threshold(
            0.0,
            f"not among the {self.accepted_keys()} likeliest keys; flags {flagged:.2%} of "
            f"{len(held_back_scores):,} held-back events",
        )

    def severity_unit(self, threshold: Threshold) -> float:
        """A hundred times less likely than the last accepted key is one unit over the threshold."""
        return float(np.log(100.0))

    def next_log_probabilities(self, histories: IntArray) -> FloatArray:
        """(n, h) to (n, v): log-probabilities of the key that follows each history."""
        different, inverse = np.unique(histories, axis=0, return_inverse=True)
        return self._network.after(different)[inverse.ravel()]

    def log_probability(self, log_probabilities: FloatArray, keys: IntArray) -> FloatArray:
        """Of next keys among those of all keys, (..., v) and (...) to (...)."""
        v = log_probabilities.shape[-1]
        known = np.take_along_axis(log_probabilities, np.minimum(keys, v - 1)[..., None], axis=-1)
        floor = log_probabilities.min(axis=-1) - _UNKNOWN_FLOOR
        return np.where(keys < v, known[..., 0], floor)

    def scores_after(self, log_probabilities: FloatArray, keys: IntArray) -> FloatArray:
        """Scores of next keys, likewise."""
        place = log_probabilities.shape[-1] - self.accepted_keys()
        last_accepted = np.partition(log_probabilities, place, axis=-1)[..., place]
        score: FloatArray = last_accepted - self.log_probability(log_probabilities, keys)
        return score

    def substitution_scores(self, windows: IntArray) -> FloatArray:
        """Scores after each replacement of one key of the history, (n, h + 1) to (n, h, v).

        Entry (i, j, k) is the score of window i with key k at position j. Padding is not a key
        and cannot be replaced: its entries are not a number.
        """
        scores = np.empty((len(windows), windows.shape[1] - 1, len(self.vocabulary)))
        done = 0
        for part in self._network.after_substitution(windows[:, :-1]):
            rows = slice(done, done + len(part))
            following = np.broadcast_to(windows[rows, -1, None, None], part.shape[:-1])
            scores[rows] = self.scores_after(part, following)
            done = rows.stop
        scores[windows[:, :-1] == PADDING] = np.nan
        return scores

    def substitution_gains(self, windows: IntArray, noise: Tensor) -> FloatArray:
        """First-order fall of the score for each replacement of one key, (n, h + 1) to (n, h, v).

        What the gradient promises, where `substitution_scores` tries. Entries of padding are not
        a number.

        Args:
            windows: Their last key must be a known one.
            noise: (m, h, v + 2), added to the one-hot keys; gradients are averaged over it.
        """
        inputs = self._network.inputs(windows[:, :-1])
        n, m, v = len(windows), len(noise), len(self.vocabulary)
        keys = self._network.one_hot(inputs)
        point = (keys[:, None] + noise).flatten(0, 1).requires_grad_(True)
        with torch.enable_grad():
            after = torch.log_softmax(self._network.logits_of(point), dim=1)
            observed = torch.from_numpy(windows[:, -1]).repeat_interleave(m)[:, None]
            accepted = after.topk(self.accepted_keys(), dim=1).values[:, -1:]
            (gradient,) = torch.autograd.grad((accepted - after.gather(1, observed)).sum(), point)
        slope = gradient.reshape(n, m, *keys.shape[1:]).mean(dim=1)
        gains = (slope * keys).sum(dim=2, keepdim=True) - slope[..., :v]
        found: FloatArray = gains.double().numpy()
        found[windows[:, :-1] == PADDING] = np.nan
        return found

    def log_likelihood(self, windows: IntArray) -> FloatArray:
        """(n, h + 1) to (n,): mean log-probability of the keys of each window.

        Of the last key it is what the network says; of the others, which it never learned to
        predict from so little, how often they followed the two keys before them in training.
        Padding does not count; a mean, so that long and short histories compare.
        """
        different, inverse = np.unique(windows, axis=0, return_inverse=True)
        each = self._counts.log_probabilities(different)
        after = self._network.after(different[:, :-1])
        each[:, -1] = self.log_probability(after, different[:, -1])
        mean: FloatArray = np.nanmean(each, axis=1)
        return mean[inverse.ravel()]

    def plausibility(self, windows: IntArray) -> FloatArray:
        """Percentile of each window among the accepted training windows, 0 the likeliest."""
        likelier = 1.0 - np.searchsorted(self._likelihoods, self.log_likelihood(windows)) / len(
            self._likelihoods
        )
        percentile: FloatArray = np.clip(likelier, 0.0, 1.0) * 100.0
        return percentile

    def _fit(self, normal: SequenceBatch, training: Training) -> None:
        v = len(normal.schema)
        if v < 2:
            raise InvalidEventsError(
                f"The log '{normal.schema.name}' has {v} key; nothing can be predicted with less "
                "than 2."
            )
        known = normal.keys[:, -1] < v
        held = _held_back(normal)
        train, held_back = (
            _weighted(normal.keys[known & rows], v) for rows in (~held, held | ~held.any())
        )
        network = KeyNetwork(v, width=self.width, layers=self.layers, seed=self.seed)
        epochs = max(1, min(self.epochs, -(-self.steps * self.batch_size // len(train))))

        def loss(rows: Tensor) -> Tensor:
            weight = rows[:, -1].float()
            each = functional.cross_entropy(
                network.logits(rows[:, :-2]),
                rows[:, -2],
                reduction="none",
                label_smoothing=self.label_smoothing,
            )
            return each * weight * (len(rows) / weight.sum())

        self.curve_ = train_network(
            network.module,
            loss,
            train,
            held_back,
            LoopSettings(
                epochs=epochs,
                batch_size=self.batch_size,
                learning_rate=self.learning_rate,
                patience=max(3, round(self.patience * epochs)),
                seed=self.seed,
            ),
            training,
        )
        network.freeze()
        self._network, self._counts = network, KeyCounts.of(normal.keys, v)
        self._history = normal.keys.shape[1] - 1
        self.schema_ = normal.schema  # what follows asks the fitted detector
        accepted = normal.keys[self._score(normal) <= 0]
        likelihoods = self.log_likelihood(accepted if len(accepted) else normal.keys)
        self._likelihoods = np.quantile(likelihoods, np.linspace(0, 1, 1001))

    def _score(self, events: SequenceBatch) -> FloatArray:
        if events.keys.shape[1] != self._history + 1:
            raise InvalidEventsError(
                f"The detector reads windows of {self._history} + 1 keys, these have "
                f"{events.keys.shape[1]}; use the settings it was trained with."
            )
        different, inverse = np.unique(events.keys, axis=0, return_inverse=True)
        after = self.next_log_probabilities(different[:, :-1])
        return self.scores_after(after, different[:, -1])[inverse.ravel()]

    def _arrays(self) -> Arrays:
        return {
            **self._network.arrays(),
            **self._counts.arrays(),
            "likelihoods": self._likelihoods,
            "history": np.array([self._history]),
        }

    def _restore(self, schema: EventSchema, arrays: Arrays) -> None:
        network = KeyNetwork(len(schema), width=self.width, layers=self.layers)
        network.restore(arrays)
        counts = KeyCounts.restored(arrays, len(schema))
        likelihoods, history = (np.asarray(arrays[name]) for name in _LEARNED)
        if likelihoods.ndim != 1 or history.shape != (1,):
            raise ValueError("what was learned of whole windows does not fit together")
        self._network, self._counts = network, counts
        self._likelihoods = likelihoods.astype(np.float64)
        self._history = int(history[0])


def _held_back(normal: SequenceBatch) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
    """Every tenth session, or every tenth window where sessions have no names."""
    names, session = np.unique(normal.entities.astype(str), return_inverse=True)
    if len(names) < 10:
        session = np.arange(len(normal))
    else:
        order = np.full(len(names), len(normal))
        np.minimum.at(order, session, np.arange(len(normal)))
        session = np.argsort(np.argsort(order))[session]  # in order of their first line
    held: np.ndarray[tuple[int], np.dtype[np.bool_]] = session % 10 == 9
    return held


def _weighted(windows: IntArray, v: int) -> Tensor:
    """Each different window once, as inputs of the network, with its count behind it."""
    different, counts = np.unique(windows, axis=0, return_counts=True)
    inputs = np.where(different < 0, v + 1, different)
    return torch.from_numpy(np.concatenate([inputs, counts[:, None]], axis=1))
