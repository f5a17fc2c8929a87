"""Values become rows of the tables, and rows become values."""

import hashlib
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from deepaid_core.domain import codec
from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.log import (
    Entry,
    LogEntry,
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
)
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.queries import FindingRow
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.errors import StoredValueError

__all__ = [
    "detail_values",
    "detector_values",
    "entity_key",
    "entry_values",
    "finding_values",
    "path_values",
    "read_detector",
    "read_entry",
    "read_finding",
    "read_row",
    "read_run",
    "repeated",
    "run_values",
    "status_under",
]

_KINDS: dict[type, codec.Kind[Any]] = {
    NewVerdict: codec.VERDICT,
    NewUndo: codec.UNDO,
    NewRestore: codec.RESTORE,
    NewSuppression: codec.SUPPRESSION,
    NewSetting: codec.SETTING,
    NewLessons: codec.LESSONS,
}
_NAMED = {kind.name: kind for kind in _KINDS.values()}
ENTITY_LIMIT = 400  # PostgreSQL indexes at most 2704 bytes; a character takes up to 5


def status_under(label: str | None) -> Status:
    """Where a finding stands under the label of its verdict in force."""
    leaves_open = label is None or label == VerdictLabel.UNDETERMINED
    return Status.OPEN if leaves_open else Status.CLOSED


def entity_key(entity: str) -> str:
    """An entity as lists show and compare it: itself, or cut and told apart by its digest."""
    if len(entity) <= ENTITY_LIMIT:
        return entity
    digest = hashlib.sha256(entity.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{entity[: ENTITY_LIMIT - 12]}…{digest[:10]}"


def path_key(finding: Finding) -> str:
    """Short key of a path of one detector."""
    parts = (finding.detector_name, finding.pattern_id, *finding.pattern, "", *finding.path)
    return hashlib.sha256(codec.dump_states(parts).encode()).hexdigest()[:20]


def path_values(finding: Finding) -> dict[str, Any]:
    """The row of `paths` that a finding refers to."""
    return {
        "key": path_key(finding),
        "detector_name": finding.detector_name,
        "pattern_id": finding.pattern_id,
        "pattern": codec.dump_states(finding.pattern),
        "path": codec.dump_states(finding.path),
    }


def finding_values(finding: Finding) -> dict[str, Any]:
    """The light row of a finding that nobody has judged yet, but for when it was added."""
    words = (finding.id, finding.entity, finding.summary, *finding.peers)
    return {
        "id": finding.id,
        "status": status_under(None).value,
        "verdict": None,
        "verdict_number": None,
        "verified": bool(finding.interpretation.diagnostics.verified),
        "deviation_count": len(finding.interpretation.deviations),
        "event_count": int(finding.event_count),
        "max_score": float(finding.max_score),
        "threshold": float(finding.threshold),
        "ratio": float(finding.ratio),
        "first_time": float(finding.first_time),
        "last_time": float(finding.last_time),
        "first_hour": int(finding.first_time // 3600),
        "detector_id": finding.detector_id,
        "detector_name": finding.detector_name,
        "pattern_id": finding.pattern_id,
        "path_key": path_key(finding),
        "entity": entity_key(finding.entity),
        "category": None,
        "source_name": finding.source_name,
        "source_sha256": finding.source_sha256,
        "summary": finding.summary,
        "search_text": "\n".join(words).casefold(),
        "search_category": "",
        "suppression_number": None,
        "resurfaced": False,
    }


def detail_values(finding: Finding) -> dict[str, Any]:
    """The heavy row of a finding."""
    return {
        "finding_id": finding.id,
        "entity": finding.entity,
        "event_index": int(finding.event_index),
        "event_time": float(finding.event_time),
        "member_indices": codec.pack_integers(finding.member_indices),
        "member_times": codec.pack_floats(finding.member_times),
        "member_scores": codec.pack_floats(finding.member_scores),
        "interpretation": codec.dump(codec.INTERPRETATION, finding.interpretation),
        "evidence_columns": codec.dump_states(finding.evidence_columns),
        "evidence": codec.dump(codec.EVIDENCE, finding.evidence),
        "peers": codec.dump(codec.PEERS, finding.peers),
    }


def read_finding(light: Row[Any], heavy: Row[Any]) -> Finding:
    """A finding from its light row, joined with its path, and its heavy one."""
    return Finding(
        id=light.id,
        detector_id=light.detector_id,
        detector_name=light.detector_name,
        source_name=light.source_name,
        source_sha256=light.source_sha256,
        entity=heavy.entity,
        pattern_id=light.pattern_id,
        pattern=codec.load_states(light.pattern),
        path=codec.load_states(light.path),
        first_time=light.first_time,
        last_time=light.last_time,
        event_count=light.event_count,
        max_score=light.max_score,
        threshold=light.threshold,
        ratio=light.ratio,
        event_index=heavy.event_index,
        event_time=heavy.event_time,
        member_indices=codec.unpack_integers(heavy.member_indices),
        member_times=codec.unpack_floats(heavy.member_times),
        member_scores=codec.unpack_floats(heavy.member_scores),
        interpretation=codec.load(codec.INTERPRETATION, heavy.interpretation),
        summary=light.summary,
        evidence_columns=codec.load_states(heavy.evidence_columns),
        evidence=codec.load(codec.EVIDENCE, heavy.evidence),
        peers=codec.load(codec.PEERS, heavy.peers),
    )


def read_row(light: Row[Any]) -> FindingRow:
    """A line of the queue from a light row, joined with its path."""
    return FindingRow(
        id=light.id,
        detector_id=light.detector_id,
        detector_name=light.detector_name,
        source_name=light.source_name,
        entity=light.entity,
        pattern_id=light.pattern_id,
        path=codec.load_states(light.path),
        first_time=light.first_time,
        last_time=light.last_time,
        event_count=light.event_count,
        max_score=light.max_score,
        threshold=light.threshold,
        ratio=light.ratio,
        verified=light.verified,
        deviation_count=light.deviation_count,
        summary=light.summary,
        status=Status(light.status),
        verdict=light.verdict,
        category=light.category,
        verdict_number=light.verdict_number,
        suppression_number=light.suppression_number,
        resurfaced=light.resurfaced,
        assignee=light.assignee,
        added_time=light.added_time,
    )


def detector_values(record: DetectorRecord) -> dict[str, Any]:
    """A row of `detectors`."""
    return {
        **asdict(record),
        "modality": record.modality.value,
        "source_settings": codec.dump(codec.SETTINGS, record.source_settings),
    }


def read_detector(row: Row[Any]) -> DetectorRecord:
    """A detector version from its row."""
    return DetectorRecord(
        **{
            **row._mapping,
            "modality": Modality(row.modality),
            "source_settings": codec.load(codec.SETTINGS, row.source_settings),
        }
    )


def run_values(run: RunRecord) -> dict[str, Any]:
    """A row of `runs`."""
    return {**asdict(run), "volume": codec.dump(codec.VOLUME, run.volume)}


def read_run(row: Row[Any]) -> RunRecord:
    """A run from its row."""
    return RunRecord(**{**row._mapping, "volume": codec.load(codec.VOLUME, row.volume)})


def entry_values(entry: LogEntry) -> dict[str, Any]:
    """A row of the log."""
    return {
        "number": entry.number,
        "time": entry.time,
        **repeated(entry.entry),
        "payload": codec.dump(_KINDS[type(entry.entry)], entry.entry),
    }


def repeated(decision: Entry) -> dict[str, str | None]:
    """Columns of a row of the log that say again what its payload says."""
    values: dict[str, str | None] = {
        "kind": _KINDS[type(decision)].name,
        "author": decision.author,
        **dict.fromkeys(("label", "category", "detector_name", "pattern_id")),
    }
    if isinstance(decision, NewVerdict):
        about: NewVerdict | SuppressionScope = decision
        values |= {"label": decision.label.value, "category": decision.category}
    elif isinstance(decision, NewSuppression):
        about = decision.scope
        values |= {"label": decision.basis.value, "category": decision.category}
    else:
        return values
    return values | {"detector_name": about.detector_name, "pattern_id": about.pattern_id}


def read_entry(row: Row[Any]) -> LogEntry:
    """A line of the log from its row.

    Raises:
        StoredValueError: The kind of entry is unknown, or the row is damaged.
    """
    kind = _NAMED.get(row.kind)
    if kind is None:
        raise StoredValueError(
            f"Entry {row.number} of the log is of the unknown kind '{row.kind}'; "
            "update the program that reads it."
        )
    return LogEntry(row.number, row.time, codec.load(kind, row.payload))
