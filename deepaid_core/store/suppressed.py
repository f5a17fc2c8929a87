"""Suppressions, and findings kept in step with them within the writing transaction.

What a finding falls under is a function of the log and the findings alone. Here only those are
looked at again for which it may have changed, and only those are written for which it did.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, update

from deepaid_core.domain import codec
from deepaid_core.domain.distiller_settings import DistillerSettings, settings_after
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.suppression import NewSuppression, Suppression, SuppressionScope
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.store import tables
from deepaid_core.store.coverage import Coverage
from deepaid_core.store.queries import conditions, members

__all__ = [
    "Touched",
    "attacks_among",
    "bring_up_to_date",
    "listing",
    "protected",
    "settings_in_force",
    "with_verdict",
    "with_verdicts",
]

_findings = tables.findings
_decisions = tables.decisions
_attacks = tables.taught_attacks
_links = tables.verdict_findings
_AT_ONCE: Final = 500  # verdicts in one statement
_is_attack: Final = _findings.c.verdict == VerdictLabel.TRUE_POSITIVE.value


@dataclass(slots=True)
class Touched:
    """What a write changed that decides which findings fall under a suppression.

    Attributes:
        verdicts: Verdicts that were taken back or put back, whose findings may be unjudged now.
        attacks: (detector name, pattern id) of true positives that came or went.
        begun: Suppressions that were written or put back.
        ended: Suppressions that were taken back.
        everything: Whether a setting changed that all suppressions depend on.
        added: Findings that are new.
    """

    verdicts: set[int] = field(default_factory=set)
    attacks: set[tuple[str, str]] = field(default_factory=set)
    begun: set[int] = field(default_factory=set)
    ended: set[int] = field(default_factory=set)
    everything: bool = False
    added: tuple[str, ...] = ()


def settings_in_force(connection: Connection) -> DistillerSettings:
    """The settings after the whole log."""
    c = _decisions.c
    payloads = connection.scalars(_of_kind(codec.SETTING.name).with_only_columns(c.payload))
    return settings_after(codec.load(codec.SETTING, payload) for payload in payloads)


def protected(connection: Connection) -> frozenset[str]:
    """Ids of the patterns of findings that are true positives, and of imported attacks."""
    judged = select(_findings.c.pattern_id).where(_is_attack).distinct()
    taught = (
        select(_attacks.c.pattern_id)
        .join(_decisions, _decisions.c.number == _attacks.c.entry_number)
        .where(_decisions.c.undone_by.is_(None))
    )
    return frozenset((*connection.scalars(judged), *connection.scalars(taught)))


def listing(
    connection: Connection, *, number: int | None, in_force: bool
) -> tuple[Suppression, ...]:
    """Suppressions with what they do now, newest first."""
    c = _decisions.c
    statement = _of_kind(codec.SUPPRESSION.name, in_force=in_force)
    if number is not None:
        statement = statement.where(c.number == number)
    rows = connection.execute(statement).all()[::-1]
    decided = {row.number: codec.load(codec.SUPPRESSION, row.payload) for row in rows}
    disabled = _disabled(connection, decided)
    f = _findings.c
    hits = {
        row[0]: row
        for row in connection.execute(
            select(
                f.suppression_number,
                func.count().filter(~f.resurfaced),
                func.count().filter(f.resurfaced),
                func.max(f.last_time),
            )
            .where(
                f.suppression_number.is_not(None) if number is None else _falls_under(number),
            )
            .group_by(f.suppression_number)
        )
    }
    found = []
    for row in rows:
        _, suppressed, resurfaced, last_hit = hits.get(row.number, (None, 0, 0, None))
        found.append(
            Suppression(
                number=row.number,
                time=row.time,
                decision=decided[row.number],
                undone_by=row.undone_by,
                disabled_by=disabled.get(row.number),
                suppressed=suppressed,
                resurfaced=resurfaced,
                last_hit=last_hit,
            )
        )
    return tuple(found)


def with_verdict(number: int) -> Select[Any]:
    """Ids of the findings that a verdict is on."""
    return select(_links.c.finding_id).where(_links.c.verdict_number == number)


def with_verdicts(numbers: Sequence[int]) -> Select[Any]:
    """Ids of the findings that some hundred verdicts at most are on."""
    return select(_links.c.finding_id).where(_links.c.verdict_number.in_(numbers))


def attacks_among(connection: Connection, verdicts: Sequence[int]) -> set[tuple[str, str]]:
    """Detector and pattern of the findings of some verdicts that are true positives now."""
    statement = (
        select(_findings.c.detector_name, _findings.c.pattern_id)
        .where(_findings.c.id.in_(with_verdicts(verdicts)), _is_attack)
        .distinct()
    )
    return {(row[0], row[1]) for row in connection.execute(statement)}


def bring_up_to_date(connection: Connection, touched: Touched) -> None:
    """Put every finding under the suppression that it falls under after a write, or under none."""
    in_force = {
        row.number: codec.load(codec.SUPPRESSION, row.payload)
        for row in connection.execute(_of_kind(codec.SUPPRESSION.name))
    }
    if not in_force and not touched.ended:
        return
    disabled = _disabled(connection, in_force)
    coverage = Coverage(
        {number: one for number, one in in_force.items() if number not in disabled},
        protected=protected(connection),
        settings=settings_in_force(connection),
    )
    changes: dict[tuple[int | None, bool], list[str]] = {}
    seen: set[str] = set()
    for where in _regions(touched, in_force, connection.dialect.name):
        for row in connection.execute(_unjudged().where(where)):
            wanted = coverage.of(row)
            if wanted != (row.suppression_number, row.resurfaced) and row.id not in seen:
                seen.add(row.id)
                changes.setdefault(wanted, []).append(row.id)
    for (number, resurfaced), finding_ids in changes.items():
        hidden = number is not None and not resurfaced
        connection.execute(
            update(_findings)
            .where(_findings.c.id.in_(members(finding_ids, connection.dialect.name)))
            .values(
                status=(Status.SUPPRESSED if hidden else Status.OPEN).value,
                suppression_number=number,
                resurfaced=resurfaced,
            )
        )


def _regions(
    touched: Touched, in_force: Mapping[int, NewSuppression], dialect: str
) -> Iterable[ColumnElement[bool]]:
    """Conditions that together hold for every finding whose suppression may have changed."""
    patterns = {pattern_id for _, pattern_id in touched.attacks}
    detectors = {detector_name for detector_name, _ in touched.attacks}
    scopes = dict.fromkeys(
        one.scope
        for number, one in in_force.items()
        if touched.everything
        or number in touched.begun
        or (
            one.scope.pattern_id in patterns
            if one.scope.pattern_id is not None
            else one.scope.detector_name in detectors
        )
    )
    for scope in scopes:
        yield _within(scope, dialect)
    for number in sorted(touched.ended):
        yield _falls_under(number)
    verdicts = sorted(touched.verdicts)
    for start in range(0, len(verdicts), _AT_ONCE):
        yield _findings.c.id.in_(with_verdicts(verdicts[start : start + _AT_ONCE]))
    if touched.added:
        yield _findings.c.id.in_(members(touched.added, dialect))


def _disabled(connection: Connection, suppressions: Mapping[int, NewSuppression]) -> dict[int, str]:
    """For each suppression whose scope holds a true positive, the id of one, always the same.

    On the pattern of a suppression any true positive counts, whomever and whenever it is about.
    """
    dialect = connection.dialect.name
    c = _findings.c
    patterns = {one.scope.pattern_id for one in suppressions.values()} - {None}
    attacks = select(c.pattern_id, func.min(c.id)).where(
        _is_attack, c.pattern_id.in_(members(sorted(map(str, patterns)), dialect))
    )
    first = {row[0]: row[1] for row in connection.execute(attacks.group_by(c.pattern_id))}
    found: dict[int, str] = {}
    for number, one in suppressions.items():
        if one.scope.pattern_id is not None:
            attack = first.get(one.scope.pattern_id)
        else:
            inside = select(func.min(c.id)).where(_is_attack, _within(one.scope, dialect))
            attack = connection.scalar(inside)
        if attack is not None:
            found[number] = attack
    return found


def _within(scope: SuppressionScope, dialect: str) -> ColumnElement[bool]:
    query = FindingQuery(
        detector_name=scope.detector_name,
        pattern_id=scope.pattern_id,
        entities=scope.entities or None,
        within=(scope.since, scope.until),
    )
    return and_(*conditions(query, dialect))


def _falls_under(number: int) -> ColumnElement[bool]:
    return _findings.c.suppression_number == number


def _unjudged() -> Select[Any]:
    """Findings that could be suppressed, with all that decides whether they are."""
    c = _findings.c
    return select(
        c.id,
        c.detector_name,
        c.pattern_id,
        c.entity,
        c.first_time,
        c.last_time,
        c.ratio,
        c.verified,
        c.added_time,
        c.suppression_number,
        c.resurfaced,
    ).where(c.verdict.is_(None), c.verified)


def _of_kind(kind: str, *, in_force: bool = True) -> Select[Any]:
    """Entries of one kind, oldest first."""
    c = _decisions.c
    statement = select(c.number, c.time, c.undone_by, c.payload).where(c.kind == kind)
    if in_force:
        statement = statement.where(c.undone_by.is_(None))
    return statement.order_by(c.number)
