"""Reconstruction error and unlikely codes of an adversarial autoencoder."""

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

__all__ = ["AaeDetector"]

# Adam forgets the slope of a game sooner: the other side has moved since.
_BETAS: Final = (0.5, 0.999)


@dataclass(kw_only=True, eq=False)
class AaeDetector(CodeDetector):
    """Reconstruction error of an adversarial autoencoder, and how far off an event's code lies.

    The encoder also learns to deceive a second network, which tells codes of events from draws of
    a standard normal distribution; codes of normal events then fill that distribution. The score
    is a weighted sum of two distances, each in units of what is usual for held-back events: the
    root mean square error of the reconstruction, and the root mean square of the code, which grows
    as the code gets less likely. An ordinary event scores about one.

    What the second network says is no part of the score: it has only seen codes that are likely,
    and its answer for others is worth nothing, where the distribution itself is known everywhere.

    Encoder and decoder move down one weighted loss in one step, where the published form takes two
    steps, so that what the game counts is a number to choose.

    Use it where an anomaly may be a combination that reconstructs well and yet is extreme. Avoid it
    where training must be quick, or where normal events are few (under a thousand): the two
    networks play against each other.

    Attributes:
        scaling: What a column is measured by, its typical spread or its range.
        epochs: Upper bound on passes over the training events.
        batch_size: Events per training step.
        learning_rate: Adam's learning rate.
        weight_decay: Adam's weight decay.
        patience: Epochs without improvement before training stops.
        code: Numbers in the code.
        width: Width of the first hidden layer as a multiple of the columns; at least 8 units.
        game_weight: Weight of deceiving the second network, beside the squared error.
        code_weight: Share of the code in the score.

    References:
        Makhzani et al., Adversarial Autoencoders, 2015, https://arxiv.org/abs/1511.05644. To find
        anomalies by it, with other scores: Leveau and Joly, Adversarial Autoencoders for Novelty
        Detection, 2017, https://hal.inria.fr/hal-01636617.
    """

    game_weight: float = param(
        0.01,
        "Weight of the game",
        "How much deceiving the second network counts in training, beside squared errors; more "
        "brings codes closer to the normal distribution, and copies events less exactly.",
        low=0.0,
        high=100.0,
    )
    code_weight: float = param(
        0.5,
        "Weight of the code",
        "Share of the code in the score; the rest is the error of the reconstruction.",
        low=0.0,
        high=1.0,
    )

    def _network_of(self, d: int) -> "_Network":
        return _Network(d, self.code, self.width)

    def _train(
        self, network: nn.Module, train: Tensor, held_back: Tensor, training: Training
    ) -> Curve:
        aae = cast(_Network, network)

        def misfit(z: Tensor) -> Tensor:
            error: Tensor = (aae.decoder(aae.encoder(z)) - z).square().mean(dim=1)
            return error

        def told_apart(z: Tensor) -> Tensor:
            code = aae.encoder(z).detach()
            return softplus(-aae.judge(noise_like(code))[:, 0]) + softplus(aae.judge(code)[:, 0])

        def rebuilt(z: Tensor) -> Tensor:
            code = aae.encoder(z)
            error = (aae.decoder(code) - z).square().mean(dim=1)
            loss: Tensor = error + self.game_weight * softplus(-aae.judge(code)[:, 0])
            return loss

        makers = (*aae.encoder.parameters(), *aae.decoder.parameters())
        phases = (Phase(makers, rebuilt), Phase(tuple(aae.judge.parameters()), told_apart))
        settings = replace(self.loop_settings, betas=_BETAS)
        curve = train_network(network, misfit, train, held_back, settings, training, phases=phases)
        with torch.no_grad(), one_thread():
            aae.typical.learn(aae.distances(held_back))
        return curve

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,); differentiable, never below zero."""
        aae = cast(_Network, self._network)
        error, code = aae.typical.of(aae.distances(z)).unbind(dim=1)
        return (1.0 - self.code_weight) * error + self.code_weight * code

    def reconstruct(self, z: Tensor) -> Tensor:
        """What the code is decoded to, (n, d) to (n, d)."""
        aae = cast(_Network, self._network)
        decoded: Tensor = aae.decoder(aae.encoder(z))
        return decoded


class _Network(nn.Module):
    """Encoder, decoder, and the judge of codes."""

    def __init__(self, d: int, code: int, width: float) -> None:
        super().__init__()
        wide = max(8, round(width * d))
        self.encoder = perceptron((d, wide, wide // 2, code))
        self.decoder = perceptron((code, wide // 2, wide, d))
        self.judge = perceptron((code, 32, 32, 1))
        self.typical = Typical(2)

    def distances(self, z: Tensor) -> Tensor:
        """Of reconstructions from points, and of codes from the likeliest one, (n, 2)."""
        code = self.encoder(z)
        return torch.stack((distance(self.decoder(code) - z), distance(code)), dim=1)
