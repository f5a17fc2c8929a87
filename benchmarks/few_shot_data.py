"""Interpreted anomalies with a known category, from which few are taught and the rest is asked.

NSL-KDD: distinct anomalies of KDDTest+ under the detector of `benchmarks.tasks`. Its file of attack
types covers the types of the training part; those that only the test part has are put where the
organizers of KDD Cup 1999 counted them. The lab's findings are those of the demo workspace, its
packets single flagged packets.

Constants of the reading were chosen on the other half of these NSL-KDD anomalies, and on other
draws from the lab's findings and packets.
"""

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.bench_interpretation import anomalies_of
from benchmarks.lab_truth import Truth, packet_truth, truth_of
from benchmarks.tasks import nsl_categories, nsl_kdd, nsl_kdd_attacks
from deepaid_core.api import interpret
from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.distiller import series_states
from deepaid_core.distiller.spelling import spelled, strongest
from deepaid_core.distiller.states import PATH_LIMIT
from deepaid_core.distiller.symbolizers import path_of
from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray, TabularBatch
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.interpreters.base import Context
from deepaid_core.registry import DEFAULT_INTERPRETERS, INTERPRETERS, load
from deepaid_core.workflow.demo import DEMOS, prepare_demo
from deepaid_core.workspace import Workspace

__all__ = ["Pool", "lab_pools", "nsl_pool"]

CATEGORY_LIMIT: Final = 500
"""The most anomalies of one category that are drawn, once with a fixed seed; every second of them
is measured on, the others served to choose the reading."""

SEED: Final = 7

FINER_EDGES: Final = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""In training spreads. Such states are spelled like those of series, whose families have bins of
any number."""


@dataclass(frozen=True, eq=False, slots=True)
class Pool:
    """n interpreted anomalies.

    Attributes:
        key: Short name.
        title: What they are, in a heading.
        interpretations: n.
        categories: (n,), text.
        false_alarms: Categories that a perfect analyst calls a false positive.
        raw: (n, d), what was scored, as numbers.
        each_in_turn: Whether each category is left out in turn; a random third of them otherwise.
    """

    key: str
    title: str
    interpretations: Sequence[Interpretation]
    categories: ObjectArray
    false_alarms: frozenset[str]
    raw: FloatArray
    each_in_turn: bool = False

    def paths(self, limit: int = 3) -> list[tuple[str, ...]]:
        """A path of each."""
        return [path_of(one, limit) for one in self.interpretations]

    def finer_paths(self) -> list[tuple[str, ...]]:
        """The same paths with bins of half a decade where sizes are told."""
        return [
            tuple(
                spelled(
                    series_states.SYMBOLIZER,
                    deviation.field,
                    0,
                    deviation.direction,
                    int(np.searchsorted(FINER_EDGES, deviation.size, side="right")),
                )
                if not isinstance(deviation.cells[0].observed, str)
                else state
                for state, deviation in zip(path, strongest(one, PATH_LIMIT), strict=False)
            )
            or path
            for path, one in zip(self.paths(), self.interpretations, strict=True)
        ]

    def state_vectors(self) -> FloatArray:
        """(n, states), 1 where a path has the state."""
        columns: dict[str, int] = {}
        paths = self.paths()
        for path in paths:
            for state in path:
                columns.setdefault(state, len(columns))
        vectors = np.zeros((len(paths), len(columns)))
        for row, path in enumerate(paths):
            vectors[row, [columns[state] for state in path]] = 1.0
        return vectors

    def deviation_vectors(self) -> FloatArray:
        """(n, fields), signed log(1 + size) of each deviation; categories as columns of their own.

        The observed category stands as 1, that of the reference as -1.
        """
        columns: dict[object, int] = {}
        cells: list[tuple[int, int, float]] = []
        for row, one in enumerate(self.interpretations):
            for deviation in one.deviations:
                cell = deviation.cells[0]
                if isinstance(cell.observed, str):
                    for text, value in ((cell.observed, 1.0), (cell.reference, -1.0)):
                        column = columns.setdefault((deviation.field, text), len(columns))
                        cells.append((row, column, value))
                    continue
                way = -1.0 if deviation.direction == "down" else 1.0
                column = columns.setdefault(deviation.field, len(columns))
                cells.append((row, column, way * math.log1p(deviation.size)))
        vectors = np.zeros((len(self.interpretations), len(columns)))
        for row, column, value in cells:
            vectors[row, column] = value
        return vectors


def nsl_pool() -> Pool:
    """NSL-KDD's attack categories; needs the public data."""
    task = nsl_kdd(fields=True)
    values, kinds = nsl_kdd_attacks()
    schema = task.anomalies.schema
    _, first = np.unique(values, axis=0, return_index=True)
    first = np.sort(first)
    scores = task.trained.detector.score(TabularBatch.of_values(schema, values[first]))
    over = first[task.trained.threshold.flag(scores)]
    known = nsl_categories()
    categories = np.array([known[kind] for kind in kinds[over].tolist()], dtype=object)
    chosen = _half(categories)
    found = interpret(task.trained, values[over[chosen]])
    return Pool(
        key="nsl-kdd",
        title="NSL-KDD, attack categories",
        interpretations=[found[row] for row in range(len(chosen))],
        categories=categories[chosen],
        false_alarms=frozenset(),
        raw=values[over[chosen]],
        each_in_turn=True,
    )


def lab_pools() -> list[Pool]:
    """Findings of packets and sessions, and single packets."""
    with tempfile.TemporaryDirectory() as home:
        workspace = Workspace.open(Path(home))
        prepare_demo(workspace)
        ids = workspace.store.ids(FindingQuery())
        findings = [workspace.store.finding(one) for one in ids]
        workspace.close()
    pools = []
    for name, title in (
        ("packets", "Lab, findings of `packets`"),
        ("ssh-sessions", "Lab, sessions (findings of `ssh-sessions`)"),
    ):
        judged = [(one, truth_of(one)) for one in findings if one.detector_name == name]
        # A benign positive teaches nothing.
        judged = [one for one in judged if one[1].label is not VerdictLabel.BENIGN_POSITIVE]
        mine, truths = [one for one, _ in judged], [truth for _, truth in judged]
        observed = [one.interpretation.observed for one in mine]
        pools.append(
            Pool(
                key=f"{name}-findings",
                title=title,
                interpretations=[one.interpretation for one in mine],
                categories=np.array([truth.category for truth in truths], dtype=object),
                false_alarms=_false_alarms(truths),
                raw=_counted_keys(observed) if name == "ssh-sessions" else _logs(observed),
            )
        )
    return [*pools, _packets()]


def _packets() -> Pool:
    demo = next(one for one in DEMOS if one.name == "packets")
    trained = load_trained(demo.shipped)
    _, flagged = anomalies_of(demo, trained)
    truths = [packet_truth(int(index)) for index in flagged.events.indices]
    categories = np.array([truth.category for truth in truths], dtype=object)
    chosen = _half(categories)
    taught = [truths[row].label is not VerdictLabel.BENIGN_POSITIVE for row in chosen]
    chosen = chosen[np.array(taught)]
    events: Any = flagged.events.take(chosen)
    interpreter = load(INTERPRETERS, DEFAULT_INTERPRETERS[trained.detector.modality])()
    found = interpreter.interpret(
        events, Context(trained.detector, trained.threshold, trained.profile)
    )
    return Pool(
        key="packets-events",
        title="Lab, single flagged packets",
        interpretations=[found[row] for row in range(len(chosen))],
        categories=categories[chosen],
        false_alarms=_false_alarms(truths),
        raw=_logs(events.values),
    )


def _false_alarms(truths: Sequence[Truth]) -> frozenset[str]:
    return frozenset(
        truth.category for truth in truths if truth.label is VerdictLabel.FALSE_POSITIVE
    )


def _half(categories: ObjectArray) -> IntArray:
    random = np.random.default_rng(SEED)
    kept = []
    for category in sorted(set(categories.tolist())):
        mine = random.permutation(np.flatnonzero(categories == category))[:CATEGORY_LIMIT]
        kept.append(mine[1::2])
    return np.sort(np.concatenate(kept))


def _logs(values: Any) -> FloatArray:
    numbers = np.asarray(values, dtype=np.float64)
    return np.sign(numbers) * np.log1p(np.abs(numbers))


def _counted_keys(windows: Sequence[tuple[float, ...]]) -> FloatArray:
    """(n, 2 v): how often each key stands in the window, and which one is the flagged key."""
    keys = np.array(windows).astype(int)
    count = int(keys.max()) + 1
    counted = np.stack([(keys == key).sum(axis=1) for key in range(count)], axis=1)
    flagged = keys[:, -1:] == np.arange(count)
    return np.concatenate([counted, flagged], axis=1).astype(np.float64)
