"""Both logs of a SQL store, to be read and checked."""
# ruff: noqa: D102 - what each method promises is said once, in audit.py

from collections.abc import Mapping, Sequence

from deepaid_core.domain.audit import (
    ALL,
    AuditEntry,
    AuditHead,
    AuditPlace,
    AuditQuery,
    ChainReport,
    DecisionFacts,
    LogName,
)
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.store import audit_lines, chain_check
from deepaid_core.store.audit import Audit
from deepaid_core.store.connect import Database

__all__ = ["SqlAudit"]


class SqlAudit(Audit):
    """The audit of a SQL store.

    Args:
        database: Shared with the store.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def lines(
        self,
        query: AuditQuery = ALL,
        *,
        limit: int,
        offset: int = 0,
        before: AuditPlace | None = None,
    ) -> tuple[AuditEntry, ...]:
        with self._database.reading() as connection:
            return audit_lines.page(connection, query, limit=limit, offset=offset, before=before)

    def count(self, query: AuditQuery = ALL) -> int:
        with self._database.reading() as connection:
            return audit_lines.count(connection, query)

    def heads(self) -> tuple[AuditHead, AuditHead]:
        with self._database.reading() as connection:
            return audit_lines.heads(connection)

    def choices(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        with self._database.reading() as connection:
            return audit_lines.authors(connection), audit_lines.kinds(connection)

    def decision_facts(self, numbers: Sequence[int]) -> Mapping[int, DecisionFacts]:
        with self._database.reading() as connection:
            return audit_lines.facts(connection, numbers)

    def earlier_verdicts(self, numbers: Sequence[int]) -> Mapping[int, Mapping[str, list[int]]]:
        with self._database.reading() as connection:
            return audit_lines.earlier_verdicts(connection, numbers)

    def check(
        self,
        log: LogName,
        *,
        noted: AuditHead | None = None,
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> ChainReport:
        return chain_check.check(
            self._database, log, noted=noted, progress=progress, cancelled=cancelled
        )
