"""The parts that a report's document is put together from, all of them frozen values."""

from dataclasses import dataclass

from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.queries import FindingRow, PatternRow
from deepaid_core.domain.verdict import Verdict

__all__ = ["Activity", "DetectorFiles", "ReportFinding", "Rest"]


@dataclass(frozen=True, slots=True)
class ReportFinding:
    """One finding with everything the store knows around it.

    Attributes:
        finding: The finding whole.
        row: Its status and verdict in force.
        verdicts: Its own verdicts, newest first, undone ones included.
        precedents: Verdicts on its pattern, newest first, those on this finding included.
        pattern: Counts of its pattern.
        detector: The detector version, or None where the store does not know it.
        run: The run over its source, or None likewise.
        states: The states of its path in an analyst's words, strongest first.
        suggestion: What the Distiller suggests, as a sentence; empty where it was not asked.
    """

    finding: Finding
    row: FindingRow
    verdicts: tuple[Verdict, ...]
    precedents: tuple[Verdict, ...]
    pattern: PatternRow | None
    detector: DetectorRecord | None
    run: RunRecord | None
    states: tuple[str, ...]
    suggestion: str = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """Something that happened to what the report is about.

    Attributes:
        time: Unix seconds, UTC.
        author: Who; empty for what the software did by itself.
        text: What, in words.
        automatic: Nobody did it by hand.
        subject: Id of what it happened to; may be empty.
    """

    time: float
    author: str
    text: str
    automatic: bool = False
    subject: str = ""


@dataclass(frozen=True, slots=True)
class DetectorFiles:
    """Digests of what lies on disk of a detector version.

    Attributes:
        detector_id: "D-...".
        weights: SHA-256 of the file with its arrays; empty where it cannot be read.
        scaler: Of the arrays that scale its input, names included; empty where it has none.
        profile: Of the arrays that tell what its training events were like; empty likewise.
        trained_on_sha256: Digest of the training source; empty where not known.
    """

    detector_id: str
    weights: str
    scaler: str
    profile: str
    trained_on_sha256: str


@dataclass(frozen=True, slots=True)
class Rest:
    """Findings that a report counts and does not show one by one.

    Attributes:
        findings: How many.
        open_findings: Those among them without a verdict that are not suppressed.
        events: Of all of them.
        entities: (entity, findings), most findings first, of all findings, the shown ones too.
    """

    findings: int
    open_findings: int
    events: int
    entities: tuple[tuple[str, int], ...]
