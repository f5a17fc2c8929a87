"""Run a detector over a source, interpret every anomaly, store the findings."""

import hashlib
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepaid_core.domain.batches import FloatArray, TabularBatch
from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.errors import NotFoundError
from deepaid_core.workflow.findings import SourceFacts
from deepaid_core.workspace import Workspace

__all__ = ["DetectionResult", "detect_capture", "run_id"]

_READ, _INTERPRETED = 0.3, 0.9  # share of the work that is done by then, as measured


@dataclass(frozen=True, slots=True)
class DetectionResult:
    """What a run brought.

    Attributes:
        run: The run as stored.
        new_findings: Findings that were not in the store before.
    """

    run: RunRecord
    new_findings: int


def run_id(detector_id: str, source_sha256: str) -> str:
    """Stable id of a detector's pass over a source."""
    return "R-" + hashlib.sha256(f"{detector_id} {source_sha256}".encode()).hexdigest()[:10]


def detect_capture(
    workspace: Workspace,
    path: Path,
    *,
    detector_id: str | None = None,
    name: str | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> DetectionResult:
    """Find and interpret the anomalies of a packet capture.

    The findings are written in one transaction at the end: an error or a cancellation leaves the
    store as it was. The same detector and capture give the same findings, which are kept once.

    Args:
        workspace: Where detector and findings are.
        path: The capture.
        detector_id: "D-..."; the newest detector where none is given.
        name: Display name of the capture; its file name where none is given.
        progress: Told the share done.
        cancelled: Asked between batches.

    Raises:
        NotFoundError: The workspace has no such detector, or none at all.
        CaptureError: The capture cannot be read.
        ArtifactError: The detector's files are damaged.
        CancelledError: `cancelled` said so.
    """
    # Imported here: stored findings open without torch and without the packet kernel.
    from deepaid_core.detectors.artifacts import load_trained
    from deepaid_core.interpreters.base import Context
    from deepaid_core.registry import INTERPRETERS, load
    from deepaid_core.sources.captures import CaptureSource
    from deepaid_core.workflow.findings import build_findings

    started = time.perf_counter()
    record = _detector(workspace, detector_id)
    trained = load_trained(workspace.artifacts / record.artifact)
    source = CaptureSource(
        path, progress=lambda share, text: progress(_READ * share, text), cancelled=cancelled
    )
    facts = SourceFacts(name or source.name, source.fingerprint())
    anomalies: list[TabularBatch] = []
    events: Counter[int] = Counter()
    flagged: Counter[int] = Counter()
    for batch in source.batches():
        over = trained.threshold.flag(trained.detector.score(batch))
        events.update(_minutes(batch.times))
        flagged.update(_minutes(batch.times[over]))
        if over.any():
            anomalies.append(batch.take(over))
    findings, verified, count = [], 0, sum(len(batch) for batch in anomalies)
    if count:
        interpretations = load(INTERPRETERS, "greedy")().interpret(
            TabularBatch.concatenate(anomalies),
            Context(trained.detector, trained.threshold, trained.profile),
            progress=lambda share, text: progress(_READ + (_INTERPRETED - _READ) * share, text),
            cancelled=cancelled,
        )
        verified = int(interpretations.verified.sum())
        progress(_INTERPRETED, "Collecting the findings")
        findings = build_findings(interpretations, record, facts, source.rows)
    stop_if(cancelled)
    report = source.report
    run = RunRecord(
        id=run_id(record.id, facts.sha256),
        detector_id=record.id,
        source_name=facts.name,
        source_sha256=facts.sha256,
        events=report.events,
        skipped=report.seen - report.events,
        anomalies=count,
        verified=verified,
        findings=len(findings),
        first_time=report.first_time or 0.0,
        last_time=report.last_time or 0.0,
        elapsed_s=time.perf_counter() - started,
        finished_time=time.time(),
        volume=tuple((float(m), events[m], flagged[m]) for m in sorted(events)),
    )
    new = workspace.store.add_run(run, findings)
    progress(1.0, f"{len(findings):,} findings, {new:,} of them new")
    return DetectionResult(run, new)


def _detector(workspace: Workspace, detector_id: str | None) -> DetectorRecord:
    records = workspace.store.detectors()
    for record in records:
        if detector_id is None or record.id == detector_id:
            return record
    if detector_id is None:
        raise NotFoundError(
            "The workspace has no detector; train one on normal traffic or load the demo."
        )
    raise NotFoundError(
        f"There is no detector '{detector_id}' in this workspace; `deepaid detectors` lists them."
    )


def _minutes(times: FloatArray) -> dict[int, int]:
    minutes, counts = np.unique((times // 60).astype(np.int64) * 60, return_counts=True)
    return dict(zip(minutes.tolist(), counts.tolist(), strict=True))
