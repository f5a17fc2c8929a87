"""How many anomalies are interpreted, how well and how fast; and whether the proof holds.

Run with `python -m benchmarks.bench_interpretation`.
"""

import json
import statistics
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.sources.captures import CaptureSource
from deepaid_core.workflow.demo import prepare_demo
from deepaid_core.workspace import Workspace

__all__ = ["Interpreting", "measure"]

SAMPLES = Path(__file__).parents[1] / "sample_data"
SINGLES = 50


@dataclass(frozen=True)
class Interpreting:
    """Figures of one batched run over all anomalies, and of what the store holds after it.

    `rescored` is the share of stored findings marked verified whose stored reference scores at or
    under the threshold when scored again; `needed` how many anomalies need 1, 2, ... fields.
    """

    anomalies: int
    wall_s: float
    anomalies_per_s: float
    cpu_s_per_1000: float
    not_verified: float
    needed: dict[int, int]
    median_needed: float
    single_ms: float
    findings: int
    patterns: int
    single_event_findings: int
    rescored: float
    demo_s: float


def measure() -> Interpreting:
    """Interpret all anomalies of the evaluation capture; then check a fresh demo workspace."""
    trained = load_trained(SAMPLES / "detectors/packets")
    context = Context(trained.detector, trained.threshold, trained.profile)
    interpreter = GreedyTabularInterpreter()
    flagged = []
    for batch in CaptureSource(SAMPLES / "network/eval.pcap.gz").batches():
        over = trained.threshold.flag(trained.detector.score(batch))
        flagged.append(batch.take(over))
    anomalies = TabularBatch.concatenate(flagged)
    interpreter.interpret(anomalies.take(np.arange(64)), context)  # warm-up
    wall, cpu = time.perf_counter(), time.process_time()
    found = interpreter.interpret(anomalies, context)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    singles = []
    for row in np.linspace(0, len(anomalies) - 1, SINGLES).astype(int):
        one = anomalies.take(np.array([row]))
        started = time.perf_counter()
        interpreter.interpret(one, context)
        singles.append(time.perf_counter() - started)
    counts = np.bincount(found.needed)
    with tempfile.TemporaryDirectory() as home:
        workspace = Workspace.open(Path(home))
        started = time.perf_counter()
        prepare_demo(workspace)
        demo_s = time.perf_counter() - started
        rows = workspace.store.page(FindingQuery(), limit=1_000_000)
        stored = [workspace.store.finding(row.id) for row in rows]
        patterns = len(workspace.store.patterns())
        workspace.close()
    verified = [f for f in stored if f.interpretation.diagnostics.verified]
    references = np.array([f.interpretation.reference for f in verified])
    again = trained.detector.score(TabularBatch.of_values(anomalies.schema, references))
    thresholds = [f.interpretation.diagnostics.threshold for f in verified]
    return Interpreting(
        anomalies=len(found),
        wall_s=wall,
        anomalies_per_s=len(found) / wall,
        cpu_s_per_1000=cpu / len(found) * 1000,
        not_verified=float((~found.verified).mean()),
        needed={k: int(n) for k, n in enumerate(counts) if n},
        median_needed=float(np.median(found.needed[found.needed > 0])),
        single_ms=statistics.median(singles) * 1000,
        findings=len(stored),
        patterns=patterns,
        single_event_findings=sum(f.event_count == 1 for f in stored),
        rescored=float((again <= thresholds).mean()),
        demo_s=demo_s,
    )


if __name__ == "__main__":
    print(json.dumps(asdict(measure()), indent=1))
