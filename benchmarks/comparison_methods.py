"""One interpreter of feature vectors on one task: every measure, anomaly by anomaly."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import torch

from benchmarks.tasks import SYMBOLIC, Task
from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.domain.batches import FloatArray, IntArray, TabularBatch
from deepaid_core.domain.progress import silent
from deepaid_core.interpreters import quality
from deepaid_core.interpreters.base import Context, Interpreter
from deepaid_core.interpreters.plausibility import scale_of
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations

__all__ = ["DEFAULT", "FULL", "SLOW", "Measured", "Size", "measure_method", "spread"]

SLOW: Final = frozenset({"kernel-shap", "lime", "lemna", "coin", "cade"})
"""Methods that take so long that they are measured on few anomalies."""

FLIPS: Final = (1, 2, 3, 5, 10)
WARM_UP: Final = 8  # anomalies
REPEATS: Final = 15  # at most, of the timed call; the fastest counts, as others share the machine
TIMED_S: Final = 4.0  # no more repeats after so long


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured.

    Attributes:
        name: "default" or "full".
        slow: Anomalies for one call of a slow method.
        again: Anomalies for what interprets many times: stability, noise, attack.
        slow_again: The same for slow methods.
        draws: Of noise.
        restarts: Of the attack; 0 leaves it out.
        steps: Of each attempt of the attack.
        singles: Anomalies interpreted alone.
    """

    name: str
    slow: int
    again: int
    slow_again: int
    draws: int
    restarts: int
    steps: int
    singles: int

    def words(self) -> dict[str, str]:
        """What was drawn, for the page."""
        attack = (
            f"{self.restarts} attempts of {self.steps} steps, at most 0.01 of each range"
            if self.restarts
            else "left out"
        )
        return {
            "anomalies": f"all of a task, slow methods {self.slow}",
            "stability, noise and attack": (
                f"{self.again} anomalies, slow methods {self.slow_again}"
            ),
            "noise": f"{self.draws} draws, 0.01 of each range",
            "attack": attack,
            "one alone": f"{self.singles} anomalies",
            "deviations": "at most 10",
            "seeds": "0 throughout; stability also 1 and 2",
        }


DEFAULT: Final = Size("default", 30, 100, 30, draws=2, restarts=3, steps=30, singles=15)
FULL: Final = Size("full", 300, 300, 60, draws=5, restarts=3, steps=100, singles=30)


@dataclass(frozen=True, eq=False, slots=True)
class Measured:
    """What one method reached.

    Attributes:
        each: (n,) by measure, one value an anomaly of the task; not a number where it was not
            measured or does not apply.
        whole: Measures that have one value only.
        n: Anomalies interpreted.
        notes: Sentences about how.
    """

    each: dict[str, FloatArray]
    whole: dict[str, float]
    n: int
    notes: list[str] = field(default_factory=list)


def spread(total: int, count: int) -> IntArray:
    """Up to `count` positions, evenly spread over `total`."""
    return np.unique(np.linspace(0, total - 1, min(count, total)).round().astype(np.int64))


def measure_method(
    name: str,
    interpreter: Interpreter,
    task: Task,
    size: Size,
    report: Callable[[str], None] = lambda text: None,
) -> Measured:
    """Measure a method; those of `SLOW` on fewer anomalies, always the same ones.

    Args:
        name: Registry name.
        interpreter: The method, which supports the task's detector.
        task: Detector and anomalies.
        size: How much.
        report: Told what is being done.
    """
    slow, total = name in SLOW, len(task.anomalies)
    context = Context.of(task.trained, seed=0)
    rows = spread(total, size.slow) if slow else np.arange(total)
    events = task.anomalies.take(rows)
    found, cpu = _timed(interpreter, events, context)
    each = {
        key: _placed(values, rows, total) for key, values in _answers(found, task, rows).items()
    }
    whole = {
        "cpu_s_per_1000": 1000 * cpu / len(events),
        "single_ms": _alone(
            interpreter, events, context, min(3, size.singles) if slow else size.singles
        ),
    }
    few = rows[spread(len(rows), size.slow_again if slow else size.again)]
    report("stability and noise")
    for key, values in _again(interpreter, found, rows, few, task, size).items():
        each[key] = _placed(values, few, total)
    notes = []
    if len(rows) < total:
        notes.append(f"Measured on {len(rows)} of the {total} anomalies, spread evenly.")
    if len(few) < len(rows):
        notes.append(f"Stability, noise and attack on {len(few)} of them.")
    return Measured(each=each, whole=whole, n=len(rows), notes=notes)


def _timed(
    interpreter: Interpreter, events: TabularBatch, context: Context
) -> tuple[TabularInterpretations, float]:
    """Interpretations and the processor seconds of one call."""
    interpreter.interpret(events.take(spread(len(events), WARM_UP)), context)
    best, total = np.inf, 0.0
    for _ in range(REPEATS):
        started = time.process_time()
        found = interpreter.interpret(events, context)
        spent = time.process_time() - started
        best, total = min(best, spent), total + spent
        if total > TIMED_S:
            break
    assert isinstance(found, TabularInterpretations)  # noqa: S101  of feature vectors
    return found, best


def _alone(interpreter: Interpreter, events: TabularBatch, context: Context, count: int) -> float:
    spent = []
    for row in spread(len(events), count):
        one = events.take(np.array([row]))
        started = time.perf_counter()
        interpreter.interpret(one, context)
        spent.append(1000 * (time.perf_counter() - started))
    return float(np.median(spent))


def _answers(found: TabularInterpretations, task: Task, rows: IntArray) -> dict[str, FloatArray]:
    """What one call is worth, one value an anomaly."""
    threshold = found.context.threshold.value
    fewest = quality.solved_at(found)
    again = task.trained.detector.score(replace(found.events, values=found.references))
    each = {f"lfr_{count}": _flipped(found, count) for count in FLIPS}
    each["mean_k"] = np.where(fewest > 0, fewest, np.nan)
    each["solved"] = (fewest > 0).astype(float)
    each["solvable"] = ((found.needed > 0) | (fewest > 0)).astype(float)
    each["verified"] = found.verified.astype(float)
    each["proof"] = ((again <= threshold) == found.verified).astype(float)
    each["plausibility"] = np.where(found.verified, found.plausibility, np.nan)
    each["distance_left"] = np.where(found.verified, _distance_left(found), np.nan)
    groups = _one_hot(task)
    if groups:
        each["coherent"] = quality.coherent(found, groups).astype(float)
    if task.guilty is not None:
        truth = quality.found_truth(found, task.guilty[rows], first=task.ranked)
        each["truth_ranking"], each["truth_shown"] = truth.ranking, truth.recall
        each["truth_precision"] = truth.precision
    return each


def _flipped(found: TabularInterpretations, count: int) -> FloatArray:
    """Whether the label is normal after the first shown fields, all where there are fewer, (n,)."""
    shown = (found.fields >= 0).sum(axis=1)
    last = np.maximum(np.minimum(shown, count) - 1, 0)
    scores = np.take_along_axis(found.flip_scores, last[:, None], axis=1)[:, 0]
    # Nothing shown is a score that is not a number, which is under no threshold.
    return (scores <= found.context.threshold.value).astype(float)


def _distance_left(found: TabularInterpretations) -> FloatArray:
    """How far the reference is from normal events, as a share of the anomaly's distance, (n,)."""
    detector = found.context.detector
    assert isinstance(detector, SearchableDetector)  # noqa: S101  it was interpreted
    normal = scale_of(detector, found.context.columns).normal
    near, far = (
        torch.cdist(detector.to_model(values), normal).min(dim=1).values.double().numpy()
        for values in (found.references, found.events.values)
    )
    return np.asarray(near / np.maximum(far, 1e-12))


def _one_hot(task: Task) -> list[IntArray]:
    """Columns of each one-hot group, those included that may move alone in this task."""
    schema = task.anomalies.schema
    groups = list(quality.one_hot_groups(schema))
    if groups:
        return groups
    members = [
        [place for place, name in enumerate(schema.names) if name.startswith(f"{field}=")]
        for field in SYMBOLIC
    ]
    return [np.array(columns) for columns in members if columns]


def _again(
    interpreter: Interpreter,
    found: TabularInterpretations,
    rows: IntArray,
    few: IntArray,
    task: Task,
    size: Size,
) -> dict[str, FloatArray]:
    """What needs many calls: stability, robustness to noise and to the attack."""
    context = found.context
    events = task.anomalies.take(few)
    known: Any = found if len(few) == len(rows) else interpreter.interpret(events, context)
    noise = quality.noise_robustness(
        interpreter, known, sigma=0.01, draws=size.draws, seed=0, first=task.ranked
    )
    each = {
        "stability": quality.stability(interpreter, events, context, runs=3),
        "noise_ranking": noise.ranking,
        "noise_shown": noise.shown,
    }
    if size.restarts:
        attack = quality.attack_robustness(
            interpreter,
            known,
            size=0.01,
            steps=size.steps,
            restarts=size.restarts,
            seed=0,
            first=task.ranked,
            progress=silent,
        )
        each["attack_ranking"], each["attack_shown"] = attack.ranking, attack.shown
    return each


def _placed(values: FloatArray, rows: IntArray, total: int) -> FloatArray:
    """Values of some anomalies as an array over all."""
    every = np.full(total, np.nan)
    every[rows] = values
    return every
