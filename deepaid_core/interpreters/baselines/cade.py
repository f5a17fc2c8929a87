"""CADE: a sparse mask that moves an anomaly over to normal events."""

from dataclasses import dataclass
from typing import ClassVar, Final

import torch
from torch import Tensor

from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.ranked import RankedInterpreter, Surroundings

__all__ = ["CadeInterpreter"]

_RATE: Final = 0.1  # Adam's learning rate, for logits of the mask


@dataclass(frozen=True, kw_only=True)
class CadeInterpreter(RankedInterpreter):
    """Ranks fields by a sparse mask that moves the anomaly toward the nearest normal event.

    As in the paper a mask in 0..1 mixes the anomaly with a normal event, and is optimized so that
    the mixture comes near to normal while the mask stays small (L1). The paper measures how near
    in the latent space of its own contrastive autoencoder, to the centroid of a class; here the
    detector's score says so, as the detector is what is explained and knows no classes.

    Attributes:
        steps: Of Adam.
        sparsity: Penalty on the mask's mean, for scores in units of the way to the threshold.

    References:
        Yang et al., CADE: Detecting and Explaining Concept Drift Samples for Security
        Applications, USENIX Security 2021.
    """

    name: ClassVar[str] = "cade"
    needs_gradient: ClassVar[bool] = True
    EXPECTED_FAILURES: ClassVar = {
        "check_no_shown_deviation_can_be_left_out": "it drops nothing that turns out needless"
    }
    CHECK_PARAMS: ClassVar = {"steps": 50}
    CHECK_ALTERNATIVES: ClassVar = {"steps": 2, "sparsity": 30.0}
    steps: int = 100
    sparsity: float = 1.0

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InvalidParameterError(f"{self.steps} steps lead nowhere; take at least 1.")
        if self.sparsity < 0:
            raise InvalidParameterError(f"'sparsity' is {self.sparsity}; give 0 or more.")

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        reference = known.nearest_normal(z)
        moving = known.moving(z, reference)
        with torch.no_grad():
            way = (known.detector.score_tensor(z) - known.target).clamp(min=1e-9)
        # Adam by hand: the library's loads a compiler, which takes seconds.
        logits, first, second = (torch.zeros(moving.shape) for _ in range(3))
        for step in range(1, self.steps + 1):
            logits.requires_grad_(True)
            with torch.enable_grad():
                mask = torch.sigmoid(logits) * moving
                mixed = z + mask[:, known.field_of] * (reference - z)
                over = (known.detector.score_tensor(mixed) - known.target) / way
                loss = (over.clamp(min=0) + self.sparsity * mask.mean(dim=1)).sum()
                (slope,) = torch.autograd.grad(loss, logits)
            first = 0.9 * first + 0.1 * slope
            second = 0.999 * second + 0.001 * slope.square()
            size = (second / (1 - 0.999**step)).sqrt() + 1e-8
            logits = logits.detach() - _RATE * first / (1 - 0.9**step) / size
        return known.over_columns(torch.sigmoid(logits) * moving), reference
