"""How well series are watched, and how well the causes of their anomalies are named.

Run with `python -m benchmarks.bench_series`. The second part needs the public data sets SMD and
ASD in the folder that DEEPAID_SHARED_DATA names, and is left out where they are absent.
"""

import csv
import gzip
import json
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from sklearn.decomposition import PCA
from sklearn.metrics import average_precision_score, roc_auc_score

from benchmarks.series_causes import (
    HISTORY,
    MACHINES,
    SERVERS,
    forecaster,
    is_there,
    measure_causes,
)
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.detectors.series import whitening_of
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.batches import SeriesBatch
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.series import GreedyCellsInterpreter
from deepaid_core.sources.series import SeriesSource
from deepaid_core.workflow.train import TrainingPlan, learn

__all__ = ["Rates", "measure", "measure_rates", "section"]

ROOT = Path(__file__).parents[1]
RATES = ROOT / "sample_data/timeseries"
SINGLES = 40


@dataclass(frozen=True)
class Rates:
    """Figures per second of the recorded rates, attack against background.

    `auc_mean_5s` is that of scores averaged over the last five seconds; `auc_by_coupling` those of
    the detector with that setting; `auc_no_forecast` that of the same score with the training
    median in place of the forecast. `auc_autoencoder` and `auc_pca` are those of the simple
    models in `sample_data/verification.json`, which see means of five seconds;
    `auc_pca_per_second` that of the second one on single seconds.
    """

    threshold: float
    seconds: int
    attack_seconds: int
    auc: float
    average_precision: float
    auc_mean_5s: float
    auc_by_coupling: dict[str, float]
    auc_no_forecast: float
    auc_autoencoder: float
    auc_pca: float
    auc_pca_per_second: float
    recall: float
    false_alarm_rate: float
    events: dict[str, tuple[int, float, float]]
    anomalies: int
    verified: float
    median_needed: float
    interpret_wall_s: float
    single_ms: float


def measure_rates() -> Rates:
    """Train on the benign recording, score the mixed one."""
    settings = SeriesSource.propose(RATES / "train.csv.gz")
    plan = TrainingPlan(source_kind="series", settings=settings)
    trained = learn(RATES / "train.csv.gz", name="host-rates", plan=plan)
    events = _read(RATES / "eval.csv.gz", trained)
    with gzip.open(RATES / "eval.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    kind = np.array([row["event_type"] for row in rows])[events.indices]
    attack = np.array([row["is_attack"] == "1" for row in rows])[events.indices]
    background = kind == "background"
    judged = attack | background
    scores = trained.detector.score(events)
    flagged = trained.threshold.flag(scores)

    def auc(values: np.ndarray, positive: np.ndarray = attack) -> float:
        either = positive | background
        return float(roc_auc_score(positive[either], values[either]))

    training = _read(RATES / "train.csv.gz", trained)
    coupled = {
        f"{coupling:g}": auc(LstmForecastDetector(coupling=coupling).fit(training).score(events))
        for coupling in (0.0, 0.8, 1.0)
    }
    recent = np.cumsum(np.concatenate([np.repeat(scores[:1], 5), scores]))
    simple = json.loads((ROOT / "sample_data/verification.json").read_text())["timeseries"]
    anomalies = events.take(flagged)
    context = Context(trained.detector, trained.threshold, trained.profile)
    interpreter = GreedyCellsInterpreter()
    interpreter.interpret(anomalies.take(np.arange(8)), context)  # warm-up
    started = time.perf_counter()
    found = interpreter.interpret(anomalies, context)
    wall = time.perf_counter() - started
    singles = []
    for row in np.linspace(0, len(anomalies) - 1, SINGLES).astype(int):
        one = anomalies.take(np.array([row]))
        started = time.perf_counter()
        interpreter.interpret(one, context)
        singles.append(time.perf_counter() - started)
    return Rates(
        threshold=trained.threshold.value,
        seconds=len(events),
        attack_seconds=int(attack.sum()),
        auc=auc(scores),
        average_precision=float(average_precision_score(attack[judged], scores[judged])),
        auc_mean_5s=auc((recent[5:] - recent[:-5]) / 5),
        auc_by_coupling=coupled,
        auc_no_forecast=auc(_without_forecast(trained, training, events)),
        auc_autoencoder=simple["auc_autoencoder"],
        auc_pca=simple["auc_pca"],
        auc_pca_per_second=auc(_pca_errors(training.values[:, -1], events.values[:, -1])),
        recall=float(flagged[attack].mean()),
        false_alarm_rate=float(flagged[background].mean()),
        events={
            str(name): (
                int((kind == name).sum()),
                float(flagged[kind == name].mean()),
                auc(scores, kind == name),
            )
            for name in sorted(set(kind) - {"background"})
        },
        anomalies=len(found),
        verified=float(found.verified.mean()),
        median_needed=float(np.median(found.needed[found.needed > 0])),
        interpret_wall_s=wall,
        single_ms=statistics.median(singles) * 1000,
    )


def measure() -> dict[str, Any]:
    """Both parts; the second only where its data sets are."""
    figures: dict[str, Any] = {"rates": asdict(measure_rates())}
    if all(is_there(name) for name in MACHINES + SERVERS):
        figures["smd"] = asdict(measure_causes(MACHINES))
        figures["asd"] = asdict(measure_causes(SERVERS))
    return figures


def section(f: dict[str, Any]) -> str:
    """The part of the page about series."""
    r = f["rates"]
    lines = [
        "## Series\n",
        "An LSTM forecast per second, trained on `timeseries/train.csv.gz` only, on every second "
        f"of `eval.csv.gz` that has {HISTORY} before it. Threshold {r['threshold']:.3f}: 0.995 "
        "quantile of held-back normal seconds. The autoencoder and PCA of the data's own notes see "
        "means over five seconds; on single seconds PCA is better than they and than the forecast. "
        "Requests come at random times, so the past tells little about the next second, while the "
        "columns of one second tell much about each other: PCA uses that in full, the forecast as "
        "far as errors are coupled.\n",
        "| Measure | Value |",
        "|---|---|",
        f"| ROC AUC per second, attack against background | {r['auc']:.3f} |",
        *(
            f"| the same with `coupling={coupling}` | {auc:.3f} |"
            for coupling, auc in r["auc_by_coupling"].items()
        ),
        f"| the same, training median instead of the forecast | {r['auc_no_forecast']:.3f} |",
        f"| the same, scores averaged over five seconds | {r['auc_mean_5s']:.3f} |",
        f"| autoencoder, PCA on means of five seconds | {r['auc_autoencoder']:.3f}, "
        f"{r['auc_pca']:.3f} |",
        f"| PCA on single seconds | {r['auc_pca_per_second']:.3f} |",
        f"| average precision | {r['average_precision']:.3f} |",
        f"| attack seconds flagged | {r['recall']:.1%} of {r['attack_seconds']:,} |",
        f"| background seconds flagged | {r['false_alarm_rate']:.2%} |",
        f"| anomalies interpreted in one batch | {r['anomalies']:,} in "
        f"{r['interpret_wall_s']:.1f} s |",
        f"| one anomaly alone, median | {r['single_ms']:.0f} ms |",
        f"| verified within ten metrics | {r['verified']:.1%} |",
        f"| metrics needed, median | {r['median_needed']:.0f} |",
        "",
        "| Event | Seconds | Flagged | AUC |",
        "|---|---|---|---|",
        *(
            f"| {name} | {seconds} | {share:.0%} | {auc:.3f} |"
            for name, (seconds, share, auc) in r["events"].items()
        ),
        "",
    ]
    for key, title in (("smd", "Server Machine Dataset"), ("asd", "Application Server Dataset")):
        if key in f:
            c = f[key]
            areas = ", ".join(f"{name.rpartition('/')[2]} {a:.3f}" for name, a in c["auc"].items())
            lines += [
                f"### Metrics that caused an anomaly: {title}\n",
                f"{c['segments']} labelled segments of {c['columns']} metrics, "
                f"{c['segments_flagged']} of them flagged; ranked is the window that scores "
                f"highest in each, flagged or not. ROC AUC per step: {areas}.\n",
                "| Ranking | HitRate@100 % | HitRate@150 % | NDCG@5 |",
                "|---|---|---|---|",
                *(
                    f"| {name} | {a:.3f} | {b:.3f} | {n:.3f} |"
                    for name, (a, b, n) in c["rankings"].items()
                ),
                "",
            ]
    return "\n".join(lines)


def _read(path: Path, trained: TrainedDetector) -> SeriesBatch:
    source = SeriesSource.open(path, trained.source_settings, known=trained.detector.fitted_schema)
    return SeriesBatch.concatenate(list(source.batches()))


def _pca_errors(training: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Mean absolute error of the reconstruction from 30 components of log1p(counts)."""
    known, seen = np.log1p(training), np.log1p(values)
    center, spread = known.mean(axis=0), np.maximum(known.std(axis=0), 0.05)
    scaled = np.clip((seen - center) / spread, -30, 30)
    pca = PCA(n_components=30, random_state=0).fit((known - center) / spread)
    rebuilt = pca.inverse_transform(pca.transform(scaled))
    return np.asarray(np.abs(rebuilt - scaled).mean(axis=1))


@torch.no_grad()
def _without_forecast(
    trained: TrainedDetector, training: SeriesBatch, events: SeriesBatch
) -> np.ndarray:
    """The same score with errors from the training median, whitened as the forecast's errors."""
    detector = forecaster(trained)
    median = detector.to_model(np.median(training.values[:, -1], axis=0)[None])
    usual, errors = (detector.to_model(b.values[:, -1]) - median for b in (training, events))
    weighted = errors.numpy() @ whitening_of(usual.numpy(), detector.coupling)
    return np.sqrt((weighted**2).mean(axis=1))


if __name__ == "__main__":
    measured = measure()
    print(json.dumps(measured, indent=1))
    print(section(json.loads(json.dumps(measured))))
