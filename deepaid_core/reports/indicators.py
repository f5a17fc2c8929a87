"""What of a report somebody else can look for: addresses, names, files by their digest."""

import ipaddress
import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.details import LinkDetails
from deepaid_core.domain.finding import Finding
from deepaid_core.reports.document import ReportDocument

__all__ = ["Indicator", "indicators", "kind_of"]

_MAC: Final = re.compile(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}", re.IGNORECASE)
_PROCESS: Final = re.compile(r":\d+$")


@dataclass(frozen=True, slots=True)
class Indicator:
    """Something that was seen.

    Attributes:
        kind: "IPv4 address", "IPv6 address", "MAC address", "user", "host" or "name".
        value: As recorded.
        role: "entity" where findings are about it, else "counterpart" or "part of a login".
        findings: How many it occurs in.
    """

    kind: str
    value: str
    role: str
    findings: int


def indicators(document: ReportDocument) -> tuple[Indicator, ...]:
    """Everything that was seen in the findings, those that they are about first."""
    counts: Counter[tuple[str, str, str]] = Counter()
    for item in document.findings:
        counts.update(set(_seen(item.finding)))
    order = {"entity": 0, "part of a login": 1, "counterpart": 2}
    named = {value for _, value, role in counts if role == "entity"}
    return tuple(
        Indicator(kind, value, role, number)
        for (kind, value, role), number in sorted(
            counts.items(), key=lambda one: (order[one[0][2]], -one[1], one[0][1])
        )
        if role == "entity" or value not in named
    )


def kind_of(value: str) -> str:
    """What an entity or a counterpart is, as far as its spelling tells."""
    if _MAC.fullmatch(value):
        return "MAC address"
    try:
        return f"IPv{ipaddress.ip_address(value).version} address"
    except ValueError:
        return "name"


def _seen(finding: Finding) -> list[tuple[str, str, str]]:
    details = finding.interpretation.details
    if isinstance(details, LinkDetails):
        return [
            (
                "user" if role == "user" else "host",
                node,
                "entity" if node == finding.entity else "part of a login",
            )
            for role, node in zip(details.roles, details.observed, strict=True)
        ]
    # A session is called by its host and process; the process says nothing elsewhere.
    entity = (
        _PROCESS.sub("", finding.entity) if kind_of(finding.entity) == "name" else finding.entity
    )
    return [
        (kind_of(entity), entity, "entity"),
        *((kind_of(peer), peer, "counterpart") for peer in finding.peers),
    ]
