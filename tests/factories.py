"""Small, realistic values for tests: packet findings of a made-up office network."""

from dataclasses import fields
from typing import Any

from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.finding import (
    EvidenceRow,
    Finding,
    finding_id,
    pattern_id,
    pattern_of,
)
from deepaid_core.domain.interpretation import Cell, Deviation, Diagnostics, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel

__all__ = [
    "PATHS",
    "make_detector_record",
    "make_finding",
    "make_interpretation",
    "make_run",
    "make_suppression",
    "make_verdict",
]

DETECTOR_ID = "D-5f0c2a91be"
SOURCE_SHA256 = "9d" * 32
START = 1_760_000_000.0  # 2025-10-09 08:53:20 UTC
DECAYS = ("5", "3", "1", "0.1", "0.01")
FIELDS = {
    "MI_weight": ("Packets from this host lately", "packets"),
    "MI_mean": ("Mean packet size of this host", "bytes"),
    "HH_weight": ("Packets between these two hosts", "packets"),
    "HH_mean": ("Mean packet size between these two hosts", "bytes"),
    "HH_std": ("Spread of packet sizes between these two hosts", "bytes"),
    "HpHp_weight": ("Packets on this connection", "packets"),
}
# Findings take these in turn by their number: 0, 4, 8, ... share the first pattern, and so on.
PATHS = (
    ("HH_mean:up:3", "HH_std:up:2", "MI_weight:up:1"),
    ("MI_weight:up:4", "HH_weight:down:1"),
    ("HpHp_weight:down:2",),
    ("HH_std:down:1", "HH_mean:down:1", "MI_mean:up:2"),
)


def _deviation(state: str, weight: float) -> Deviation:
    parts = state.split(":")
    if len(parts) == 3 and parts[2].isdecimal():
        name, direction, size_bin = parts
    else:  # a state of another modality, or one that a test made up
        name, direction, size_bin = state, "up", "1"
    title, unit = FIELDS.get(name, (name, ""))
    size = 10.0 ** int(size_bin)
    sign = 1.0 if direction == "up" else -1.0
    cells = tuple(
        Cell(
            name=f"{name}_{decay}",
            title=f"{title}, decay {decay}",
            unit=unit,
            observed=500.0 + sign * size * (1.0 - 0.1 * position),
            reference=500.0,
            normal_low=60.0,
            normal_high=1400.5,
            percentile=99.5 if direction == "up" else 0.5,
        )
        for position, decay in enumerate(DECAYS[:2])
    )
    return Deviation(
        field=name,
        title=title,
        direction="up" if direction == "up" else "down",
        size=size,
        weight=weight,
        cells=cells,
    )


def make_interpretation(
    path: tuple[str, ...] = PATHS[0],
    *,
    score: float = 0.9,
    threshold: float = 0.25,
    verified: bool = True,
    **overrides: Any,
) -> Interpretation:
    """One deviation for each state of the path, strongest first."""
    total = sum(range(1, len(path) + 1))
    deviations = tuple(
        _deviation(state, (len(path) - position) / total) for position, state in enumerate(path)
    )
    reference_score = threshold * 0.96 if verified else threshold * 1.2
    steps = range(1, len(path) + 1)
    values: dict[str, Any] = {
        "interpreter": "tabular-greedy",
        "deviations": deviations,
        "observed": tuple(float(c.observed) for d in deviations for c in d.cells),
        "reference": tuple(float(c.reference) for d in deviations for c in d.cells),
        "diagnostics": Diagnostics(
            score=score,
            threshold=threshold,
            reference_score=reference_score,
            verified=verified,
            max_deviations=10,
            deviations_needed=len(path),
            plausibility=41.5,
            flip_scores=tuple(
                score + (reference_score - score) * step / len(path) for step in steps
            ),
            seed=7,
        ),
    }
    return Interpretation(**{**values, **overrides})


def make_finding(number: int = 0, *, verified: bool = True, **overrides: Any) -> Finding:
    """Finding `number`; what is derived (ids, pattern, interpretation) follows the overrides."""
    unknown = set(overrides) - {field.name for field in fields(Finding)}
    assert not unknown, f"Finding has no {sorted(unknown)}"
    get = overrides.get
    path: tuple[str, ...] = get("path", PATHS[number % len(PATHS)])
    pattern = get("pattern", pattern_of(path))
    detector_id = get("detector_id", DETECTOR_ID)
    detector_name = get("detector_name", "packets")
    source_sha256 = get("source_sha256", SOURCE_SHA256)
    entity = get("entity", f"10.77.0.{10 + number % 12}")
    threshold = get("threshold", 0.25)
    max_score = get("max_score", 0.3 + 0.05 * (number % 40))
    first_time = get("first_time", START + 90.0 * number)
    first_index = 1000 * number
    values: dict[str, Any] = {
        "id": finding_id(detector_id, source_sha256, entity, pattern, first_index),
        "detector_id": detector_id,
        "detector_name": detector_name,
        "source_name": "office-monday.pcap.gz",
        "source_sha256": source_sha256,
        "entity": entity,
        "pattern_id": pattern_id(detector_name, pattern),
        "pattern": pattern,
        "path": path,
        "first_time": first_time,
        "last_time": first_time + 1.5,
        "event_count": 4,
        "max_score": max_score,
        "threshold": threshold,
        "ratio": max_score / threshold if threshold > 0 else float("inf"),
        "event_index": first_index + 2,
        "event_time": first_time + 1.0,
        "member_indices": tuple(first_index + i for i in (0, 1, 2, 5)),
        "member_times": tuple(first_time + t for t in (0.0, 0.5, 1.0, 1.5)),
        "member_scores": (threshold * 1.01, threshold * 1.05, max_score, threshold * 1.1),
        "interpretation": make_interpretation(
            path, score=max_score, threshold=threshold, verified=verified
        ),
        "summary": " · ".join(state.replace(":", " ") for state in path),
        "evidence_columns": ("destination", "protocol", "bytes"),
        "evidence": tuple(
            EvidenceRow(
                index=first_index + i,
                time=first_time + 0.5 * i,
                score=None if i == 3 else threshold * 1.05,
                flagged=i != 3,
                values=(f"10.77.0.{200 + i}", "tcp", "1514"),
            )
            for i in range(4)
        ),
        "peers": {"10.77.0.200": 3, "203.0.113.9": 1},
    }
    return Finding(**{**values, **overrides})


def make_detector_record(number: int = 0, **overrides: Any) -> DetectorRecord:
    """Detector version `number`; number 0 is the one that findings refer to by default."""
    values: dict[str, Any] = {
        "id": DETECTOR_ID if number == 0 else f"D-{number:010x}",
        "name": "packets",
        "kind": "autoencoder",
        "modality": Modality.TABULAR,
        "threshold": 0.25,
        "threshold_method": "quantile 0.999 of held-back normal scores",
        "sha256": f"{number:064x}",
        "artifact": "packets-5f0c2a91be" if number == 0 else f"packets-{number:010x}",
        "trained_on": "office-sunday.pcap.gz",
        "training_events": 50_000,
        "created_time": START - 86_400.0 + number,
    }
    return DetectorRecord(**{**values, **overrides})


def make_run(number: int = 0, **overrides: Any) -> RunRecord:
    """Run `number` over a quarter of an hour of packets."""
    values: dict[str, Any] = {
        "id": f"R-{number:010x}",
        "detector_id": DETECTOR_ID,
        "source_name": "office-monday.pcap.gz",
        "source_sha256": SOURCE_SHA256,
        "events": 3000,
        "skipped": 2,
        "anomalies": 12,
        "verified": 12,
        "findings": 3,
        "first_time": START,
        "last_time": START + 900.0,
        "elapsed_s": 2.5,
        "finished_time": START + 1000.0 + number,
        "volume": tuple((START + 60.0 * minute, 200, minute % 2) for minute in range(15)),
    }
    return RunRecord(**{**values, **overrides})


def make_verdict(
    *findings: Finding,
    label: VerdictLabel = VerdictLabel.FALSE_POSITIVE,
    category: str = "backup-job",
    **overrides: Any,
) -> NewVerdict:
    """A decision on the given findings, learned from the path of the first."""
    first = findings[0]
    values: dict[str, Any] = {
        "label": label,
        "category": category,
        "reason": "Nightly copy to the file server.",
        "author": "ana",
        "scope": "finding" if len(findings) == 1 else "selection",
        "detector_name": first.detector_name,
        "pattern_id": first.pattern_id,
        "path": first.path,
        "finding_ids": tuple(finding.id for finding in findings),
    }
    return NewVerdict(**{**values, **overrides})


def make_suppression(finding: Finding | None = None, **overrides: Any) -> NewSuppression:
    """A suppression of a finding's pattern; attributes of its scope can be given like others."""
    scope: dict[str, Any] = {"detector_name": "packets"}
    if finding is not None:
        scope = {"detector_name": finding.detector_name, "pattern_id": finding.pattern_id}
    inside = {field.name for field in fields(SuppressionScope)} & overrides.keys()
    scope |= {name: overrides.pop(name) for name in inside}
    values: dict[str, Any] = {
        "scope": SuppressionScope(**scope),
        "basis": VerdictLabel.FALSE_POSITIVE,
        "category": "backup-job",
        "reason": "Nightly copy to the file server.",
        "author": "ana",
        "owner": "ben",
        "ticket": "OPS-7",
        "expires_time": START + 100 * 365 * 86_400.0,
    }
    return NewSuppression(**{**values, **overrides})
