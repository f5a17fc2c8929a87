"""Trying entries of the log, within a writing transaction that is taken back."""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import Entry
from deepaid_core.domain.trial import Trial
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.store import tables
from deepaid_core.store.log import append
from deepaid_core.store.queries import members
from deepaid_core.store.suppressed import protected

__all__ = ["tried"]

_findings = tables.findings


def tried(connection: Connection, entries: Sequence[Entry], *, now: float, expected: int) -> Trial:
    """What entries change in what analysts see; the caller takes the transaction back.

    Raises:
        NotFoundError: As for `append`.
        StaleWriteError: As for `append`.
        InvalidParameterError: As for `append`.
    """
    attacks = _attacks(connection)
    suppressed = _of_status(connection, Status.SUPPRESSED)
    guarded = protected(connection)
    append(connection, entries, now=now, expected=expected)
    suppressed_then = _of_status(connection, Status.SUPPRESSED)
    guarded_then = protected(connection)
    reopened = _of_status(connection, Status.OPEN, among=sorted(suppressed - suppressed_then))
    return Trial(
        version=expected,
        reopened=tuple(sorted(reopened)),
        suppressed=tuple(sorted(suppressed_then - suppressed)),
        attacks=len(attacks),
        silenced=tuple(sorted(attacks & suppressed_then)),
        unprotected=tuple(sorted(guarded - guarded_then)),
        protected=tuple(sorted(guarded_then - guarded)),
    )


def _attacks(connection: Connection) -> set[str]:
    is_attack = _findings.c.verdict == VerdictLabel.TRUE_POSITIVE.value
    return set(connection.scalars(select(_findings.c.id).where(is_attack)))


def _of_status(
    connection: Connection, status: Status, *, among: Sequence[str] | None = None
) -> set[str]:
    statement = select(_findings.c.id).where(_findings.c.status == status.value)
    if among is not None:
        statement = statement.where(_findings.c.id.in_(members(among, connection.dialect.name)))
    return set(connection.scalars(statement))
