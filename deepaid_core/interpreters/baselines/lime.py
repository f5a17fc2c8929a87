"""LIME: a local linear model of the score."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.baselines.trials import Trials, weighted_ridge
from deepaid_core.interpreters.ranked import RankedInterpreter, Surroundings

__all__ = ["LimeInterpreter"]


@dataclass(frozen=True, kw_only=True)
class LimeInterpreter(RankedInterpreter):
    """Ranks fields by a linear model of the score of mixtures with the nearest normal event.

    As in the paper a mixture replaces a random share of the fields, counts the more the closer it
    is to the anomaly (exponential kernel of that share), and ridge regression gives the
    coefficients. Ours: fields that do not differ take no part, and the random numbers are the same
    for all anomalies, so that all mixtures of all anomalies are scored in large batches.

    Attributes:
        samples: Mixtures of each anomaly.
        kernel_width: Share of replaced fields at which a mixture counts 1/e.
        ridge: Penalty on squared coefficients, for scores in units of the threshold's distance.

    References:
        Ribeiro, Singh and Guestrin, "Why Should I Trust You?" Explaining the Predictions of Any
        Classifier, KDD 2016.
    """

    name: ClassVar[str] = "lime"
    chunk: ClassVar[int] = 64
    EXPECTED_FAILURES: ClassVar = {
        "check_no_shown_deviation_can_be_left_out": "it drops nothing that turns out needless"
    }
    CHECK_PARAMS: ClassVar = {"samples": 256}
    CHECK_ALTERNATIVES: ClassVar = {"samples": 64, "kernel_width": 0.03, "ridge": 100.0}
    samples: int = 512
    kernel_width: float = 0.5
    ridge: float = 1e-3

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise InvalidParameterError(f"{self.samples} samples teach nothing; take at least 2.")
        for name in ("kernel_width", "ridge"):
            if not getattr(self, name) > 0:
                raise InvalidParameterError(f"'{name}' is {getattr(self, name)}; give more than 0.")

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        reference, chance = known.nearest_normal(z), known.chance()
        fields = known.membership.shape[1]
        share = torch.rand(self.samples, 1, generator=chance)
        replace = torch.rand(self.samples, fields, generator=chance) < share
        replace[0] = False  # the anomaly itself
        trials = Trials.of(z, reference, replace, known)
        apart = trials.replaced.sum(dim=2) / trials.count.clamp(min=1)[:, None]
        weights = torch.exp(-((apart / self.kernel_width) ** 2))
        # The scale of a score must not matter to the penalty.
        fall = (trials.before[:, None] - trials.scores) / (
            (trials.before - known.target).clamp(min=1e-9)[:, None]
        )
        ones = torch.ones(*fall.shape, 1, dtype=torch.float64)
        penalty = torch.full((trials.replaced.shape[2] + 1,), self.ridge, dtype=torch.float64)
        penalty[-1] = 1e-9
        worth = weighted_ridge(torch.cat([trials.replaced, ones], dim=2), fall, weights, penalty)
        return trials.spread(worth[:, :-1], known), reference
