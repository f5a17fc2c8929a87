"""What can be asked of the findings in a store, and what comes back."""

from dataclasses import dataclass
from typing import Literal

from deepaid_core.domain.finding import Status

__all__ = [
    "FindingQuery",
    "FindingRow",
    "GroupBy",
    "GroupRow",
    "Overview",
    "PathCount",
    "PatternRow",
    "Sort",
]

Sort = Literal["score", "newest", "oldest", "events", "entity"]
GroupBy = Literal["pattern", "entity", "detector"]


@dataclass(frozen=True, slots=True)
class FindingQuery:
    """A filter over findings; what is None or empty does not filter.

    Attributes:
        status: Open or closed.
        detector_name: Findings of one detector.
        pattern_id: Findings of one pattern.
        entity: Findings of one entity, exactly.
        verdict: Findings whose verdict in force has this label, e.g. "false positive".
        verified: Findings whose interpretation is, or is not, verified.
        text: Case-insensitive part of id, entity, summary, category or a peer; taken literally.
        min_ratio: Score over threshold at least this.
        max_ratio: Score over threshold below this.
        since: Last event at or after this time, Unix seconds, UTC.
        until: First event before this time.
        paths: Findings whose path is one of these; an empty tuple matches nothing, None all.
        sort: Order; ties are broken by id.
    """

    status: Status | None = None
    detector_name: str | None = None
    pattern_id: str | None = None
    entity: str | None = None
    verdict: str | None = None
    verified: bool | None = None
    text: str = ""
    min_ratio: float | None = None
    max_ratio: float | None = None
    since: float | None = None
    until: float | None = None
    paths: tuple[tuple[str, ...], ...] | None = None
    sort: Sort = "score"


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding as a line of the queue; cheap to read in bulk."""

    id: str
    detector_id: str
    detector_name: str
    source_name: str
    entity: str
    pattern_id: str
    path: tuple[str, ...]
    first_time: float
    last_time: float
    event_count: int
    max_score: float
    threshold: float
    ratio: float
    verified: bool
    deviation_count: int
    summary: str
    status: Status
    verdict: str | None
    category: str | None
    verdict_number: int | None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """Findings that share a pattern, an entity or a detector.

    Attributes:
        key: Pattern id, entity or detector name.
        example_id: The finding with the highest score.
        example_summary: Its strongest deviations in words.
    """

    key: str
    findings: int
    open_findings: int
    events: int
    entities: int
    max_ratio: float
    first_time: float
    last_time: float
    example_id: str
    example_summary: str


@dataclass(frozen=True, slots=True)
class PatternRow:
    """One pattern with its findings and the verdicts in force on them."""

    pattern_id: str
    detector_name: str
    states: tuple[str, ...]
    findings: int
    open_findings: int
    events: int
    entities: int
    first_time: float
    last_time: float
    max_ratio: float
    example_id: str
    example_path: tuple[str, ...]
    example_summary: str
    true_positives: int
    false_positives: int
    benign_positives: int
    undetermined: int


@dataclass(frozen=True, slots=True)
class PathCount:
    """How many open findings have one path."""

    detector_name: str
    pattern_id: str
    path: tuple[str, ...]
    open_findings: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts for the first page.

    Attributes:
        verdicts: Findings by the label of their verdict in force.
        hours: (detector name, hour start as Unix seconds UTC, open findings, all findings).
    """

    findings: int
    open_findings: int
    unverified: int
    patterns: int
    entities: int
    events: int
    verdicts: dict[str, int]
    decisions: int
    hours: tuple[tuple[str, float, int, int], ...]
