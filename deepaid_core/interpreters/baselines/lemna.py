"""LEMNA: a mixture of local linear models with fused lasso."""

from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor

from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.baselines.trials import Trials, weighted_ridge
from deepaid_core.interpreters.ranked import RankedInterpreter, Surroundings

__all__ = ["LemnaInterpreter", "fit_mixture"]

_ROUNDS: Final = 4  # with three times as many, flip rates on public data move by a point at most
_TINY: Final = 1e-6
_CLOSE: Final = 1e-2  # coefficients that are no farther apart are drawn no harder


@dataclass(frozen=True, kw_only=True)
class LemnaInterpreter(RankedInterpreter):
    """Ranks fields by a mixture of linear models of the score, with fused lasso.

    As in the paper mixtures with the reference replace random fields, expectation maximization
    fits several linear models, and those that explain the anomaly itself give the importance;
    neighboring fields are drawn to the same coefficient. Ours: the lasso is solved by
    reweighted least squares, all anomalies at once, and the reference is the nearest normal event.

    Attributes:
        samples: Mixtures of each anomaly.
        components: Linear models.
        fusion: Penalty on differences between the coefficients of neighboring fields.

    References:
        Guo et al., LEMNA: Explaining Deep Learning based Security Applications, CCS 2018.
    """

    name: ClassVar[str] = "lemna"
    chunk: ClassVar[int] = 64
    EXPECTED_FAILURES: ClassVar = {
        "check_no_shown_deviation_can_be_left_out": "it drops nothing that turns out needless"
    }
    CHECK_PARAMS: ClassVar = {"samples": 256}
    CHECK_ALTERNATIVES: ClassVar = {"samples": 64, "components": 1, "fusion": 100.0}
    samples: int = 512
    components: int = 3
    fusion: float = 1e-4

    def __post_init__(self) -> None:
        for name, least in (("samples", 2), ("components", 1)):
            if getattr(self, name) < least:
                raise InvalidParameterError(
                    f"'{name}' is {getattr(self, name)}; give at least {least}."
                )
        if self.fusion < 0:
            raise InvalidParameterError(f"'fusion' is {self.fusion}; give 0 or more.")

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        reference, chance = known.nearest_normal(z), known.chance()
        fields = known.membership.shape[1]
        share = torch.rand(self.samples, 1, generator=chance)
        replace = torch.rand(self.samples, fields, generator=chance) < share
        replace[0] = False  # the anomaly itself
        trials = Trials.of(z, reference, replace, known)
        # The scale of a score must not matter to the penalty.
        unit = (trials.before - known.target).clamp(min=1e-9)
        fall = (trials.before[:, None] - trials.scores) / unit[:, None]
        coefficients, belongs = fit_mixture(
            trials.replaced,
            fall,
            components=self.components,
            fusion=self.fusion,
            rounds=_ROUNDS,
        )
        worth = (belongs[:, 0, :, None] * coefficients[..., :-1]).sum(dim=1)
        return trials.spread(worth, known), reference


def fit_mixture(
    x: Tensor, y: Tensor, *, components: int, fusion: float, rounds: int
) -> tuple[Tensor, Tensor]:
    """Mixtures of linear models with Gaussian errors, by expectation maximization.

    Args:
        x: Inputs, (n, S, w).
        y: Outputs, (n, S).
        components: Linear models K.
        fusion: Penalty on |difference| of neighboring coefficients.
        rounds: Of expectation and maximization.

    Returns:
        (n, K, w + 1) coefficients, the constant last; and (n, S, K), probability with which each
        output is of each model.
    """
    n, samples, width = x.shape
    inputs = torch.cat([x, torch.ones(n, samples, 1, dtype=x.dtype)], dim=2)
    differences = torch.zeros(max(0, width - 1), width + 1, dtype=x.dtype)
    places = torch.arange(max(0, width - 1))
    differences[places, places], differences[places, places + 1] = -1.0, 1.0
    # To begin with, one model for each range of outputs.
    at = torch.argsort(torch.argsort(y, dim=1, stable=True), dim=1) * components // samples
    belongs = 0.8 * torch.nn.functional.one_hot(at, components).double() + 0.2 / components
    coefficients = torch.zeros(n, components, width + 1, dtype=x.dtype)
    ridge = _TINY * torch.eye(width + 1, dtype=x.dtype)
    for turn in range(rounds):
        for one in range(components):
            apart = (coefficients[:, one] @ differences.T).abs()
            # The size of a difference as its square over what it was: the lasso's way in steps.
            pull = fusion * samples / (apart + _CLOSE) if turn > 0 else 0.0 * apart
            penalty = differences.T @ (differences * pull[..., None]) + ridge
            coefficients[:, one] = weighted_ridge(inputs, y, belongs[..., one], penalty)
        error = (y[..., None] - inputs @ coefficients.transpose(1, 2)).square()
        mass = belongs.sum(dim=1).clamp_min(_TINY)
        variance = ((belongs * error).sum(dim=1) / mass).clamp_min(_TINY)[:, None]
        logits = (mass / samples).log()[:, None] - 0.5 * (variance.log() + error / variance)
        belongs = logits.softmax(dim=2)
    return coefficients, belongs
