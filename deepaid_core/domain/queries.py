"""What can be asked of the findings in a store, and what comes back."""

from dataclasses import dataclass
from typing import Final, Literal

from deepaid_core.domain.finding import Status

__all__ = [
    "NEW_S",
    "DetectorCount",
    "FindingQuery",
    "FindingRow",
    "GroupBy",
    "GroupRow",
    "HourCount",
    "Overview",
    "PathCount",
    "PatternRow",
    "Reach",
    "RunCount",
    "Sort",
]

Sort = Literal["score", "newest", "oldest", "events", "entity"]
GroupBy = Literal["pattern", "entity", "detector"]
NEW_S: Final = 86_400.0
"""A pattern is new for a day of added findings: a weekend without data makes nothing old."""


@dataclass(frozen=True, slots=True)
class FindingQuery:
    """A filter over findings; what is None or empty does not filter.

    Attributes:
        status: Open, closed or suppressed.
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
        entities: Findings about one of these; an empty tuple matches nothing, None all.
        within: First and last moment, Unix seconds, of findings that lie wholly between both;
            None at either end leaves it open.
        suppression: Findings that fall under this suppression, the re-surfaced ones included.
        resurfaced: Findings that fall under a suppression and are, or are not, left in the queue.
        assignees: Findings that one of these looks at, an empty name for nobody; an empty tuple
            matches nothing, None all.
        case_number: Findings that this case holds.
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
    entities: tuple[str, ...] | None = None
    within: tuple[float | None, float | None] | None = None
    suppression: int | None = None
    resurfaced: bool | None = None
    assignees: tuple[str, ...] | None = None
    case_number: int | None = None
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
    suppression_number: int | None = None
    resurfaced: bool = False
    assignee: str | None = None
    added_time: float | None = None


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
    suppressed_findings: int = 0


@dataclass(frozen=True, slots=True)
class PathCount:
    """How many open findings have one path."""

    detector_name: str
    pattern_id: str
    path: tuple[str, ...]
    open_findings: int


@dataclass(frozen=True, slots=True)
class HourCount:
    """Findings of one detector that began within one hour, by where they stand.

    Attributes:
        start: Of the hour, Unix seconds, UTC.
        closed: Those with a verdict that takes them out of the queue.
    """

    detector_name: str
    start: float
    open_findings: int
    suppressed: int
    closed: int

    @property
    def findings(self) -> int:
        """All of them."""
        return self.open_findings + self.suppressed + self.closed


@dataclass(frozen=True, slots=True)
class DetectorCount:
    """How many findings one detector has, and how many of them lack a verified interpretation."""

    name: str
    findings: int
    open_findings: int
    unverified: int


@dataclass(frozen=True, slots=True)
class RunCount:
    """What the runs of one detector version read.

    Attributes:
        events: Scored in all runs together.
        last_time: Of the last event that any of them read, Unix seconds, UTC.
        finished_time: When the last of them ended.
    """

    detector_id: str
    runs: int
    events: int
    last_time: float
    finished_time: float


@dataclass(frozen=True, slots=True)
class Overview:
    """Counts for the first page.

    Attributes:
        critical: Open findings of critical severity.
        to_check: Findings under a suppression that wait in the queue for a check.
        patterns: How many there are.
        new_patterns: Those with open findings that no verdict in force is on and whose first
            finding was added within `NEW_S` before `added_time`.
        added_time: When the last finding was added, Unix seconds, UTC; None without findings.
        decisions: Verdicts in force; one on many findings counts once.
        detectors: By name.
        hours: By detector and hour; hours without findings are left out.
        slots: (start, open, suppressed, closed findings) of all detectors, in order of time; slots
            without findings are left out.
        slot_s: Length of a slot: an hour, or a minute where all findings lie within some hours.
    """

    findings: int
    open_findings: int
    critical: int
    suppressed: int
    unverified: int
    to_check: int
    patterns: int
    new_patterns: int
    added_time: float | None
    decisions: int
    detectors: tuple[DetectorCount, ...]
    hours: tuple[HourCount, ...]
    slots: tuple[tuple[float, int, int, int], ...]
    slot_s: float


@dataclass(frozen=True, slots=True)
class Reach:
    """What a query reaches, counted: shown before a decision on all of it.

    Attributes:
        findings: All that match.
        open_findings: Those that wait for a verdict.
        suppressed: Those that a suppression keeps out of the queue.
        closed: Those with a verdict.
        unverified: Open ones whose interpretation is not verified.
        critical: Open ones of critical severity.
        events: Events of all that match.
        entities: How many different ones.
        first_time: Of the first event, Unix seconds, UTC; None where nothing matches.
        last_time: Of the last event.
        hours: (hour start as Unix seconds UTC, open findings, all findings), in order of time.
        top_entities: (entity, open findings, all findings), most findings first, at most 20.
        verdicts: Findings by the label of their verdict in force.
        decisions: Different decisions behind these verdicts by label: a decision on a hundred
            findings counts once.
    """

    findings: int
    open_findings: int
    suppressed: int
    closed: int
    unverified: int
    critical: int
    events: int
    entities: int
    first_time: float | None
    last_time: float | None
    hours: tuple[tuple[float, int, int], ...]
    top_entities: tuple[tuple[str, int, int], ...]
    verdicts: dict[str, int]
    decisions: dict[str, int]
