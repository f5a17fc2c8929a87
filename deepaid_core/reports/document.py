"""All that a report says, as one frozen value built from the store; renderers only lay it out."""

import hashlib
import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, Self, TypedDict, Unpack, get_args

from deepaid_core.domain.actions import Note
from deepaid_core.domain.audit import AuditHead
from deepaid_core.domain.case import TLP, Case
from deepaid_core.domain.queries import FindingRow, PatternRow
from deepaid_core.domain.suppression import Suppression
from deepaid_core.domain.verdict import Verdict
from deepaid_core.errors import InvalidParameterError
from deepaid_core.reports.parts import Activity, DetectorFiles, ReportFinding, Rest
from deepaid_core.store.base import Store

__all__ = [
    "AUDIENCES",
    "MASKS",
    "MAX_FINDINGS",
    "SCHEMA",
    "TLP",
    "Audience",
    "Mask",
    "ReportDocument",
    "ReportFinding",
    "checked_masks",
    "evidence_json",
]

MAX_FINDINGS: Final = 500
"""Most findings that a report shows one by one; more would no longer open quickly."""

SCHEMA: Final = 2
"""Version of the form of the evidence file."""

Audience = Literal["executive", "technical"]
AUDIENCES: Final[tuple[Audience, ...]] = get_args(Audience)
"""Who reads a report: executives get what happened and what to do, without the detector's words."""

Mask = Literal["users", "addresses", "payload"]
MASKS: Final[tuple[Mask, ...]] = get_args(Mask)
"""What can be left out: names of users; addresses and names of hosts; raw records."""


class _Around(TypedDict, total=False):
    # What `build` takes over as it is; the document's attributes of the same names.
    subject: str
    audience: Audience
    defang: bool
    case: Case | None
    pattern: PatternRow | None
    notes: tuple[Note, ...]
    activity: tuple[Activity, ...]
    suppressions: tuple[Suppression, ...]
    files: tuple[DetectorFiles, ...]
    heads: tuple[AuditHead, ...]
    software: tuple[tuple[str, str], ...]
    rest: Rest | None


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
        subject: "C-..." or "P-..." of what the report is about; empty where that is findings.
        audience: Who reads it.
        masks: What was replaced, of `MASKS`, in their order; see `masking`.
        defang: Whether indicators are written so that nothing turns them into a link.
        case: The case that it is about, if any.
        pattern: The pattern that it is about, if any.
        notes: On the case or the findings, oldest first.
        activity: What happened to them, oldest first.
        suppressions: In force, on their patterns.
        files: Digests of the detectors' files.
        heads: Where the chained logs stood.
        software: (name, version) of what computed and drew it.
        rest: Findings of the case or pattern that are counted only; None where all are shown.
    """

    title: str
    author: str
    tlp: str
    generated_time: float
    version: str
    filters: str
    findings: tuple[ReportFinding, ...] = field(repr=False)
    subject: str = ""
    audience: Audience = "technical"
    masks: tuple[Mask, ...] = ()
    defang: bool = True
    case: Case | None = None
    pattern: PatternRow | None = None
    notes: tuple[Note, ...] = ()
    activity: tuple[Activity, ...] = field(default=(), repr=False)
    suppressions: tuple[Suppression, ...] = ()
    files: tuple[DetectorFiles, ...] = ()
    heads: tuple[AuditHead, ...] = ()
    software: tuple[tuple[str, str], ...] = ()
    rest: Rest | None = None

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
        **around: Unpack[_Around],
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
            around: Other attributes of the document, taken over as they are.

        Raises:
            InvalidParameterError: There is no finding and no case, there are too many findings,
                or the marking or the audience is unknown.
            NotFoundError: An id is unknown.
        """
        ids = tuple(dict.fromkeys(finding_ids))
        if not ids and around.get("case") is None:
            raise InvalidParameterError("A report needs a finding and none was picked; pick one.")
        if len(ids) > MAX_FINDINGS:
            raise InvalidParameterError(
                f"{len(ids):,} findings were picked where a report holds {MAX_FINDINGS}; narrow "
                "the filter or make several reports."
            )
        _check("TLP marking", tlp, TLP)
        _check("audience", around.get("audience", "technical"), AUDIENCES)
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
            **around,
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
        """The command that writes a report on the same; empty where what it needs is masked."""
        if self.subject.startswith("C-"):
            what = ["--case", self.subject]
        elif self.masks:
            return ""
        elif self.subject.startswith("P-"):
            what = ["--pattern", self.subject]
        else:
            what = [item.finding.id for item in self.findings]
        if self.audience != "technical":
            what += ["--audience", self.audience]
        if self.tlp != "amber":
            what += ["--tlp", self.tlp]
        for mask in self.masks:
            what += ["--mask", mask]
        return " ".join(["deepaid report", *what, *([] if self.defang else ["--no-defang"])])

    def content(self) -> dict[str, Any]:
        """All of it as plain JSON values; numbers that are not finite become text."""
        plain: dict[str, Any] = _plain({"schema": SCHEMA, **asdict(self)})
        return plain


def checked_masks(masks: Iterable[str]) -> tuple[Mask, ...]:
    """Masks in their order, each once.

    Raises:
        InvalidParameterError: One is unknown.
    """
    asked = set(masks)
    for mask in sorted(asked - set(MASKS)):
        _check("mask", mask, MASKS)
    return tuple(mask for mask in MASKS if mask in asked)


def evidence_json(document: ReportDocument) -> str:
    """The report for machines: its content, and the digest to check the content with.

    The digest is SHA-256 over the UTF-8 bytes of "content" written with sorted keys, without
    blanks, with characters beyond ASCII escaped.
    """
    # Written from the canonical text, so that what is hashed is what is kept.
    content = _canonical(document.content())
    return f'{{"content":{content},"report":"{document.id}","sha256":"{document.sha256}"}}\n'


def _check(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise InvalidParameterError(f"'{value}' is no {what}; choose one of: {', '.join(known)}.")


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
