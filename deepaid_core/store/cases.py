"""Cases in SQL: what is written to them and what is read."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, delete, insert, literal, select, update
from sqlalchemy import func as sql

from deepaid_core.domain.actions import (
    CASE_FIELDS,
    NewCase,
    NewCaseChange,
    NewCaseFindings,
    NewTechnique,
)
from deepaid_core.domain.case import TLP, Case, CaseQuery, CaseRow, CaseStatus, Technique
from deepaid_core.domain.finding import Status
from deepaid_core.errors import InvalidParameterError, NotFoundError, StaleWriteError
from deepaid_core.store.desk_tables import case_findings, case_techniques
from deepaid_core.store.desk_tables import cases as _cases
from deepaid_core.store.queries import members
from deepaid_core.store.tables import AnyText
from deepaid_core.store.tables import findings as _findings

__all__ = [
    "assignees",
    "case",
    "cases_of",
    "change",
    "count",
    "move_findings",
    "number_of",
    "open_case",
    "page",
    "refuse_stale",
    "technique_before",
    "touch",
    "write_technique",
]

_ID = re.compile("C-([0-9]{1,9})")


def number_of(case_id: str) -> int:
    """The number in "C-12".

    Raises:
        NotFoundError: It is no id of a case.
    """
    found = _ID.fullmatch(case_id)
    if found is None:
        raise _no_case(case_id)
    return int(found[1])


def refuse_stale(connection: Connection, expected: Mapping[int, int]) -> None:
    """Refuse to write over what a colleague changed.

    Raises:
        StaleWriteError: A case is not of the version that the writer has read.
        NotFoundError: There is no such case.
    """
    for number, version in expected.items():
        now = _version(connection, number)
        if now != version:
            raise StaleWriteError(
                f"Case C-{number} was changed by somebody else meanwhile; reload to see what is "
                "there now, and save again."
            )


def open_case(connection: Connection, action_number: int, now: float, action: NewCase) -> int:
    """Open a case with its findings; returns its number."""
    number = (connection.scalar(select(sql.max(_cases.c.number))) or 0) + 1
    connection.execute(
        insert(_cases).values(
            number=number,
            title=action.title,
            summary=action.summary,
            impact="",
            actions_taken="",
            recommendations="",
            status=CaseStatus.OPEN.value,
            tlp="amber",
            assignee=action.author,
            author=action.author,
            created_time=now,
            changed_time=now,
            version=action_number,
            search_text=_search_text(number, action.title, action.summary),
        )
    )
    _put_in(connection, number, tuple(dict.fromkeys(action.finding_ids)))
    return number


def change(
    connection: Connection, action_number: int, now: float, action: NewCaseChange
) -> dict[str, str]:
    """Write new values of fields; returns the old ones.

    Raises:
        NotFoundError: There is no such case.
        InvalidParameterError: There is no such field, or no such value of it.
    """
    row = connection.execute(select(_cases).where(_cases.c.number == action.case_number)).first()
    if row is None:
        raise _no_case(f"C-{action.case_number}")
    for name, value in action.changes.items():
        _check(name, value)
    stored: dict[str, Any] = dict(action.changes)
    if "merged_into" in stored:
        into = stored["merged_into"]
        stored["merged_into"] = int(into) if into else None
        if into:
            _version(connection, int(into))
    title, summary = (stored.get(name, getattr(row, name)) for name in ("title", "summary"))
    connection.execute(
        update(_cases)
        .where(_cases.c.number == action.case_number)
        .values(
            **stored,
            changed_time=now,
            version=action_number,
            search_text=_search_text(action.case_number, title, summary),
        )
    )
    old = row._mapping
    return {name: "" if old[name] is None else str(old[name]) for name in action.changes}


def move_findings(
    connection: Connection, action_number: int, now: float, action: NewCaseFindings
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Put findings in and take others out; returns those that really came and went."""
    c, number = case_findings.c, action.case_number
    _changed(connection, number, now, version=action_number)
    held = set(connection.scalars(select(c.finding_id).where(c.case_number == number)))
    added = tuple(i for i in dict.fromkeys(action.added) if i not in held)
    removed = tuple(i for i in dict.fromkeys(action.removed) if i in held)
    _put_in(connection, number, added)
    if removed:
        gone = members(removed, connection.dialect.name)
        connection.execute(
            delete(case_findings).where(c.case_number == number, c.finding_id.in_(gone))
        )
    return added, removed


def technique_before(
    connection: Connection, action_number: int, now: float, action: NewTechnique
) -> dict[str, str]:
    """Reason, author and action of a technique of the case; empty where it is new.

    Raises:
        NotFoundError: The case is unknown, or the technique to withdraw is not on it.
    """
    _changed(connection, action.case_number, now, version=action_number)
    c = case_techniques.c
    row = connection.execute(
        select(c.reason, c.author, c.action_number).where(*_technique(action))
    ).first()
    if row is None and action.withdrawn:
        raise NotFoundError(
            f"Case C-{action.case_number} has no technique '{action.technique}'; reload the case."
        )
    if row is None:
        return {}
    return {"reason": row.reason, "author": row.author, "action": str(row.action_number)}


def write_technique(connection: Connection, action_number: int, action: NewTechnique) -> None:
    """Put a technique on a case, or take it off; its action must be written already."""
    connection.execute(delete(case_techniques).where(*_technique(action)))
    if not action.withdrawn:
        connection.execute(
            insert(case_techniques).values(
                case_number=action.case_number,
                technique=action.technique,
                reason=action.reason,
                author=action.author,
                action_number=action_number,
            )
        )


def touch(connection: Connection, number: int, now: float) -> None:
    """Remember that something happened to a case that changes none of its fields."""
    _changed(connection, number, now)


def case(connection: Connection, number: int) -> Case:
    """One case whole.

    Raises:
        NotFoundError: There is none of this number.
    """
    row = connection.execute(select(_cases).where(_cases.c.number == number)).first()
    if row is None:
        raise _no_case(f"C-{number}")
    held = connection.scalars(
        select(case_findings.c.finding_id)
        .join(_findings, _findings.c.id == case_findings.c.finding_id)
        .where(case_findings.c.case_number == number)
        .order_by(_findings.c.first_time, _findings.c.id)
    )
    c = case_techniques.c
    techniques = connection.execute(
        select(c.technique, c.reason, c.author)
        .where(c.case_number == number)
        .order_by(c.action_number)
    )
    values = {name: value for name, value in row._mapping.items() if name != "search_text"}
    return Case(
        **{**values, "status": CaseStatus(row.status)},
        finding_ids=tuple(held),
        techniques=tuple(Technique(*one) for one in techniques),
    )


def page(
    connection: Connection, query: CaseQuery, *, limit: int, offset: int
) -> tuple[CaseRow, ...]:
    """Matching cases, the last changed first."""
    c, f = _cases.c, _findings.c
    chosen = (
        select(_cases)
        .where(*_conditions(query, connection.dialect.name))
        .order_by(c.changed_time.desc(), c.number.desc())
        .limit(limit)
        .offset(offset)
        .subquery()
    )
    is_open = sql.count(f.id).filter(f.status == Status.OPEN.value)
    statement: Select[Any] = (
        select(
            chosen,
            sql.count(f.id).label("findings"),
            is_open.label("open_findings"),
            sql.max(f.ratio).label("max_ratio"),
            sql.min(f.first_time).label("first_time"),
            sql.max(f.last_time).label("last_time"),
        )
        .select_from(chosen)
        .outerjoin(case_findings, case_findings.c.case_number == chosen.c.number)
        .outerjoin(_findings, f.id == case_findings.c.finding_id)
        .group_by(*chosen.c)
        .order_by(chosen.c.changed_time.desc(), chosen.c.number.desc())
    )
    return tuple(
        CaseRow(
            number=row.number,
            title=row.title,
            status=CaseStatus(row.status),
            tlp=row.tlp,
            assignee=row.assignee,
            findings=row.findings,
            open_findings=row.open_findings,
            max_ratio=row.max_ratio,
            first_time=row.first_time,
            last_time=row.last_time,
            created_time=row.created_time,
            changed_time=row.changed_time,
            merged_into=row.merged_into,
        )
        for row in connection.execute(statement)
    )


def count(connection: Connection, query: CaseQuery) -> int:
    """Number of cases that match."""
    where = _conditions(query, connection.dialect.name)
    return connection.scalar(select(sql.count()).select_from(_cases).where(*where)) or 0


def cases_of(connection: Connection, finding_ids: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Numbers of the cases that hold each finding; see `Desk.cases_of`."""
    c = case_findings.c
    statement = (
        select(c.finding_id, c.case_number)
        .join(_cases, _cases.c.number == c.case_number)
        .where(
            c.finding_id.in_(members(finding_ids, connection.dialect.name)),
            _cases.c.status != CaseStatus.DISCARDED.value,
            _cases.c.merged_into.is_(None),
        )
        .order_by(c.finding_id, c.case_number)
    )
    found: dict[str, tuple[int, ...]] = {}
    for finding_id, number in connection.execute(statement):
        found[finding_id] = (*found.get(finding_id, ()), number)
    return found


def assignees(connection: Connection) -> tuple[str, ...]:
    """Everybody who has a finding or a case, sorted."""
    of_findings = select(_findings.c.assignee).where(_findings.c.assignee.is_not(None)).distinct()
    of_cases = select(_cases.c.assignee).where(_cases.c.assignee != "").distinct()
    return tuple(sorted({*connection.scalars(of_findings), *connection.scalars(of_cases)}))


def _conditions(query: CaseQuery, dialect: str) -> list[ColumnElement[bool]]:
    c = _cases.c
    if query.statuses is None:
        found = [c.status != CaseStatus.DISCARDED.value]
    else:
        found = [c.status.in_([status.value for status in query.statuses])]
    if query.assignee is not None:
        found.append(c.assignee == query.assignee)
    if query.number is not None:
        found.append(c.number == query.number)
    if query.merged_into is not None:
        found.append(c.merged_into == query.merged_into)
    if query.text:
        position = sql.strpos if dialect == "postgresql" else sql.instr
        text = literal(query.text.casefold(), AnyText)
        found.append(position(c.search_text, text) > 0)
    if query.finding_id is not None:
        held = select(case_findings.c.case_number).where(
            case_findings.c.finding_id == query.finding_id
        )
        found.append(c.number.in_(held))
    return found


def _check(name: str, value: str) -> None:
    if name not in CASE_FIELDS:
        raise InvalidParameterError(
            f"A case has no field '{name}'; change one of: {', '.join(CASE_FIELDS)}."
        )
    allowed: dict[str, Sequence[str]] = {"status": [*CaseStatus], "tlp": TLP}
    if name in allowed and value not in allowed[name]:
        raise InvalidParameterError(
            f"'{value}' is no {name} of a case; choose one of: {', '.join(allowed[name])}."
        )
    if name == "merged_into" and value and not value.isdecimal():
        raise InvalidParameterError(f"'{value}' is no number of a case; give one like '12'.")


def _technique(action: NewTechnique) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    c = case_techniques.c
    return c.case_number == action.case_number, c.technique == action.technique


def _changed(
    connection: Connection, number: int, now: float, *, version: int | None = None
) -> None:
    values: dict[str, float] = {"changed_time": now}
    if version is not None:
        values["version"] = version
    done = connection.execute(update(_cases).where(_cases.c.number == number).values(values))
    if not done.rowcount:
        raise _no_case(f"C-{number}")


def _version(connection: Connection, number: int) -> int:
    version: int | None = connection.scalar(
        select(_cases.c.version).where(_cases.c.number == number)
    )
    if version is None:
        raise _no_case(f"C-{number}")
    return version


def _put_in(connection: Connection, number: int, finding_ids: Sequence[str]) -> None:
    rows = [{"case_number": number, "finding_id": finding_id} for finding_id in finding_ids]
    if rows:
        connection.execute(insert(case_findings), rows)


def _search_text(number: int, title: str, summary: str) -> str:
    return f"C-{number}\n{title}\n{summary}".casefold()


def _no_case(case_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no case '{case_id}' in this workspace; choose one from the list of cases."
    )
