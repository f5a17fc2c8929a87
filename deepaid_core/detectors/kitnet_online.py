"""One pass over events in order of time, each of them learned from once."""

from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from deepaid_core.detectors.kitnet_network import SMALLEST_SPREAD, Autoencoders, KitnetNetwork
from deepaid_core.detectors.training import Curve, Training
from deepaid_core.domain.progress import stop_if

__all__ = ["learn_in_passing"]

_MEMORY: Final = 2000  # events that what is usual is averaged over
_REPORTED: Final = 500  # events between two reports

_Floats = NDArray[np.float32]


def learn_in_passing(
    network: KitnetNetwork, events: Tensor, rate: float, training: Training
) -> Curve:
    """Move all autoencoders a step down their errors on each event, in the order of the events.

    An event costs a few dozen operations on small arrays. Slopes are written out by hand: recording
    each event for automatic differentiation takes ten times as long.

    Args:
        network: Trained in place.
        events: (n, d), model space, in order of time.
        rate: Adam's learning rate.
        training: Progress and cancel; a pass takes seconds, and is begun anew rather than resumed.

    Returns:
        The mean loss of each stretch of events before they were learned from, twice: what is
        judged was not yet trained on.

    Raises:
        CancelledError: `training.cancelled` said so.
    """
    adam = _Adam(network, rate)
    small, output = _Layers(network.small, adam), _Layers(network.output, adam)
    usual, variance = network.usual.numpy(), network.spread.square().numpy()
    curve: Curve = []
    total, since = 0.0, 0
    for number, row in enumerate(events.numpy()):
        if number % _REPORTED == 0:
            stop_if(training.cancelled)
        squares = small.descend(row)
        errors = np.sqrt(np.maximum(squares, 1e-12))
        share = np.float32(1.0 / min(number + 1, _MEMORY))
        away = errors - usual
        usual += share * away
        variance += share * ((1 - share) * away * away - variance)
        output.descend((errors - usual) / np.maximum(np.sqrt(variance), SMALLEST_SPREAD))
        adam.step()
        total += float(squares.mean())
        if (number + 1) % _REPORTED == 0 or number + 1 == len(events):
            mean = total / (number + 1 - since)
            curve.append((mean, mean))
            total, since = 0.0, number + 1
            training.progress((number + 1) / len(events), f"{number + 1:,} events learned from")
    adam.finish()
    network.spread.copy_(torch.from_numpy(np.sqrt(variance)))
    return curve


class _Adam:
    """Kingma and Ba's steps (ICLR 2015), on all weights of a network as one vector."""

    def __init__(self, network: KitnetNetwork, rate: float) -> None:
        self.parameters, self.rate, self.steps = tuple(network.parameters()), rate, 0
        self.weights = torch.cat([one.detach().flatten() for one in self.parameters]).numpy()
        self.slopes, self.mean, self.square = (np.zeros_like(self.weights) for _ in range(3))
        self._starts = np.cumsum([0, *(one.numel() for one in self.parameters)])

    def views(self, parameter: torch.nn.Parameter) -> tuple[_Floats, _Floats]:
        """A parameter and its slope, in its shape; they share memory with the vectors."""
        place = next(i for i, one in enumerate(self.parameters) if one is parameter)
        part = slice(self._starts[place], self._starts[place + 1])
        shape = tuple(parameter.shape)
        return self.weights[part].reshape(shape), self.slopes[part].reshape(shape)

    def step(self) -> None:
        """Move the weights down the slopes."""
        self.steps += 1
        self.mean += 0.1 * (self.slopes - self.mean)
        self.square += 0.001 * (self.slopes * self.slopes - self.square)
        size = np.sqrt(self.square)
        size *= 1.0 / np.sqrt(1 - 0.999**self.steps)
        size += 1e-8
        self.weights -= (self.rate / (1 - 0.9**self.steps)) * self.mean / size

    def finish(self) -> None:
        """Give the network its weights."""
        with torch.no_grad():
            for parameter in self.parameters:
                parameter.copy_(torch.from_numpy(self.views(parameter)[0]))


class _Layers:
    """The arithmetic of `Autoencoders` for one event, and its slopes."""

    def __init__(self, network: Autoencoders, adam: _Adam) -> None:
        self.members = network.members.numpy()
        self.real, self.units = network.real.numpy(), network.units.numpy()
        self.weight = 2.0 / (network.sizes.numpy()[:, None] * len(self.members))
        self.sizes = network.sizes.numpy()[:, 0]
        self.encode, self.encode_slope = adam.views(network.encode)
        self.encode_bias, self.encode_bias_slope = adam.views(network.encode_bias)
        self.decode, self.decode_slope = adam.views(network.decode)
        self.decode_bias, self.decode_bias_slope = adam.views(network.decode_bias)

    def descend(self, row: _Floats) -> _Floats:
        """Mean square error of each autoencoder, (k,); the slopes of their mean are set."""
        x = row[self.members][:, None] * self.real
        hidden = np.tanh(x @ self.encode + self.encode_bias) * self.units
        error = (hidden @ self.decode + self.decode_bias - x) * self.real
        out = error * self.weight
        np.multiply(hidden.transpose(0, 2, 1), out, out=self.decode_slope)
        self.decode_bias_slope[:] = out
        inner = (out @ self.decode.transpose(0, 2, 1)) * (1.0 - hidden * hidden) * self.units
        np.multiply(x.transpose(0, 2, 1), inner, out=self.encode_slope)
        self.encode_bias_slope[:] = inner
        squares: _Floats = (error * error).sum(axis=(1, 2)) / self.sizes
        return squares
