"""Parts that networks of feature vectors are made of."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

__all__ = ["Typical", "distance", "noise_like", "perceptron"]

# Never flat: with few columns a layer has few units, and ReLU may cut off all of them for good.
_LEAK = 0.1


def perceptron(widths: Sequence[int]) -> nn.Sequential:
    """Linear layers of these widths, leaky ReLU between them and nothing after the last.

    What comes out has no bound: events far outside training must stay ordered by how far.
    """
    layers: list[nn.Module] = []
    for before, after in pairwise(widths):
        layers += [nn.Linear(before, after), nn.LeakyReLU(_LEAK)]
    return nn.Sequential(*layers[:-1])


def noise_like(points: Tensor) -> Tensor:
    """Gaussian noise of the same shape.

    It is drawn on the CPU, whose random numbers a checkpoint keeps, wherever the network is.
    """
    return torch.randn(points.shape).to(points.device)


def distance(differences: Tensor) -> Tensor:
    """Root mean squares of rows, (n, k) to (n,); never zero, where the root has no gradient."""
    return differences.square().mean(dim=1).clamp_min(1e-12).sqrt()


class Typical(nn.Module):
    """What distances of several kinds usually are, so that they can be added."""

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.register_buffer("unit", torch.ones(kinds))

    def learn(self, distances: Tensor) -> None:
        """Take the means of normal events as units, from (n, kinds)."""
        self.get_buffer("unit").copy_(distances.detach().mean(dim=0).clamp_min(1e-6))

    def of(self, distances: Tensor) -> Tensor:
        """The same distances in those units."""
        return distances / self.get_buffer("unit")
