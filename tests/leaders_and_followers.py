"""Made-up series in which some metrics repeat others a step later; the guilty one is known."""

from functools import cache

import numpy as np

from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.detectors.trained import TrainedDetector, train_detector
from deepaid_core.domain.batches import FloatArray, SeriesBatch
from deepaid_core.domain.schema import Feature, Schema

HISTORY = 5
LEADERS = 2
FOLLOWERS = 8  # four of each leader, a step behind it
STILL = LEADERS + FOLLOWERS  # position of the metric that never moves


def planted_schema() -> Schema:
    names = [f"leader{i}" for i in range(LEADERS)] + [f"follower{i}" for i in range(FOLLOWERS)]
    return Schema("planted", tuple(Feature(n, n, n.title()) for n in [*names, "still"]))


def series(n: int, *, seed: int) -> FloatArray:
    """(n, d): two slow leaders, followers that repeat them a step later, one that stands still."""
    random = np.random.default_rng(seed)
    leaders = np.zeros((n + 1, LEADERS))
    for step in range(1, n + 1):
        leaders[step] = 0.8 * leaders[step - 1] + random.normal(size=LEADERS)
    followers = np.repeat(leaders[:-1], FOLLOWERS // LEADERS, axis=1)
    followers = followers + 0.2 * random.normal(size=followers.shape)
    units = 10.0 ** np.linspace(-1, 3, LEADERS + FOLLOWERS)
    values = np.column_stack([leaders[1:], followers]) * units + 50.0 * units
    return np.column_stack([values, np.full(n, 4.0)])


def windows(values: FloatArray) -> SeriesBatch:
    view = np.lib.stride_tricks.sliding_window_view(values, HISTORY + 1, axis=0)
    return SeriesBatch.of_values(planted_schema(), view.transpose(0, 2, 1))


def planted(
    n: int, *, seed: int, sign: float, step: int, columns: tuple[int, ...]
) -> tuple[SeriesBatch, np.ndarray]:
    """Normal windows with one metric moved far at one step, and (n,) positions of the metrics.

    Args:
        n: How many.
        seed: Of everything random.
        sign: 1 up, -1 down.
        step: 0 for the scored step, -1 for the one before, ...
        columns: Metrics to choose from.
    """
    random = np.random.default_rng(seed)
    events = windows(series(n * 7 + HISTORY, seed=seed + 1)).take(np.arange(n) * 7)
    guilty = random.choice(columns, n)
    spread = np.where(np.arange(STILL + 1) == STILL, 4.0, series(4000, seed=5).std(axis=0))
    values = events.values.copy()
    values[np.arange(n), step - 1, guilty] += sign * random.uniform(7, 10, n) * spread[guilty]
    return SeriesBatch.of_values(events.schema, values), guilty


@cache
def planted_detector(coupling: float = 0.5) -> TrainedDetector:
    return train_detector(
        windows(series(1600, seed=1)),
        lambda: LstmForecastDetector(
            epochs=15, batch_size=32, dropout=0.0, weight_decay=0.0, learning_rate=1e-2,
            coupling=coupling,
        ),
        name="planted",
        kind="lstm-forecast",
        trained_on="planted",
        trained_on_sha256="0" * 64,
        quantile=0.995,
    )  # fmt: skip
