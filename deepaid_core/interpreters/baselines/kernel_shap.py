"""KernelSHAP: Shapley values of the score by weighted regression."""

import math
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

import torch
from torch import Tensor
from torch.distributions import Binomial

from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.baselines.trials import Trials, weighted_ridge
from deepaid_core.interpreters.ranked import RankedInterpreter, Surroundings

__all__ = ["KernelShapInterpreter"]

_GRID: Final = 256
_RIDGE: Final = 1e-9  # too many fields for the samples must not stop it


@dataclass(frozen=True, kw_only=True)
class KernelShapInterpreter(RankedInterpreter):
    """Ranks fields by their Shapley values between the anomaly and the nearest normal event.

    As in the paper the values solve a regression under the Shapley kernel and sum to the
    difference of the scores. Coalitions come in pairs of complements. Ours: fields that do not
    differ take no part, and coalitions are the same for all anomalies, so that all mixtures of all
    anomalies are scored in large batches.

    Attributes:
        samples: Mixtures of each anomaly.

    References:
        Lundberg and Lee, A Unified Approach to Interpreting Model Predictions, NeurIPS 2017.
        Covert and Lee, Improving KernelSHAP: Practical Shapley Value Estimation via Linear
        Regression, AISTATS 2021, for the pairs.
    """

    name: ClassVar[str] = "kernel-shap"
    chunk: ClassVar[int] = 64
    EXPECTED_FAILURES: ClassVar = {
        "check_no_shown_deviation_can_be_left_out": "it drops nothing that turns out needless"
    }
    CHECK_PARAMS: ClassVar = {"samples": 256}
    CHECK_ALTERNATIVES: ClassVar = {"samples": 64}
    samples: int = 512

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise InvalidParameterError(f"{self.samples} samples teach nothing; take at least 2.")

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        reference, chance = known.nearest_normal(z), known.chance()
        fields = known.membership.shape[1]
        # Replacing each field with probability p, p of density 1 / (p (1 - p)), gives sizes of
        # coalitions as the Shapley kernel does, whatever number of fields takes part.
        pairs = (self.samples + 1) // 2
        p = torch.sigmoid(_reach(fields) * (2 * torch.rand(pairs, 1, generator=chance) - 1))
        half = torch.rand(pairs, fields, generator=chance) < p
        trials = Trials.of(z, reference, torch.cat([half, ~half]), known)
        return trials.spread(shapley_values(trials, fields), known), reference


def shapley_values(trials: Trials, fields: int) -> Tensor:
    """Shapley values of the fall of the score, (n, w); they sum to the whole fall.

    Args:
        trials: Of coalitions that were drawn as `KernelShapInterpreter` does.
        fields: Number of fields F that they were drawn for.
    """
    sizes = trials.replaced.sum(dim=2).long()
    counts, which = torch.unique(trials.count, return_inverse=True)
    n, _, width = trials.replaced.shape
    corrections = torch.zeros(len(counts), width + 1, dtype=torch.float64)
    for place, count in enumerate(counts.tolist()):
        corrections[place, : count + 1] = _correction(count, fields)
    weights = corrections[which[:, None], sizes]
    fall = trials.before[:, None] - trials.scores
    whole = trials.before - trials.after
    rows, last = torch.arange(n), (trials.count - 1).clamp(min=0)
    # The last field's value is what the others leave: it takes no part in the regression.
    given = trials.replaced[rows, :, last]
    real = (torch.arange(width) < last[:, None]).double()
    others = (trials.replaced - given[..., None]) * real[:, None]
    worth = weighted_ridge(others, fall - given * whole[:, None], weights, _RIDGE) * real
    worth[rows, last] = whole - worth.sum(dim=1)
    return worth


def _reach(fields: int) -> float:
    """Largest logit of p: beyond it nearly all coalitions are empty or full."""
    return math.log(4.0 * fields)


@cache
def _correction(count: int, fields: int) -> Tensor:
    """(count + 1,), weight of a coalition by its size among the fields that differ.

    The Shapley kernel over the probability with which such a size is drawn; 0 for empty and full
    coalitions, whose scores are kept exactly.
    """
    reach = _reach(fields)
    logits = torch.linspace(-reach, reach, _GRID, dtype=torch.float64)
    weights = torch.zeros(count + 1, dtype=torch.float64)
    if count > 1:
        k = torch.arange(1, count, dtype=torch.float64)[:, None]
        chance: Tensor = Binomial(count, logits=logits).log_prob(k)  # type: ignore[no-untyped-call]
        drawn = chance.exp().mean(dim=1)
        weights[1:-1] = (count - 1) / (k * (count - k))[:, 0] / drawn
    return weights
