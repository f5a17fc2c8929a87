"""What the first page counts: where findings stand, when they came, how fast they are judged."""

from collections import Counter
from collections.abc import Sequence
from functools import partial

from sqlalchemy import Connection, Integer, cast, func, select

from deepaid_core.domain import codec
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import NEW_S, DetectorCount, HourCount, Overview, RunCount
from deepaid_core.domain.severity import SEVERITY_BOUNDS
from deepaid_core.store import log, tables

__all__ = ["overview", "run_counts", "times_to_judge"]

_HOUR_S, _MINUTE_S = 3600.0, 60.0
_FEW_HOURS = 6

_STANDINGS = (Status.OPEN.value, Status.SUPPRESSED.value, Status.CLOSED.value)

_findings = tables.findings
_is_open = _findings.c.status == Status.OPEN.value


def overview(connection: Connection) -> Overview:
    """Counts for the first page, each read from an index alone."""
    c = _findings.c
    hours = _hours(connection)
    open_findings = sum(hour.open_findings for hour in hours)
    detectors = _detectors(connection, hours)
    first_added, added_time = _patterns_added(connection)
    judged = _judged_patterns(connection)
    new_since = (added_time or 0.0) - NEW_S
    critical = select(func.count()).where(_is_open, c.ratio >= SEVERITY_BOUNDS[0][1])
    # The status is no condition here, or it would be looked up instead of the few that are held.
    held = (c.suppression_number.is_not(None), c.resurfaced)
    decisions = tables.decisions.c
    in_force = select(func.count()).where(decisions.kind == codec.VERDICT.name, log.in_force())
    slots, slot_s = _slots(connection, hours)
    return Overview(
        findings=sum(hour.findings for hour in hours),
        open_findings=open_findings,
        critical=connection.scalar(critical) or 0,
        suppressed=sum(hour.suppressed for hour in hours),
        unverified=sum(one.unverified for one in detectors),
        to_check=connection.scalar(select(func.count().filter(_is_open)).where(*held)) or 0,
        patterns=len(first_added),
        new_patterns=sum(
            open_here > 0 and since >= new_since and pattern_id not in judged
            for pattern_id, (since, open_here) in first_added.items()
        ),
        added_time=added_time,
        decisions=connection.scalar(in_force) or 0,
        detectors=detectors,
        hours=hours,
        slots=slots,
        slot_s=slot_s,
    )


def times_to_judge(connection: Connection, since: float) -> tuple[float, ...]:
    """Seconds from when a finding was added to its first verdict in force, by finding."""
    c, links = tables.decisions.c, tables.verdict_findings.c
    first = func.min(c.time)
    judged = (
        select(links.finding_id, first.label("time"))
        .join(tables.decisions, c.number == links.verdict_number)
        .where(c.kind == codec.VERDICT.name, log.in_force())
        .group_by(links.finding_id)
        .having(first >= since)
        .subquery()
    )
    statement = select(judged.c.time - _findings.c.added_time).join(
        _findings, _findings.c.id == judged.c.finding_id
    )
    return tuple(connection.scalars(statement))


def run_counts(connection: Connection) -> tuple[RunCount, ...]:
    """What the runs of each detector version read; how they went minute by minute is not read."""
    c = tables.runs.c
    statement = (
        select(
            c.detector_id,
            func.count(),
            func.sum(c.events),
            func.max(c.last_time),
            func.max(c.finished_time),
        )
        .group_by(c.detector_id)
        .order_by(c.detector_id)
    )
    return tuple(
        RunCount(row[0], row[1], int(row[2]), row[3], row[4])
        for row in connection.execute(statement)
    )


def _hours(connection: Connection) -> tuple[HourCount, ...]:
    c = _findings.c
    standing = (func.count().filter(c.status == status) for status in _STANDINGS)
    statement = (
        select(c.detector_name, c.first_hour, *standing)
        .group_by(c.detector_name, c.first_hour)
        .order_by(c.detector_name, c.first_hour)
    )
    return tuple(
        HourCount(name, _HOUR_S * hour, *counts)
        for name, hour, *counts in connection.execute(statement)
    )


def _detectors(connection: Connection, hours: Sequence[HourCount]) -> tuple[DetectorCount, ...]:
    c = _findings.c
    unverified = {
        row[0]: row[1]
        for row in connection.execute(
            select(c.detector_name, func.count()).where(~c.verified).group_by(c.detector_name)
        )
    }
    every: Counter[str] = Counter()
    still_open: Counter[str] = Counter()
    for hour in hours:
        every[hour.detector_name] += hour.findings
        still_open[hour.detector_name] += hour.open_findings
    return tuple(
        DetectorCount(name, count, still_open[name], unverified.get(name, 0))
        for name, count in sorted(every.items())
    )


def _patterns_added(
    connection: Connection,
) -> tuple[dict[str, tuple[float, int]], float | None]:
    """When each pattern's first finding was added and how many are open; the last time of all."""
    c = _findings.c
    rows = connection.execute(
        select(
            c.pattern_id,
            func.min(c.added_time),
            func.max(c.added_time),
            func.count().filter(_is_open),
        ).group_by(c.pattern_id)
    ).all()
    last = max((row[2] for row in rows), default=None)
    return {row[0]: (row[1], row[3]) for row in rows}, last


def _judged_patterns(connection: Connection) -> set[str]:
    c = tables.decisions.c
    statement = select(c.pattern_id).where(c.kind == codec.VERDICT.name, log.in_force()).distinct()
    return set(connection.scalars(statement))


def _slots(
    connection: Connection, hours: Sequence[HourCount]
) -> tuple[tuple[tuple[float, int, int, int], ...], float]:
    starts = [hour.start for hour in hours]
    if starts and max(starts) - min(starts) <= _FEW_HOURS * _HOUR_S:
        return _minutes(connection), _MINUTE_S
    found: dict[float, tuple[int, int, int]] = {}
    for one in hours:
        before = found.get(one.start, (0, 0, 0))
        found[one.start] = (
            before[0] + one.open_findings,
            before[1] + one.suppressed,
            before[2] + one.closed,
        )
    return tuple((start, *found[start]) for start in sorted(found)), _HOUR_S


def _minutes(connection: Connection) -> tuple[tuple[float, int, int, int], ...]:
    c = _findings.c
    # SQLite has no floor; both drop the fraction of what is not negative.
    whole = func.floor if connection.dialect.name == "postgresql" else partial(cast, type_=Integer)
    minute = whole(c.first_time / _MINUTE_S).label("minute")
    standing = (func.count().filter(c.status == status) for status in _STANDINGS)
    rows = connection.execute(select(minute, *standing).group_by(minute).order_by(minute))
    return tuple((_MINUTE_S * row[0], row[1], row[2], row[3]) for row in rows)
