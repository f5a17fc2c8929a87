"""COIN: linear support vector machines between an anomaly and clusters of its normal neighbors."""

from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor

from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.ranked import RankedInterpreter, Surroundings

__all__ = ["CoinInterpreter", "clusters_of", "sparse_separation"]

_STEPS: Final = 100
_LLOYD: Final = 5


@dataclass(frozen=True, kw_only=True)
class CoinInterpreter(RankedInterpreter):
    """Ranks fields by what separates the anomaly from clusters of the normal events around it.

    As in the paper the nearest normal events are parted into clusters, synthetic outliers are
    drawn around the anomaly, a linear support vector machine with an L1 penalty separates them
    from each cluster, and weights count relative to the spread of the column in the cluster;
    clusters count by their size. The detector itself is not asked. Ours: squared hinge loss,
    solved for all anomalies at once by proximal gradient steps; the reference is the nearest
    normal event.

    Attributes:
        neighbors: Nearest normal events.
        clusters: Of them.
        synthetic: Outliers drawn around the anomaly, itself among them.
        sparsity: L1 penalty, as a share of the one at which all weights are 0.

    References:
        Liu, Shin and Hu, Contextual Outlier Interpretation, IJCAI 2018.
    """

    name: ClassVar[str] = "coin"
    EXPECTED_FAILURES: ClassVar = {
        "check_no_shown_deviation_can_be_left_out": "it drops nothing that turns out needless"
    }
    CHECK_ALTERNATIVES: ClassVar = {
        "neighbors": 8,
        "clusters": 1,
        "synthetic": 1,
        "sparsity": 0.5,
    }
    neighbors: int = 60
    clusters: int = 3
    synthetic: int = 20
    sparsity: float = 0.01

    def __post_init__(self) -> None:
        for name in ("neighbors", "clusters", "synthetic"):
            if getattr(self, name) < 1:
                raise InvalidParameterError(f"'{name}' is {getattr(self, name)}; give at least 1.")
        if not 0 < self.sparsity < 1:
            raise InvalidParameterError(
                f"'sparsity' is {self.sparsity}; give more than 0, under 1."
            )

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        normal = known.scale.normal
        near = torch.cdist(z, normal).topk(min(self.neighbors, len(normal)), largest=False).indices
        around = normal[near]
        reference = around[:, 0]
        belongs = clusters_of(around, self.clusters)
        # Outliers stay well on the anomaly's side of the nearest normal event.
        noise = torch.randn(self.synthetic, z.shape[1], generator=known.chance())
        noise[0] = 0.0
        width = (z - reference).norm(dim=1) / (3.0 * z.shape[1] ** 0.5)
        outliers = z[:, None] + width[:, None, None] * noise
        weights = sparse_separation(outliers, around, belongs, sparsity=self.sparsity)
        size = belongs.sum(dim=1)
        mean = (belongs.transpose(1, 2) @ around) / size.clamp(min=1)[..., None]
        spread = (belongs.transpose(1, 2) @ around.square()) / size.clamp(min=1)[..., None]
        spread = (spread - mean.square()).clamp(min=0).sqrt()
        floor = normal.std(dim=0).clamp(min=1e-3) * 0.1
        worth = weights.abs() * (z[:, None] - mean).abs() / (spread + floor)
        return (worth * (size / size.sum(dim=1, keepdim=True))[..., None]).sum(dim=1), reference


def clusters_of(points: Tensor, count: int) -> Tensor:
    """(n, m, C), 1 where a point is of a cluster, by k-means from points far apart.

    Args:
        points: (n, m, d).
        count: Clusters C; some are empty where points are fewer or the same.
    """
    centers = points[:, :1]
    for _ in range(1, count):
        farthest = torch.cdist(points, centers).amin(dim=2).argmax(dim=1)
        centers = torch.cat([centers, points[torch.arange(len(points)), farthest][:, None]], dim=1)
    belongs = torch.zeros(*points.shape[:2], count)
    for _ in range(_LLOYD):
        nearest = torch.cdist(points, centers).argmin(dim=2)
        belongs = torch.nn.functional.one_hot(nearest, count).float()
        size = belongs.sum(dim=1)[..., None]
        centers = torch.where(
            size > 0, belongs.transpose(1, 2) @ points / size.clamp(min=1), centers
        )
    return belongs


def sparse_separation(
    outliers: Tensor, around: Tensor, belongs: Tensor, *, sparsity: float
) -> Tensor:
    """(n, C, d), weights of linear machines between outliers and each cluster.

    Args:
        outliers: (n, s, d).
        around: Normal events, (n, m, d).
        belongs: (n, m, C), 1 where a normal event is of a cluster.
        sparsity: L1 penalty, as a share of the one at which all weights are 0.
    """
    n, s, d = outliers.shape
    c = belongs.shape[2]
    points = torch.cat([outliers, around], dim=1)
    points = points - points.mean(dim=1, keepdim=True)
    # Units in which one step suits all columns; taken back at the end.
    unit = points.square().mean(dim=(1, 2), keepdim=True).sqrt().clamp(min=1e-9)
    points = torch.cat([points / unit, torch.ones(n, points.shape[1], 1)], dim=2)
    side = torch.cat([torch.ones(s), -torch.ones(around.shape[1])])
    size = belongs.sum(dim=1)
    counts = torch.cat(
        [
            torch.full((n, s, c), 0.5 / s),  # both sides count the same
            0.5 * belongs / size.clamp(min=1)[:, None],
        ],
        dim=1,
    )
    counts = counts * (size > 0)[:, None]

    # (n, C, d + 1) gradients of half the squared hinge at w.
    def gradient(w: Tensor) -> Tensor:
        margin = 1.0 - side[:, None] * (points @ w.transpose(1, 2))
        push: Tensor = -(counts * side[:, None] * margin.clamp(min=0)).transpose(1, 2) @ points
        return push

    w = torch.zeros(n, c, d + 1)
    at_zero = gradient(w)[..., :d].abs().amax(dim=2, keepdim=True)
    step = 1.0 / points.square().sum(dim=2).amax(dim=1).clamp(min=1e-9)[:, None, None]
    shrink = step * sparsity * at_zero
    ahead, momentum = w, 1.0
    for _ in range(_STEPS):
        moved = ahead - step * gradient(ahead)
        sparse = moved[..., :d].sign() * (moved[..., :d].abs() - shrink).clamp(min=0)
        following = torch.cat([sparse, moved[..., d:]], dim=2)
        faster = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = following + (momentum - 1) / faster * (following - w)
        w, momentum = following, faster
    return w[..., :d] / unit
