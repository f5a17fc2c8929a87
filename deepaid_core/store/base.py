"""What every store promises."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.domain.finding import Finding
from deepaid_core.domain.queries import (
    FindingQuery,
    FindingRow,
    GroupBy,
    GroupRow,
    Overview,
    PathCount,
    PatternRow,
)
from deepaid_core.domain.verdict import LogEntry, NewUndo, NewVerdict, Verdict

__all__ = ["Store"]


class Store(ABC):
    """Findings, detectors, runs and the append-only log of decisions.

    Contract:
        * Safe to share between threads and processes.
        * Values read are frozen; later writes never change them.
        * Each write is one transaction: all of it happens, or nothing.
        * The log only grows. A finding's status and verdict are what its last verdict in force
          says, and are kept in step with the log within the same transaction.
        * Findings, detectors and runs that exist already are left as they are.

    Raises:
        StoreError: The database cannot be used; the sentence says why.
    """

    @abstractmethod
    def add_detector(self, record: DetectorRecord) -> None:
        """Remember a detector version; does nothing when the id is known."""

    @abstractmethod
    def detectors(self) -> tuple[DetectorRecord, ...]:
        """All detector versions, newest first."""

    @abstractmethod
    def add_run(self, run: RunRecord, findings: Sequence[Finding]) -> int:
        """Write a run and its findings in one transaction.

        Returns:
            How many of the findings are new.
        """

    @abstractmethod
    def runs(self) -> tuple[RunRecord, ...]:
        """All runs, newest first."""

    @abstractmethod
    def finding(self, finding_id: str) -> Finding:
        """One finding whole.

        Raises:
            NotFoundError: The id is unknown.
        """

    @abstractmethod
    def row(self, finding_id: str) -> FindingRow:
        """One finding as a line of the queue.

        Raises:
            NotFoundError: The id is unknown.
        """

    @abstractmethod
    def count(self, query: FindingQuery) -> int:
        """Number of findings that match."""

    @abstractmethod
    def page(self, query: FindingQuery, *, limit: int, offset: int = 0) -> tuple[FindingRow, ...]:
        """Matching findings in the order of the query."""

    @abstractmethod
    def ids(self, query: FindingQuery) -> tuple[str, ...]:
        """Ids of all matching findings in the order of the query."""

    @abstractmethod
    def neighbours(self, query: FindingQuery, finding_id: str) -> tuple[str | None, str | None]:
        """Ids before and after a finding in the order of the query.

        A finding that the query does not match stands where its sort key would put it.
        """

    @abstractmethod
    def groups(
        self, query: FindingQuery, by: GroupBy, *, limit: int, offset: int = 0
    ) -> tuple[GroupRow, ...]:
        """Matching findings grouped, most open findings first."""

    @abstractmethod
    def count_groups(self, query: FindingQuery, by: GroupBy) -> int:
        """Number of groups."""

    @abstractmethod
    def patterns(self) -> tuple[PatternRow, ...]:
        """All patterns, most open findings first; counts of verdicts are of decisions in force."""

    @abstractmethod
    def open_paths(self) -> tuple[PathCount, ...]:
        """The distinct paths of open findings."""

    @abstractmethod
    def distinct(self, column: str) -> tuple[str, ...]:
        """Sorted distinct values of "detector_name", "entity", "category" or "pattern_id"."""

    @abstractmethod
    def overview(self) -> Overview:
        """Counts for the first page."""

    @abstractmethod
    def append(self, entries: Sequence[NewVerdict | NewUndo]) -> tuple[LogEntry, ...]:
        """Write decisions and bring the findings they touch up to date, in one transaction.

        Raises:
            NotFoundError: A verdict names an unknown finding, or an undo an unknown verdict.
            StaleWriteError: The verdict to undo was undone already.
        """

    @abstractmethod
    def log(self, *, after: int = 0) -> tuple[LogEntry, ...]:
        """Entries with a number above `after`, oldest first."""

    @abstractmethod
    def verdicts(
        self, *, finding_id: str | None = None, pattern_id: str | None = None, limit: int = 200
    ) -> tuple[Verdict, ...]:
        """Verdicts, newest first, undone ones included."""

    @abstractmethod
    def version(self) -> tuple[int, int]:
        """(last log number, number of findings): changes whenever what is shown may change."""

    @abstractmethod
    def close(self) -> None:
        """Give back connections; the store cannot be used afterwards."""
