"""Error of a recurrent network that forecasts the next step of a series."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from deepaid_core.detectors.series import SeriesDetector
from deepaid_core.domain.batches import Batch, SeriesBatch
from deepaid_core.errors import InvalidEventsError

__all__ = ["LstmForecastDetector"]


@dataclass(kw_only=True, eq=False)
class LstmForecastDetector(SeriesDetector):
    """Root mean square error of the forecast of a step from the steps before it.

    Errors are measured in units of their usual size, column by column, and to the degree of
    `coupling` relative to each other: a burst of ordinary traffic misses the forecast of a dozen
    columns at once, but always in the same proportions; errors that break the proportions count
    more. Use it for metrics that are sampled at regular times. Avoid it under a few hundred steps.

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

    References:
        Malhotra et al., Long Short Term Memory Networks for Anomaly Detection in Time Series,
        ESANN 2015. Ledoit and Wolf, A Well-Conditioned Estimator for Large-Dimensional Covariance
        Matrices, Journal of Multivariate Analysis 88, 2004.
    """

    CHECK_PARAMS: ClassVar[dict[str, float]] = {"epochs": 15, "dropout": 0.0}

    def forecast(self, history: Tensor) -> Tensor:
        """Next steps in model space, (n, h, d) to (n, d)."""
        following: Tensor = self._network(history)[:, -1]
        return following

    def reconstruct(self, z: Tensor) -> Tensor:
        """The history as it is, and the forecast in place of the last step; same shape."""
        history = z[:, :-1]
        return torch.cat([history, self.forecast(history)[:, None]], dim=1)

    def _require_kind(self, events: Batch) -> None:
        super()._require_kind(events)
        if isinstance(events, SeriesBatch) and events.values.shape[1] < 2:
            raise InvalidEventsError(
                f"Windows of {events.values.shape[1]} step have no history to forecast from; give "
                "at least 2 steps, or take a detector that rebuilds windows."
            )

    def _network_of(self, d: int) -> nn.Module:
        return _Forecaster(d, self.hidden, self.dropout)

    def _loss(self, network: nn.Module, z: Tensor) -> Tensor:
        # Every step of a window is forecast from those before it: h lessons, not one.
        error: Tensor = (network(z[:, :-1]) - z[:, 1:]).square().mean(dim=(1, 2))
        return error

    def _errors(self, network: nn.Module, z: Tensor) -> Tensor:
        forecast: Tensor = network(z[:, :-1])[:, -1]
        return z[:, -1] - forecast


class _Forecaster(nn.Module):
    """Of every step of a window, what the next one will be; (n, h, d) to (n, h, d)."""

    def __init__(self, d: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.memory = nn.LSTM(d, hidden, batch_first=True)
        self.output = nn.Linear(hidden, d)

    def forward(self, history: Tensor) -> Tensor:
        remembered, _ = self.memory(self.dropout(history))
        forecast: Tensor = self.output(self.dropout(remembered))
        return forecast
