"""A detector against labelled events, or against the verdicts of analysts."""

import hashlib
import json
import time
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.batches import FloatArray, ObjectArray
from deepaid_core.domain.converters import converters
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.evaluation import Evaluation, Measures
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.settings import Period
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import InvalidParameterError
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.detector_versions import alike, record_of
from deepaid_core.workflow.labels import (
    Events,
    LabelColumn,
    LabelFile,
    Truth,
    check_labels,
    truth_of,
)
from deepaid_core.workflow.measures import measures_of
from deepaid_core.workflow.scoring import scored
from deepaid_core.workflow.whole_files import write_whole
from deepaid_core.workspace import Workspace

__all__ = [
    "Evaluation",
    "LabelColumn",
    "LabelFile",
    "Measures",
    "evaluate",
    "evaluate_verdicts",
    "evaluations",
    "measures_of",
]

_READ: Final = 0.95
_JUDGED: Final = {
    VerdictLabel.TRUE_POSITIVE: True,
    VerdictLabel.FALSE_POSITIVE: False,
    VerdictLabel.BENIGN_POSITIVE: False,
}
_BIAS: Final = (
    "Only what this detector flagged was judged. What it missed is not in these figures: recall "
    "and the areas under the curves are those among its findings, and flatter it."
)
_ONE_KIND: Final = "All labels are of one kind, so nothing can be told apart: no curve is drawn."
_SAW_LABELS: Final = (
    "The bounds with the best accuracy and the best F1 were chosen with these labels in view; on "
    "new events they do less well."
)


def evaluate(
    workspace: Workspace,
    detector_id: str,
    path: Path,
    *,
    labels: LabelColumn | LabelFile | Path,
    period: Period = Period(),
    author: str | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Evaluation:
    """Score a labelled file and keep what comes of it, whole or not at all.

    The labels are read after the events are scored, and by nothing that scores; only whether they
    can be read is looked at before. Lines of logs are
    counted by session: a session is judged by its worst line.

    Args:
        workspace: Where the detector is.
        detector_id: "D-...".
        path: The file, read the way the detector's training file was.
        labels: Which of its events are to be found; a path stands for a `LabelFile`.
        period: The part of it to look at.
        author: Who asks for it; whom the environment names where None.
        progress: Told the share done.
        cancelled: Asked between batches.

    Raises:
        NotFoundError: The workspace has no such detector.
        CaptureError: A capture cannot be read.
        InvalidEventsError: Another file cannot be read, or does not fit the detector.
        InvalidParameterError: The labels do not fit the file.
        ArtifactError: The detector's files are damaged.
        WorkspaceError: The result cannot be written.
        CancelledError: `cancelled` said so.
    """
    record = record_of(workspace, detector_id)
    given = LabelFile(path=labels) if isinstance(labels, Path) else labels
    check_labels(given, path=path, source_kind=record.source_kind, settings=record.source_settings)
    read = scored(
        workspace,
        record,
        path,
        period,
        lambda share, text: progress(_READ * share, text),
        cancelled,
    )
    events, scores = read.events, read.scores
    truth = truth_of(
        given,
        events,
        path=path,
        source_kind=record.source_kind,
        settings=record.source_settings,
    )
    unit = "events"
    if record.modality is Modality.SEQUENCE:
        unit = "sessions"
        scores, truth = _by_session(events, scores, truth)
    stop_if(cancelled)
    progress(_READ, "Comparing the scores with the labels")
    measures = measures_of(scores, truth.wanted, record.threshold, truth.categories)
    notes = [_SAW_LABELS] if measures.roc_auc is not None else [_ONE_KIND]
    found = _made(
        workspace,
        record,
        source=(read.name, read.sha256),
        labels=_described(given),
        unit=unit,
        measures=measures,
        notes=notes,
        author=author,
        part="" if period.is_all else f"{period.since!r} {period.until!r}",
    )
    progress(1.0, f"{measures.events:,} {unit} compared")
    return found


def evaluate_verdicts(
    workspace: Workspace, detector_id: str, *, author: str | None = None
) -> Evaluation:
    """A detector against the verdicts in force on its findings, by their highest score.

    True positives are to be found; false and benign positives are not; undetermined ones are left
    out. Findings of versions that differ in the bound only count too.

    Raises:
        NotFoundError: The workspace has no such detector.
        ArtifactError: The detector's files are damaged.
        InvalidParameterError: No finding of it has such a verdict.
        WorkspaceError: The result cannot be written.
    """
    record = record_of(workspace, detector_id)
    of_detector = alike(workspace, record)
    rows = []
    for label in _JUDGED:
        query = FindingQuery(detector_name=record.name, verdict=label.value)
        count = workspace.store.count(query)
        rows += [row for row in workspace.store.page(query, limit=max(1, count))
                 if row.detector_id in of_detector]  # fmt: skip
    if not rows:
        raise InvalidParameterError(
            f"No finding of '{record.name}' ({record.id}) is judged a true, false or benign "
            "positive yet; judge some first."
        )
    labels = [VerdictLabel(row.verdict or "") for row in rows]
    wanted = np.array([_JUDGED[label] for label in labels], dtype=bool)
    categories = np.array([row.category or label.value for row, label in
                           zip(rows, labels, strict=True)], dtype=object)  # fmt: skip
    scores = np.array([row.max_score for row in rows])
    measures = measures_of(scores, wanted, record.threshold, categories)
    notes = [_BIAS]
    if benign := labels.count(VerdictLabel.BENIGN_POSITIVE):
        notes.append(
            f"{format_count(benign, 'benign positive')} {'is' if benign == 1 else 'are'} counted "
            "as not to be found: unusual, but no attack."
        )
    if measures.roc_auc is None:
        notes.append(_ONE_KIND)
    state = " ".join(sorted(f"{row.id} {row.verdict_number}" for row in rows))
    return _made(
        workspace,
        record,
        source=("verdicts", ""),
        labels=("verdicts in force", hashlib.sha256(state.encode()).hexdigest()),
        unit="findings",
        measures=measures,
        notes=notes,
        author=author,
    )


def evaluations(workspace: Workspace, detector_id: str | None = None) -> tuple[Evaluation, ...]:
    """What was kept, newest first; of all detectors where none is named.

    A file that is damaged, or of another version, is passed over.
    """
    _, decode = converters(Evaluation)
    found = []
    for path in sorted((workspace.home / "evaluations").glob("E-*.json")):
        try:
            one = decode(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, UnicodeDecodeError, ValueError, TypeError, RecursionError):
            continue
        if detector_id is None or one.detector_id == detector_id:
            found.append(one)
    return tuple(sorted(found, key=lambda one: (-one.created_time, one.id)))


def _by_session(events: Events, scores: FloatArray, truth: Truth) -> tuple[FloatArray, Truth]:
    codes, names = pd.factorize(events.entities.astype(str))
    worst = np.full(len(names), -np.inf)
    np.maximum.at(worst, codes, scores)
    wanted = np.bincount(codes, truth.wanted, minlength=len(names)) > 0
    categories: ObjectArray = np.full(len(names), "", dtype=object)
    # The last writer counts: what is to be found over what is named over what is not.
    for rows in (truth.categories != "", truth.wanted):
        categories[codes[rows]] = truth.categories[rows]
    return worst, Truth(wanted, categories)


def _described(labels: LabelColumn | LabelFile) -> tuple[str, str]:
    if isinstance(labels, LabelColumn):
        text = f"column '{labels.column}'"
        said = repr((labels.column, labels.normal, labels.category))
        return text, hashlib.sha256(said.encode()).hexdigest()
    digest = hashlib.sha256()
    files = [labels.path, *([labels.events] if labels.events else [])]
    for one in files:
        digest.update(one.read_bytes())
    return f"file {' with '.join(one.name for one in files)}", digest.hexdigest()


def _made(
    workspace: Workspace,
    record: DetectorRecord,
    *,
    source: tuple[str, str],
    labels: tuple[str, str],
    unit: str,
    measures: Measures,
    notes: list[str],
    author: str | None,
    part: str = "",
) -> Evaluation:
    named = " ".join((record.id, *source, labels[1], part))
    by = (workspace.author or "") if author is None else author
    found = Evaluation(
        id="E-" + hashlib.sha256(named.encode()).hexdigest()[:10],
        detector_id=record.id,
        detector_name=record.name,
        source_name=source[0],
        source_sha256=source[1],
        labels_from=labels[0],
        labels_sha256=labels[1],
        unit=unit,
        measures=measures,
        notes=tuple(notes),
        created_time=time.time(),
        author=by,
    )
    encode, _ = converters(Evaluation)
    text = json.dumps(encode(found), indent=1, sort_keys=True) + "\n"
    path = workspace.home / "evaluations" / f"{found.id}.json"
    write_whole(path, text.encode(), "The evaluation")
    facts = {
        "evaluation": found.id,
        "file": source[0],
        "labels": labels[0],
        unit: str(measures.events),
        "to be found": str(measures.wanted),
        "ROC AUC": "" if measures.roc_auc is None else f"{measures.roc_auc:.3f}",
    }
    workspace.store.desk.act([NewRecord("evaluation", record.id, facts, by)])
    return found
