"""KernelSHAP: Shapley values of the score by weighted regression."""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

import torch
from torch import Tensor

from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.baselines.trials import Trials, weighted_ridge
from deepaid_core.interpreters.ranked import RankedInterpreter, Surroundings

__all__ = ["KernelShapInterpreter"]

_GRID: Final = 256


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
        worth = _shapley(trials, _corrections(fields))
        return trials.spread(worth, known), reference


def _shapley(trials: Trials, corrections: Tensor) -> Tensor:
    """Shapley values of the fall of the score, (n, w); they sum to the whole fall."""
    sizes = trials.replaced.sum(dim=2).long()
    weights = corrections[trials.count[:, None], sizes]
    fall = trials.before[:, None] - trials.scores
    whole = trials.before - trials.after
    n, _, width = trials.replaced.shape
    rows, last = torch.arange(n), (trials.count - 1).clamp(min=0)
    # The last field's value is what the others leave: it takes no part in the regression.
    given = trials.replaced[rows, :, last]
    others = trials.replaced - given[..., None]
    real = torch.arange(width) < last[:, None]
    others = others * real[:, None]
    worth = weighted_ridge(others, fall - given * whole[:, None], weights, 1e-6)
    worth = worth * real
    worth[rows, last] = whole - worth.sum(dim=1)
    return worth


def _reach(fields: int) -> float:
    """Largest logit of p: beyond it nearly all coalitions are empty or full."""
    return float(torch.log(torch.tensor(4.0 * fields)))


@cache
def _corrections(fields: int) -> Tensor:
    """(F + 1, F + 1), weight of a coalition of some size among some number of fields.

    The Shapley kernel over the probability with which such a size is drawn; 0 for empty and full
    coalitions, whose scores are kept exactly.
    """
    logits = torch.linspace(-_reach(fields), _reach(fields), _GRID, dtype=torch.float64)
    m = torch.arange(fields + 1, dtype=torch.float64)[:, None, None]
    k = torch.arange(fields + 1, dtype=torch.float64)[None, :, None]
    ways = torch.lgamma(m + 1) - torch.lgamma(k + 1) - torch.lgamma((m - k).clamp(min=0) + 1)
    inside = (k > 0) & (k < m)
    log_p, log_q = (torch.nn.functional.logsigmoid(v) for v in (logits, -logits))
    drawn = torch.where(inside, (ways + k * log_p + (m - k) * log_q).exp(), 0.0).mean(dim=2)
    k, m, inside = k[..., 0], m[..., 0], inside[..., 0]
    kernel = torch.where(inside, (m - 1) / (k * (m - k)).clamp(min=1), 0.0)
    return torch.where(inside, kernel / drawn.clamp(min=1e-12), 0.0)
