"""Negative evidence lower bound of a variational autoencoder."""

import math
from dataclasses import dataclass
from typing import Final, cast

import torch
from torch import Tensor, nn

from deepaid_core.detectors.coded import CodeDetector
from deepaid_core.detectors.fitting import train_network
from deepaid_core.detectors.layers import noise_like, perceptron
from deepaid_core.detectors.training import Curve, Training
from deepaid_core.domain.params import param

__all__ = ["VaeDetector"]

# Of the logarithm of a code's variance: what is far off must not overflow when it is raised.
_LARGEST_LOG_VARIANCE: Final = 6.0


@dataclass(kw_only=True, eq=False)
class VaeDetector(CodeDetector):
    """Negative evidence lower bound of an event under a variational autoencoder, in nats a column.

    The code of an event is a normal distribution, and so is each column once the code is known;
    how far normal events scatter around what is decoded is learned for every column, so an error
    in a column that is always decoded well counts for more. The score is taken at the mean of the
    code, without drawing, and counted from the lowest that the bound can be: zero is an event that
    is decoded exactly, from a code like the prior.

    Use it where columns differ in how well they can be foretold, and where a score that adds up
    evidence of several columns is wanted; it is as quick as the autoencoder. Avoid it where normal
    events form a few tight, rare groups: the prior pulls them together, and the plain autoencoder
    keeps them apart. The score grows with the square of an error, so severities are steep.

    Attributes:
        scaling: What a column is measured by, its typical spread or its range.
        epochs: Upper bound on passes over the training events.
        batch_size: Events per training step.
        learning_rate: Adam's learning rate.
        weight_decay: Adam's weight decay.
        patience: Epochs without improvement before training stops.
        code: Numbers in the code.
        width: Width of the first hidden layer as a multiple of the columns; at least 32 units.
        smallest_spread: Least scatter of a column around what is decoded.
        prior_weight: Weight of the code's distance from the prior while training.

    References:
        Kingma and Welling, Auto-Encoding Variational Bayes, ICLR 2014,
        https://arxiv.org/abs/1312.6114. An and Cho, Variational Autoencoder based Anomaly
        Detection using Reconstruction Probability, SNU Data Mining Center, 2015. A spread learned
        for the decoder: Rybkin, Daniilidis and Levine, Simple and Effective VAE Training with
        Calibrated Decoders, ICML 2021, https://arxiv.org/abs/2006.13202.
    """

    smallest_spread: float = param(
        0.05,
        "Smallest spread",
        "Least scatter of a column, in its normal spreads; less makes constant columns count more.",
        low=1e-3,
        high=1.0,
    )
    prior_weight: float = param(
        1.0,
        "Weight of the prior",
        "How strongly codes are drawn together while training; less copies events more exactly.",
        low=0.0,
        high=100.0,
    )

    def _network_of(self, d: int) -> "_Network":
        return _Network(d, self.code, self.width, self.smallest_spread)

    def _train(
        self, network: nn.Module, train: Tensor, held_back: Tensor, training: Training
    ) -> Curve:
        vae = cast(_Network, network)

        def loss(z: Tensor) -> Tensor:
            mean, log_variance = vae.encode(z)
            # Early stopping must compare epochs, not draws.
            noise = noise_like(mean) if vae.training else torch.zeros_like(mean)
            decoded = vae.decoder(mean + noise * (0.5 * log_variance).exp())
            misfit = vae.misfit(z, decoded) + vae.log_spread.sum()
            return (misfit + self.prior_weight * _from_prior(mean, log_variance)) / z.shape[1]

        return train_network(network, loss, train, held_back, self.loop_settings, training)

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,); differentiable, never below zero."""
        mean, log_variance = self._fitted.encode(z)
        misfit = self._fitted.misfit(z, self._fitted.decoder(mean))
        return (misfit + _from_prior(mean, log_variance)) / z.shape[1]

    def reconstruct(self, z: Tensor) -> Tensor:
        """What the mean of the code is decoded to, (n, d) to (n, d)."""
        decoded: Tensor = self._fitted.decoder(self._fitted.encode(z)[0])
        return decoded

    @property
    def _fitted(self) -> "_Network":
        return cast(_Network, self._network)


class _Network(nn.Module):
    """Encoder, decoder, and the scatter of each column."""

    def __init__(self, d: int, code: int, width: float, smallest_spread: float) -> None:
        super().__init__()
        wide = max(32, round(width * d))
        self.encoder = perceptron((d, wide, wide // 2, 2 * code))
        self.decoder = perceptron((code, wide // 2, wide, d))
        self.raw_spread = nn.Parameter(torch.zeros(d))
        self.smallest = math.log(smallest_spread)

    @property
    def log_spread(self) -> Tensor:
        """Logarithm of the scatter of each column, (d,)."""
        return self.smallest + nn.functional.softplus(self.raw_spread - self.smallest)

    def encode(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and logarithm of the variance of the codes of points, (n, code) each."""
        mean, raw = self.encoder(z).chunk(2, dim=1)
        return mean, _LARGEST_LOG_VARIANCE * torch.tanh(raw / _LARGEST_LOG_VARIANCE)

    def misfit(self, z: Tensor, decoded: Tensor) -> Tensor:
        """Half the squared errors, each in spreads of its column, summed; (n,)."""
        return 0.5 * ((z - decoded) / self.log_spread.exp()).square().sum(dim=1)


def _from_prior(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of codes from the standard normal distribution, (n,)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).sum(dim=1)
