"""Asking the detectors of a report again, and comparing each number with what it says."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

import numpy as np

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.interpretation import Deviation, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.schema import Schema
from deepaid_core.errors import ArtifactError, CancelledError, DeepAidError
from deepaid_core.figures.numbers import format_score
from deepaid_core.workflow.verify_report import Claim, Claims, read
from deepaid_core.workspace import Workspace

if TYPE_CHECKING:
    from deepaid_core.detectors.trained import TrainedDetector

__all__ = ["TOLERANCE", "Check", "Verification", "verify"]

TOLERANCE: Final = 1e-4
"""How far a number may be off, as a share of it: other processors round differently."""

Outcome = Literal["confirmed", "differs", "not checkable"]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that a report says.

    Attributes:
        subject: "report", "log", or the id of a finding.
        what: E.g. "score of the closest normal".
        outcome: What came of it.
        told: What the report says, or why it cannot be checked.
        found: What the detector says now; empty where it was not asked.
    """

    subject: str
    what: str
    outcome: Outcome
    told: str
    found: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """What became of each number of a report.

    Attributes:
        report: Its id.
        checks: In the order of the report.
    """

    report: str
    checks: tuple[Check, ...]

    def of(self, outcome: Outcome) -> tuple[Check, ...]:
        """The checks that came out so."""
        return tuple(check for check in self.checks if check.outcome == outcome)

    @property
    def holds(self) -> bool:
        """Nothing differs, and some number of a finding was confirmed."""
        confirmed = [one for one in self.of("confirmed") if one.subject not in ("report", "log")]
        return not self.of("differs") and bool(confirmed)


def verify(
    workspace: Workspace,
    text: str,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Verification:
    """Check an evidence file against the detectors and the logs of a workspace.

    The stored observed event and the reference are scored again by the very detector version that
    flagged it, and so is each step between the two.

    Args:
        workspace: Where the detectors are.
        text: The evidence file.
        progress: Told the share done.
        cancelled: Asked between findings.

    Raises:
        ReportRefusedError: It is no evidence file, or of another version.
        CancelledError: `cancelled` said so.
    """
    claims = read(text)
    checks = [_digest(claims), *_logs(workspace, claims)]
    checks += [
        Check(finding_id, "finding", "differs", f"cannot be read: {why}")
        for finding_id, why in claims.unread
    ]
    records = {record.id: record for record in workspace.store.detectors()}
    loaded: dict[str, TrainedDetector] = {}
    for place, claim in enumerate(claims.claims):
        if cancelled():
            raise CancelledError("The check was cancelled; what was confirmed so far is not kept.")
        progress(place / len(claims.claims), f"Asking the detector about {claim.finding_id}")
        record = records.get(claim.detector_id)
        checks += _finding(workspace, claim, record, claims.masks, loaded)
    return Verification(claims.report, tuple(checks))


def _digest(claims: Claims) -> Check:
    holds = claims.sha256 == claims.stated_sha256
    return Check(
        "report",
        "SHA-256 of its content",
        "confirmed" if holds else "differs",
        claims.stated_sha256,
        claims.sha256,
    )


def _logs(workspace: Workspace, claims: Claims) -> Iterator[Check]:
    for head in claims.heads:
        what = f"log of {head.log} up to line {head.number}"
        if not head.number:
            continue
        problem = workspace.store.audit.check(head.log, noted=head).problem
        # Another workspace has another log; its detectors can be asked all the same.
        outcome: Outcome = "confirmed" if problem is None else "not checkable"
        yield Check("log", what, outcome, head.digest if problem is None else problem)


def _finding(
    workspace: Workspace,
    claim: Claim,
    record: DetectorRecord | None,
    masks: tuple[str, ...],
    loaded: "dict[str, TrainedDetector]",
) -> Iterator[Check]:
    from deepaid_core.detectors.artifacts import artifact_digest, load_trained

    def unable(why: str, outcome: Outcome = "not checkable") -> Check:
        return Check(claim.finding_id, "scores", outcome, why)

    if claim.interpretation.modality is Modality.LINK and {"users", "addresses"} & set(masks):
        yield unable("the names of its login are masked, so the detector cannot be asked")
        return
    if record is None:
        yield unable(
            f"detector {claim.detector_id} is not in this workspace; use the workspace that made "
            "the report"
        )
        return
    folder = workspace.artifacts / record.artifact
    try:
        digest = artifact_digest(folder)
        if digest not in loaded:
            loaded[digest] = load_trained(folder)
    except ArtifactError as error:
        yield unable(str(error))
        return
    told = claim.detector_sha256 or record.sha256
    yield Check(
        claim.finding_id,
        f"SHA-256 of detector {record.id}",
        "confirmed" if digest == told else "differs",
        told,
        digest,
    )
    trained = loaded[digest]
    try:
        scores = _scores(trained.detector, claim.interpretation)
    except (DeepAidError, ValueError, KeyError, IndexError) as error:
        yield unable(f"what was observed does not fit the detector ({error})", "differs")
        return
    yield from _numbers(claim, scores, trained.threshold.value)


def _numbers(claim: Claim, scores: list[float], threshold: float) -> Iterator[Check]:
    proof = claim.interpretation.diagnostics
    score, *flips, reference = scores
    pairs = [
        ("threshold", claim.threshold, threshold),
        ("threshold of the proof", proof.threshold, threshold),
        ("score of the finding", claim.score, score),
        ("score of the anomaly", proof.score, score),
        ("score of the closest normal", proof.reference_score, reference),
        *(
            (f"score after deviation {place}", told, found)
            for place, (told, found) in enumerate(
                zip(proof.flip_scores, flips, strict=False), start=1
            )
        ),
    ]
    for what, told, found in pairs:
        agrees = math.isclose(told, found, rel_tol=TOLERANCE, abs_tol=1e-9)
        yield Check(
            claim.finding_id,
            what,
            "confirmed" if agrees else "differs",
            format_score(told),
            format_score(found),
        )
    if len(proof.flip_scores) != len(flips):
        yield Check(
            claim.finding_id,
            "number of scores after deviations",
            "differs",
            str(len(proof.flip_scores)),
            str(len(flips)),
        )
    accepted = reference <= threshold
    yield Check(
        claim.finding_id,
        "verified",
        "confirmed" if accepted == proof.verified else "differs",
        "yes" if proof.verified else "no",
        "yes" if accepted else "no",
    )


def _scores(detector: Any, interpretation: Interpretation) -> list[float]:
    """Of the anomaly, after each deviation, and of the reference."""
    from deepaid_core.domain.batches import LinkBatch, SequenceBatch, SeriesBatch, TabularBatch
    from deepaid_core.domain.details import LinkDetails, SeriesDetails

    schema, details = detector.fitted_schema, interpretation.details
    deviations = interpretation.deviations
    if isinstance(details, LinkDetails):
        nodes = np.array(details.observed, dtype=object), np.array(details.reference, dtype=object)
        places = [[schema.roles.index(one.field)] for one in deviations]
        rows = _stages(*nodes, places)
        return list(map(float, detector.score(LinkBatch.of_nodes(rows))))
    observed, reference = (
        np.array(values, dtype=np.float64)
        for values in (interpretation.observed, interpretation.reference)
    )
    if isinstance(details, SeriesDetails):
        names = [column.name for column in details.columns]
        every = np.arange(details.steps) * len(names)
        places = [list(every + names.index(one.field)) for one in deviations]
        rows = _stages(observed, reference, places)
        windows = rows.reshape(len(rows), details.steps, -1)
        return list(map(float, detector.score(SeriesBatch.of_values(schema, windows))))
    if interpretation.modality is Modality.SEQUENCE:
        places = [[len(observed) - 1 + _offset(one)] for one in deviations]
        rows = _stages(observed, reference, places).astype(np.int64)
        return list(map(float, detector.score(SequenceBatch.of_keys(schema, rows))))
    places = [_columns(schema, one.field) for one in deviations]
    rows = _stages(observed, reference, places)
    return list(map(float, detector.score(TabularBatch.of_values(schema, rows))))


def _stages(observed: Any, reference: Any, places: list[list[int]]) -> Any:
    rows = [observed]
    for some in places:
        rows.append(rows[-1].copy())
        rows[-1][some] = reference[some]
    return np.array([*rows, reference], dtype=observed.dtype)


def _columns(schema: Schema, name: str) -> list[int]:
    found = next((field.columns for field in schema.fields if field.name == name), None)
    if found is None:
        raise ValueError(f"it has no field '{name}'")
    return list(found)


def _offset(deviation: Deviation) -> int:
    # Changed keys are called by their place before the flagged line: "position:-3".
    return int(deviation.field.rpartition(":")[2])
