"""The timeline of a case: events of its findings, detection, verdicts, notes, changes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.timeline import CaseTimeline, Lane, TimelineEntry
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow import activity
from deepaid_core.workflow.activity import ActivityLine
from deepaid_core.workspace import Workspace

__all__ = ["MOST_FINDINGS", "timeline"]

MOST_FINDINGS: Final = 1000
"""Findings whose events a timeline holds, the earliest ones."""

_LONGEST: Final = 160
_LANES: Final[Mapping[str, Lane]] = {
    "verdict": "verdict",
    "undo": "verdict",
    "restore": "verdict",
    "note": "note",
}


def timeline(workspace: Workspace, number: int) -> CaseTimeline:
    """What happened and what was done about it, oldest first.

    Raises:
        NotFoundError: There is no such case.
    """
    done = activity.of_case(workspace, number)
    query = FindingQuery(case_number=number, sort="oldest")
    rows = workspace.store.page(query, limit=MOST_FINDINGS)
    left_out = max(0, workspace.store.count(query) - len(rows))
    entries = [
        *map(_events, rows),
        *_detections(rows),
        *(_done(line, f"C-{number}") for line in done),
    ]
    # Of one moment: events, then detection, then what was done in the order that it was done.
    entries.sort(key=lambda one: one.time)
    return CaseTimeline(tuple(entries), left_out)


def _events(row: FindingRow) -> TimelineEntry:
    return TimelineEntry(
        time=row.first_time,
        until=row.last_time,
        lane="events",
        subject=row.id,
        who=_cut(row.entity),
        text=f"{format_count(row.event_count, 'event')}: {_cut(row.summary)}",
        ratio=row.ratio,
    )


def _detections(rows: Sequence[FindingRow]) -> Iterator[TimelineEntry]:
    groups: dict[tuple[str, str, float], list[FindingRow]] = {}
    for row in rows:
        if row.added_time is not None:
            key = (row.detector_id, row.source_name, row.added_time)
            groups.setdefault(key, []).append(row)
    for (detector_id, source, time), found in groups.items():
        name = _cut(found[0].detector_name)
        yield TimelineEntry(
            time=time,
            until=time,
            lane="detection",
            subject=detector_id,
            who="",
            text=f"The detector {name} flagged {format_count(len(found), 'finding')} in "
            f"{_cut(source)}",
        )


def _done(line: ActivityLine, case_id: str) -> TimelineEntry:
    return TimelineEntry(
        time=line.time,
        until=line.time,
        lane=_LANES.get(line.kind, "case"),
        subject=case_id,
        who=_cut(line.author),
        text=line.text,
        words=line.words,
    )


def _cut(text: str) -> str:
    return " ".join(visible(shorten(text, _LONGEST)).split())
