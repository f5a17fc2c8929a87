"""The recurrent network that predicts log keys: trained as a whole, run step by step."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from deepaid_core.detectors.base import Arrays
from deepaid_core.domain.batches import FloatArray, IntArray

__all__ = ["KeyNetwork", "States"]

_CHUNK = 8192  # windows at a time: the states of one step then fit the cache
_SUBSTITUTED = 16_384  # likewise, for windows with one key replaced


@dataclass(frozen=True, slots=True)
class States:
    """What the network remembers after some keys: hidden state and cell of each layer, (n, w)."""

    hidden: tuple[Tensor, ...]
    cells: tuple[Tensor, ...]

    def take(self, rows: Tensor) -> "States":
        """The states of some windows."""
        return States(tuple(t[rows] for t in self.hidden), tuple(t[rows] for t in self.cells))

    def joined(self, other: "States") -> "States":
        """These states, then the others."""
        return States(
            tuple(torch.cat(pair) for pair in zip(self.hidden, other.hidden, strict=True)),
            tuple(torch.cat(pair) for pair in zip(self.cells, other.cells, strict=True)),
        )


class KeyNetwork:
    """Stacked LSTM over one-hot keys with a softmax over the next key.

    Inputs are keys 0 to v - 1; v, a line of no known template, is no input at all, as the network
    never saw one; v + 1, the padding, is an input of its own.

    Args:
        keys: Size of the vocabulary, v.
        width: Units of each layer.
        layers: Number of layers.
        seed: Seed of the first weights.
    """

    def __init__(self, keys: int, *, width: int, layers: int, seed: int = 0) -> None:
        self.keys = keys
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.module = nn.ModuleDict(
                {
                    "lstm": nn.LSTM(keys + 2, width, layers, batch_first=True),
                    "output": nn.Linear(width, keys),
                }
            )
        self.layers, self.width = layers, width

    @property
    def unknown(self) -> int:
        """Input that stands for a line of no known template."""
        return self.keys

    def inputs(self, keys: IntArray) -> Tensor:
        """Keys of a batch as inputs of the network."""
        return torch.from_numpy(np.where(keys < 0, self.keys + 1, keys))

    def logits(self, inputs: Tensor) -> Tensor:
        """(n, h) to (n, v): what follows; differentiable, for training."""
        return self.logits_of(self.one_hot(inputs))

    def one_hot(self, inputs: Tensor) -> Tensor:
        """(n, h) to (n, h, v + 2): what the network is given of them."""
        one_hot = functional.one_hot(inputs, self.keys + 2).float()
        one_hot[..., self.unknown] = 0.0
        return one_hot

    def logits_of(self, one_hot: Tensor) -> Tensor:
        """(n, h, v + 2) to (n, v): what follows; differentiable, also between keys."""
        hidden, _ = self.module["lstm"](one_hot)
        answer: Tensor = self.module["output"](hidden[:, -1])
        return answer

    def freeze(self) -> None:
        """Prepare the tables that running step by step takes."""
        self.module.eval().requires_grad_(False)
        weights = dict(self.module["lstm"].named_parameters())
        table = weights["weight_ih_l0"].T.contiguous().clone()
        table[self.unknown] = 0.0
        self._table = table + weights["bias_ih_l0"] + weights["bias_hh_l0"]
        self._first = weights["weight_hh_l0"].T.contiguous()
        self._upper = tuple(
            (
                torch.cat(
                    [weights[f"weight_ih_l{k}"], weights[f"weight_hh_l{k}"]], 1
                ).T.contiguous(),
                weights[f"bias_ih_l{k}"] + weights[f"bias_hh_l{k}"],
            )
            for k in range(1, self.layers)
        )

    def start(self, n: int) -> States:
        """States before the first key."""
        zeros = tuple(torch.zeros(n, self.width) for _ in range(self.layers))
        return States(zeros, zeros)

    def step(self, states: States, inputs: Tensor) -> States:
        """States after one more key each, (n,)."""
        gates = torch.addmm(self._table[inputs], states.hidden[0], self._first)
        hidden: list[Tensor] = []
        cells: list[Tensor] = []
        for layer in range(self.layers):
            if layer:
                weight, bias = self._upper[layer - 1]
                both = torch.cat([hidden[-1], states.hidden[layer]], dim=1)
                gates = torch.addmm(bias, both, weight)
            w = self.width
            kept = torch.sigmoid(gates[:, : 2 * w])
            cell = kept[:, w:] * states.cells[layer]
            cell.addcmul_(kept[:, :w], torch.tanh(gates[:, 2 * w : 3 * w]))
            cells.append(cell)
            hidden.append(torch.sigmoid(gates[:, 3 * w :]).mul_(torch.tanh(cell)))
        return States(tuple(hidden), tuple(cells))

    def log_probabilities(self, states: States) -> Tensor:
        """(n, v): log-probabilities of the next key."""
        answer: Tensor = torch.log_softmax(self.module["output"](states.hidden[-1]), dim=1)
        return answer

    def after(self, histories: IntArray) -> FloatArray:
        """(n, h) to (n, v): log-probabilities of the key after each history."""
        answer = np.empty((len(histories), self.keys))
        with torch.no_grad():
            for start in range(0, len(histories), _CHUNK):
                inputs = self.inputs(histories[start : start + _CHUNK])
                states = self.start(len(inputs))
                for column in inputs.T:
                    states = self.step(states, column)
                answer[start : start + len(inputs)] = self.log_probabilities(states).numpy()
        return answer

    def after_substitution(self, histories: IntArray) -> Iterator[FloatArray]:
        """(n, h) to parts of (n, h, v, v): log-probabilities of the next key, one key replaced.

        Entry (i, j, k) is what follows history i when its key at position j is k. What comes before
        the replaced key is worked out once for all that share it, so that the result is that of
        running every such history, at half the cost. The parts follow each other along n.
        """
        n, length = histories.shape
        size = max(1, _SUBSTITUTED // (length * self.keys))
        for start in range(0, n, size):
            with torch.no_grad():
                found = self._substituted(self.inputs(histories[start : start + size]))
            yield found.numpy().astype(np.float64)

    def _substituted(self, inputs: Tensor) -> Tensor:
        n, length = inputs.shape
        every_key = torch.arange(self.keys).repeat(n)
        owner = torch.arange(n).repeat_interleave(self.keys)
        observed = self.start(n)
        changed: States | None = None
        for place in range(length):
            new = self.step(observed.take(owner), every_key)
            if changed is not None:
                changed = self.step(changed, inputs[owner.repeat(place), place])
            changed = new if changed is None else changed.joined(new)
            observed = self.step(observed, inputs[:, place])
        assert changed is not None  # noqa: S101  a history has at least one key
        found = self.log_probabilities(changed)
        return found.reshape(length, n, self.keys, self.keys).transpose(0, 1)

    def arrays(self) -> Arrays:
        """The weights by name."""
        return {f"network.{name}": t.numpy() for name, t in self.module.state_dict().items()}

    def restore(self, arrays: Arrays) -> None:
        """Take over weights that `arrays` gave."""
        self.module.load_state_dict(
            {
                name: torch.from_numpy(np.array(arrays[f"network.{name}"]))
                for name in self.module.state_dict()
            }
        )
        self.freeze()
