"""Made-up series of host metrics whose guilty metric and step are known."""

from typing import Final

import numpy as np

from deepaid_core.domain.batches import FloatArray, SeriesBatch
from deepaid_core.domain.interpretation import Direction
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.testing.plants import Plant, Planted

__all__ = ["HISTORY", "METRICS", "planted_series", "planted_series_schema"]

HISTORY: Final = 10
METRICS: Final = tuple(
    f"{host}.{metric}" for host in ("db01", "web01", "web02") for metric in ("bytes", "packets")
)
_MEMORY: Final = 0.95  # how much of a drift is left a step later
_RUN_UP: Final = 100  # steps after which nothing is left of where it began


def planted_series_schema() -> Schema:
    """Two metrics of each of three hosts."""
    return Schema(
        "planted series",
        tuple(Feature(m, m, m, entity=m.partition(".")[0]) for m in METRICS),
    )


def planted_series() -> Planted:
    """Normal windows, and ones in which one metric jumps at one step."""
    return Planted(
        normal=_batch(_windows(1600, seed=1)),
        fresh=_batch(_windows(500, seed=2)),
        plants=(
            _plant("metric up at the last step", sign=1.0, direction="up", step=0),
            _plant("metric down at the last step", sign=-1.0, direction="down", step=0),
            _plant("metric up in the history", sign=1.0, direction="up", step=-1),
            _plant("metric down in the history", sign=-1.0, direction="down", step=-1),
        ),
        parts=METRICS,
    )


def _plant(name: str, *, sign: float, direction: Direction, step: int) -> Plant:
    n = 60
    random = np.random.default_rng(10 + step)
    windows = _windows(n * 12, seed=3)[::12][:n].copy()
    wrong, metric = windows.copy(), random.integers(0, len(METRICS), n)
    size = random.uniform(8, 12, n) * _windows(2000, seed=4)[:, -1].std(axis=0)[metric]
    wrong[np.arange(n), HISTORY + step, metric] += sign * size
    return Plant(
        name=name,
        events=_batch(wrong),
        originals=_batch(windows),
        guilty=tuple(frozenset({METRICS[m]}) for m in metric.tolist()),
        direction=direction,
        step=step,
    )


def _windows(steps: int, *, seed: int) -> FloatArray:
    """Windows of one long series, (n, h + 1, d): metrics that drift, and drift alike a little."""
    d = len(METRICS)
    mixing = np.eye(d) + 0.3 * np.random.default_rng(7).normal(size=(d, d))
    random = np.random.default_rng(seed)
    pushes = random.normal(size=(steps + _RUN_UP, d)) * np.sqrt(1 - _MEMORY**2)
    drifts = np.zeros((steps + _RUN_UP, d))
    for t in range(1, len(drifts)):
        drifts[t] = _MEMORY * drifts[t - 1] + pushes[t]
    values = (drifts @ mixing) * 10.0 ** np.linspace(-1, 3, d) + 50.0
    view = np.lib.stride_tricks.sliding_window_view(values[_RUN_UP:], HISTORY + 1, axis=0)
    windows: FloatArray = np.moveaxis(view, 2, 1).copy()
    return windows


def _batch(values: FloatArray) -> SeriesBatch:
    return SeriesBatch.of_values(planted_series_schema(), values)
