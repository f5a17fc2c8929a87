"""From interpreted anomalies to findings that need nothing else to be shown again."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

import numpy as np

from deepaid_core.distiller.states import paths_in_bulk
from deepaid_core.distiller.symbolizers import path_of
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import Batch, FloatArray, IntArray, ObjectArray, SequenceBatch
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.finding import (
    EvidenceRow,
    Finding,
    finding_id,
    pattern_id,
    pattern_of,
)
from deepaid_core.domain.quality import Quality
from deepaid_core.domain.schema import Schema
from deepaid_core.figures.ribbon import flagged_message
from deepaid_core.figures.words import short
from deepaid_core.interpreters.base import Interpretations
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations
from deepaid_core.sources.base import RawEvents, Source
from deepaid_core.workflow.bursts import GAP_S, group_bursts

__all__ = ["Flagged", "Measure", "SourceFacts", "build_findings", "unmeasured"]

_MOST_PEERS: Final = 20

Measure: TypeAlias = Callable[[IntArray], Sequence[Quality | None]]
"""Takes positions of interpretations, gives the quality of each."""


def unmeasured(rows: IntArray) -> list[None]:
    """Quality of nothing."""
    return [None] * len(rows)


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """What was read.

    Attributes:
        name: Its display name.
        sha256: Digest of its content.
    """

    name: str
    sha256: str


@dataclass(frozen=True, eq=False, slots=True)
class Flagged:
    """All anomalies of a run, and which of them are interpreted.

    Attributes:
        events: The n anomalies.
        scores: (n,).
        interpreted: (m,), positions of those to interpret, rising.
        stands_for: (n,), for each anomaly the place in `interpreted` of the one whose
            interpretation speaks for it.
    """

    events: Batch
    scores: FloatArray
    interpreted: IntArray
    stands_for: IntArray

    @classmethod
    def of(cls, events: Batch, scores: FloatArray) -> "Flagged":
        """Interpret every anomaly; of the windows of one log session only the worst."""
        everyone = np.arange(len(events))
        if not isinstance(events, SequenceBatch):
            return cls(events, scores, everyone, everyone)
        _, session = np.unique(events.entities.astype(str), return_inverse=True)
        # Highest score first, the earlier window where two are equal.
        order = np.lexsort((everyone, -scores, session))
        starts = np.flatnonzero(np.diff(session[order], prepend=-1))
        interpreted = np.sort(order[starts])
        of_session = np.empty(len(starts), dtype=np.int64)
        of_session[session[interpreted]] = np.arange(len(interpreted))
        return cls(events, scores, interpreted, of_session[session])


def build_findings(
    flagged: Flagged,
    interpretations: Interpretations,
    record: DetectorRecord,
    source: Source[Batch],
    facts: SourceFacts,
    *,
    measure: Measure = unmeasured,
) -> list[Finding]:
    """Findings of one detection run, in order of their first event.

    The member with the highest score stands for its burst: its interpretation is stored whole.

    Args:
        flagged: All anomalies of the run.
        interpretations: Of `flagged.interpreted`.
        record: The detector.
        source: Reads raw events again, for the context of each finding.
        facts: What was read.
        measure: Tells the quality of the interpretations that are stored.
    """
    events = flagged.events
    paths = _paths(interpretations)
    ids = {path: pattern_id(record.name, pattern_of(path)) for path in set(paths)}
    patterns = np.array([ids[path] for path in paths], dtype=object)[flagged.stands_for]
    entities = _entities(interpretations)[flagged.stands_for]
    # A session is judged as a whole, however long it paused.
    gap_s = math.inf if isinstance(events, SequenceBatch) else GAP_S
    bursts = group_bursts(entities, patterns, events.times, gap_s=gap_s)
    strongest = np.array(
        [members[flagged.scores[members].argmax()] for members in bursts], dtype=np.int64
    )
    evidence = _Evidence(
        source.around(events.indices[strongest], entities[strongest]), events, flagged.scores
    )
    threshold = Threshold(record.threshold, record.threshold_method)
    unit = interpretations.context.detector.severity_unit(threshold)
    qualities = measure(flagged.stands_for[strongest])
    findings = []
    for number, (members, best) in enumerate(zip(bursts, strongest.tolist(), strict=True)):
        speaker = int(flagged.stands_for[best])
        interpretation = replace(interpretations[speaker], quality=qualities[number])
        path, entity = paths[speaker], str(entities[best])
        indices, score = events.indices[members], float(flagged.scores[best])
        index, (columns, rows) = int(events.indices[best]), evidence.of(number, indices)
        findings.append(
            Finding(
                id=finding_id(record.id, facts.sha256, entity, pattern_of(path), int(indices[0])),
                detector_id=record.id,
                detector_name=record.name,
                source_name=facts.name,
                source_sha256=facts.sha256,
                entity=entity,
                pattern_id=ids[path],
                pattern=pattern_of(path),
                path=path,
                first_time=float(events.times[members[0]]),
                last_time=float(events.times[members[-1]]),
                event_count=len(members),
                max_score=score,
                threshold=record.threshold,
                ratio=1.0 + (score - record.threshold) / unit,
                event_index=index,
                event_time=float(events.times[best]),
                member_indices=tuple(indices.tolist()),
                member_times=tuple(events.times[members].tolist()),
                member_scores=tuple(flagged.scores[members].tolist()),
                interpretation=interpretation,
                summary=short(interpretation, flagged_message(columns, rows, index)),
                evidence_columns=columns,
                evidence=rows,
                peers=_peers(events.context, members),
            )
        )
    return findings


def _paths(interpretations: Interpretations) -> list[tuple[str, ...]]:
    if not isinstance(interpretations, TabularInterpretations):
        return [path_of(interpretation) for interpretation in interpretations]
    return paths_in_bulk(
        [one.name for one in interpretations.anomalies.schema.fields],
        interpretations.fields,
        sizes=interpretations.sizes(),
        weights=interpretations.weights,
        categories=interpretations.categories(),
    )


def _entities(interpretations: Interpretations) -> ObjectArray:
    """Whom each interpreted anomaly is about.

    A series of many hosts is about the host whose metric deviates most.
    """
    events = interpretations.anomalies
    schema = events.schema
    if not isinstance(schema, Schema) or not any(one.entity for one in schema.features):
        return events.entities
    about = {one.field: one.entity for one in schema.features if one.entity}
    entities = [
        about.get(one.deviations[0].field, str(own)) if one.deviations else str(own)
        for one, own in zip(interpretations, events.entities, strict=True)
    ]
    return np.array(entities, dtype=object)


def _peers(context: Mapping[str, ObjectArray], members: IntArray) -> dict[str, int]:
    if "destination" not in context:
        return {}
    counted = Counter(str(peer) for peer in context["destination"][members] if peer != "")
    # Most frequent first, ties by name, so that the same input gives the same finding.
    ranked = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return dict(ranked[:_MOST_PEERS])


class _Evidence:
    """Raw events around the interpreted ones, with scores where they are known."""

    def __init__(self, raw: RawEvents, flagged: Batch, scores: FloatArray) -> None:
        self._raw = raw
        self._scores = dict(zip(flagged.indices.tolist(), scores.tolist(), strict=True))

    def of(self, number: int, members: IntArray) -> tuple[tuple[str, ...], tuple[EvidenceRow, ...]]:
        """Columns and rows around one finding's event, in the order of the source.

        Columns that hold nothing there are left out: other findings may be about other metrics.
        """
        raw, near = self._raw, self._raw.near[number]
        columns = tuple(
            name for name, column in raw.columns.items() if any(str(c) != "" for c in column[near])
        )
        flagged = np.isin(raw.positions[near], members)
        return columns, tuple(
            EvidenceRow(
                index=int(raw.positions[row]),
                time=float(raw.times[row]),
                score=self._scores.get(int(raw.positions[row])),
                flagged=bool(is_member),
                values=tuple(str(raw.columns[column][row]) for column in columns),
            )
            for row, is_member in zip(near.tolist(), flagged, strict=True)
        )
