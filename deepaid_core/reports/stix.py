"""A report for threat intelligence platforms, as a bundle of STIX 2.1.

What the software says of a finding is a note by the identity of the software; a verdict is an
opinion on that note by the identity of the analyst: true positive "strongly-agree", benign
positive "agree" (it happened and is harmless), undetermined "neutral", false positive
"strongly-disagree". There are no indicators: a deviation says what the detector had not seen, it
is no pattern that finds an attack elsewhere.
"""

import json
import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, Final

import stix2

from deepaid_core.domain.attack import technique_name
from deepaid_core.domain.case import OPEN_CASES
from deepaid_core.domain.verdict import Verdict, VerdictLabel
from deepaid_core.figures.numbers import format_count, format_score
from deepaid_core.figures.words import sentences
from deepaid_core.reports.document import ReportDocument, ReportFinding
from deepaid_core.reports.indicators import Indicator, indicators
from deepaid_core.reports.laid_text import NAME, shown

__all__ = ["OPINIONS", "render"]

OPINIONS: Final[Mapping[VerdictLabel, str]] = {
    VerdictLabel.TRUE_POSITIVE: "strongly-agree",
    VerdictLabel.BENIGN_POSITIVE: "agree",
    VerdictLabel.UNDETERMINED: "neutral",
    VerdictLabel.FALSE_POSITIVE: "strongly-disagree",
}
"""How far a verdict agrees with the finding."""

# Ids come from ours, so that a platform that reads two reports sees one finding once.
_SPACE: Final = uuid.UUID("5c2fd9a6-8f55-4f0d-9d3b-3d1f5d5f7a10")
_SOFTWARE: Final = "DeepAID Studio"
_PEERS: Final = 50
_TEXT: Final = 20_000
_DOMAIN: Final = re.compile(
    r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*",
    re.IGNORECASE,
)
# As published by OASIS with the extension for the Traffic Light Protocol 2.0.
_TLP_EXTENSION: Final = "extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d"
_TLP_CREATED: Final = "2022-10-01T00:00:00.000Z"
_TLP_IDS: Final[Mapping[str, str]] = {
    "clear": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "green": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "amber": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "amber+strict": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
    "red": "marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1",
}


def render(document: ReportDocument) -> str:
    """The bundle as JSON text; equal documents give equal text."""
    bundle = _Bundle(document)
    for item in document.findings:
        bundle.add_finding(item)
    bundle.add_case()
    bundle.add_container()
    content = stix2.Bundle(
        id=_id("bundle", document.sha256), objects=list(bundle.objects.values()), allow_custom=True
    )
    # Its own way to indent takes a hundred times as long as all the rest.
    return json.dumps(json.loads(content.serialize()), indent=1, ensure_ascii=True) + "\n"


@dataclass
class _Bundle:
    # Objects by their id, in the order they were added.
    document: ReportDocument
    objects: dict[str, Any] = field(default_factory=dict)
    notes: dict[str, str] = field(default_factory=dict)  # of findings, by their id

    def __post_init__(self) -> None:
        tlp = self.document.tlp
        self.marking = _TLP_IDS[tlp]
        self.objects[self.marking] = stix2.MarkingDefinition(
            id=self.marking,
            created=_TLP_CREATED,
            name=f"TLP:{tlp.upper()}",
            extensions={
                _TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": tlp}
            },
        )  # fmt: skip
        self.software = self._add(
            stix2.Identity,
            key=_SOFTWARE,
            name=f"{_SOFTWARE} {shown(self.document.version, 40)}",
            identity_class="system",
            created=_time(0.0),
            modified=_time(self.document.generated_time),
        )

    def _add(self, make: Any, *, key: str, author: str = "", **properties: Any) -> str:
        number = _id(make._type, key)
        if number not in self.objects:
            if make is not stix2.Identity:
                properties["created_by_ref"] = author or self.software
            self.objects[number] = make(id=number, object_marking_refs=[self.marking], **properties)
        return number

    def _seen(self, value: Indicator, *, time: float) -> str:
        # Identifiers of what was seen follow from what it is, as the standard asks.
        name = shown(value.value, _TEXT)
        marks = {"object_marking_refs": [self.marking]}
        made: Any = None
        if value.kind == "IPv4 address":
            made = stix2.IPv4Address(value=name, **marks)
        elif value.kind == "IPv6 address":
            made = stix2.IPv6Address(value=name, **marks)
        elif value.kind == "MAC address":
            made = stix2.MACAddress(value=name.lower().replace("-", ":"), **marks)
        elif value.kind == "user":
            made = stix2.UserAccount(account_login=name, **marks)
        elif _DOMAIN.fullmatch(name):
            made = stix2.DomainName(value=name, **marks)
        if made is not None:
            self.objects.setdefault(made.id, made)
            return str(made.id)
        # There is no kind of observable for any name at all; a system has one, though.
        return self._add(
            stix2.Identity, key=f"system {value.value}", name=shown(name, NAME),
            identity_class="system", created=_time(time), modified=_time(time),
        )  # fmt: skip

    def _person(self, name: str) -> str:
        if not name.strip():
            return self.software
        # Nobody knows when somebody became an analyst: one moment for all keeps ids stable.
        return self._add(
            stix2.Identity, key=f"analyst {name}", name=shown(name, NAME),
            identity_class="individual", created=_time(0.0), modified=_time(0.0),
        )  # fmt: skip

    def add_finding(self, item: ReportFinding) -> None:
        """What was seen, what the software says of it, and what an analyst said to that."""
        finding = item.finding
        made, told = _time(finding.last_time), _time(
            max(finding.last_time, self.document.generated_time)
        )  # fmt: skip
        reference = [{"source_name": _SOFTWARE, "external_id": shown(finding.id, NAME)}]
        seen = indicators(replace(self.document, findings=(item,)))[: _PEERS + 3]
        ids = list(dict.fromkeys(self._seen(one, time=finding.last_time) for one in seen))
        observables = [one for one in ids if not one.startswith("identity--")]
        subjects = [one for one in ids if one not in observables]
        if observables:
            subjects.insert(
                0,
                self._add(
                    stix2.ObservedData, key=finding.id, created=made, modified=told,
                    first_observed=_time(finding.first_time),
                    last_observed=_time(max(finding.first_time, finding.last_time)),
                    number_observed=min(999_999_999, max(1, finding.event_count)),
                    object_refs=observables, external_references=reference,
                ),
            )  # fmt: skip
        self.notes[finding.id] = self._add(
            stix2.Note, key=finding.id, created=made, modified=told,
            abstract=shown(f"Finding {finding.id}: {finding.summary}", NAME),
            content=_told(item), object_refs=subjects, external_references=reference,
        )  # fmt: skip
        decision = next(
            (verdict for verdict in item.verdicts if verdict.number == item.row.verdict_number),
            None,
        )
        if decision is not None:
            self._add_opinion(decision, finding.id)

    def _add_opinion(self, verdict: Verdict, finding_id: str) -> None:
        decision = verdict.decision
        made = _time(verdict.time)
        category = f" ({decision.category})" if decision.category else ""
        self._add(
            stix2.Opinion, key=f"{finding_id} verdict {verdict.number} {verdict.time}",
            author=self._person(decision.author), created=made, modified=made,
            opinion=OPINIONS[decision.label], object_refs=[self.notes[finding_id]],
            explanation=shown(f"{decision.label}{category}: {decision.reason}", _TEXT, lines=True),
            **_authors(decision.author),
        )  # fmt: skip

    def add_case(self) -> None:
        """Techniques that analysts saw in the case, each with its reason."""
        case = self.document.case
        for technique in case.techniques if case is not None else ():
            assert case is not None  # techniques are its  # noqa: S101
            made, told = _time(case.created_time), _time(
                max(case.created_time, self.document.generated_time)
            )  # fmt: skip
            number = shown(technique.id, 40)
            pattern = self._add(
                stix2.AttackPattern, key=technique.id, created=_time(0.0), modified=_time(0.0),
                name=technique_name(technique.id) or number,
                external_references=[
                    {
                        "source_name": "mitre-attack", "external_id": number,
                        "url": f"https://attack.mitre.org/techniques/{number.replace('.', '/')}/",
                    }
                ],
            )  # fmt: skip
            self._add(
                stix2.Note, key=f"{case.id} {case.created_time} {technique.id}",
                author=self._person(technique.author), created=made, modified=told,
                abstract=f"Why {number} is seen in {case.id}",
                content=shown(technique.reason, _TEXT, lines=True) or "No reason was given.",
                object_refs=[pattern], **_authors(technique.author),
            )  # fmt: skip

    def add_container(self) -> None:
        """What holds all of it: a grouping while the case is worked on, else a report."""
        document, case = self.document, self.document.case
        made = case.created_time if case is not None else document.generated_time
        key = f"{case.id} {case.created_time}" if case is not None else document.sha256
        kind = stix2.Grouping if case is not None and case.status in OPEN_CASES else stix2.Report
        container = _id(kind._type, key)
        for note in document.notes:
            self._add(
                stix2.Note, key=f"note {note.number} {note.time}",
                author=self._person(note.author), created=_time(note.time),
                modified=_time(note.time), content=shown(note.text, _TEXT, lines=True),
                object_refs=[self.notes.get(note.subject, container)], **_authors(note.author),
            )  # fmt: skip
        properties: dict[str, Any] = {
            "name": shown(document.title, NAME) or document.id,
            "description": _description(document),
            "created": _time(made),
            "modified": _time(max(made, document.generated_time)),
            "object_refs": [number for number in self.objects if number != self.marking],
            "external_references": [
                {
                    "source_name": _SOFTWARE, "external_id": document.id,
                    "description": f"SHA-256 of its content: {document.sha256}",
                }
            ],
        }  # fmt: skip
        if kind is stix2.Grouping:
            properties["context"] = "suspicious-activity"
        else:
            properties |= {
                "report_types": ["observed-data"],
                "published": _time(document.generated_time),
            }
        author = case.author if case is not None else document.author
        who = self._person(author)
        if who not in properties["object_refs"]:
            properties["object_refs"].append(who)
        self._add(kind, key=key, author=who, **properties)


def _told(item: ReportFinding) -> str:
    finding = item.finding
    proof = finding.interpretation.diagnostics
    parts = [
        *sentences(finding),
        f"{format_count(finding.event_count, 'event')} flagged by detector {finding.detector_name} "
        f"({finding.detector_id}). Score {format_score(proof.score)}, threshold "
        f"{format_score(proof.threshold)}; the closest normal event has "
        f"{format_score(proof.reference_score)} and is "
        f"{'accepted' if proof.verified else 'still flagged'}.",
        "A reference describes the detector, not anybody's intent.",
    ]
    return shown("\n".join(parts), _TEXT, lines=True)


def _description(document: ReportDocument) -> str:
    case, rest = document.case, document.rest
    parts = [f"{format_count(len(document.findings), 'finding')} shown."]
    if rest is not None:
        parts.append(f"{format_count(rest.findings, 'further finding')} counted only.")
    if document.masks:
        parts.append(f"Masked: {', '.join(document.masks)}.")
    if case is not None:
        named: Sequence[tuple[str, str]] = (
            ("Summary", case.summary), ("Impact", case.impact),
            ("Actions taken", case.actions_taken), ("Recommendations", case.recommendations),
        )  # fmt: skip
        parts.insert(0, f"Case {case.id}, {case.status}.")
        parts += [f"{name}: {text}" for name, text in named if text.strip()]
    return shown("\n".join(parts), _TEXT, lines=True)


def _authors(name: str) -> dict[str, list[str]]:
    return {"authors": [shown(name, NAME)]} if name.strip() else {}


def _id(kind: str, key: str) -> str:
    text = f"{kind} {key}".encode("utf-8", "backslashreplace").decode()
    return f"{kind}--{uuid.uuid5(_SPACE, text)}"


def _time(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return datetime.fromtimestamp(0, tz=UTC)
