"""Run a detector over a source, interpret every anomaly, store the findings."""

import hashlib
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.batches import Batch, FloatArray
from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.domain.settings import Period
from deepaid_core.errors import NotFoundError
from deepaid_core.workflow.periods import within
from deepaid_core.workflow.registered import registered
from deepaid_core.workspace import Workspace

__all__ = ["DetectionResult", "detect", "run_id"]

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


def run_id(detector_id: str, source_sha256: str, period: Period = Period()) -> str:
    """Stable id of a detector's pass over a source, or over a part of it."""
    part = "" if period.is_all else f" {period.since!r} {period.until!r}"
    return "R-" + hashlib.sha256(f"{detector_id} {source_sha256}{part}".encode()).hexdigest()[:10]


def detect(
    workspace: Workspace,
    path: Path,
    *,
    detector_id: str | None = None,
    name: str | None = None,
    period: Period = Period(),
    author: str | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> DetectionResult:
    """Find and interpret the anomalies of a file, read the way the detector's training file was.

    The findings are written in one transaction at the end: an error or a cancellation leaves the
    store as it was. The same detector and file give the same findings, which are kept once. The
    scores are kept in a file beside the store.

    Args:
        workspace: Where detector and findings are.
        path: The file.
        detector_id: "D-..."; the newest detector where none is given.
        name: Display name of the file; its file name where none is given.
        period: The part of it to look at.
        author: Who asks for it; whom the environment names where None.
        progress: Told the share done.
        cancelled: Asked between batches.

    Raises:
        NotFoundError: The workspace has no such detector, or none at all.
        CaptureError: A capture cannot be read.
        InvalidEventsError: Another file cannot be read, or does not fit the detector.
        ArtifactError: The detector's files are damaged, or not those that were registered.
        WorkspaceError: The scores of the run cannot be written.
        CancelledError: `cancelled` said so.
    """
    # Imported here: stored findings open without torch and without the packet kernel.
    from deepaid_core.interpreters.base import Context
    from deepaid_core.interpreters.quality_of import quality_of
    from deepaid_core.registry import DEFAULT_INTERPRETERS, INTERPRETERS, SOURCES, load
    from deepaid_core.workflow.findings import Flagged, SourceFacts, build_findings
    from deepaid_core.workflow.run_scores import ScoreKeeper

    started = time.perf_counter()
    record = _detector(workspace, detector_id)
    trained = registered(workspace, record)
    source = load(SOURCES, trained.source_kind).open(
        path,
        trained.source_settings,
        known=trained.detector.fitted_schema,
        period=period,
        progress=lambda share, text: progress(_READ * share, text),
        cancelled=cancelled,
    )
    facts = SourceFacts(name or source.name, source.fingerprint())
    anomalies: list[Batch] = []
    scores: list[FloatArray] = []
    events: Counter[int] = Counter()
    flagged_events: Counter[int] = Counter()
    times: list[float] = []
    keeper = ScoreKeeper()
    for batch in source.batches():
        stop_if(cancelled)
        wanted = within(batch, period)
        if not len(wanted):
            continue
        every = trained.detector.score(wanted)
        over = trained.threshold.flag(every)
        keeper.add(wanted, every)
        events.update(_minutes(wanted.times))
        flagged_events.update(_minutes(wanted.times[over]))
        times += [float(wanted.times.min()), float(wanted.times.max())]
        if over.any():
            anomalies.append(wanted.take(over))
            scores.append(every[over])
    findings, verified, count = [], 0, sum(len(batch) for batch in anomalies)
    if count:
        flagged = Flagged.of(type(anomalies[0]).concatenate(anomalies), np.concatenate(scores))
        interpreter = load(INTERPRETERS, DEFAULT_INTERPRETERS[record.modality])()
        interpretations = interpreter.interpret(
            flagged.events.take(flagged.interpreted),
            Context(trained.detector, trained.threshold, trained.profile),
            progress=lambda share, text: progress(_READ + (_INTERPRETED - _READ) * share, text),
            cancelled=cancelled,
        )
        verified = int(interpretations.verified[flagged.stands_for].sum())
        progress(_INTERPRETED, "Collecting the findings and checking how firm they are")
        findings = build_findings(
            flagged,
            interpretations,
            record,
            source,
            facts,
            measure=lambda rows: quality_of(
                interpreter, interpretations, rows, cancelled=cancelled
            ),
        )
    stop_if(cancelled)
    report = source.report
    run = RunRecord(
        id=run_id(record.id, facts.sha256, period),
        detector_id=record.id,
        source_name=facts.name,
        source_sha256=facts.sha256,
        events=events.total(),
        skipped=report.seen - report.events,
        anomalies=count,
        verified=verified,
        findings=len(findings),
        first_time=min(times, default=0.0),
        last_time=max(times, default=0.0),
        elapsed_s=time.perf_counter() - started,
        finished_time=time.time(),
        volume=tuple((float(m), events[m], flagged_events[m]) for m in sorted(events)),
    )
    keeper.save(workspace, run, record.threshold, [one.max_score for one in findings])
    new = workspace.store.add_run(run, findings)
    workspace.store.desk.act([_record(workspace, run, new, author)])
    progress(1.0, f"{len(findings):,} findings, {new:,} of them new")
    return DetectionResult(run, new)


def _record(
    workspace: Workspace, run: RunRecord, new_findings: int, author: str | None
) -> NewRecord:
    facts = {
        "file": run.source_name,
        "sha256": run.source_sha256,
        "events": str(run.events),
        "anomalies": str(run.anomalies),
        "findings": str(run.findings),
        "new findings": str(new_findings),
        "run": run.id,
    }
    by = (workspace.author or "") if author is None else author
    return NewRecord("detection", run.detector_id, facts, by)


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
