"""Entities of findings: whom they are about, counterparts, users, addresses."""

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from deepaid_core.domain.details import LinkDetails
from deepaid_core.domain.entities import CaseEntities, CaseEntity, EntityKind
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workspace import Workspace

__all__ = ["MOST_FINDINGS", "case_entities", "entities_of"]

MOST_FINDINGS: Final = 200
"""Findings of a case that are read for it, the strongest ones."""

_SUBJECT, _COUNTERPART = "subject", "counterpart"
_MAC: Final = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_PAIR: Final = re.compile(r"\s*([a-z]+)=([^,]*)")
# Columns of raw events that name somebody, and what a name in them is where it is no address.
_COLUMNS: Final[Mapping[str, EntityKind]] = {
    "source": EntityKind.HOST,
    "destination": EntityKind.HOST,
    "host": EntityKind.HOST,
    "user": EntityKind.USER,
    "source_mac": EntityKind.HARDWARE_ADDRESS,
    "destination_mac": EntityKind.HARDWARE_ADDRESS,
}
# What a source of logs cuts out of a line under these names.
_PARAMETERS: Final[Mapping[str, EntityKind]] = {
    "user": EntityKind.USER,
    "ip": EntityKind.ADDRESS,
    "mac": EntityKind.HARDWARE_ADDRESS,
    "host": EntityKind.HOST,
}
_DISMISSED: Final = (VerdictLabel.FALSE_POSITIVE, VerdictLabel.BENIGN_POSITIVE)


@dataclass(slots=True)
class _Seen:
    roles: dict[str, None] = field(default_factory=dict)
    finding_ids: set[str] = field(default_factory=set)


def case_entities(workspace: Workspace, number: int) -> CaseEntities:
    """What the findings of a case name; all of them count, read are the strongest.

    Raises:
        NotFoundError: There is no such case.
    """
    workspace.store.desk.case(number)
    query = FindingQuery(case_number=number)
    rows = workspace.store.page(query, limit=MOST_FINDINGS)
    findings = (workspace.store.finding(row.id) for row in rows)
    left_out = max(0, workspace.store.count(query) - len(rows))
    return CaseEntities(entities_of(findings, rows), left_out)


def entities_of(findings: Iterable[Finding], rows: Sequence[FindingRow]) -> tuple[CaseEntity, ...]:
    """What findings name, subjects first.

    Args:
        findings: Whole ones.
        rows: Their lines, for the verdicts in force.
    """
    seen: dict[tuple[EntityKind, str], _Seen] = {}
    for finding in findings:
        for kind, name, role in _named(finding):
            one = seen.setdefault((kind, name), _Seen())
            one.roles.setdefault(role)
            one.finding_ids.add(finding.id)
    verdicts = {row.id: row.verdict for row in rows}
    found = [
        CaseEntity(
            kind=kind,
            name=name,
            roles=tuple(sorted(one.roles, key=_rank)),
            findings=len(one.finding_ids),
            confirmed=sum(verdicts.get(i) == VerdictLabel.TRUE_POSITIVE for i in one.finding_ids),
            dismissed=sum(verdicts.get(i) in _DISMISSED for i in one.finding_ids),
        )
        for (kind, name), one in seen.items()
    ]
    return tuple(sorted(found, key=lambda one: (_rank(one.roles[0]), -one.findings, one.name)))


def _rank(role: str) -> tuple[int, str]:
    return ((_SUBJECT, _COUNTERPART).index(role) if role in (_SUBJECT, _COUNTERPART) else 2), role


def _named(finding: Finding) -> Iterator[tuple[EntityKind, str, str]]:
    details = finding.interpretation.details
    links = dict(zip(details.roles, details.observed, strict=False)) if isinstance(
        details, LinkDetails) else {}  # fmt: skip
    kind = _kind_of_subject(finding, links)
    yield _what(finding.entity, kind), finding.entity, _SUBJECT
    for peer in finding.peers:
        yield _what(peer, EntityKind.HOST), peer, _COUNTERPART
    for role, name in links.items():
        if name and name != finding.entity:
            yield _what(name, _COLUMNS.get(role, EntityKind.HOST)), name, role
    yield from _in_evidence(finding)


def _kind_of_subject(finding: Finding, links: Mapping[str, str]) -> EntityKind:
    if finding.interpretation.modality is Modality.SEQUENCE:
        return EntityKind.SESSION
    for role, name in links.items():
        if name == finding.entity:
            return _COLUMNS.get(role, EntityKind.HOST)
    return EntityKind.HOST


def _in_evidence(finding: Finding) -> Iterator[tuple[EntityKind, str, str]]:
    # Events around the flagged ones are context and accuse nobody.
    flagged = [row.values for row in finding.evidence if row.flagged]
    for place, column in enumerate(finding.evidence_columns):
        kind = _COLUMNS.get(column)
        values = {values[place] for values in flagged if place < len(values) and values[place]}
        if kind is not None:
            for name in values - {finding.entity}:
                yield _what(name, kind), name, column.replace("_", " ")
        elif column == "parameters":
            for text in values:
                yield from _parameters(text)


def _parameters(text: str) -> Iterator[tuple[EntityKind, str, str]]:
    for found in _PAIR.finditer(text):
        kind, name = _PARAMETERS.get(found[1]), found[2].strip()
        if kind is not None and name:
            yield _what(name, kind), name, "log line"


def _what(name: str, otherwise: EntityKind) -> EntityKind:
    if _MAC.fullmatch(name):
        return EntityKind.HARDWARE_ADDRESS
    if otherwise is EntityKind.USER:
        return otherwise
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return EntityKind.HOST if otherwise is EntityKind.ADDRESS else otherwise
    return EntityKind.ADDRESS
