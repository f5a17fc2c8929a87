"""How a threshold is chosen from normal scores."""

import numpy as np

from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import FloatArray
from deepaid_core.errors import InvalidParameterError

__all__ = ["quantile_threshold"]


def quantile_threshold(normal_scores: FloatArray, quantile: float) -> Threshold:
    """The score that a given share of held-back normal events stays at or under.

    Args:
        normal_scores: Scores of normal events that the detector was not trained on, (n,).
        quantile: That share, above 0 and under 1.

    Raises:
        InvalidParameterError: The share is out of range or there is no score.
    """
    if not 0 < quantile < 1:
        raise InvalidParameterError(f"The quantile is {quantile}; choose one between 0 and 1.")
    if not len(normal_scores):
        raise InvalidParameterError("There is no normal score to choose a threshold from.")
    # "higher" returns a score that occurred, so the share is met exactly, not by interpolation.
    value = float(np.quantile(normal_scores, quantile, method="higher"))
    return Threshold(value, f"{quantile:g} quantile of {len(normal_scores):,} held-back events")
