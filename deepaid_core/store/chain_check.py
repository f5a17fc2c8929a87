"""Whether the lines of a log are still what was written."""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, Row, Table, func, select

from deepaid_core.domain.actions import NewNoteWithdrawal
from deepaid_core.domain.audit import AuditHead, ChainReport, LogName
from deepaid_core.domain.log import NewRestore, NewUndo
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.errors import StoredValueError
from deepaid_core.store.actions import read_line
from deepaid_core.store.chain import FIRST, link
from deepaid_core.store.connect import Database
from deepaid_core.store.desk_tables import actions
from deepaid_core.store.rows import read_entry, repeated
from deepaid_core.store.tables import decisions

__all__ = ["check"]

_TABLES: Final[Mapping[LogName, Table]] = {"decision": decisions, "action": actions}
_AT_ONCE: Final = 500


def check(
    database: Database,
    log: LogName,
    *,
    noted: AuditHead | None,
    progress: Progress,
    cancelled: Cancelled,
) -> ChainReport:
    """Read a log from its first line on; see `Audit.check`.

    Each piece is read in a transaction of its own, since lines are only ever added.
    """
    table = _TABLES[log]
    with database.reading() as connection:
        last = connection.scalar(select(func.max(table.c.number))) or 0
        first = connection.scalar(select(func.min(table.c.number)))
    walk = _Walk(log, noted)
    if first is not None and first < 1:
        return walk.report(f"{log} {first} was put in: the first line of a log is {log} 1.", first)
    while True:
        stop_if(cancelled)
        with database.reading() as connection:
            rows = connection.execute(
                select(table)
                .where(table.c.number > walk.number)
                .order_by(table.c.number)
                .limit(_AT_ONCE)
            ).all()
            # A line is taken back while others are checked: what says so is read with them.
            undone = _undone(connection, table) if len(rows) < _AT_ONCE else {}
        for row in rows:
            problem = walk.problem_of(row)
            if problem:
                return walk.report(problem, walk.number + 1)
        if len(rows) < _AT_ONCE:
            break
        progress(walk.number / max(last, 1), f"{walk.number:,} of {last:,} {log}s checked")
    progress(1.0, f"{walk.number:,} {log}s checked")
    return walk.ended(undone)


class _Walk:
    # What is known of a log up to a line.

    def __init__(self, log: LogName, noted: AuditHead | None) -> None:
        self._log = log
        self._noted = noted
        self._digest = FIRST
        self._undone: dict[int, int] = {}
        self.number = 0

    def problem_of(self, row: Row[Any]) -> str | None:
        log, number = self._log, row.number
        if number != self.number + 1:
            after = f"after {log} {self.number} comes" if self.number else "the log begins with"
            return f"{log} {self.number + 1} is missing: {after} {log} {number}."
        digest = link(self._digest, dict(row._mapping))
        if digest != row.chain:
            return f"{log} {number} was changed after it was written."
        try:
            repeated = self._repeated(row)
        except StoredValueError as error:
            return f"{log} {number} cannot be read: {error}"
        for name, value in repeated.items():
            if row._mapping[name] != value:
                return (
                    f"{log} {number} was changed after it was written: its column '{name}' holds "
                    f"'{row._mapping[name]}', but '{value}' was written."
                )
        if self._noted and self._noted.number == number and self._noted.digest != digest:
            return (
                f"{log} {number}, or a line before it, is not the one that was noted: the log was "
                "written anew since."
            )
        self.number, self._digest = number, digest
        return None

    def ended(self, undone: Mapping[int, int]) -> ChainReport:
        if self._noted and self._noted.number > self.number:
            return self.report(
                f"{self._log} {self.number + 1} is missing: the log ends with {self._log} "
                f"{self.number}, but {self._log} {self._noted.number} was noted once.",
                self.number + 1,
            )
        for number in sorted(undone.keys() | self._undone.keys()):
            said, written = undone.get(number), self._undone.get(number)
            if number <= self.number and said != written and (said or 0) <= self.number:
                return self.report(
                    f"{self._log} {number} was changed after it was written: "
                    f"{_taken_back(self._log, said)}, but the log says: "
                    f"{_taken_back(self._log, written)}.",
                    number,
                )
        return self.report(None, None)

    def report(self, problem: str | None, broken: int | None) -> ChainReport:
        head = AuditHead(self._log, self.number, self._digest)
        told = problem and problem[:1].upper() + problem[1:]
        return ChainReport(self._log, self.number, head, told, broken)

    def _repeated(self, row: Row[Any]) -> dict[str, Any]:
        # Columns that say again what the payload says.
        if self._log == "action":
            line = read_line(row)
            if isinstance(line.action, NewNoteWithdrawal):
                # Of a withdrawal, too: then what that took back is there again.
                target = line.action.action_number
                kept = {n: by for n, by in self._undone.items() if by != target}
                self._undone = {**kept, target: row.number}
            return {"author": line.action.author}
        entry = read_entry(row)
        if isinstance(entry.entry, NewUndo):
            self._undone[entry.entry.entry_number] = row.number
        elif isinstance(entry.entry, NewRestore):
            self._undone.pop(entry.entry.entry_number, None)
        return repeated(entry.entry)


def _undone(connection: Connection, table: Table) -> dict[int, int]:
    c = table.c
    rows = connection.execute(select(c.number, c.undone_by).where(c.undone_by.is_not(None)))
    return {number: by for number, by in rows}


def _taken_back(log: LogName, by: int | None) -> str:
    return "nothing took it back" if by is None else f"{log} {by} took it back"
