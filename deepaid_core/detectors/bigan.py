"""Reconstruction error and doubt of a bidirectional generative adversarial network."""

from dataclasses import dataclass, replace
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from deepaid_core.detectors.coded import CodeDetector
from deepaid_core.detectors.fitting import Phase, one_thread, train_network
from deepaid_core.detectors.layers import (
    Typical,
    distance,
    noise_like,
    perceptron,
)
from deepaid_core.detectors.training import Curve, Training
from deepaid_core.domain.params import param

__all__ = ["BiganDetector"]

# Adam forgets the slope of a game sooner: the other side has moved since.
_BETAS: Final = (0.5, 0.999)
# How sure the discriminator has to be of a pair that an event came first in: never quite.
_SURE: Final = 0.9


@dataclass(kw_only=True, eq=False)
class BiganDetector(CodeDetector):
    """Reconstruction error of a bidirectional GAN, and how a discriminator sees the difference.

    An encoder makes codes of events, a generator events of codes drawn from a standard normal
    distribution, and a discriminator tells pairs of an event and its code from pairs of a drawn
    code and what was generated of it. The score is a weighted sum of two distances, each in units
    of what is usual in training: between an event and what is generated from its code, and between
    what the discriminator's last hidden layer makes of either, paired with the code (feature
    matching). An ordinary event scores about one.

    It differs from what is published in three things. Encoder and generator also move down the
    error of the reconstruction, as the game alone only matches distributions and does not hold an
    event to its own reconstruction. The discriminator is kept from certainty (one-sided label
    smoothing). Both distances are root mean squares in units of their own; published sums depend on
    the number of columns and features.

    Use it to compare with the published method, or where a reconstruction error alone misses what
    is odd in combination. Avoid it as the only detector, and where training must be quick: two
    networks play against each other, and what one seed finds is not what another does.

    Attributes:
        scaling: What a column is measured by, its typical spread or its range.
        epochs: Upper bound on passes over the training events.
        batch_size: Events per training step.
        learning_rate: Adam's learning rate.
        weight_decay: Adam's weight decay.
        patience: Epochs without improvement before training stops.
        code: Numbers in the code.
        width: Width of the first hidden layer as a multiple of the columns; at least 8 units.
        match_weight: Weight of the reconstruction's error in training, against the discriminator.
        doubt_weight: Share of the discriminator in the score.

    References:
        Donahue, Kraehenbuehl and Darrell, Adversarial Feature Learning, ICLR 2017,
        https://arxiv.org/abs/1605.09782. Zenati et al., Efficient GAN-Based Anomaly Detection,
        2018, https://arxiv.org/abs/1802.06222. The term for reconstructions: Li et al., ALICE,
        NeurIPS 2017, https://arxiv.org/abs/1709.01215. Label smoothing and feature matching:
        Salimans et al., Improved Techniques for Training GANs, NeurIPS 2016,
        https://arxiv.org/abs/1606.03498.
    """

    match_weight: float = param(
        10.0,
        "Weight of reconstructions",
        "Weight of the reconstruction's error while training; 0 is the game alone, as published.",
        low=0.0,
        high=1000.0,
    )
    doubt_weight: float = param(
        0.1,
        "Weight of the discriminator",
        "Share of the discriminator in the score; the rest is the error of the reconstruction.",
        low=0.0,
        high=1.0,
    )

    def _network_of(self, d: int) -> "_Network":
        return _Network(d, self.code, self.width)

    def _train(
        self, network: nn.Module, train: Tensor, held_back: Tensor, training: Training
    ) -> Curve:
        gan = cast(_Network, network)

        def misfit(z: Tensor) -> Tensor:
            error: Tensor = (gan.generator(gan.encoder(z)) - z).square().mean(dim=1)
            return error

        def deceived(z: Tensor) -> Tensor:
            code = gan.encoder(z)
            drawn = noise_like(code)
            game = softplus(gan.answer(z, code)) + softplus(
                -gan.answer(gan.generator(drawn), drawn)
            )
            error = (gan.generator(code) - z).square().mean(dim=1)
            loss: Tensor = game + self.match_weight * error
            return loss

        def told_apart(z: Tensor) -> Tensor:
            with torch.no_grad():
                code = gan.encoder(z)
                drawn = noise_like(code)
                generated = gan.generator(drawn)
            real = gan.answer(z, code)
            sure = _SURE * softplus(-real) + (1.0 - _SURE) * softplus(real)
            return sure + softplus(gan.answer(generated, drawn))

        makers = (*gan.encoder.parameters(), *gan.generator.parameters())
        judges = (*gan.features.parameters(), *gan.last.parameters())
        phases = (Phase(makers, deceived), Phase(judges, told_apart))
        settings = replace(self.loop_settings, betas=_BETAS)
        curve = train_network(network, misfit, train, held_back, settings, training, phases=phases)
        with torch.no_grad(), one_thread():
            gan.typical.learn(gan.distances(held_back))
        return curve

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,); differentiable, never below zero."""
        gan = cast(_Network, self._network)
        error, doubt = gan.typical.of(gan.distances(z)).unbind(dim=1)
        return (1.0 - self.doubt_weight) * error + self.doubt_weight * doubt

    def reconstruct(self, z: Tensor) -> Tensor:
        """What is generated from the code, (n, d) to (n, d)."""
        gan = cast(_Network, self._network)
        generated: Tensor = gan.generator(gan.encoder(z))
        return generated


class _Network(nn.Module):
    """Encoder, generator, and the discriminator of pairs."""

    def __init__(self, d: int, code: int, width: float) -> None:
        super().__init__()
        wide = max(8, round(width * d))
        self.encoder = perceptron((d, wide, wide // 2, code))
        self.generator = perceptron((code, wide // 2, wide, d))
        self.features = perceptron((d + code, wide, wide // 2))
        self.last = nn.Sequential(nn.LeakyReLU(0.1), nn.Linear(wide // 2, 1))
        self.typical = Typical(2)

    def answer(self, z: Tensor, code: Tensor) -> Tensor:
        """How sure it is that the event came first, (n,); below zero it is the code."""
        answer: Tensor = self.last(self.features(torch.cat((z, code), dim=1)))
        return answer[:, 0]

    def distances(self, z: Tensor) -> Tensor:
        """Between points and what is generated of their codes, plain and in features; (n, 2)."""
        code = self.encoder(z)
        generated = self.generator(code)
        seen, again = (self.features(torch.cat((x, code), dim=1)) for x in (z, generated))
        return torch.stack((distance(generated - z), distance(seen - again)), dim=1)
