"""From interpreted anomalies to findings that need nothing else to be shown again."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from deepaid_core.distiller.states import paths_in_bulk
from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.finding import (
    EvidenceRow,
    Finding,
    finding_id,
    pattern_id,
    pattern_of,
)
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.figures.numbers import format_factor
from deepaid_core.interpreters.base import TabularInterpretations
from deepaid_core.workflow.bursts import group_bursts

__all__ = ["RawRows", "SourceFacts", "build_findings", "summary_of"]

EVIDENCE_EACH_SIDE: Final = 8
"""Raw events shown before and after the interpreted one."""

_SEARCHED_EACH_SIDE: Final = 60
_MOST_PEERS: Final = 20

RawRows = Callable[[IntArray], tuple[IntArray, FloatArray, Mapping[str, ObjectArray]]]
"""Positions of events, rising, to (positions that exist, times, raw columns)."""


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What was read.

    Attributes:
        name: Its display name.
        sha256: Digest of its content.
    """

    name: str
    sha256: str


def build_findings(
    interpretations: TabularInterpretations,
    record: DetectorRecord,
    source: SourceFacts,
    raw_rows: RawRows,
) -> list[Finding]:
    """Findings of one detection run, in order of their first event.

    The member with the highest score stands for its burst: its interpretation is stored whole.

    Args:
        interpretations: Of all anomalies of the run.
        record: The detector.
        source: What was read.
        raw_rows: Reads raw events again, for the context of each finding.
    """
    anomalies = interpretations.anomalies
    schema_fields = anomalies.schema.fields
    paths = paths_in_bulk(
        [one.name for one in schema_fields],
        interpretations.fields,
        sizes=interpretations.sizes(),
        weights=interpretations.weights,
        categorical=[
            position
            for position, one in enumerate(schema_fields)
            if anomalies.schema.features[one.columns[0]].kind == "category"
        ],
    )
    ids = {path: pattern_id(record.name, pattern_of(path)) for path in set(paths)}
    patterns = np.array([ids[path] for path in paths], dtype=object)
    bursts = group_bursts(anomalies.entities, patterns, anomalies.times)
    strongest = [int(members[interpretations.scores[members].argmax()]) for members in bursts]
    evidence = _Evidence(raw_rows, anomalies.indices, interpretations.scores, strongest)
    findings = []
    for members, best in zip(bursts, strongest, strict=True):
        interpretation = interpretations[best]
        path, entity = paths[best], str(anomalies.entities[best])
        indices = anomalies.indices[members]
        findings.append(
            Finding(
                id=finding_id(record.id, source.sha256, entity, pattern_of(path), int(indices[0])),
                detector_id=record.id,
                detector_name=record.name,
                source_name=source.name,
                source_sha256=source.sha256,
                entity=entity,
                pattern_id=ids[path],
                pattern=pattern_of(path),
                path=path,
                first_time=float(anomalies.times[members[0]]),
                last_time=float(anomalies.times[members[-1]]),
                event_count=len(members),
                max_score=float(interpretations.scores[best]),
                threshold=record.threshold,
                event_index=int(anomalies.indices[best]),
                event_time=float(anomalies.times[best]),
                member_indices=tuple(indices.tolist()),
                member_times=tuple(anomalies.times[members].tolist()),
                member_scores=tuple(interpretations.scores[members].tolist()),
                interpretation=interpretation,
                summary=summary_of(interpretation),
                evidence_columns=evidence.columns,
                evidence=evidence.around(int(anomalies.indices[best]), entity, indices),
                peers=_peers(anomalies.context, members),
            )
        )
    return findings


def summary_of(interpretation: Interpretation, *, most: int = 2) -> str:
    """The strongest deviations in one line of plain text."""
    if not interpretation.deviations:
        return "no single change makes the detector accept this event"
    # The factor first: a table cuts the end of a long line off.
    parts = [
        f"{format_factor(cell.observed, cell.reference)}: {cell.title}"
        for cell in (deviation.cells[0] for deviation in interpretation.deviations[:most])
    ]
    rest = len(interpretation.deviations) - most
    return "; ".join(parts) + (f"; and {rest} more" if rest > 0 else "")


def _peers(context: Mapping[str, ObjectArray], members: IntArray) -> dict[str, int]:
    if "destination" not in context:
        return {}
    counted = Counter(str(peer) for peer in context["destination"][members] if peer != "")
    # Most frequent first, ties by name, so that the same input gives the same finding.
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:_MOST_PEERS])


class _Evidence:
    """Raw events around the interpreted ones, read in one pass over the source."""

    def __init__(
        self, raw_rows: RawRows, indices: IntArray, scores: FloatArray, strongest: list[int]
    ) -> None:
        reach = np.arange(-_SEARCHED_EACH_SIDE, _SEARCHED_EACH_SIDE + 1)
        wanted = np.unique(indices[strongest][:, None] + reach) if strongest else indices[:0]
        self._positions, self._times, columns = raw_rows(wanted[wanted >= 0])
        self._columns = columns
        self.columns = tuple(columns)
        self._scores = dict(zip(indices.tolist(), scores.tolist(), strict=True))

    def around(self, index: int, entity: str, members: IntArray) -> tuple[EvidenceRow, ...]:
        """Events from or to the entity, the nearest ones before and after an event."""
        low = np.searchsorted(self._positions, index - _SEARCHED_EACH_SIDE)
        high = np.searchsorted(self._positions, index + _SEARCHED_EACH_SIDE, side="right")
        near = np.arange(low, high)
        if "source" in self._columns:
            involved = np.zeros(len(near), dtype=bool)
            for column in ("source", "destination", "source_mac", "destination_mac"):
                involved |= self._columns[column][near] == entity
            near = near[involved | (self._positions[near] == index)]
        at = int(np.searchsorted(self._positions[near], index))
        near = near[max(0, at - EVIDENCE_EACH_SIDE) : at + EVIDENCE_EACH_SIDE + 1]
        flagged = np.isin(self._positions[near], members)
        return tuple(
            EvidenceRow(
                index=int(self._positions[row]),
                time=float(self._times[row]),
                score=self._scores.get(int(self._positions[row])),
                flagged=bool(is_member),
                values=tuple(str(self._columns[column][row]) for column in self.columns),
            )
            for row, is_member in zip(near, flagged, strict=True)
        )
