"""Entries of the log that are taken back or put back into force, many at once.

A roll-back does this to thousands; they are read and written together, never one by one.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, bindparam, insert, select, update
from sqlalchemy import func as sql

from deepaid_core.domain import codec
from deepaid_core.domain.log import LogEntry, NewRestore, NewUndo
from deepaid_core.errors import NotFoundError, StaleWriteError
from deepaid_core.store import tables
from deepaid_core.store.chain import linked
from deepaid_core.store.queries import members
from deepaid_core.store.rows import entry_values, status_under
from deepaid_core.store.suppressed import Touched, attacks_among, with_verdicts

__all__ = ["SETTINGS_OF_SUPPRESSIONS", "show", "taught", "write_toggles"]

SETTINGS_OF_SUPPRESSIONS: Final = frozenset({"resurfaced_share", "suppress_critical"})
"""Settings that decide which findings fall under a suppression."""

_decisions = tables.decisions
_findings = tables.findings
_links = tables.verdict_findings
_attacks = tables.taught_attacks

_TOGGLES: Final = (codec.UNDO.name, codec.RESTORE.name)
_AT_ONCE: Final = 500  # numbers in one statement
_MANY: Final = 50  # findings of one verdict from which they are updated as a set


def write_toggles(connection: Connection, lines: Sequence[LogEntry], touched: Touched) -> None:
    """Write undos and restores in order, and what they change in the findings.

    Raises:
        NotFoundError: One names no decision that can be taken back or put back.
        StaleWriteError: One takes back what is not in force, or puts back what is.
    """
    changes = [
        (one.number, one.entry) for one in lines if isinstance(one.entry, NewUndo | NewRestore)
    ]
    targets = _targets(connection, {change.entry_number for _, change in changes})
    undone_by = {number: row.undone_by for number, row in targets.items()}
    authors = {number: change.author for number, change in changes}
    for number, change in changes:
        target = targets.get(change.entry_number)
        if target is None or target.kind in _TOGGLES:
            raise NotFoundError(
                f"Entry {change.entry_number} of the log is no decision that can be taken back or "
                "put back; choose one from the list of decisions."
            )
        undo = isinstance(change, NewUndo)
        _refuse_stale(connection, target, undone_by[target.number], authors, undo=undo)
        undone_by[target.number] = number if undo else None
        if target.kind == codec.SUPPRESSION.name:
            (touched.begun if not undo else touched.ended).add(target.number)
    verdicts = sorted(n for n, row in targets.items() if row.kind == codec.VERDICT.name)
    touched.verdicts.update(verdicts)
    for some in _pieces(verdicts):
        touched.attacks |= attacks_among(connection, some)
    written = linked(connection, _decisions, map(entry_values, lines))
    connection.execute(insert(_decisions), written)
    connection.execute(
        update(_decisions)
        .where(_decisions.c.number == bindparam("target"))
        .values(undone_by=bindparam("now_undone_by")),
        [{"target": n, "now_undone_by": by} for n, by in undone_by.items()],
    )
    for some in _pieces(verdicts):
        _recompute(connection, some)
        touched.attacks |= attacks_among(connection, some)
    for number, row in targets.items():
        if row.kind == codec.SETTING.name:
            touched.everything |= _setting_name(connection, number) in SETTINGS_OF_SUPPRESSIONS
        elif row.kind == codec.LESSONS.name:
            touched.attacks |= taught(connection, number)


def taught(connection: Connection, number: int) -> set[tuple[str, str]]:
    """Detector and pattern of the attacks that an import taught."""
    c = _attacks.c
    statement = select(c.detector_name, c.pattern_id).where(c.entry_number == number)
    return {(row[0], row[1]) for row in connection.execute(statement)}


def show(
    connection: Connection,
    where: ColumnElement[bool],
    number: int | None,
    label: str | None,
    category: str | None,
) -> None:
    """Let findings repeat a verdict, or none; they fall under no suppression meanwhile."""
    connection.execute(update(_findings).where(where).values(_shown(number, label, category)))


def _shown(number: int | None, label: str | None, category: str | None) -> dict[str, Any]:
    return {
        "status": status_under(label).value,
        "verdict": label,
        "category": category,
        "search_category": (category or "").casefold(),
        "verdict_number": number,
        "suppression_number": None,
        "resurfaced": False,
    }


def _targets(connection: Connection, numbers: Iterable[int]) -> dict[int, Row[Any]]:
    c = _decisions.c
    found: dict[int, Row[Any]] = {}
    for some in _pieces(sorted(numbers)):
        statement = select(c.number, c.kind, c.undone_by).where(c.number.in_(some))
        found |= {row.number: row for row in connection.execute(statement)}
    return found


def _setting_name(connection: Connection, number: int) -> str:
    payload = connection.scalar(select(_decisions.c.payload).where(_decisions.c.number == number))
    return codec.load(codec.SETTING, str(payload)).name


def _refuse_stale(
    connection: Connection,
    target: Row[Any],
    undone_by: int | None,
    authors: dict[int, str],
    *,
    undo: bool,
) -> None:
    if undo and undone_by is not None:
        author = authors.get(undone_by) or connection.scalar(
            select(_decisions.c.author).where(_decisions.c.number == undone_by)
        )
        raise StaleWriteError(
            f"Entry {target.number}, a {target.kind}, was already undone by {author} (entry "
            f"{undone_by}); reload to see the current state."
        )
    if not undo and undone_by is None:
        raise StaleWriteError(
            f"Entry {target.number}, a {target.kind}, is in force already; "
            "reload to see the current state."
        )


def _recompute(connection: Connection, verdicts: Sequence[int]) -> None:
    """Let the findings of verdicts show the last one in force, after some came or went."""
    other = _links.alias("other")
    latest = (
        select(sql.max(other.c.verdict_number))
        .join(_decisions, _decisions.c.number == other.c.verdict_number)
        .where(other.c.finding_id == _findings.c.id, _decisions.c.undone_by.is_(None))
        .scalar_subquery()
    )
    statement = select(_findings.c.id, _findings.c.verdict_number, latest).where(
        _findings.c.id.in_(with_verdicts(verdicts))
    )
    changes: dict[int | None, list[str]] = {}
    for finding_id, shown, number in connection.execute(statement):
        if number != shown:
            changes.setdefault(number, []).append(finding_id)
    says = {None: (None, None), **_labels(connection, [n for n in changes if n is not None])}
    single: list[dict[str, Any]] = []
    for number, finding_ids in changes.items():
        if len(finding_ids) < _MANY:
            values = _shown(number, *says[number])
            named = {f"now_{name}": value for name, value in values.items()}
            single += [{"finding": finding_id, **named} for finding_id in finding_ids]
        else:
            where = _findings.c.id.in_(members(finding_ids, connection.dialect.name))
            show(connection, where, number, *says[number])
    if single:
        names = _shown(None, None, None)
        connection.execute(
            update(_findings)
            .where(_findings.c.id == bindparam("finding"))
            .values({name: bindparam(f"now_{name}") for name in names}),
            single,
        )


def _labels(
    connection: Connection, numbers: Sequence[int]
) -> dict[int | None, tuple[str | None, str | None]]:
    c = _decisions.c
    found: dict[int | None, tuple[str | None, str | None]] = {}
    for some in _pieces(numbers):
        statement = select(c.number, c.label, c.category).where(c.number.in_(some))
        found |= {row[0]: (row[1], row[2]) for row in connection.execute(statement)}
    return found


def _pieces(numbers: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(numbers)
    while some := list(islice(rest, _AT_ONCE)):
        yield some
