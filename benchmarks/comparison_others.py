"""Methods for log keys and for series, as rows of the comparison."""

import time
from typing import Any, Final

import numpy as np

from benchmarks.bench_sequences import hdfs_windows
from benchmarks.comparison_methods import WARM_UP, Measured, Size, spread
from benchmarks.comparison_rows import methods_for, row_of
from benchmarks.series_causes import MACHINES, SERVERS, measure_causes
from deepaid_core.detectors.fitting import one_thread
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.batches import PADDING, FloatArray, SequenceBatch
from deepaid_core.domain.details import SequenceDetails
from deepaid_core.interpreters import quality
from deepaid_core.interpreters.base import Context, Interpretations, Interpreter
from deepaid_core.registry import INTERPRETERS, load

__all__ = ["brute_force", "measure_keys", "sequences", "series"]

EVERY_KEY: Final = "every single key tried"
SETS: Final = {
    "smd": ("Server Machine Dataset, metrics that caused an anomaly", MACHINES),
    "asd": ("Application Server Dataset, metrics that caused an anomaly", SERVERS),
}


@one_thread()
def sequences(key: str, size: Size, limit: int) -> dict[str, Any]:
    """All interpreters of log keys on worst windows of HDFS, and brute force beside them."""
    trained, events = hdfs_windows(limit)
    able, left_out = methods_for(trained.detector)
    measured = {}
    for name in able:
        started = time.perf_counter()
        interpreter = load(INTERPRETERS, name)()
        measured[name] = measure_keys(interpreter, trained, events, size)
        print(f"  {key}: {name}, {time.perf_counter() - started:.1f} s", flush=True)
    measured[EVERY_KEY] = brute_force(trained, events)
    ours = able[0]
    return {
        "key": key,
        "title": "HDFS log keys, DeepLog",
        "ours": ours,
        "anomalies": len(events),
        "methods": [row_of(name, one, measured[ours], ours) for name, one in measured.items()],
        "left_out": {name: why for name, why in left_out.items() if "feature vectors" not in why},
    }


def measure_keys(
    interpreter: Interpreter, trained: TrainedDetector, events: SequenceBatch, size: Size
) -> Measured:
    """Measure a method on windows of log keys.

    Replacing the flagged key always flips the label and explains little, so it is told apart from
    answers that name earlier keys.
    """
    context = Context.of(trained, seed=0)
    interpreter.interpret(events.take(spread(len(events), WARM_UP)), context)
    started = time.process_time()
    found = interpreter.interpret(events, context)
    cpu = time.process_time() - started
    singles = []
    for row in spread(len(events), size.singles):
        begun = time.perf_counter()
        interpreter.interpret(events.take(np.array([row])), context)
        singles.append(1000 * (time.perf_counter() - begun))
    again = spread(len(events), size.again)
    stable = np.full(len(events), np.nan)
    stable[again] = quality.stability(interpreter, events.take(again), context, runs=3)
    return Measured(
        each=_key_answers(found) | {"stability": stable},
        whole={
            "cpu_s_per_1000": 1000 * cpu / len(events),
            "single_ms": float(np.median(singles)),
        },
        n=len(events),
    )


def brute_force(trained: TrainedDetector, events: SequenceBatch) -> Measured:
    """Whether any other key in any one place of the history makes the detector accept.

    What a search over single keys of the history can reach at most; it gives no other answer.
    """
    length, keys = events.keys.shape[1] - 1, len(events.schema)
    started = time.process_time()
    places, new = (axis.ravel() for axis in np.indices((length, keys)))
    accepted = np.zeros(len(events), dtype=bool)
    for row, window in enumerate(events.keys):
        begun = window[places] != PADDING  # before a session there is nothing to replace
        trials = np.repeat(window[None], begun.sum(), axis=0)
        trials[np.arange(len(trials)), places[begun]] = new[begun]
        if len(trials):
            scores = trained.detector.score(SequenceBatch.of_keys(events.schema, trials))
            accepted[row] = bool((scores <= trained.threshold.value).any())
    cpu = time.process_time() - started
    return Measured(
        each={"history": accepted.astype(float)},
        whole={"cpu_s_per_1000": 1000 * cpu / len(events)},
        n=len(events),
        notes=["Tries every other key in every one place of the history, and nothing else."],
    )


def _key_answers(found: Interpretations) -> dict[str, FloatArray]:
    fewest = quality.solved_at(found)
    steps = [item.diagnostics.flip_scores for item in found]
    first = np.array([one[0] if one else np.nan for one in steps])
    named = np.array([_names_history(item.details) for item in found])
    return {
        "lfr_1": (first <= found.context.threshold.value).astype(float),
        "mean_k": np.where(fewest > 0, fewest, np.nan),
        "solved": (fewest > 0).astype(float),
        "verified": found.verified.astype(float),
        "history": (named & found.verified).astype(float),
        "history_flips": np.where(named, found.verified, np.nan).astype(float),
    }


def _names_history(details: Any) -> bool:
    assert isinstance(details, SequenceDetails)  # noqa: S101  of log keys
    return details.observed[:-1] != details.reference[:-1]


def series(key: str) -> dict[str, Any]:
    """Rankings of metrics on labelled segments of public series, each named with its truth."""
    title, names = SETS[key]
    causes = measure_causes(names)
    ours = "greedy-cells"
    order = [ours, *(name for name in causes.rankings if name != ours)]
    print(f"  {key}: {', '.join(order)} ({causes.segments} segments)", flush=True)
    return {
        "key": key,
        "title": title,
        "ours": ours,
        "anomalies": causes.segments,
        "methods": [
            {
                "method": name,
                "n": causes.segments,
                "measures": dict(
                    zip(
                        ("hit_100", "hit_150", "ndcg_5"),
                        (round(value, 6) for value in causes.rankings[name]),
                        strict=True,
                    )
                ),
            }
            for name in order
        ],
    }
