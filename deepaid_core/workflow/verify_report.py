"""Reading an evidence file strictly: what it claims, and whether its digest holds."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from deepaid_core.domain.audit import AuditHead
from deepaid_core.domain.converters import converters
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.errors import ReportRefusedError
from deepaid_core.figures.text import shorten, visible
from deepaid_core.reports.document import SCHEMA

__all__ = ["Claim", "Claims", "read"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a report says of one finding.

    Attributes:
        finding_id: As the report calls it.
        detector_id: The detector version that flagged it.
        detector_sha256: Digest of that version; empty where the report has none.
        score: Highest score.
        threshold: Of the detector.
        interpretation: With what was observed, the reference and the proof.
    """

    finding_id: str
    detector_id: str
    detector_sha256: str
    score: float
    threshold: float
    interpretation: Interpretation


@dataclass(frozen=True, slots=True)
class Claims:
    """An evidence file.

    Attributes:
        report: Its id.
        stated_sha256: The digest that it states.
        sha256: The digest that its content has.
        masks: What was left out.
        claims: Its findings that could be read.
        unread: (finding id, why) of the others.
        heads: Where the logs stood.
    """

    report: str
    stated_sha256: str
    sha256: str
    masks: tuple[str, ...]
    claims: tuple[Claim, ...]
    unread: tuple[tuple[str, str], ...]
    heads: tuple[AuditHead, ...]


def read(text: str) -> Claims:
    """What an evidence file claims.

    Raises:
        ReportRefusedError: It is none, or of another version.
    """
    try:
        whole = json.loads(text, parse_constant=_refuse)
        content, stated, report = whole["content"], str(whole["sha256"]), str(whole["report"])
        items = list(content["findings"])
        masks = tuple(map(str, content["masks"])) if "masks" in content else ()
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ReportRefusedError(
            "The file is no evidence file of a report; make one with “deepaid report --format "
            "json”."
        ) from error
    if content.get("schema") != SCHEMA:
        raise ReportRefusedError(
            f"The evidence file has schema {shorten(repr(content.get('schema')), 40)} and this "
            f"version reads {SCHEMA}; use the version that made it "
            f"({visible(shorten(str(content.get('version', 'unknown')), 40))})."
        )
    claims, unread = [], []
    for place, item in enumerate(items, start=1):
        try:
            claims.append(_claim(item))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            unread.append((_named(item, place), visible(shorten(str(error), 120))))
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return Claims(
        report=report,
        stated_sha256=stated,
        sha256=hashlib.sha256(canonical.encode()).hexdigest(),
        masks=masks,
        claims=tuple(claims),
        unread=tuple(unread),
        heads=tuple(_heads(content)),
    )


def _claim(item: Mapping[str, Any]) -> Claim:
    finding, detector = item["finding"], item["detector"]
    _, decode = converters(Interpretation)
    return Claim(
        finding_id=str(finding["id"]),
        detector_id=str(finding["detector_id"]),
        detector_sha256=str(detector["sha256"]) if detector else "",
        score=float(finding["max_score"]),
        threshold=float(finding["threshold"]),
        interpretation=decode(finding["interpretation"]),
    )


def _heads(content: Mapping[str, Any]) -> list[AuditHead]:
    try:
        return [
            AuditHead(one["log"], int(one["number"]), str(one["digest"]))
            for one in content.get("heads", ())
            if one["log"] in ("decisions", "actions")
        ]
    except (KeyError, TypeError, ValueError):
        return []


def _named(item: object, place: int) -> str:
    try:
        return visible(shorten(str(item["finding"]["id"]), 40))  # type: ignore[index]
    except (KeyError, TypeError):
        return f"finding no. {place}"


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")
