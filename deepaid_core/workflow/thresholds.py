"""What another bound would do, and a new version of a detector with it."""

from dataclasses import replace
from typing import Final

import numpy as np

from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.detector_scores import DetectorScores, RunScores, ThresholdEffect
from deepaid_core.domain.threshold_choice import ThresholdChoice
from deepaid_core.errors import ArtifactError, InvalidParameterError
from deepaid_core.workflow.bursts import GAP_S
from deepaid_core.workflow.detector_versions import alike, record_of, versions
from deepaid_core.workflow.evaluate import evaluations
from deepaid_core.workflow.normal_scores import kept_normal_scores
from deepaid_core.workflow.registered import registered, registered_scores
from deepaid_core.workflow.run_scores import read_run_scores
from deepaid_core.workspace import Workspace

__all__ = [
    "DetectorScores",
    "RunScores",
    "ThresholdEffect",
    "apply",
    "effect",
    "record_of",
    "scores_of",
    "suggest",
    "versions",
    "why_fixed",
]

_DAY_S: Final = 86_400.0


def why_fixed(record: DetectorRecord) -> str:
    """Why the bound of a detector cannot be changed, in a sentence; empty where it can."""
    from deepaid_core.registry import DETECTORS, load

    why: str = load(DETECTORS, record.kind).fixed_threshold
    return why


def scores_of(workspace: Workspace, detector_id: str) -> DetectorScores:
    """Normal scores of a detector, and scores of the runs of all versions that score alike.

    Versions that differ in their bound only give the same scores; of runs over the same part of
    the same file the newest counts.

    Raises:
        NotFoundError: The workspace has no such detector.
        ArtifactError: The detector's files are damaged.
    """
    record = record_of(workspace, detector_id)
    stored = registered_scores(workspace, record)
    kept = None
    if stored.held_back is not None:
        normal = stored.held_back
        normal_from = (
            f"{len(normal):,} events of '{record.trained_on}' that were held back from training: "
            "the last ones in time."
        )
    elif kept := kept_normal_scores(workspace, record, stored.learned):
        normal, normal_from = kept
    else:
        normal, normal_from = _of_profile(workspace, record)
    runs, missing = [], []
    for run in _runs(workspace, record):
        try:
            runs.append(read_run_scores(workspace, run))
        except ArtifactError as error:
            missing.append(str(error))
    return DetectorScores(
        detector_id=record.id,
        threshold=record.threshold,
        normal=normal,
        normal_from=normal_from,
        held_back=stored.held_back is not None or kept is not None,
        runs=tuple(runs),
        missing=tuple(missing),
        fixed=why_fixed(record),
    )


def effect(scores: DetectorScores, value: float) -> ThresholdEffect:
    """What a bound does to normal events and to the events of the runs; quick enough for a slider.

    How many findings there would be is known exactly only at the bounds of the runs;
    `docs/evaluation.md` says how near the estimate came to real ones. Where not all scores of a
    run were kept, counts below the highest half million are estimates.
    """
    return ThresholdEffect(
        value=value,
        normal_events=len(scores.normal),
        normal_flagged=int((scores.normal > value).sum()),
        events=sum(run.events for run in scores.runs),
        anomalies=sum(run.anomalies(value) for run in scores.runs),
        findings=sum(run.findings(value, GAP_S) for run in scores.runs),
        days=sum(run.seconds for run in scores.runs) / _DAY_S,
    )


def suggest(workspace: Workspace, detector_id: str, choice: ThresholdChoice) -> Threshold:
    """The bound that a choice asks for, of this detector; changes nothing.

    Raises:
        NotFoundError: The workspace has no such detector.
        ArtifactError: The detector's files are damaged.
        InvalidParameterError: The detector's bound is fixed, there are too few normal scores for
            that choice, or no labels.
    """
    from deepaid_core.detectors.thresholds import choose

    record = record_of(workspace, detector_id)
    if fixed := why_fixed(record):
        raise InvalidParameterError(fixed)
    if choice.method == "best-f1":
        return _best_f1(workspace, record)
    scores = scores_of(workspace, detector_id)
    if not len(scores.normal) and choice.method != "by-hand":
        raise InvalidParameterError(
            f"{scores.normal_from} Without them a threshold can be chosen by hand only."
        )
    found = choose(choice, scores.normal)
    if scores.held_back or not len(scores.normal):
        return found
    return Threshold(
        found.value, found.method.replace("held-back events", "training events it accepts")
    )


def apply(
    workspace: Workspace, detector_id: str, threshold: Threshold, *, author: str | None = None
) -> DetectorRecord:
    """A new version of a detector that differs in its bound only.

    Older versions, their findings and runs stay. To return to one, apply its threshold again.

    Args:
        workspace: Where the detector is.
        detector_id: The version to begin from.
        threshold: The new bound and how it was chosen.
        author: Who asks for it; whom the environment names where None.

    Raises:
        NotFoundError: The workspace has no such detector.
        ArtifactError: The detector's files are damaged, or new ones cannot be written.
        InvalidParameterError: The bound is fixed, not finite, or the one in force already.
    """
    from deepaid_core.workflow.train import register

    record = record_of(workspace, detector_id)
    if fixed := why_fixed(record):
        raise InvalidParameterError(fixed)
    if not np.isfinite(threshold.value):
        raise InvalidParameterError(
            f"A threshold of {threshold.value} flags everything or nothing; choose a finite one."
        )
    newest = versions(workspace, record.name)[0]
    if record.id == newest.id and threshold.value == record.threshold:
        raise InvalidParameterError(
            f"The threshold of '{record.name}' is {threshold.value:g} already; choose another one."
        )
    trained = registered(workspace, record)
    latest = max(_version(workspace, one) for one in versions(workspace, record.name))
    made = register(workspace, replace(trained, threshold=threshold, version=latest + 1))
    facts = {
        "name": made.name,
        "from": record.id,
        "was": f"{record.threshold!r} ({record.threshold_method})",
        "threshold": f"{made.threshold!r} ({made.threshold_method})",
        "sha256": made.sha256,
    }
    by = (workspace.author or "") if author is None else author
    workspace.store.desk.act([NewRecord("threshold", made.id, facts, by)])
    return made


def _version(workspace: Workspace, record: DetectorRecord) -> int:

    try:
        return registered_scores(workspace, record).version
    except ArtifactError:
        return 1  # another version's damaged files must not stand in the way


def _runs(workspace: Workspace, record: DetectorRecord) -> list[RunRecord]:
    """Runs of the versions that score alike, newest first, one for each part of a file."""
    of_detector = alike(workspace, record)
    found: dict[tuple[str, int, float, float], RunRecord] = {}
    for run in workspace.store.runs():
        if run.detector_id in of_detector:
            part = (run.source_sha256, run.events, run.first_time, run.last_time)
            found.setdefault(part, run)
    return list(found.values())


def _of_profile(workspace: Workspace, record: DetectorRecord) -> tuple[FloatArray, str]:
    from deepaid_core.domain.batches import TabularBatch
    from deepaid_core.domain.schema import Schema

    nothing = (
        np.zeros(0),
        f"No scores of normal events were kept when '{record.name}' was trained; a file of normal "
        "events gives new ones (on the command line: --normal FILE).",
    )
    if record.modality is not TabularBatch.modality:
        return nothing
    trained = registered(workspace, record)
    schema = trained.detector.fitted_schema
    if trained.profile is None or not isinstance(schema, Schema):
        return nothing
    events = TabularBatch.of_values(schema, trained.profile.events)
    return (
        trained.detector.score(events),
        f"{len(events):,} training events that '{record.name}' accepted when it was trained: held-"
        "back ones were not kept. None of them was over its threshold, and they look more familiar "
        "than new events will.",
    )


def _best_f1(workspace: Workspace, record: DetectorRecord) -> Threshold:
    of_detector = alike(workspace, record)
    for evaluation in evaluations(workspace):
        best = evaluation.measures.at_best_f1
        if (
            evaluation.detector_id in of_detector
            and evaluation.unit != "findings"
            and best is not None
        ):
            return Threshold(
                best.threshold,
                f"best F1, {best.f1:.3f}, on {evaluation.measures.events:,} labelled "
                f"{evaluation.unit} of {evaluation.source_name}: the labels were used",
            )
    raise InvalidParameterError(
        f"The best F1 of '{record.name}' is not known; evaluate it on labelled events first."
    )
