"""What is asked of the findings, as SQL."""

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, TypeAlias

from sqlalchemy import (
    JSON,
    ColumnElement,
    FromClause,
    Row,
    Select,
    Text,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
)

from deepaid_core.domain.codec import dump_states
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery, GroupBy, Sort
from deepaid_core.errors import InvalidParameterError
from deepaid_core.store.desk_tables import case_findings
from deepaid_core.store.rows import entity_key
from deepaid_core.store.tables import AnyText, findings, paths, storable

__all__ = [
    "conditions",
    "count_of_groups",
    "example_of",
    "group_column",
    "members",
    "neighbour",
    "order",
    "page_of_groups",
    "page_of_rows",
    "rows",
]

# Column and whether it descends; "id" always comes last and makes the order total. Detectors with
# a threshold of 0 give every finding the same ratio, so the score itself comes second.
_SORTS: dict[Sort, tuple[tuple[str, bool], ...]] = {
    "score": (("ratio", True), ("max_score", True), ("id", False)),
    "newest": (("last_time", True), ("id", False)),
    "oldest": (("first_time", False), ("id", False)),
    "events": (("event_count", True), ("id", False)),
    "entity": (("entity", False), ("id", False)),
}
_GROUPS: dict[GroupBy, str] = {
    "pattern": "pattern_id",
    "entity": "entity",
    "detector": "detector_name",
}
_Statement: TypeAlias = Select[Any]


def members(texts: Iterable[str], dialect: str) -> _Statement:
    """A list of any length as a subquery, passed as one value."""
    one = literal(json.dumps([storable(text) for text in texts]), Text)
    if dialect == "postgresql":
        column = func.json_array_elements_text(cast(one, JSON)).column_valued("member")
        return select(column)
    return select(func.json_each(one).table_valued("value").c.value)


def conditions(
    query: FindingQuery, dialect: str, table: FromClause = findings
) -> list[ColumnElement[bool]]:
    """What a finding in `table` must fulfil to match."""
    c = table.c
    equal = {
        "status": query.status.value if query.status is not None else None,
        "detector_name": query.detector_name,
        "pattern_id": query.pattern_id,
        "entity": entity_key(query.entity) if query.entity is not None else None,
        "verdict": query.verdict,
        "verified": query.verified,
    }
    found = [c[name] == value for name, value in equal.items() if value is not None]
    if query.text:
        if query.status is not None:
            # Looking for text reads the rows: all in a row is three times as fast as in the order
            # of an index of the status, which as an expression tempts no planner.
            found[0] = c.status.concat("") == query.status.value
        # Not LIKE: there the text could hold wildcards, and only ASCII would ignore case.
        position = func.strpos if dialect == "postgresql" else func.instr
        text = literal(query.text.casefold(), AnyText)
        found.append(or_(position(c.search_text, text) > 0, position(c.search_category, text) > 0))
    if query.min_ratio is not None:
        found.append(c.ratio >= query.min_ratio)
    if query.max_ratio is not None:
        found.append(c.ratio < query.max_ratio)
    if query.since is not None:
        found.append(c.last_time >= query.since)
    if query.until is not None:
        found.append(c.first_time < query.until)
    if query.entities is not None:
        found.append(c.entity.in_(members(map(entity_key, query.entities), dialect)))
    if query.within is not None:
        first, last = query.within
        if first is not None:
            found.append(c.first_time >= first)
        if last is not None:
            found.append(c.last_time <= last)
    if query.suppression is not None:
        found.append(c.suppression_number == query.suppression)
    if query.resurfaced is not None:
        found.append(c.suppression_number.is_not(None))
        found.append(c.resurfaced if query.resurfaced else ~c.resurfaced)
    if query.assignees is not None:
        named = c.assignee.in_([name for name in query.assignees if name])
        found.append(or_(named, c.assignee.is_(None)) if "" in query.assignees else named)
    if query.case_number is not None:
        held = select(case_findings.c.finding_id).where(
            case_findings.c.case_number == query.case_number
        )
        found.append(c.id.in_(held))
    if query.paths is not None:
        texts = members((dump_states(path) for path in query.paths), dialect)
        found.append(c.path_key.in_(select(paths.c.key).where(paths.c.path.in_(texts))))
    return found


def order(
    sort: Sort, table: FromClause = findings, *, backwards: bool = False
) -> list[ColumnElement[Any]]:
    """The order of a query, total.

    Raises:
        InvalidParameterError: There is no such order.
    """
    return [
        table.c[name].desc() if descending != backwards else table.c[name].asc()
        for name, descending in _keys(sort)
    ]


def neighbour(query: FindingQuery, dialect: str, at: Row[Any], *, backwards: bool) -> _Statement:
    """The id next to the place of finding `at` in the order of the query."""
    alternatives: list[ColumnElement[bool]] = []
    equal: list[ColumnElement[bool]] = []
    for name, descending in _keys(query.sort):
        column, value = findings.c[name], at._mapping[name]
        less = descending != backwards
        if not alternatives:
            # Implied by the alternatives, but only this lets an index start at the right place.
            start = column <= value if less else column >= value
        alternatives.append(and_(*equal, column < value if less else column > value))
        equal.append(column == value)
    return (
        select(findings.c.id)
        .where(*conditions(query, dialect), start, or_(*alternatives))
        .order_by(*order(query.sort, backwards=backwards))
        .limit(1)
    )


def rows() -> _Statement:
    """Light rows with their paths."""
    return select(findings, paths.c.path, paths.c.pattern).join(
        paths, paths.c.key == findings.c.path_key
    )


def page_of_rows(query: FindingQuery, dialect: str, *, limit: int, offset: int) -> _Statement:
    """A page of the queue."""
    # Skipped rows are only stepped over in an index, not read: ids first, their rows later.
    ids = (
        select(findings.c.id)
        .where(*conditions(query, dialect))
        .order_by(*order(query.sort))
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    return rows().join(ids, ids.c.id == findings.c.id).order_by(*order(query.sort))


def group_column(by: GroupBy, table: FromClause = findings) -> ColumnElement[str]:
    """What findings are grouped by.

    Raises:
        InvalidParameterError: Nothing is grouped by this.
    """
    if by not in _GROUPS:
        raise InvalidParameterError(
            f"Findings cannot be grouped by '{by}'; use one of {', '.join(_GROUPS)}."
        )
    return table.c[_GROUPS[by]]


def page_of_groups(
    query: FindingQuery, dialect: str, by: GroupBy, *, limit: int | None, offset: int
) -> _Statement:
    """Groups with their counts and the id of their strongest finding, most open ones first."""
    key = group_column(by)
    open_findings = func.count().filter(findings.c.status == Status.OPEN.value)
    suppressed = func.count().filter(findings.c.status == Status.SUPPRESSED.value)
    ratio = func.max(findings.c.ratio)
    groups = (
        select(
            key.label("key"),
            func.count().label("findings"),
            open_findings.label("open_findings"),
            suppressed.label("suppressed_findings"),
            func.sum(findings.c.event_count).label("events"),
            func.count(findings.c.entity.distinct()).label("entities"),
            ratio.label("max_ratio"),
            func.min(findings.c.first_time).label("first_time"),
            func.max(findings.c.last_time).label("last_time"),
        )
        .where(*_conditions_of_groups(query, dialect))
        .group_by(key)
        .order_by(open_findings.desc(), ratio.desc(), key)
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    example = example_of(query, dialect, by, groups.c.key)
    return select(groups, example.label("example_id")).order_by(
        groups.c.open_findings.desc(), groups.c.max_ratio.desc(), groups.c.key
    )


def count_of_groups(query: FindingQuery, dialect: str, by: GroupBy) -> _Statement:
    """The number of groups."""
    distinct = func.count(group_column(by).distinct())
    return select(distinct).where(*_conditions_of_groups(query, dialect))


def example_of(
    query: FindingQuery, dialect: str, by: GroupBy, key: ColumnElement[str]
) -> ColumnElement[str]:
    """Id of the matching finding with the highest score in one group."""
    other = findings.alias("other")
    return (
        select(other.c.id)
        .where(group_column(by, other) == key, *_conditions_of_groups(query, dialect, other))
        .order_by(*order("score", other))
        .limit(1)
        .scalar_subquery()
    )


def _conditions_of_groups(
    query: FindingQuery, dialect: str, table: FromClause = findings
) -> list[ColumnElement[bool]]:
    found = conditions(replace(query, status=None), dialect, table)
    if query.status is not None:
        # Most findings have one status. As an expression it tempts no planner to look up that
        # many rows through an index of it, rather than count within the index of the groups.
        found.append(table.c.status.concat("") == query.status.value)
    return found


def _keys(sort: Sort) -> tuple[tuple[str, bool], ...]:
    if sort not in _SORTS:
        raise InvalidParameterError(
            f"Findings cannot be sorted by '{sort}'; use one of {', '.join(_SORTS)}."
        )
    return _SORTS[sort]
