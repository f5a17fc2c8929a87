"""Both logs, decisions and actions, as one list; see `AuditQuery`."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Table,
    Text,
    and_,
    func,
    literal,
    or_,
    select,
    union_all,
)

from deepaid_core.domain import codec
from deepaid_core.domain.audit import (
    AuditEntry,
    AuditHead,
    AuditPlace,
    AuditQuery,
    DecisionFacts,
    LogName,
)
from deepaid_core.store import actions as actions_log
from deepaid_core.store.desk_tables import action_findings, actions
from deepaid_core.store.rows import read_entry
from deepaid_core.store.tables import decisions, verdict_findings

__all__ = ["authors", "count", "earlier_verdicts", "facts", "heads", "kinds", "page"]

_TABLES: Final[Mapping[LogName, Table]] = {"decision": decisions, "action": actions}
# Lines of the same moment: what was done after a decision stands above it.
_RANKS: Final[Mapping[LogName, int]] = {"decision": 0, "action": 1}
_NAMES: Final = {rank: log for log, rank in _RANKS.items()}
_LINE: Final = re.compile(r"(decision|action) ([0-9]{1,9})")
_NUMBERED: Final = re.compile(r"([SMC])-([0-9]{1,9})")
_AT_ONCE: Final = 500


def page(
    connection: Connection,
    query: AuditQuery,
    *,
    limit: int,
    offset: int = 0,
    before: AuditPlace | None = None,
) -> tuple[AuditEntry, ...]:
    """Matching lines, newest first; see `Audit.lines`."""
    parts = []
    for log, table in _searched(query):
        c, rank = table.c, _RANKS[log]
        # What is about one thing is few: no planner shall look for it along the index by time.
        moment = c.time + 0.0 if query.subject else c.time
        part = select(moment.label("time"), literal(rank).label("rank"), c.number).where(
            *_conditions(connection, query, log)
        )
        parts.append(part if before is None else part.where(_below(table, rank, before)))
    if not parts:
        return ()
    both = union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    order = (both.c.time.desc(), both.c.rank.desc(), both.c.number.desc())
    places = connection.execute(select(both).order_by(*order).limit(limit).offset(offset)).all()
    whole: dict[tuple[LogName, int], AuditEntry] = {}
    for log in _TABLES:
        wanted = [row.number for row in places if _NAMES[row.rank] == log]
        whole |= {(log, entry.number): entry for entry in _entries(connection, log, wanted)}
    return tuple(whole[_NAMES[row.rank], row.number] for row in places)


def count(connection: Connection, query: AuditQuery) -> int:
    """Number of matching lines in both logs."""
    total = 0
    for log, table in _searched(query):
        where = _conditions(connection, query, log)
        total += connection.scalar(select(func.count()).select_from(table).where(*where)) or 0
    return total


def heads(connection: Connection) -> tuple[AuditHead, AuditHead]:
    """The last line of the decisions and that of the actions."""
    found = []
    for log, table in _TABLES.items():
        c = table.c
        row = connection.execute(
            select(c.number, c.chain).order_by(c.number.desc()).limit(1)
        ).first()
        found.append(AuditHead(log, row.number, row.chain) if row else AuditHead(log, 0, ""))
    return found[0], found[1]


def authors(connection: Connection) -> tuple[str, ...]:
    """Everybody who wrote a line, sorted."""
    names: set[str] = set()
    for table in _TABLES.values():
        names |= set(connection.scalars(select(table.c.author).distinct()))
    return tuple(sorted(names))


def kinds(connection: Connection) -> tuple[str, ...]:
    """Kinds of lines that there are, records by what they are of; sorted."""
    of_decisions = select(decisions.c.kind).distinct()
    others = select(actions.c.kind).where(actions.c.kind != codec.RECORD.name).distinct()
    records = select(_record_of(connection)).where(actions.c.kind == codec.RECORD.name).distinct()
    found = [set(connection.scalars(one)) for one in (of_decisions, others, records)]
    return tuple(sorted(set().union(*found)))


def earlier_verdicts(
    connection: Connection, numbers: Sequence[int]
) -> dict[int, dict[str, list[int]]]:
    """Of each verdict, the findings that had earlier ones, and these, newest first."""
    this, other = verdict_findings.alias("this"), verdict_findings.alias("other")
    found: dict[int, dict[str, list[int]]] = {}
    for some in _pieces(numbers):
        statement = (
            select(this.c.verdict_number, this.c.finding_id, other.c.verdict_number)
            .join(
                other,
                and_(
                    other.c.finding_id == this.c.finding_id,
                    other.c.verdict_number < this.c.verdict_number,
                ),
            )
            .where(this.c.verdict_number.in_(some))
            .order_by(this.c.verdict_number, this.c.finding_id, other.c.verdict_number.desc())
        )
        for number, finding_id, earlier in connection.execute(statement):
            found.setdefault(number, {}).setdefault(finding_id, []).append(earlier)
    return found


def facts(connection: Connection, numbers: Sequence[int]) -> dict[int, DecisionFacts]:
    """What decisions were; unknown numbers are left out."""
    c = decisions.c
    found: dict[int, DecisionFacts] = {}
    for some in _pieces(numbers):
        statement = select(c.number, c.kind, c.label, c.category, c.pattern_id, c.author).where(
            c.number.in_(some)
        )
        found |= {row.number: DecisionFacts(*row[1:]) for row in connection.execute(statement)}
    return found


def _searched(query: AuditQuery) -> list[tuple[LogName, Table]]:
    return [(log, table) for log, table in _TABLES.items() if query.log in (None, log)]


def _below(table: Table, rank: int, place: AuditPlace) -> ColumnElement[bool]:
    time, log, number = place
    c = table.c
    if rank == _RANKS[log]:
        # The first part is implied, but only it lets an index start at the right place.
        return and_(c.time <= time, or_(c.time < time, c.number < number))
    return c.time <= time if rank < _RANKS[log] else c.time < time


def _conditions(
    connection: Connection, query: AuditQuery, log: LogName
) -> list[ColumnElement[bool]]:
    c = _TABLES[log].c
    found: list[ColumnElement[bool]] = []
    if query.author is not None:
        found.append(c.author == query.author)
    if query.kind is not None:
        same = c.kind == query.kind
        if log == "action":
            record = and_(c.kind == codec.RECORD.name, _record_of(connection) == query.kind)
            same = or_(same, record) if query.kind != codec.RECORD.name else same
        found.append(same)
    if query.since is not None:
        found.append(c.time >= query.since)
    if query.until is not None:
        found.append(c.time < query.until)
    if query.subject:
        about = _about_decision if log == "decision" else _about_action
        found.append(about(query.subject))
    if query.text:
        found.append(_holds(connection, c.payload, query.text))
        if log == "action":
            found[-1] = or_(found[-1], _holds(connection, c.before, query.text))
    return found


def _about_decision(subject: str) -> ColumnElement[bool]:
    c = decisions.c
    if subject.startswith("F-"):
        links = verdict_findings.c
        return c.number.in_(select(links.verdict_number).where(links.finding_id == subject))
    if subject.startswith("P-"):
        return c.pattern_id == subject
    line, numbered = _LINE.fullmatch(subject), _NUMBERED.fullmatch(subject)
    if (line and line[1] == "decision") or (numbered and numbered[1] in "SM"):
        number = int(line[2] if line else numbered[2])  # type: ignore[index]
        toggled = [
            and_(c.kind == kind.name, _begins(c.payload, _start(kind, "entry_number", number)))
            for kind in (codec.UNDO, codec.RESTORE)
        ]
        return or_(c.number == number, *toggled)
    return literal(False)


def _about_action(subject: str) -> ColumnElement[bool]:
    c = actions.c
    if subject.startswith("F-"):
        touched = select(action_findings.c.action_number).where(
            action_findings.c.finding_id == subject
        )
        return or_(c.number.in_(touched), c.subject == subject)
    line, numbered = _LINE.fullmatch(subject), _NUMBERED.fullmatch(subject)
    if line and line[1] == "action":
        number = int(line[2])
        withdrawn = _start(codec.NOTE_WITHDRAWAL, "action_number", number)
        taken_back = and_(c.kind == codec.NOTE_WITHDRAWAL.name, _begins(c.payload, withdrawn))
        return or_(c.number == number, taken_back)
    if numbered and numbered[1] == "C":
        return or_(c.case_number == int(numbered[2]), c.subject == subject)
    return c.subject == subject


def _start(kind: codec.Kind[Any], name: str, number: int) -> str:
    # How the text begins that `codec.dump` makes of an entry whose first field is a number.
    return f'{{"kind":"{kind.name}","version":{codec.VERSION},"data":{{"{name}":{number},'


def _begins(column: ColumnElement[str], start: str) -> ColumnElement[bool]:
    return func.substr(column, 1, len(start)) == start


def _record_of(connection: Connection) -> ColumnElement[str]:
    # The same for records, whose first field says what they are of.
    start = f'{{"kind":"{codec.RECORD.name}","version":{codec.VERSION},"data":{{"what":"'
    rest = func.substr(actions.c.payload, len(start) + 1)
    return func.substr(rest, 1, _position(connection)(rest, '"') - 1)


def _holds(connection: Connection, column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    # Payloads are ASCII JSON: other letters stand there as escapes, and match as they were typed
    # or in lower case.
    spellings = {json.dumps(one)[1:-1].lower() for one in (text, text.lower())}
    position = _position(connection)
    return or_(*(position(func.lower(column), literal(one, Text)) > 0 for one in sorted(spellings)))


def _position(connection: Connection) -> Any:
    return func.strpos if connection.dialect.name == "postgresql" else func.instr


def _entries(connection: Connection, log: LogName, numbers: Sequence[int]) -> list[AuditEntry]:
    table, found = _TABLES[log], []
    for some in _pieces(numbers):
        statement: Select[Any] = select(table).where(table.c.number.in_(some))
        read = _decision if log == "decision" else _action
        found += [read(row) for row in connection.execute(statement)]
    return found


def _decision(row: Row[Any]) -> AuditEntry:
    return AuditEntry(
        log="decision",
        number=row.number,
        time=row.time,
        kind=row.kind,
        entry=read_entry(row).entry,
        before={},
        undone_by=row.undone_by,
        chain=row.chain,
    )


def _action(row: Row[Any]) -> AuditEntry:
    line = actions_log.read_line(row)
    return AuditEntry(
        log="action",
        number=row.number,
        time=row.time,
        kind=row.kind,
        entry=line.action,
        before=line.before,
        undone_by=row.undone_by,
        chain=row.chain,
        case_number=row.case_number,
    )


def _pieces(numbers: Iterable[int]) -> list[list[int]]:
    whole = sorted(set(numbers))
    return [whole[start : start + _AT_ONCE] for start in range(0, len(whole), _AT_ONCE)]
