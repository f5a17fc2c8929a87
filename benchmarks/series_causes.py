"""How well the metrics that caused an anomaly are named, on public series with that truth."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score

from deepaid_core.detectors.fitting import one_thread
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.detectors.trained import TrainedDetector, train_detector
from deepaid_core.domain.batches import SeriesBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.deepaid_gradient import DeepaidGradientInterpreter
from deepaid_core.interpreters.series import GreedyCellsInterpreter
from deepaid_core.interpreters.series_interpretations import SeriesInterpretations

__all__ = [
    "HISTORY",
    "MACHINES",
    "SERVERS",
    "Causes",
    "forecaster",
    "is_there",
    "measure_causes",
]

ROOT = Path(__file__).parents[1]
HISTORY = 10
MACHINES = ("smd/machine-1-6", "smd/machine-2-1", "smd/machine-2-2")
SERVERS = ("asd/omi-1", "asd/omi-3", "asd/omi-9", "asd/omi-12")
PARTS = 64  # of the path that gradients are integrated along


@dataclass(frozen=True)
class Causes:
    """Of one data set: detection, and (HitRate@100 %, HitRate@150 %, NDCG@5) of each ranking.

    `rankings` are means over the labelled segments, detected or not.
    """

    columns: int
    segments: int
    segments_flagged: int
    auc: dict[str, float] = field(default_factory=dict)
    rankings: dict[str, tuple[float, float, float]] = field(default_factory=dict)


@one_thread()
def measure_causes(names: tuple[str, ...]) -> Causes:
    """Train on the training part of each series, rank the metrics of each labelled segment.

    Of a segment the step with the highest score is taken, whether over the threshold or not, and
    all rankings are of that one window. HitRate@P is the share of the true metrics among the first
    P |true| of the ranking (Su et al., KDD 2019), NDCG@5 with a gain of 1 for each true metric.
    """
    hits: dict[str, list[tuple[float, float, float]]] = {}
    auc: dict[str, float] = {}
    detected = columns = 0
    for name in names:
        train, test, labels, segments = _load(name)
        columns = train.shape[1]
        schema = Schema.of_numbers(name, [f"metric {i + 1}" for i in range(columns)])
        trained = train_detector(
            _windows(schema, train),
            lambda: LstmForecastDetector(epochs=20, batch_size=256),
            name=name,
            kind="lstm-forecast",
            trained_on=name,
            trained_on_sha256="",
            quantile=0.995,
        )
        events = _windows(schema, test)
        scores = trained.detector.score(events)
        auc[name] = float(roc_auc_score(labels[HISTORY:], scores))
        peaks, truths = [], []
        for first, end, true in segments:
            steps = np.arange(max(first - HISTORY, 0), end - HISTORY)
            peaks.append(int(steps[scores[steps].argmax()]))
            truths.append(true)
            detected += bool(trained.threshold.flag(scores[steps]).any())
        for ranking, values in _rankings(trained, events.take(np.array(peaks))).items():
            order = np.argsort(-values, axis=1, kind="stable")
            hits.setdefault(ranking, []).extend(
                _agreement(row.tolist(), true) for row, true in zip(order, truths, strict=True)
            )
        hits.setdefault("random (expected)", []).extend(_chance(columns, t) for t in truths)
    return Causes(
        columns=columns,
        segments=len(hits["random (expected)"]),
        segments_flagged=detected,
        auc=auc,
        rankings={name: tuple(np.mean(rows, axis=0).tolist()) for name, rows in hits.items()},
    )


def is_there(name: str) -> bool:
    """Whether a public series lies where it is looked for."""
    return _path(name, ".npz").exists()


def forecaster(trained: TrainedDetector) -> LstmForecastDetector:
    """The detector, which must be a forecast."""
    if not isinstance(trained.detector, LstmForecastDetector):
        raise TypeError(f"{type(trained.detector).__name__} makes no forecast")
    return trained.detector


def _rankings(trained: TrainedDetector, windows: SeriesBatch) -> dict[str, np.ndarray]:
    """How much each metric is blamed, (n, d), by each method."""
    detector = forecaster(trained)
    context = Context(detector, trained.threshold, trained.profile)
    found = GreedyCellsInterpreter().interpret(windows, context)
    followed = DeepaidGradientInterpreter().interpret(windows, context)
    assert isinstance(found, SeriesInterpretations)  # noqa: S101  of series
    assert isinstance(followed, SeriesInterpretations)  # noqa: S101  likewise
    z = detector.to_model(windows.values)
    errors = (z[:, -1] - detector.forecast(z[:, :-1])).abs().numpy()
    median = detector.to_model(context.columns.median[None])
    return {
        "greedy-cells": found.effects,
        "deepaid-gradient": followed.effects,
        "error of each metric": errors,
        "Integrated Gradients": _integrated_gradients(detector, z, median),
    }


def _integrated_gradients(
    detector: LstmForecastDetector, z: torch.Tensor, median: torch.Tensor
) -> np.ndarray:
    """Share of each column in the score, from windows of training medians, (n, d).

    References: Sundararajan et al., Axiomatic Attribution for Deep Networks, ICML 2017.
    """
    base = median.expand_as(z)
    total = torch.zeros_like(z)
    for part in range(PARTS):
        point = (base + (part + 0.5) / PARTS * (z - base)).requires_grad_(True)
        (gradient,) = torch.autograd.grad(detector.score_tensor(point).sum(), point)
        total += gradient / PARTS
    return (total * (z - base)).sum(dim=1).numpy()


def _agreement(order: list[int], true: set[int]) -> tuple[float, float, float]:
    shares = [len(true & set(order[: int(p * len(true))])) / len(true) for p in (1.0, 1.5)]
    gains = sum(1 / np.log2(place + 2) for place, one in enumerate(order[:5]) if one in true)
    return shares[0], shares[1], float(gains / _best_gain(true))


def _chance(columns: int, true: set[int]) -> tuple[float, float, float]:
    """What a ranking drawn at random scores on average."""
    n = len(true)
    gains = n / columns * sum(1 / np.log2(place + 2) for place in range(5))
    return n / columns, min(columns, int(1.5 * n)) / columns, float(gains / _best_gain(true))


def _best_gain(true: set[int]) -> float:
    return float(sum(1 / np.log2(place + 2) for place in range(min(5, len(true)))))


def _path(name: str, ending: str) -> Path:
    folder = Path(os.environ.get("DEEPAID_SHARED_DATA", ROOT.parent / "shared/data"))
    return folder / f"{name}{ending}"


def _load(
    name: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[tuple[int, int, set[int]]]]:
    """Training and test steps, labels of the test steps, and (first, end, metrics) of segments."""
    with np.load(_path(name, ".npz"), allow_pickle=False) as arrays:
        train, test, labels = (arrays[k] for k in ("train", "test", "test_label"))
    segments = []
    for line in _path(name, ".interpretation_label.txt").read_text().split():
        steps, metrics = line.split(":")
        first, last = map(int, steps.split("-"))
        # One of the sets names the last step, the other the step after it.
        end = last + int(last < len(labels) and labels[last] == 1)
        segments.append((first, end, {int(m) - 1 for m in metrics.split(",")}))
    return train.astype(np.float64), test.astype(np.float64), labels, segments


def _windows(schema: Schema, values: np.ndarray) -> SeriesBatch:
    view = np.lib.stride_tricks.sliding_window_view(values, HISTORY + 1, axis=0)
    return SeriesBatch.of_values(schema, view.transpose(0, 2, 1))
