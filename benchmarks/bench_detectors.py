"""Every detector of feature vectors on labelled data: how well it tells, how fast, how large.

Run with `python -m benchmarks.bench_detectors [--sets KEY ...] [--detectors NAME ...] [--scaling
spread|range]` for figures on the terminal; `python -m benchmarks.run --only detectors` writes the
page. Detectors have their default hyperparameters, but for the scale of the columns of tables,
which is the product's.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.bench_detection import FOUND
from benchmarks.data_sets import missing
from benchmarks.detector_answers import answers_of
from benchmarks.detector_sets import SETS, DetectorSet, Draw
from deepaid_core.detectors.artifacts import save_trained
from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.fitting import one_thread
from deepaid_core.detectors.trained import TrainedDetector, train_detector
from deepaid_core.domain.batches import Batch, FloatArray, SeriesBatch, TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.params import params_of
from deepaid_core.registry import DETECTORS, load
from deepaid_core.workflow.measures import measures_of

__all__ = ["as_events", "detector_names", "figures_of", "measure", "measure_set"]

HELD_BACK: Final = 0.2
INTERPRETED: Final = "nsl-kdd"  # set on which interpretations are measured, with its first seed
WINDOWED: Final = "seq2seq"  # reads windows; a row is a window of one step
REPEATS: Final = 3  # of scoring; the fastest counts, as others share the machine
RATES: Final = ("f1", "f2", "precision", "recall", "false_positive_rate")

Report = Callable[[str], None]


@dataclass(frozen=True, eq=False, slots=True)
class Trial:
    """A detector trained on one draw.

    Attributes:
        trained: The detector with its threshold.
        scores: (n,), of the events tested.
        train_s: CPU seconds of training, choice of the threshold included.
        per_s: Events scored in a CPU second.
    """

    trained: TrainedDetector
    scores: FloatArray
    train_s: float
    per_s: float


def detector_names() -> list[str]:
    """Detectors of feature vectors in the order of the registry, and the one that reads windows."""
    return [
        name
        for name in DETECTORS
        if name == WINDOWED or load(DETECTORS, name).modality is Modality.TABULAR
    ]


def as_events(name: str, rows: TabularBatch) -> Batch:
    """Rows as a detector reads them."""
    if name != WINDOWED:
        return rows
    return SeriesBatch.of_values(rows.schema, rows.values[:, None, :])


def measure(report: Report = print) -> dict[str, Any]:
    """All detectors on all sets that are here, and the interpretations of each."""
    sets, answers, skipped = [], [], {}
    for one in SETS:
        why = missing(one.needs) if one.needs else None
        if why is not None:
            skipped[one.key] = why
            continue
        figures, found = measure_set(one, detector_names(), report=report)
        sets.append(figures)
        answers += found
    return {
        "held_back": HELD_BACK,
        "sets": sets,
        "interpreted": INTERPRETED,
        "answers": answers,
        "skipped": skipped,
    }


@one_thread()
def measure_set(
    one: DetectorSet,
    names: Sequence[str],
    *,
    seeds: Sequence[int] | None = None,
    report: Report = print,
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Figures of detectors on a set, and of their interpretations where these are asked for."""
    rows: list[dict[str, Any]] = [{"detector": name, "seeds": []} for name in names]
    answers = []
    counts: dict[str, int] = {}
    for seed in one.seeds if seeds is None else seeds:
        draw = one.draw(seed)
        counts = {
            "normal": len(draw.normal),
            "test": len(draw.test),
            "attacks": int(draw.attack.sum()),
            "distinct": int(draw.distinct.sum()),
            "distinct_attacks": int(draw.attack[draw.distinct].sum()),
        }
        for name, row in zip(names, rows, strict=True):
            trial = _trial(name, one, draw, seed)
            figures = figures_of(
                trial.scores, draw, trial.trained.threshold.value, events=one.key == "packets"
            )
            row["seeds"].append(
                {**figures, "train_s": round(trial.train_s, 3), "per_s": round(trial.per_s)}
            )
            row["bytes"] = _size(trial.trained)
            report(
                f"  {one.key} {seed} {name}: AUC {figures['all']['roc_auc']:.3f}, distinct "
                f"{figures['distinct']['roc_auc']:.3f}, best F1 {figures['all']['best_f1']:.3f}, "
                f"F1 {figures['all']['f1']:.3f}, {trial.train_s:.1f} s"
            )
            interpreted = one.key == INTERPRETED and seed == one.seeds[0]
            if interpreted and trial.trained.detector.modality is Modality.TABULAR:
                answers.append(answers_of(name, trial.trained, draw))
                report(f"  interpreted: {answers[-1]}")
    return {
        "key": one.key,
        "title": one.title,
        "how": one.how,
        "scaling": one.scaling,
        "quantile": one.quantile,
        "draws": len(one.seeds if seeds is None else seeds),
        **counts,
        "rows": rows,
    }, answers


def figures_of(
    scores: FloatArray, draw: Draw, threshold: float, *, events: bool = False
) -> dict[str, Any]:
    """What scores are worth on all rows and on the distinct ones, and by category.

    Args:
        scores: (n,), of the events tested.
        draw: What they are.
        threshold: Chosen without labels.
        events: Whether a category is one event that is found or not.
    """
    every = np.ones(len(scores), dtype=bool)
    figures: dict[str, Any] = {
        part: _rates(scores[rows], draw.attack[rows], threshold)
        for part, rows in (("all", every), ("distinct", draw.distinct))
    }
    shares = measures_of(scores, draw.attack, threshold, draw.categories).categories
    figures["recall_of"] = {one.category: round(one.share, 4) for one in shares if one.wanted}
    if events:
        found = [share >= FOUND for share in figures["recall_of"].values()]
        figures["events"] = {"found": sum(found), "of": len(found)}
    return figures


def _rates(scores: FloatArray, attack: NDArray[np.bool_], threshold: float) -> dict[str, float]:
    known = measures_of(scores, attack, threshold)
    best = known.at_best_accuracy
    if known.roc_auc is None or known.average_precision is None or best is None:
        raise ValueError("a set needs attacks and normal events")
    values = {"roc_auc": known.roc_auc, "average_precision": known.average_precision}
    values |= {name: getattr(known.at_threshold, name) for name in RATES}
    values |= {f"best_{name}": getattr(best, name) for name in RATES}
    return {name: round(value, 4) for name, value in values.items()}


def _trial(name: str, one: DetectorSet, draw: Draw, seed: int) -> Trial:
    kind = load(DETECTORS, name)
    chosen = {"scaling": one.scaling} if one.scaling and _scales(kind) else {}
    normal, test = as_events(name, draw.normal), as_events(name, draw.test)
    started = time.process_time()
    trained = train_detector(
        normal,
        lambda: kind(seed=seed, **chosen),
        name=name,
        kind=name,
        trained_on="benchmark",
        trained_on_sha256="",
        quantile=one.quantile,
        held_back=HELD_BACK,
    )
    train_s = time.process_time() - started
    fastest = np.inf
    for _ in range(REPEATS):
        started = time.process_time()
        scores = trained.detector.score(test)
        fastest = min(fastest, time.process_time() - started)
    return Trial(trained, scores, train_s, len(scores) / fastest)


def _scales(kind: type[Detector[Any]]) -> bool:
    return any(one.name == "scaling" for one in params_of(kind))


def _size(trained: TrainedDetector) -> int:
    """Bytes of the arrays that were learned, as they are stored; training events not included."""
    with tempfile.TemporaryDirectory() as folder:
        save_trained(replace(trained, profile=None), Path(folder) / "detector")
        return (Path(folder) / "detector/arrays.safetensors").stat().st_size


def main() -> None:
    """Print figures of some detectors on some sets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="+", choices=[one.key for one in SETS])
    parser.add_argument("--detectors", nargs="+", choices=detector_names())
    parser.add_argument("--seeds", nargs="+", type=int)
    parser.add_argument("--scaling", choices=("spread", "range"), help="else that of the set")
    asked = parser.parse_args()
    for one in SETS:
        if one.key in (asked.sets or [one.key]):
            one = replace(one, scaling=asked.scaling or one.scaling)
            measure_set(one, asked.detectors or detector_names(), seeds=asked.seeds)


if __name__ == "__main__":
    main()
