"""How unlikely a normalizing flow finds an event."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
import zuko
from torch import Tensor, nn

from deepaid_core.detectors.fitting import train_network
from deepaid_core.detectors.tabular import NetworkDetector
from deepaid_core.detectors.training import Curve, Training
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.params import param

__all__ = ["FlowDetector"]

_EDGE = 5.0  # zuko's splines span -5 to 5, and are the identity beyond
_FILLED = 0.8  # share of that span that training events fill
_POWER = 3  # of the norm: the largest columns count most, and all have a slope
_TYPICAL = 0.5  # how far from zero a column of the latent code may be in a reconstruction
_CHUNK = 2048  # events at a time: each takes some hundred numbers per column


@dataclass(kw_only=True, eq=False)
class FlowDetector(NetworkDetector):
    """How far out the least likely columns of an event lie, as a neural spline flow sees them.

    Layers of monotone splines, whose knots depend on the other columns, turn normal events into
    independent Gaussian columns, the latent code; what that costs is the likelihood. Columns that
    take few values, or never move, have no density: in training noise is added to each event, and
    scores are those of events without it. Training events are brought into the span of the
    splines; beyond it they are straight lines, and what the splines depend on is cut off there:
    the score of what lies far away is finite and grows.

    The likelihood of all columns together calls attacks normal whose columns are at their most
    common values but for one or two (on KDD'99 a ROC AUC of .91 instead of .96). So the score is
    the cubic norm of the latent code, to which its largest columns add most, in standard
    deviations; the likelihood can be chosen.

    Use it where normal events are many and columns depend on each other in curved ways or in
    clusters. Avoid it under a few thousand normal events, where training has to be quick, and where
    scoring has to keep up with packets.

    Attributes:
        scaling: What a column is measured by, its typical spread or its range.
        epochs: Upper bound on passes over the training events.
        batch_size: Events per training step.
        learning_rate: Adam's learning rate.
        weight_decay: Adam's weight decay.
        patience: Epochs without improvement before training stops.
        score_of: Whether the least likely columns count, or the likelihood of all together: then
            the score is in nats above what half of the held-back events have.
        layers: Layers of splines.
        hidden: Width of the two hidden layers that place the knots of a layer of splines.
        bins: Pieces of each spline.
        noise: Standard deviation of the noise added in training, in model space.

    References:
        Durkan, Bekasov, Murray and Papamakarios, Neural Spline Flows, NeurIPS 2019. Nalisnick et
        al., Do Deep Generative Models Know What They Don't Know?, ICLR 2019, for what likelihoods
        miss.
    """

    CHECK_PARAMS: ClassVar[dict[str, float]] = {
        "epochs": 4,
        "batch_size": 64,
        "layers": 2,
        "hidden": 32,
        "bins": 4,
    }
    epochs: int = param(
        10,
        "Epochs",
        "Upper bound on passes over the training events; more may fit them better.",
        low=1,
        high=2000,
    )
    learning_rate: float = param(
        3e-3,
        "Learning rate",
        "Size of a training step; too large never settles, too small never gets there.",
        low=1e-6,
        high=1.0,
    )
    score_of: str = param(
        "columns",
        "What counts",
        "The least likely columns, or the likelihood of all together, which a few columns far out "
        "cannot always outweigh.",
        choices=("columns", "likelihood"),
    )
    layers: int = param(
        3,
        "Layers of splines",
        "More follow how columns depend on each other more closely, and take longer.",
        low=1,
        high=12,
    )
    hidden: int = param(
        64,
        "Width of hidden layers",
        "Of the two that place the knots of a layer of splines; more can tell more cases apart.",
        low=4,
        high=1024,
    )
    bins: int = param(
        8,
        "Pieces of a spline",
        "More follow sharper peaks of a column, and take longer.",
        low=2,
        high=64,
    )
    noise: float = param(
        1.0,
        "Noise in training",
        "Standard deviation of the noise added to scaled events; less follows peaks of columns "
        "more closely, and trusts them more.",
        low=0.001,
        high=10.0,
    )

    def _network_of(self, d: int) -> nn.Module:
        return _Flow(d, layers=self.layers, hidden=self.hidden, bins=self.bins)

    def _train(
        self, network: nn.Module, train: Tensor, held_back: Tensor, training: Training
    ) -> Curve:
        assert isinstance(network, _Flow)  # noqa: S101
        largest = torch.cat([train, held_back]).abs().amax(dim=0)
        network.reach.copy_((largest / (_EDGE * _FILLED)).clamp_min(1.0))
        # The same noise in every epoch: the losses that stop the training early can be compared.
        seeded = torch.Generator().manual_seed(self.seed)
        fixed = torch.randn(held_back.shape, generator=seeded)

        def loss(z: Tensor) -> Tensor:
            noise = torch.randn(z.shape) if network.training else fixed
            unlikely: Tensor = network(z + self.noise * noise.to(z.device))
            return unlikely

        curve = train_network(network, loss, train, held_back, self.loop_settings, training)
        with torch.no_grad():
            scores = _in_parts(network, held_back)
        network.typical.copy_(scores.median())
        network.spread.copy_((scores.quantile(0.95) - scores.median()).clamp_min(1.0))
        return curve

    def score_tensor(self, z: Tensor) -> Tensor:
        """Scores of points of model space, (n, d) to (n,); differentiable."""
        if self.score_of == "likelihood":
            return _in_parts(self._flow, z) - self._flow.typical
        return _in_parts(self._flow.far_out, z)

    def reconstruct(self, z: Tensor) -> Tensor:
        """The event whose latent code is the point's, drawn towards zero, (n, d) to (n, d)."""
        return _in_parts(self._flow.drawn_in, z)

    def severity_unit(self, threshold: Threshold) -> float:
        """As far as a typical event lies below the threshold."""
        if self.score_of == "likelihood":
            # It may have been set below what is typical.
            return max(threshold.value, float(self._flow.spread))
        return super().severity_unit(threshold)

    @property
    def _flow(self) -> "_Flow":
        assert isinstance(self._network, _Flow)  # noqa: S101
        return self._network


class _Flow(nn.Module):
    """A neural spline flow over columns that were brought into the span of its splines.

    Attributes:
        reach: (d,), what columns are divided by.
        typical: Negative log-likelihood of half of the held-back events.
        spread: From there to that of 95 % of them.
    """

    reach: Tensor
    typical: Tensor
    spread: Tensor

    def __init__(self, d: int, *, layers: int, hidden: int, bins: int) -> None:
        super().__init__()
        # In two passes, half of the columns each: the inverse takes two passes too, not d.
        self.flow = zuko.flows.NSF(
            d,
            transforms=layers,
            randperm=True,
            passes=2,
            bins=bins,
            hidden_features=(hidden, hidden),
            activation=nn.ELU,
        )
        for layer in self.flow.transform.transforms:
            if hasattr(layer, "hyper"):  # a single column depends on no other
                # Far off, a network that goes on growing would call anything likely.
                layer.hyper = nn.Sequential(nn.Hardtanh(-_EDGE, _EDGE), layer.hyper)
        self.register_buffer("reach", torch.ones(d))
        self.register_buffer("typical", torch.zeros(1))
        self.register_buffer("spread", torch.ones(1))

    def forward(self, z: Tensor) -> Tensor:
        """Negative log-likelihood of points, (n, d) to (n,)."""
        unlikely: Tensor = self.reach.log().sum() - self.flow().log_prob(z / self.reach)
        return unlikely

    def far_out(self, z: Tensor) -> Tensor:
        """The cubic norm of the latent code, (n, d) to (n,)."""
        code = self.flow().transform(z / self.reach).abs()
        # Powers of the code itself would leave 32 bits far away; there is no slope at zero.
        largest = code.detach().amax(dim=1, keepdim=True).clamp_min(1e-6)
        shares = (code / largest).pow(_POWER).sum(dim=1).clamp_min(1e-12)
        norm: Tensor = largest[:, 0] * shares.pow(1.0 / _POWER)
        return norm

    def drawn_in(self, z: Tensor) -> Tensor:
        """Points whose latent code has no column far from zero, (n, d) to (n, d)."""
        way = self.flow().transform
        there: Tensor = way.inv(way(z / self.reach).clamp(-_TYPICAL, _TYPICAL)) * self.reach
        # Splines are inverted by a root that rounding may push below zero.
        return torch.where(there.isfinite(), there, z)


def _in_parts(function: Callable[[Tensor], Tensor], z: Tensor) -> Tensor:
    """The same as the function of all rows at once, with less memory."""
    return torch.cat([function(z[at : at + _CHUNK]) for at in range(0, max(len(z), 1), _CHUNK)])
