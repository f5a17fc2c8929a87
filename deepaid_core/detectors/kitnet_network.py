"""Many small autoencoders as one network, and the one that judges their errors."""

from typing import Final

import numpy as np
import torch
from scipy.cluster.hierarchy import ClusterNode, linkage, to_tree
from scipy.spatial.distance import squareform
from torch import Tensor, nn

from deepaid_core.domain.batches import IntArray

__all__ = ["SMALLEST_SPREAD", "Autoencoders", "KitnetNetwork", "clusters_of"]

# Errors of the small autoencoders are compared in units of their usual spread. One whose columns
# hardly ever move must count when they do, but not outweigh all others.
SMALLEST_SPREAD: Final = 0.1
_AT_A_TIME: Final = 4096  # events per forward pass over the training events


def clusters_of(z: Tensor, most: int) -> IntArray:
    """Cluster of each column, (n, d) to (d,), numbered from 0 by their first columns.

    The tree of average linkage over 1 - correlation is cut from the top, until no cluster has more
    than `most` columns. Columns that never move are correlated with none.
    """
    values = z.double().numpy()
    d = values.shape[1]
    labels = np.zeros(d, dtype=np.int64)
    if d > 1:
        spread = values.std(axis=0)
        scaled = (values - values.mean(axis=0)) / np.where(spread > 1e-6, spread, np.inf)
        distance = np.clip(1.0 - scaled.T @ scaled / len(scaled), 0.0, 2.0)
        np.fill_diagonal(distance, 0.0)
        tree = linkage(squareform((distance + distance.T) / 2), method="average")
        parts = sorted(sorted(one.pre_order()) for one in _cut(to_tree(tree), most))
        for number, columns in enumerate(parts):
            labels[columns] = number
    return labels


def _cut(node: ClusterNode, most: int) -> list[ClusterNode]:
    """The largest subtrees with no more leaves than allowed."""
    waiting, found = [node], []
    while waiting:
        one = waiting.pop()
        if one.get_count() <= most:
            found.append(one)
        else:
            waiting += [one.get_left(), one.get_right()]
    return found


class Autoencoders(nn.Module):
    """An autoencoder of one hidden layer for each cluster of columns, all of them at once.

    Smaller clusters are padded to the size of the largest. Hidden units are bounded, so that what
    lies far from all training events cannot be rebuilt.

    Args:
        clusters: (d,), cluster of each column, from 0 without a gap.
        hidden: Width of the hidden layers as a share of the columns of each.
    """

    members: Tensor
    back: Tensor
    real: Tensor
    sizes: Tensor
    units: Tensor

    def __init__(self, clusters: IntArray, hidden: float) -> None:
        super().__init__()
        sizes = np.bincount(clusters)
        widths = np.maximum(1, np.ceil(hidden * sizes)).astype(np.int64)
        k, m, h = len(sizes), int(sizes.max()), int(widths.max())
        order = np.argsort(clusters, kind="stable")
        place = np.arange(len(clusters)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        members = np.zeros((k, m), dtype=np.int64)
        members[clusters[order], place] = order
        back = np.empty(len(clusters), dtype=np.int64)
        back[order] = clusters[order] * m + place
        for name, array in {
            "members": members,
            "back": back,
            "real": (np.arange(m) < sizes[:, None]).astype(np.float32)[:, None],
            "sizes": sizes.astype(np.float32)[:, None],
            "units": (np.arange(h) < widths[:, None]).astype(np.float32)[:, None],
        }.items():
            self.register_buffer(name, torch.from_numpy(array), persistent=False)
        into = torch.from_numpy(1.0 / np.sqrt(sizes)).float()[:, None, None]
        out_of = torch.from_numpy(1.0 / np.sqrt(widths)).float()[:, None, None]
        self.encode = nn.Parameter((torch.rand(k, m, h) * 2 - 1) * into)
        self.encode_bias = nn.Parameter((torch.rand(k, 1, h) * 2 - 1) * into)
        self.decode = nn.Parameter((torch.rand(k, h, m) * 2 - 1) * out_of)
        self.decode_bias = nn.Parameter((torch.rand(k, 1, m) * 2 - 1) * out_of)

    def rebuild(self, x: Tensor) -> Tensor:
        """Columns by cluster, (k, n, m), to what each autoencoder makes of them."""
        hidden = torch.tanh(torch.baddbmm(self.encode_bias, x, self.encode)) * self.units
        return torch.baddbmm(self.decode_bias, hidden, self.decode)

    def split(self, z: Tensor) -> Tensor:
        """Events, (n, d), to columns by cluster, (k, n, m), padded with zeros."""
        return z[:, self.members].transpose(0, 1) * self.real

    def squares(self, z: Tensor) -> Tensor:
        """Mean square error of each autoencoder, (n, d) to (n, k)."""
        x = self.split(z)
        error = (self.rebuild(x) - x) * self.real
        return (error.square().sum(dim=2) / self.sizes).T

    def errors(self, z: Tensor) -> Tensor:
        """Root mean square error of each autoencoder, (n, d) to (n, k)."""
        # The root has no gradient at zero.
        return self.squares(z).clamp_min(1e-12).sqrt()

    def forward(self, z: Tensor) -> Tensor:
        """Events as they are rebuilt, (n, d) to (n, d)."""
        rebuilt = self.rebuild(self.split(z)).transpose(0, 1)
        return rebuilt.flatten(1)[:, self.back]


class KitnetNetwork(nn.Module):
    """Small autoencoders, what their errors usually are, and an autoencoder of those errors."""

    usual: Tensor
    spread: Tensor

    def __init__(self, clusters: IntArray, hidden: float) -> None:
        super().__init__()
        self.small = Autoencoders(clusters, hidden)
        k = len(np.bincount(clusters))
        self.output = Autoencoders(np.zeros(k, dtype=np.int64), hidden)
        self.register_buffer("usual", torch.zeros(k))
        self.register_buffer("spread", torch.ones(k))

    def compare(self, errors: Tensor) -> Tensor:
        """Errors of the small autoencoders against what is usual, (n, k) to (n, k)."""
        return (errors - self.usual) / self.spread.clamp_min(SMALLEST_SPREAD)

    @torch.no_grad()
    def learn_usual(self, z: Tensor) -> None:
        """Take what is usual from training events, (n, d)."""
        errors = torch.cat([self.small.errors(part) for part in torch.split(z, _AT_A_TIME)])
        self.usual.copy_(errors.mean(dim=0))
        self.spread.copy_(errors.std(dim=0, unbiased=False))

    def forward(self, z: Tensor) -> Tensor:
        """Root mean square error of the output layer, (n, d) to (n,)."""
        return self.output.errors(self.compare(self.small.errors(z)))[:, 0]
