"""Scores of windows of a series that differ in some cells, batched."""

from typing import Final, Protocol, runtime_checkable

import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.interpreters.constraints import Constraints

__all__ = ["VALUES", "Forecaster", "WindowScores"]

VALUES: Final = 1 << 23
"""Numbers per tensor of trials: 32 MB."""


@runtime_checkable
class Forecaster(Protocol):
    """A detector that reads the history once for many possible next steps."""

    def forecast(self, history: Tensor) -> Tensor:
        """Next steps, (n, h, d) to (n, d)."""
        ...

    def score_errors(self, errors: Tensor) -> Tensor:
        """Scores of differences from the forecast, (n, d) to (n,)."""
        ...


class WindowScores:
    """What a detector says of windows in model space; nothing here keeps a gradient.

    Args:
        detector: Whose scores they are.
        constraints: What a reference must obey.
    """

    def __init__(self, detector: SearchableDetector, constraints: Constraints) -> None:
        self.detector, self.constraints = detector, constraints

    @torch.no_grad()
    def score(self, windows: Tensor) -> Tensor:
        """Scores of windows in model space, (k, h + 1, d) to (k,), in pieces."""
        size = max(1, VALUES // windows[0].numel()) if len(windows) else 1
        return torch.cat([self.detector.score_tensor(part) for part in torch.split(windows, size)])

    @torch.no_grad()
    def score_lasts(self, z: Tensor, lasts: Tensor) -> Tensor:
        """Scores of windows with p other last steps each, (n, p, d) to (n, p)."""
        n, p, d = lasts.shape
        if isinstance(self.detector, Forecaster):
            errors = lasts - self.detector.forecast(z[:, :-1])[:, None]
            return self.detector.score_errors(errors.reshape(n * p, d)).reshape(n, p)
        history = z[:, None, :-1].expand(-1, p, -1, -1)
        windows = torch.cat([history, lasts[:, :, None]], dim=2)
        return self.score(windows.reshape(n * p, -1, d)).reshape(n, p)

    @torch.no_grad()
    def least(self, z0: Tensor) -> Tensor:
        """Scores with the forecast in place of the last step, (n,)."""
        return self.score(torch.cat([z0[:, :-1], self.forecast(z0)[:, None]], dim=1))

    @torch.no_grad()
    def forecast(self, z: Tensor) -> Tensor:
        """The last step that the window lets expect, (n, h + 1, d) to (n, d)."""
        return self.detector.reconstruct(z)[:, -1]

    @torch.no_grad()
    def alone(self, z0: Tensor) -> Tensor:
        """Score of each column's error in the last step by itself, (n, h + 1, d) to (n, d)."""
        return torch.cat([self._alone(part) for part in torch.split(z0, self.at_a_time(z0))])

    def _alone(self, z0: Tensor) -> Tensor:
        d = z0.shape[2]
        forecast = self.forecast(z0)
        only = torch.eye(d, dtype=torch.bool)
        lasts = torch.where(only, z0[:, -1:].expand(-1, d, -1), forecast[:, None])
        return self.score_lasts(z0, lasts)

    @torch.no_grad()
    def obeying(self, z: Tensor) -> Tensor:
        """Values of steps, (..., d), changed so that they obey the constraints."""
        d = z.shape[-1]
        back = self.constraints.apply(self.detector.from_model(z).reshape(-1, d))
        return self.detector.to_model(back).reshape(z.shape)

    @staticmethod
    def at_a_time(z: Tensor) -> int:
        """Anomalies at a time where each is tried with each column changed."""
        return max(1, VALUES // z.shape[2] ** 2)
