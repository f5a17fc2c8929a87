"""How far one method is ahead of another on the same anomalies, with an interval."""

from typing import Any, Final

import numpy as np

from deepaid_core.domain.batches import FloatArray
from deepaid_core.workflow.benchmark_measures import MEASURES

__all__ = ["difference", "value_of"]

RESAMPLED: Final = 2000
MEDIANS: Final = frozenset({"plausibility", "distance_left"})


def value_of(measure: str, values: FloatArray) -> float | None:
    """The value of a measure from one value an anomaly; None where no anomaly has one."""
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    return float(np.median(known) if measure in MEDIANS else known.mean())


def difference(measure: str, ours: FloatArray, other: FloatArray) -> dict[str, Any] | None:
    """How far `other` is ahead of `ours` on the anomalies that both have a value of.

    The interval is that of a paired bootstrap over the anomalies: both methods are drawn together,
    so what makes an anomaly hard for both does not count.

    Args:
        measure: Key of the measure, which knows which way is better.
        ours: (n,), not a number where there is none.
        other: (n,), likewise.

    Returns:
        Fields of `Difference`; None where fewer than two anomalies have both values.
    """
    both = ~(np.isnan(ours) | np.isnan(other))
    n = int(both.sum())
    if n < 2:
        return None
    sign = 1.0 if MEASURES[measure].higher else -1.0
    pair = sign * np.stack([other[both], ours[both]])
    drawn = np.random.default_rng(0).integers(0, n, (RESAMPLED, n))
    if measure in MEDIANS:
        mean = float(np.subtract(*np.median(pair, axis=1)))
        means = np.subtract(*np.median(pair[:, drawn], axis=2))
    else:
        ahead = pair[0] - pair[1]
        mean, means = float(ahead.mean()), ahead[drawn].mean(axis=1)
    low, high = np.quantile(means, [0.025, 0.975])
    return {
        "mean": mean,
        "low": float(low),
        "high": float(high),
        "n": n,
        "ours": value_of(measure, ours[both]),
        "other": value_of(measure, other[both]),
    }
