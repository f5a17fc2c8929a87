"""Every interpreter on the same anomalies of the same detector, in one run.

Run with `python -m benchmarks.run --only comparison [--full]`, or for a look at single tasks, with
nothing written, `python -m benchmarks.bench_comparison nsl-fields --anomalies 20`.
"""

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from benchmarks.accepted import judged
from benchmarks.bench_interpretation import anomalies_of
from benchmarks.comparison_methods import (
    DEFAULT,
    FULL,
    SLOW,
    Measured,
    Size,
    measure_method,
    spread,
)
from benchmarks.comparison_others import sequences, series
from benchmarks.comparison_page import section
from benchmarks.comparison_rows import methods_for, row_of, subset_of
from benchmarks.data_sets import missing
from benchmarks.tasks import ANOMALIES, TASKS, Task
from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.detectors.fitting import one_thread
from deepaid_core.registry import INTERPRETERS, load
from deepaid_core.workflow.demo import DEMOS

__all__ = ["COMMAND", "KINDS", "Compared", "compare_methods", "measure"]

COMMAND: Final = "deepaid bench --only comparison"


def packets() -> Task:
    """The recorded packets that the shipped detector flags, a seeded sample of different ones."""
    demo = next(one for one in DEMOS if one.name == "packets")
    trained = load_trained(demo.shipped)
    _, flagged = anomalies_of(demo, trained)
    events: Any = flagged.events
    _, first = np.unique(events.values, axis=0, return_index=True)
    chosen = np.sort(np.random.default_rng(0).permutation(np.sort(first))[:ANOMALIES])
    return Task("recorded packets, shipped detector", trained, events.take(chosen))


@dataclass(frozen=True, slots=True)
class Compared:
    """A task of the comparison.

    Attributes:
        data: Keys of the public data sets that it needs.
        run: Gives the figures of all methods on it: key, how much, at most so many anomalies.
    """

    data: tuple[str, ...]
    run: Callable[[str, Size, int], dict[str, Any]]


def _tabular(make: Callable[[], Task]) -> Callable[[str, Size, int], dict[str, Any]]:
    return lambda key, size, limit: compare_methods(key, _some(make(), limit), size)


KINDS: Final[dict[str, Compared]] = {
    **{
        key: Compared(
            ("nsl_kdd",) if key.startswith("nsl") else ("kdd99",) if key == "kdd99" else (),
            _tabular(make),
        )
        for key, make in TASKS.items()
    },
    "packets": Compared((), _tabular(packets)),
    "hdfs": Compared(("hdfs",), sequences),
    "smd": Compared(("smd",), lambda key, size, limit: series(key)),
    "asd": Compared(("asd",), lambda key, size, limit: series(key)),
}
"""All tasks, in the order in which they are measured."""


def measure(
    *, full: bool = False, only: Sequence[str] = (), anomalies: int = ANOMALIES
) -> dict[str, Any]:
    """Measure all methods on all tasks.

    Args:
        full: Whether to draw more, and to measure slow methods on more anomalies.
        only: Keys of `KINDS`; all where none is named.
        anomalies: At most so many of each task.
    """
    size = FULL if full else DEFAULT
    tasks, skipped = [], {}
    for key in only or KINDS:
        absent = missing(*KINDS[key].data)
        if absent is not None:
            skipped[key] = absent
            print(f"  {key}: skipped. {absent}", flush=True)
            continue
        tasks.append(KINDS[key].run(key, size, anomalies))
    return {
        "command": f"{COMMAND} --full" if full else COMMAND,
        "size": size.name,
        "settings": size.words(),
        "tasks": tasks,
        "skipped": skipped,
    }


def _some(task: Task, limit: int) -> Task:
    """The task with at most so many of its anomalies, evenly spread."""
    if limit >= len(task.anomalies):
        return task
    rows = spread(len(task.anomalies), limit)
    guilty = None if task.guilty is None else task.guilty[rows]
    return replace(task, anomalies=task.anomalies.take(rows), guilty=guilty)


@one_thread()
def compare_methods(
    key: str, task: Task, size: Size, names: Sequence[str] | None = None
) -> dict[str, Any]:
    """All methods of feature vectors on one task, the default first.

    Args:
        key: Of the task.
        task: Detector and anomalies.
        size: How much is measured.
        names: Methods, ours first; all where none are given.
    """
    able, left_out = methods_for(task.trained.detector)
    ours = able[0]
    measured: dict[str, Measured] = {}
    for name in names or able:
        started = time.perf_counter()
        measured[name] = measure_method(name, load(INTERPRETERS, name)(), task, size)
        print(
            f"  {key}: {name}, {time.perf_counter() - started:.1f} s "
            f"({measured[name].n} anomalies)",
            flush=True,
        )
    mine = measured[ours]
    few = spread(len(task.anomalies), size.slow)
    any_slow = len(few) < len(task.anomalies) and any(name in SLOW for name in measured)
    return {
        "key": key,
        "title": task.name,
        "ours": ours,
        "anomalies": len(task.anomalies),
        "methods": [row_of(name, one, mine, ours) for name, one in measured.items()],
        "subset": subset_of(ours, mine, few) if any_slow else None,
        "left_out": left_out,
    }


def main() -> None:
    """Measure some tasks and print them, without writing anything."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tasks", nargs="*", metavar="TASK", help=", ".join(KINDS))
    parser.add_argument("--anomalies", type=int, default=ANOMALIES)
    parser.add_argument("--full", action="store_true")
    asked = parser.parse_args()
    if unknown := set(asked.tasks) - set(KINDS):
        parser.error(f"there is no task {', '.join(sorted(unknown))}; choose of {', '.join(KINDS)}")
    started = time.perf_counter()
    figures = measure(full=asked.full, only=asked.tasks, anomalies=asked.anomalies)
    print(section(judged(figures)))
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
