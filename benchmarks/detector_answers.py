"""How well the default search interprets each detector of feature vectors."""

import time
from collections import Counter
from dataclasses import replace
from typing import Any, Final

import numpy as np

from benchmarks.ceiling import fewest_fields
from benchmarks.comparison_methods import spread
from benchmarks.detector_sets import Draw
from benchmarks.tasks import Task
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.batches import IntArray, TabularBatch
from deepaid_core.interpreters import quality
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations
from deepaid_core.registry import DEFAULT_INTERPRETERS, INTERPRETERS, load

__all__ = ["ANOMALIES", "FLIPS", "answers_of"]

ANOMALIES: Final = 300
FLIPS: Final = (1, 2, 3, 5, 10)
BEAMED: Final = 60  # anomalies that the beam is tried on
DEPTHS: Final = (1, 2, 3, 5)
WARM_UP: Final = 8  # anomalies
REPEATS: Final = 3  # of the timed call; the fastest counts, as others share the machine


def answers_of(name: str, trained: TrainedDetector, draw: Draw) -> dict[str, Any]:
    """Figures of the default search on distinct attacks that the detector flags.

    Args:
        name: Registry name of the detector.
        trained: Fitted, with threshold and profile.
        draw: What it is judged by.
    """
    attacks = draw.test.take(np.flatnonzero(draw.attack & draw.distinct))
    over = np.flatnonzero(trained.threshold.flag(trained.detector.score(attacks)))
    chosen = np.sort(np.random.default_rng(0).permutation(over)[:ANOMALIES])
    events, context = attacks.take(chosen), Context.of(trained)
    interpreter = load(INTERPRETERS, DEFAULT_INTERPRETERS[trained.detector.modality])()
    interpreter.interpret(events.take(np.arange(min(WARM_UP, len(events)))), context)
    fastest = np.inf
    for _ in range(REPEATS):
        started = time.process_time()
        found = interpreter.interpret(events, context)
        fastest = min(fastest, time.process_time() - started)
    if not isinstance(found, TabularInterpretations):
        raise TypeError(f"'{name}' is not interpreted as feature vectors")
    mean, solved = quality.mean_solved_at(found)
    again = trained.detector.score(replace(found.events, values=found.references))
    return {
        "detector": name,
        "anomalies": len(events),
        # As the reference that is shown scores when it is scored again.
        "verified": round(float((again <= trained.threshold.value).mean()), 4),
        "coherent": round(float(quality.coherent(found).mean()), 4),
        "solved": round(solved, 4),
        "mean_k": round(mean, 3),
        **{f"lfr_{k}": round(rate, 4) for k, rate in quality.flip_rates(found, FLIPS).items()},
        "needed": {
            str(k): n for k, n in sorted(Counter(quality.solved_at(found).tolist()).items())
        },
        "cpu_s_per_1000": round(1000 * fastest / len(events), 3),
        "beam": _beside_beam(name, trained, events, quality.solved_at(found)),
    }


def _beside_beam(
    name: str, trained: TrainedDetector, events: TabularBatch, needed: IntArray
) -> dict[str, Any]:
    """Fields needed by the search and by a beam that scores every move, on some anomalies."""
    few = spread(len(events), BEAMED)
    beam = fewest_fields(Task(name, trained, events.take(few)))
    return {
        "anomalies": len(few),
        # Numbers of fields that the search does not find to work are not 0 but too many.
        "fewer": int(((beam > 0) & ((needed[few] == 0) | (beam < needed[few]))).sum()),
        **{f"search_{k}": _within(needed[few], k) for k in DEPTHS},
        **{f"beam_{k}": _within(beam, k) for k in DEPTHS},
    }


def _within(needed: IntArray, count: int) -> float:
    return round(float(((needed > 0) & (needed <= count)).mean()), 4)
