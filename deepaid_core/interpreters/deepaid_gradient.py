"""The paper's search, repaired, for every kind of data that it can be followed in."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from deepaid_core.detectors.base import Detector, gives_gradient
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.interpreters.base import Context, Interpretations, Interpreter
from deepaid_core.interpreters.deepaid_gradient_sequence import (
    DifferentiableKeyPredictor,
    descend_sequence,
)
from deepaid_core.interpreters.deepaid_gradient_series import descend_series
from deepaid_core.interpreters.deepaid_gradient_tabular import descend_tabular

__all__ = ["DeepaidGradientInterpreter"]


@dataclass(frozen=True, kw_only=True)
class DeepaidGradientInterpreter(Interpreter):
    """Follows the gradient of the score to the reference, as the paper does.

    Minimizes relu(s(x*) - target) with at most K fields different and x* inside its bounds, by
    gradient descent from a random neighborhood of the anomaly; after each step all but the K
    most effective fields, by gradient x difference, are put back. K grows from 1 until the
    detector accepts; then x* moves back toward x as far as it is accepted, which stands for the
    paper's term lambda ||x* - x||, and fields that turn out needless are put back.

    It is what researchers compare with. The default searches do better on most data.

    Repaired with respect to the published code, which

    - ranks by gradient x value and so only ever lowers a feature: here by gradient x difference,
      which has the right sign both ways;
    - aims 0.01 under the threshold, below zero where that is small, and stops at an absolute
      change: here margin and stop are relative to threshold and score;
    - leaves the box, never scores the truncated reference, writes it into whole numbers: here
      what is shown obeys, is scored, and stays in original units;
    - takes a share of the features as K, which is 0 for 18: here the smallest K that works;
    - steps by a fixed learning rate: here by as much as would reach the target were the score
      linear (Polyak's step), in units of the score;
    - leaves the model in training mode and changes its input: here neither changes;
    - compares series with their first step: here the scored step and its history are both free;
    - follows the wrong sign in log keys and ignores its own settings: here the keys are replaced
      whose replacement the gradient says helps most, and the result is scored.

    Attributes:
        steps: Gradient steps with each K; of log keys, replacements scored for each K.
        radius: Standard deviation of the random neighborhood, in widths of the box; of log keys,
            of their one-hot inputs.

    References:
        Han et al., DeepAID: Interpreting and Improving Deep Learning-based Anomaly Detection in
        Security Applications, CCS 2021, https://arxiv.org/abs/2109.11495. Polyak, Minimization of
        Unsmooth Functionals, USSR Computational Mathematics and Mathematical Physics 9, 1969.
    """

    name: ClassVar[str] = "deepaid-gradient"
    CHECK_ALTERNATIVES: ClassVar = {"steps": 1, "radius": 2.0}
    steps: int = 10
    radius: float = 0.02

    def supports(self, detector: Detector[Any]) -> str | None:
        """None for a detector that gives a gradient, else the reason why not."""
        if detector.modality not in _DESCENTS:
            return "logins are judged by counts of known links too, and counts have no gradient."
        if detector.modality is Modality.SEQUENCE:
            differentiable = isinstance(detector, DifferentiableKeyPredictor)
        else:
            differentiable = gives_gradient(detector)
        return None if differentiable else f"{type(detector).__name__} gives no gradient."

    def _interpret(
        self, anomalies: Any, context: Context, progress: Progress, cancelled: Cancelled
    ) -> Interpretations:
        return _DESCENTS[context.detector.modality](
            anomalies,
            context,
            progress,
            cancelled,
            name=self.name,
            steps=self.steps,
            radius=self.radius,
        )


_DESCENTS: Final[dict[Modality, Callable[..., Interpretations]]] = {
    Modality.TABULAR: descend_tabular,
    Modality.SERIES: descend_series,
    Modality.SEQUENCE: descend_sequence,
}
