"""Counts over many findings: groups, patterns and paths."""

from collections import Counter, defaultdict
from typing import Any

from sqlalchemy import Connection, Row, func, select

from deepaid_core.domain import codec
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import (
    FindingQuery,
    GroupBy,
    GroupRow,
    PathCount,
    PatternRow,
)
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import InvalidParameterError
from deepaid_core.store import log, queries, tables

__all__ = ["distinct", "groups", "open_paths", "patterns"]

_DISTINCT = ("detector_name", "entity", "category", "pattern_id")

_findings = tables.findings
_paths = tables.paths
_is_open = _findings.c.status == Status.OPEN.value


def groups(
    connection: Connection, query: FindingQuery, by: GroupBy, *, limit: int, offset: int
) -> tuple[GroupRow, ...]:
    """A page of groups, most open findings first."""
    dialect = connection.dialect.name
    page = connection.execute(
        queries.page_of_groups(query, dialect, by, limit=limit, offset=offset)
    ).all()
    examples = _examples(connection, [row.example_id for row in page])
    return tuple(
        GroupRow(
            key=row.key,
            findings=row.findings,
            open_findings=row.open_findings,
            events=int(row.events),
            entities=row.entities,
            max_ratio=row.max_ratio,
            first_time=row.first_time,
            last_time=row.last_time,
            example_id=row.example_id,
            example_summary=examples[row.example_id].summary,
        )
        for row in page
    )


def patterns(connection: Connection, pattern_id: str | None = None) -> tuple[PatternRow, ...]:
    """All patterns or one, with the number of decisions in force of each label."""
    dialect = connection.dialect.name
    query = FindingQuery(pattern_id=pattern_id)
    everything = queries.page_of_groups(query, dialect, "pattern", limit=None, offset=0)
    page = connection.execute(everything).all()
    examples = _examples(connection, [row.example_id for row in page])
    c = tables.decisions.c
    decided: defaultdict[str, Counter[str]] = defaultdict(Counter)
    counts = (
        select(c.pattern_id, c.label, func.count())
        .where(c.kind == codec.VERDICT.name, log.in_force())
        .group_by(c.pattern_id, c.label)
    )
    if pattern_id is not None:
        counts = counts.where(c.pattern_id == pattern_id)
    for row in connection.execute(counts):
        decided[row[0]][row[1]] = row[2]
    return tuple(
        PatternRow(
            pattern_id=row.key,
            detector_name=examples[row.example_id].detector_name,
            states=codec.load_states(examples[row.example_id].pattern),
            findings=row.findings,
            open_findings=row.open_findings,
            events=int(row.events),
            entities=row.entities,
            first_time=row.first_time,
            last_time=row.last_time,
            max_ratio=row.max_ratio,
            example_id=row.example_id,
            example_path=codec.load_states(examples[row.example_id].path),
            example_summary=examples[row.example_id].summary,
            true_positives=decided[row.key][VerdictLabel.TRUE_POSITIVE],
            false_positives=decided[row.key][VerdictLabel.FALSE_POSITIVE],
            benign_positives=decided[row.key][VerdictLabel.BENIGN_POSITIVE],
            undetermined=decided[row.key][VerdictLabel.UNDETERMINED],
            suppressed_findings=row.suppressed_findings,
        )
        for row in page
    )


def open_paths(connection: Connection) -> tuple[PathCount, ...]:
    """The distinct paths of open findings, by detector, most findings first."""
    counts = (
        select(_findings.c.path_key, func.count().label("open_findings"))
        .where(_is_open)
        .group_by(_findings.c.path_key)
        .subquery()
    )
    statement = (
        select(_paths, counts.c.open_findings)
        .join(counts, counts.c.path_key == _paths.c.key)
        .order_by(_paths.c.detector_name, counts.c.open_findings.desc(), _paths.c.key)
    )
    return tuple(
        PathCount(
            detector_name=row.detector_name,
            pattern_id=row.pattern_id,
            path=codec.load_states(row.path),
            open_findings=row.open_findings,
        )
        for row in connection.execute(statement)
    )


def distinct(connection: Connection, column: str) -> tuple[str, ...]:
    """Sorted distinct values of a column.

    Raises:
        InvalidParameterError: The column is not one that lists of choices are made of.
    """
    if column not in _DISTINCT:
        raise InvalidParameterError(
            f"Findings have no list of '{column}'; ask for one of {', '.join(_DISTINCT)}."
        )
    chosen = _findings.c[column]
    statement = select(chosen).where(chosen.is_not(None)).distinct().order_by(chosen)
    if column == "category":
        # Few findings are judged, and an index holds just these.
        statement = statement.where(_findings.c.verdict.is_not(None))
    return tuple(connection.scalars(statement))


def _examples(connection: Connection, finding_ids: list[str]) -> dict[str, Row[Any]]:
    chosen = queries.members(finding_ids, connection.dialect.name)
    statement = queries.rows().where(_findings.c.id.in_(chosen))
    return {row.id: row for row in connection.execute(statement)}
