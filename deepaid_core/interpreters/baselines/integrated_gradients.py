"""Integrated gradients, by captum."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, ClassVar

from torch import Tensor

from deepaid_core.detectors.base import Detector
from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.ranked import RankedInterpreter, Surroundings

__all__ = ["IntegratedGradientsInterpreter"]


@dataclass(frozen=True, kw_only=True)
class IntegratedGradientsInterpreter(RankedInterpreter):
    """Ranks fields by the gradient of the score, averaged on the way from the nearest normal event.

    The shares of all columns sum to the difference of the two scores. Which event to start from is
    our choice, as the paper leaves it open: an event of zeros is no normal event.

    Attributes:
        steps: Points on the way, of a Gauss-Legendre rule.

    References:
        Sundararajan, Taly and Yan, Axiomatic Attribution for Deep Networks, ICML 2017. Captum's
        implementation.
    """

    name: ClassVar[str] = "integrated-gradients"
    needs_gradient: ClassVar[bool] = True
    EXPECTED_FAILURES: ClassVar = {
        "check_no_shown_deviation_can_be_left_out": "it drops nothing that turns out needless"
    }
    CHECK_ALTERNATIVES: ClassVar = {"steps": 1}
    steps: int = 32

    def __post_init__(self) -> None:
        if self.steps < 1:
            raise InvalidParameterError(f"{self.steps} steps lead nowhere; take at least 1.")

    def supports(self, detector: Detector[Any]) -> str | None:
        """None for a differentiable detector of feature vectors where captum is installed."""
        why_not = super().supports(detector)
        if why_not is None and find_spec("captum") is None:
            return "captum is not installed; install 'deepaid[compare]'."
        return why_not

    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        from captum.attr import IntegratedGradients

        reference = known.nearest_normal(z)
        shares: Tensor = IntegratedGradients(known.detector.score_tensor).attribute(
            z.clone().requires_grad_(True),
            baselines=reference,
            n_steps=self.steps,
            method="gausslegendre",
        )
        return shares.detach(), reference
