"""Findings and decisions in SQLite or PostgreSQL."""
# ruff: noqa: D102 - what each method promises is said once, in base.py

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.dialects import postgresql, sqlite

from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.log import Entry, LogEntry
from deepaid_core.domain.queries import (
    FindingQuery,
    FindingRow,
    GroupBy,
    GroupRow,
    Overview,
    PathCount,
    PatternRow,
    Reach,
    RunCount,
)
from deepaid_core.domain.suppression import Suppression
from deepaid_core.domain.trial import Trial
from deepaid_core.domain.verdict import Verdict
from deepaid_core.errors import NotFoundError
from deepaid_core.store import (
    log,
    nearby,
    overview,
    queries,
    reached,
    rows,
    summaries,
    suppressed,
    tables,
)
from deepaid_core.store.audit import Audit
from deepaid_core.store.base import Store
from deepaid_core.store.connect import Database, database_url
from deepaid_core.store.desk import Desk
from deepaid_core.store.sql_audit import SqlAudit
from deepaid_core.store.sql_desk import SqlDesk
from deepaid_core.store.trial import tried

__all__ = ["SqlStore", "open_store"]


def open_store(url_or_path: str | Path) -> Store:
    """A store in a SQLite file, made where it does not exist, or in a PostgreSQL database.

    Args:
        url_or_path: A file, "sqlite:///file" or "postgresql://user@host/name".

    Raises:
        StoreVersionError: A newer version wrote the database.
        StoreError: The database cannot be used; the sentence says why.
    """
    return SqlStore(url_or_path)


class SqlStore(Store):
    """A store in SQLite or PostgreSQL; one object serves all threads of a process.

    Args:
        url_or_path: As for `open_store`.
        clock: Gives the time of a decision, Unix seconds, UTC.
    """

    def __init__(self, url_or_path: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        self._database = Database(database_url(url_or_path))
        self._dialect = self._database.dialect
        self._insert = postgresql.insert if self._dialect == "postgresql" else sqlite.insert
        self._clock = clock
        self._desk = SqlDesk(self._database, clock)
        self._audit = SqlAudit(self._database)

    def __repr__(self) -> str:
        return f"SqlStore({self._database.where})"

    @property
    def desk(self) -> Desk:
        return self._desk

    @property
    def audit(self) -> Audit:
        return self._audit

    def add_detector(self, record: DetectorRecord) -> None:
        statement = self._insert(tables.detectors).on_conflict_do_nothing()
        with self._database.writing() as connection:
            connection.execute(statement, rows.detector_values(record))

    def detectors(self) -> tuple[DetectorRecord, ...]:
        c = tables.detectors.c
        with self._database.reading() as connection:
            found = connection.execute(
                select(tables.detectors).order_by(c.created_time.desc(), c.id)
            )
            return tuple(rows.read_detector(row) for row in found)

    def add_run(self, run: RunRecord, findings: Sequence[Finding]) -> int:
        # Everything is packed before the transaction begins, so that other writers wait less.
        run_row = rows.run_values(run)
        path_rows = {row["key"]: row for row in map(rows.path_values, findings)}
        light = {row["id"]: row for row in map(rows.finding_values, findings)}
        heavy = {row["finding_id"]: row for row in map(rows.detail_values, findings)}
        with self._database.writing() as connection:
            connection.execute(self._insert(tables.runs).on_conflict_do_nothing(), run_row)
            if not light:
                return 0
            connection.execute(
                self._insert(tables.paths).on_conflict_do_nothing(), list(path_rows.values())
            )
            insert = self._insert(tables.findings).on_conflict_do_nothing()
            now = self._clock()
            new = connection.scalars(
                insert.returning(tables.findings.c.id),
                [{**row, "added_time": now} for row in light.values()],
            ).all()
            if new:
                details = [heavy[finding_id] for finding_id in new]
                connection.execute(self._insert(tables.finding_details), details)
                touched = suppressed.Touched(added=tuple(new))
                suppressed.bring_up_to_date(connection, touched)
            return len(new)

    def runs(self) -> tuple[RunRecord, ...]:
        c = tables.runs.c
        with self._database.reading() as connection:
            found = connection.execute(select(tables.runs).order_by(c.finished_time.desc(), c.id))
            return tuple(rows.read_run(row) for row in found)

    def finding(self, finding_id: str) -> Finding:
        c = tables.finding_details.c
        with self._database.reading() as connection:
            light = connection.execute(
                queries.rows().where(tables.findings.c.id == finding_id)
            ).first()
            heavy = connection.execute(
                select(tables.finding_details).where(c.finding_id == finding_id)
            ).first()
        if light is None or heavy is None:
            raise _no_finding(finding_id)
        return rows.read_finding(light, heavy)

    def row(self, finding_id: str) -> FindingRow:
        with self._database.reading() as connection:
            light = connection.execute(
                queries.rows().where(tables.findings.c.id == finding_id)
            ).first()
        if light is None:
            raise _no_finding(finding_id)
        return rows.read_row(light)

    def rows(self, finding_ids: Sequence[str]) -> tuple[FindingRow, ...]:
        chosen = queries.members(finding_ids, self._dialect)
        with self._database.reading() as connection:
            found = connection.execute(queries.rows().where(tables.findings.c.id.in_(chosen)))
            by_id = {row.id: rows.read_row(row) for row in found}
        missing = next((one for one in finding_ids if one not in by_id), None)
        if missing is not None:
            raise _no_finding(missing)
        return tuple(by_id[finding_id] for finding_id in finding_ids)

    def count(self, query: FindingQuery) -> int:
        where = queries.conditions(query, self._dialect)
        with self._database.reading() as connection:
            return (
                connection.scalar(select(func.count()).select_from(tables.findings).where(*where))
                or 0
            )

    def page(self, query: FindingQuery, *, limit: int, offset: int = 0) -> tuple[FindingRow, ...]:
        statement = queries.page_of_rows(query, self._dialect, limit=limit, offset=offset)
        with self._database.reading() as connection:
            return tuple(rows.read_row(row) for row in connection.execute(statement))

    def ids(self, query: FindingQuery) -> tuple[str, ...]:
        statement = (
            select(tables.findings.c.id)
            .where(*queries.conditions(query, self._dialect))
            .order_by(*queries.order(query.sort))
        )
        with self._database.reading() as connection:
            return tuple(connection.scalars(statement))

    def neighbours(self, query: FindingQuery, finding_id: str) -> tuple[str | None, str | None]:
        """As promised, and NotFoundError for an unknown id."""
        place = select(tables.findings).where(tables.findings.c.id == finding_id)
        with self._database.reading() as connection:
            at = connection.execute(place).first()
            if at is None:
                raise _no_finding(finding_id)
            before, after = (
                connection.scalar(queries.neighbour(query, self._dialect, at, backwards=backwards))
                for backwards in (True, False)
            )
        return before, after

    def groups(
        self, query: FindingQuery, by: GroupBy, *, limit: int, offset: int = 0
    ) -> tuple[GroupRow, ...]:
        with self._database.reading() as connection:
            return summaries.groups(connection, query, by, limit=limit, offset=offset)

    def count_groups(self, query: FindingQuery, by: GroupBy) -> int:
        with self._database.reading() as connection:
            return connection.scalar(queries.count_of_groups(query, self._dialect, by)) or 0

    def patterns(self) -> tuple[PatternRow, ...]:
        with self._database.reading() as connection:
            return summaries.patterns(connection)

    def open_paths(self) -> tuple[PathCount, ...]:
        with self._database.reading() as connection:
            return summaries.open_paths(connection)

    def distinct(self, column: str) -> tuple[str, ...]:
        with self._database.reading() as connection:
            return summaries.distinct(connection, column)

    def overview(self) -> Overview:
        with self._database.reading() as connection:
            return overview.overview(connection)

    def times_to_judge(self, *, since: float) -> tuple[float, ...]:
        with self._database.reading() as connection:
            return overview.times_to_judge(connection, since)

    def run_counts(self) -> tuple[RunCount, ...]:
        with self._database.reading() as connection:
            return overview.run_counts(connection)

    def append(
        self, entries: Sequence[Entry], *, expected: int | None = None
    ) -> tuple[LogEntry, ...]:
        with self._database.writing() as connection:
            return log.append(connection, entries, now=self._clock(), expected=expected)

    def trial(self, entries: Sequence[Entry], *, expected: int) -> Trial:
        with self._database.trying() as connection:
            return tried(connection, entries, now=self._clock(), expected=expected)

    def log(self, *, after: int = 0, until: int | None = None) -> tuple[LogEntry, ...]:
        with self._database.reading() as connection:
            found = connection.execute(log.entries_after(after, until=until)).all()
        return tuple(rows.read_entry(row) for row in found)

    def verdicts(
        self,
        *,
        finding_id: str | None = None,
        pattern_id: str | None = None,
        case_number: int | None = None,
        limit: int = 200,
    ) -> tuple[Verdict, ...]:
        with self._database.reading() as connection:
            return log.verdicts_of(
                connection,
                finding_id=finding_id,
                pattern_id=pattern_id,
                case_number=case_number,
                limit=limit,
            )

    def suppressions(
        self, *, number: int | None = None, in_force: bool = False
    ) -> tuple[Suppression, ...]:
        with self._database.reading() as connection:
            return suppressed.listing(connection, number=number, in_force=in_force)

    def settings(self) -> DistillerSettings:
        with self._database.reading() as connection:
            return suppressed.settings_in_force(connection)

    def protected(self) -> frozenset[str]:
        with self._database.reading() as connection:
            return suppressed.protected(connection)

    def reach(self, query: FindingQuery) -> Reach:
        with self._database.reading() as connection:
            return reached.reach(connection, query)

    def pattern(self, pattern_id: str) -> PatternRow:
        with self._database.reading() as connection:
            found = summaries.patterns(connection, pattern_id)
        if not found:
            raise NotFoundError(
                f"There is no pattern '{pattern_id}' in this workspace; "
                "choose one from the list of patterns."
            )
        return found[0]

    def near(self, pattern_id: str) -> tuple[str, ...]:
        with self._database.reading() as connection:
            return nearby.near(connection, pattern_id)

    def version(self) -> tuple[int, int]:
        last = select(func.max(tables.decisions.c.number)).scalar_subquery()
        count = select(func.count()).select_from(tables.findings).scalar_subquery()
        with self._database.reading() as connection:
            row = connection.execute(select(last, count)).one()
        return row[0] or 0, row[1]

    def close(self) -> None:
        self._database.close()


def _no_finding(finding_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no finding '{finding_id}' in this workspace; open it from the queue, "
        "or choose the workspace that it was found in."
    )
