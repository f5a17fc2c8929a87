"""How the anomalies of each demo are interpreted, how fast, and whether the proof holds.

Run with `python -m benchmarks.bench_interpretation`.
"""

import json
import statistics
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.batches import Batch
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.stored import reference_events
from deepaid_core.registry import DEFAULT_INTERPRETERS, INTERPRETERS, SOURCES, load
from deepaid_core.workflow.demo import DEMOS, DemoDetector, prepare_demo, sample_data
from deepaid_core.workflow.findings import Flagged
from deepaid_core.workflow.periods import within
from deepaid_core.workspace import Workspace

__all__ = ["Interpreting", "anomalies_of", "measure"]

SINGLES = 50


@dataclass(frozen=True)
class Interpreting:
    """Figures of one batched run over all anomalies of a demo, and of what the store holds.

    `interpreted` is fewer than `anomalies` where one speaks for others (the worst window of a log
    session). `rescored` is the share of stored findings marked verified whose stored reference
    scores at or under the threshold when scored again; `needed` how many interpretations need
    1, 2, ... deviations.
    """

    modality: str
    interpreter: str
    events: int
    anomalies: int
    interpreted: int
    wall_s: float
    per_s: float
    cpu_s_per_1000: float
    not_verified: float
    needed: dict[int, int]
    median_needed: float
    single_ms: float
    slowest_single_ms: float
    findings: int
    patterns: int
    single_event_findings: int
    rescored: float


def anomalies_of(demo: DemoDetector, trained: TrainedDetector) -> tuple[int, Flagged]:
    """How many events a demo's recording has, and those that its detector flags."""
    source = load(SOURCES, trained.source_kind).open(
        sample_data() / demo.mixed,
        trained.source_settings,
        known=trained.detector.fitted_schema,
        period=demo.period,
    )
    count, flagged, scores = 0, [], []
    for batch in source.batches():
        wanted: Batch = within(batch, demo.period)
        every = trained.detector.score(wanted)
        over = trained.threshold.flag(every)
        count += len(wanted)
        flagged.append(wanted.take(over))
        scores.append(every[over])
    return count, Flagged.of(type(flagged[0]).concatenate(flagged), np.concatenate(scores))


def measure() -> dict[str, object]:
    """Interpret all anomalies of every demo; then check a fresh demo workspace."""
    with tempfile.TemporaryDirectory() as home:
        workspace = Workspace.open(Path(home))
        started = time.perf_counter()
        prepare_demo(workspace)
        demo_s = time.perf_counter() - started
        rows = workspace.store.page(FindingQuery(), limit=1_000_000)
        stored = [workspace.store.finding(row.id) for row in rows]
        workspace.close()
    demos = {demo.name: asdict(_measure(demo, stored)) for demo in DEMOS}
    return {"demos": demos, "demo_s": demo_s}


def _measure(demo: DemoDetector, stored: list[Finding]) -> Interpreting:
    trained = load_trained(demo.shipped)
    context = Context(trained.detector, trained.threshold, trained.profile)
    name = DEFAULT_INTERPRETERS[trained.detector.modality]
    interpreter = load(INTERPRETERS, name)()
    events, flagged = anomalies_of(demo, trained)
    chosen = flagged.events.take(flagged.interpreted)
    interpreter.interpret(chosen.take(np.arange(min(64, len(chosen)))), context)  # warm-up
    wall, cpu = time.perf_counter(), time.process_time()
    found = interpreter.interpret(chosen, context)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    singles = []
    for row in np.unique(np.linspace(0, len(chosen) - 1, SINGLES).astype(int)):
        one = chosen.take(np.array([row]))
        started = time.perf_counter()
        interpreter.interpret(one, context)
        singles.append(1000 * (time.perf_counter() - started))
    needed = np.array([one.diagnostics.deviations_needed for one in found])
    mine = [one for one in stored if one.detector_name == demo.name]
    verified = [one for one in mine if one.interpretation.diagnostics.verified]
    again = trained.detector.score(
        reference_events([one.interpretation for one in verified], trained.detector.fitted_schema)
    )
    return Interpreting(
        modality=trained.detector.modality.value,
        interpreter=name,
        events=events,
        anomalies=len(flagged.events),
        interpreted=len(chosen),
        wall_s=wall,
        per_s=len(chosen) / wall,
        cpu_s_per_1000=cpu / len(chosen) * 1000,
        not_verified=float((~found.verified).mean()),
        needed=dict(sorted(Counter(needed.tolist()).items())),
        median_needed=float(np.median(needed[needed > 0])),
        single_ms=statistics.median(singles),
        slowest_single_ms=max(singles),
        findings=len(mine),
        patterns=len({one.pattern_id for one in mine}),
        single_event_findings=sum(one.event_count == 1 for one in mine),
        rescored=float((again <= trained.threshold.value).mean()),
    )


if __name__ == "__main__":
    print(json.dumps(measure(), indent=1))
