"""What an analyst judges: a burst of anomalies with one detector, entity and pattern."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from deepaid_core.domain.interpretation import Interpretation

__all__ = [
    "EvidenceRow",
    "Finding",
    "Status",
    "finding_id",
    "pattern_id",
    "pattern_of",
]


class Status(StrEnum):
    """Where a finding stands."""

    OPEN = "open"
    CLOSED = "closed"
    SUPPRESSED = "suppressed"


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    """One raw event shown as context.

    Attributes:
        index: Position in the source, from 0.
        time: Unix seconds, UTC.
        score: The detector's score of it, or None where it was not kept.
        flagged: Whether it belongs to the finding.
        values: Raw columns as text, in the order of `Finding.evidence_columns`.
    """

    index: int
    time: float
    score: float | None
    flagged: bool
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """A burst of anomalies, with all that is needed to show it again without its source.

    Attributes:
        id: "F-" and ten letters and digits; the same input always gives the same id.
        detector_id: The detector version that flagged it, "D-...".
        detector_name: Its name, e.g. "packets".
        source_name: Name of what was read, e.g. the file name of a capture.
        source_sha256: Digest of that content.
        entity: Whom it is about, e.g. the source host.
        pattern_id: "P-..." of `pattern`.
        pattern: Sorted strongest states of the interpretation.
        path: The same states, strongest first; what the Distiller reads.
        first_time: Unix seconds, UTC, of the first member.
        last_time: Unix seconds, UTC, of the last member.
        event_count: Number of members.
        max_score: Highest score of a member: that of the event that is interpreted.
        threshold: The detector's threshold at that time.
        ratio: How far the score is over it, comparable between detectors: 1 at the threshold, 1
            more for each of the detector's severity units; score over threshold for most.
        event_index: Position in the source of the event that is interpreted.
        event_time: Its time.
        member_indices: Positions in the source of all members.
        member_times: Times of all members.
        member_scores: Scores of all members.
        interpretation: Why the strongest member is an anomaly.
        summary: The strongest deviations in words.
        evidence_columns: Names of the raw columns.
        evidence: Raw events around the interpreted one.
        peers: The most frequent counterparts (e.g. destination hosts) and how many events each.
    """

    id: str
    detector_id: str
    detector_name: str
    source_name: str
    source_sha256: str
    entity: str
    pattern_id: str
    pattern: tuple[str, ...]
    path: tuple[str, ...]
    first_time: float
    last_time: float
    event_count: int
    max_score: float
    threshold: float
    ratio: float
    event_index: int
    event_time: float
    member_indices: tuple[int, ...]
    member_times: tuple[float, ...]
    member_scores: tuple[float, ...]
    interpretation: Interpretation
    summary: str
    evidence_columns: tuple[str, ...] = ()
    evidence: tuple[EvidenceRow, ...] = ()
    peers: Mapping[str, int] = field(default_factory=dict)


def _digest(prefix: str, parts: Iterable[str]) -> str:
    # Length prefixes keep ("ab", "c") and ("a", "bc") apart.
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return prefix + hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:10]


def pattern_of(path: Iterable[str]) -> tuple[str, ...]:
    """The unordered form of a path, as sorted states."""
    return tuple(sorted(path))


def pattern_id(detector_name: str, pattern: Iterable[str]) -> str:
    """Stable id of a pattern of one detector, kept when the detector is retrained."""
    return _digest("P-", [detector_name, *pattern])


def finding_id(
    detector_id: str, source_sha256: str, entity: str, pattern: Iterable[str], first_index: int
) -> str:
    """Stable id of a finding; detecting the same events twice gives the same id."""
    return _digest("F-", [detector_id, source_sha256, entity, str(first_index), *pattern])
