"""Error of a recurrent network that reads a window and writes it again from memory."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from deepaid_core.detectors.series import SeriesDetector
from deepaid_core.domain.params import param

__all__ = ["Seq2seqDetector"]


@dataclass(kw_only=True, eq=False)
class Seq2seqDetector(SeriesDetector):
    """Root mean square error of a window that an LSTM rebuilds from what another one remembers.

    The first network reads the window, the second writes it again from the memory of the first,
    the last step first. The event is the last step: its error counts most, that of each step before
    it `fading` times as much. Errors are measured in units of their usual size, metric by metric,
    and to the degree of `coupling` relative to each other.

    Use it for metrics that nobody can forecast but that tell much about each other, and for table
    rows, which are windows of one step. Where the course of a whole window is odd rather than a
    step, set `fading` to 1: anomalies then outlast their cause by the length of the window. Avoid
    it under a few hundred windows, and a memory that is wide enough to learn windows by heart.

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
        fading: How much the error of a step counts as a share of that of the step after it: 0
            only the last step, 1 all of the window alike.

    References:
        Malhotra et al., LSTM-based Encoder-Decoder for Multi-sensor Anomaly Detection, ICML
        Anomaly Detection Workshop 2016. Different here: the second network is given the memory at
        every step in place of the step before, as one kind of decoder in Srivastava et al.,
        Unsupervised Learning of Video Representations using LSTMs, ICML 2015, is given nothing.
    """

    foretells: ClassVar[bool] = False
    CHECK_PARAMS: ClassVar[dict[str, float]] = {"epochs": 15, "batch_size": 64, "dropout": 0.0}
    batch_size: int = param(
        128,
        "Windows per step",
        "Windows per training step; fewer bring more steps an epoch and take longer.",
        low=8,
        high=8192,
    )
    fading: float = param(
        0.1,
        "Fading of errors",
        "How much a step counts as a share of the one after it: 0 the last one only, 1 all alike.",
        low=0.0,
        high=1.0,
    )

    def reconstruct(self, z: Tensor) -> Tensor:
        """The whole window as it is rebuilt, same shape."""
        rebuilt: Tensor = self._network(z)
        return rebuilt

    def _network_of(self, d: int) -> nn.Module:
        return _EncoderDecoder(d, self.hidden, self.dropout)

    def _loss(self, network: nn.Module, z: Tensor) -> Tensor:
        error: Tensor = (network(z) - z).square().mean(dim=(1, 2))
        return error

    def _errors(self, network: nn.Module, z: Tensor) -> Tensor:
        rebuilt: Tensor = network(z)
        return z - rebuilt

    def _squares(self, squares: Tensor) -> Tensor:
        before = torch.arange(squares.shape[1] - 1, -1, -1, dtype=squares.dtype)
        counts = self.fading**before
        return squares.mean(dim=2) @ (counts / counts.sum())


class _EncoderDecoder(nn.Module):
    """A window as it is rebuilt from a memory of fixed size, (n, h + 1, d) to (n, h + 1, d)."""

    def __init__(self, d: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.encoder = nn.LSTM(d, hidden, batch_first=True)
        self.decoder = nn.LSTM(hidden, hidden, batch_first=True)
        self.output = nn.Linear(hidden, d)

    def forward(self, windows: Tensor) -> Tensor:
        _, memory = self.encoder(self.dropout(windows))
        remembered = memory[0][-1]
        given = self.dropout(remembered)[:, None].expand(-1, windows.shape[1], -1)
        written, _ = self.decoder(given, memory)
        rebuilt: Tensor = self.output(self.dropout(written))
        # What was read last is remembered best: it is written first.
        return rebuilt.flip(1)
