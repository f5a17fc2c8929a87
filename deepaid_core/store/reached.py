"""What a decision on all findings of a query would be about, counted."""

from sqlalchemy import Connection, func, select

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, Reach
from deepaid_core.domain.severity import SEVERITY_BOUNDS, Severity
from deepaid_core.store import queries, tables

__all__ = ["reach"]

_findings = tables.findings
_HOUR_S = 3600.0
_TOP_ENTITIES = 20


def reach(connection: Connection, query: FindingQuery) -> Reach:
    """Counts of the findings that match."""
    c = _findings.c
    where = queries.conditions(query, connection.dialect.name)
    is_open = c.status == Status.OPEN.value
    is_critical = c.ratio >= dict(SEVERITY_BOUNDS)[Severity.CRITICAL]
    count = func.count()
    totals = connection.execute(
        select(
            count.label("findings"),
            count.filter(is_open).label("open"),
            count.filter(c.status == Status.SUPPRESSED.value).label("suppressed"),
            count.filter(c.status == Status.CLOSED.value).label("closed"),
            count.filter(is_open, ~c.verified).label("unverified"),
            count.filter(is_open, is_critical).label("critical"),
            func.coalesce(func.sum(c.event_count), 0).label("events"),
            func.count(c.entity.distinct()).label("entities"),
            func.min(c.first_time).label("first_time"),
            func.max(c.last_time).label("last_time"),
        ).where(*where)
    ).one()
    hours = connection.execute(
        select(c.first_hour, count.filter(is_open), count)
        .where(*where)
        .group_by(c.first_hour)
        .order_by(c.first_hour)
    )
    top_entities = connection.execute(
        select(c.entity, count.filter(is_open), count)
        .where(*where)
        .group_by(c.entity)
        .order_by(count.desc(), c.entity)
        .limit(_TOP_ENTITIES)
    )
    verdicts = connection.execute(
        select(c.verdict, count, func.count(c.verdict_number.distinct()))
        .where(*where, c.verdict.is_not(None))
        .group_by(c.verdict)
    ).all()
    return Reach(
        findings=totals.findings,
        open_findings=totals.open,
        suppressed=totals.suppressed,
        closed=totals.closed,
        unverified=totals.unverified,
        critical=totals.critical,
        events=int(totals.events),
        entities=totals.entities,
        first_time=totals.first_time,
        last_time=totals.last_time,
        hours=tuple((_HOUR_S * row[0], row[1], row[2]) for row in hours),
        top_entities=tuple((row[0], row[1], row[2]) for row in top_entities),
        verdicts={row[0]: row[1] for row in verdicts},
        decisions={row[0]: row[2] for row in verdicts},
    )
