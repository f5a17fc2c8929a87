"""All that a report says, as one frozen value built from the store; renderers only lay it out."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Self

from deepaid_core.domain.case import TLP
from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.queries import FindingRow, PatternRow
from deepaid_core.domain.verdict import Verdict
from deepaid_core.errors import InvalidParameterError
from deepaid_core.store.base import Store

__all__ = ["MAX_FINDINGS", "TLP", "ReportDocument", "ReportFinding", "evidence_json"]

MAX_FINDINGS = 500
"""Most findings of one report; more would no longer open quickly."""

_SCHEMA = 1


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


@dataclass(frozen=True)
class ReportDocument:
    """A report before it is laid out.

    Attributes:
        title: What the report is about.
        author: Who made it; may be empty.
        tlp: Whom it may be shown to, one of `TLP`.
        generated_time: Unix seconds, UTC.
        version: Version of the software.
        filters: The filter the findings were picked with, in words; may be empty.
        findings: In the order they were asked for.
    """

    title: str
    author: str
    tlp: str
    generated_time: float
    version: str
    filters: str
    findings: tuple[ReportFinding, ...] = field(repr=False)

    @classmethod
    def build(
        cls,
        store: Store,
        finding_ids: Iterable[str],
        *,
        generated_time: float,
        version: str,
        title: str = "",
        author: str = "",
        tlp: str = "amber",
        filters: str = "",
        suggest: Callable[[FindingRow], str] | None = None,
        describe_state: Callable[[str], str] | None = None,
    ) -> Self:
        """Read findings and their surroundings from the store.

        Args:
            store: Where the findings are.
            finding_ids: Which; repeated ids count once.
            generated_time: Unix seconds, UTC.
            version: Version of the software.
            title: Drafted from the findings where empty.
            author: Who makes the report.
            tlp: Whom it may be shown to, one of `TLP`.
            filters: The filter the findings were picked with, in words.
            suggest: The Distiller's suggestion for a finding as a sentence.
            describe_state: A state of a path in an analyst's words.

        Raises:
            InvalidParameterError: There is no finding, too many, or the marking is unknown.
            NotFoundError: An id is unknown.
        """
        ids = tuple(dict.fromkeys(finding_ids))
        if not ids:
            raise InvalidParameterError("A report needs a finding and none was picked; pick one.")
        if len(ids) > MAX_FINDINGS:
            raise InvalidParameterError(
                f"{len(ids):,} findings were picked where a report holds {MAX_FINDINGS}; narrow "
                "the filter or make several reports."
            )
        if tlp not in TLP:
            raise InvalidParameterError(
                f"'{tlp}' is no TLP marking; choose one of: {', '.join(TLP)}."
            )
        patterns = {pattern.pattern_id: pattern for pattern in store.patterns()}
        detectors = {detector.id: detector for detector in store.detectors()}
        runs = {(run.detector_id, run.source_sha256): run for run in reversed(store.runs())}
        precedents: dict[str, tuple[Verdict, ...]] = {}
        findings = []
        for finding_id in ids:
            finding, row = store.finding(finding_id), store.row(finding_id)
            pattern_id = finding.pattern_id
            if pattern_id not in precedents:
                precedents[pattern_id] = store.verdicts(pattern_id=pattern_id)
            findings.append(
                ReportFinding(
                    finding=finding,
                    row=row,
                    verdicts=store.verdicts(finding_id=finding_id),
                    precedents=precedents[pattern_id],
                    pattern=patterns.get(pattern_id),
                    detector=detectors.get(finding.detector_id),
                    run=runs.get((finding.detector_id, finding.source_sha256)),
                    states=tuple(
                        describe_state(state) if describe_state else state for state in finding.path
                    ),
                    suggestion=suggest(row) if suggest else "",
                )
            )
        return cls(
            title=title or _draft_title(findings),
            author=author,
            tlp=tlp,
            generated_time=generated_time,
            version=version,
            filters=filters,
            findings=tuple(findings),
        )

    @cached_property
    def sha256(self) -> str:
        """Digest of the content, as `evidence_json` writes it."""
        return hashlib.sha256(_canonical(self.content()).encode()).hexdigest()

    @property
    def id(self) -> str:
        """Short name of exactly this content."""
        return f"report-{self.sha256[:10]}"

    @property
    def command(self) -> str:
        """The command that writes a report on the same findings."""
        return " ".join(["deepaid report", *(item.finding.id for item in self.findings)])

    def content(self) -> dict[str, Any]:
        """All of it as plain JSON values; numbers that are not finite become text."""
        plain: dict[str, Any] = _plain(
            {
                "schema": _SCHEMA,
                "title": self.title,
                "author": self.author,
                "tlp": self.tlp,
                "generated_time": self.generated_time,
                "version": self.version,
                "filters": self.filters,
                "findings": [asdict(item) for item in self.findings],
            }
        )
        return plain


def evidence_json(document: ReportDocument) -> str:
    """The report for machines: its content, and the digest to check the content with.

    The digest is SHA-256 over the UTF-8 bytes of "content" written with sorted keys, without
    blanks, with characters beyond ASCII escaped.
    """
    # Written from the canonical text, so that what is hashed is what is kept.
    content = _canonical(document.content())
    return f'{{"content":{content},"report":"{document.id}","sha256":"{document.sha256}"}}\n'


def _canonical(content: Mapping[str, Any]) -> str:
    return json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _draft_title(findings: Sequence[ReportFinding]) -> str:
    if len(findings) == 1:
        return f"Finding {findings[0].finding.id} on {findings[0].finding.entity}"
    entities = {item.finding.entity for item in findings}
    hosts = next(iter(entities)) if len(entities) == 1 else f"{len(entities):,} entities"
    return f"{len(findings):,} findings on {hosts}"
