"""What every store promises."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

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
from deepaid_core.store.audit import Audit
from deepaid_core.store.desk import Desk

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

    @property
    @abstractmethod
    def desk(self) -> Desk:
        """What analysts do beside deciding: assignments, notes, cases, drafts."""

    @property
    @abstractmethod
    def audit(self) -> Audit:
        """Everything that was decided and done, to be read and checked."""

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
    def rows(self, finding_ids: Sequence[str]) -> tuple[FindingRow, ...]:
        """Findings as lines of the queue in the order given, however many, in one reading.

        Raises:
            NotFoundError: An id is unknown.
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
    def times_to_judge(self, *, since: float) -> tuple[float, ...]:
        """Seconds from adding a finding to its first verdict in force, in no particular order.

        Args:
            since: Of findings whose first verdict in force was given at or after this time, Unix
                seconds, UTC.
        """

    @abstractmethod
    def run_counts(self) -> tuple[RunCount, ...]:
        """What the runs of each detector version read, by its id."""

    @abstractmethod
    def append(
        self, entries: Sequence[Entry], *, expected: int | None = None
    ) -> tuple[LogEntry, ...]:
        """Write decisions and bring the findings they touch up to date, in one transaction.

        Findings that a suppression covers are brought up to date in the same transaction, so that
        no reader ever sees one suppressed whose pattern an attack protects.

        Args:
            entries: In order; a later one may refer to an earlier one.
            expected: Number of the last entry that the writer has read; None for any.

        Raises:
            NotFoundError: A verdict names an unknown finding, or an undo or a restore an entry
                that cannot be taken back or put into force.
            StaleWriteError: The log went on since `expected`, the entry to undo was undone
                already, or the one to restore is in force.
            InvalidParameterError: There is no such setting, or no such value of it.
        """

    @abstractmethod
    def trial(self, entries: Sequence[Entry], *, expected: int) -> Trial:
        """What `append` would do to findings and patterns; nothing is kept.

        Other writers wait meanwhile, as they do for `append`.

        Args:
            entries: As for `append`.
            expected: Likewise.

        Raises:
            NotFoundError: As for `append`.
            StaleWriteError: Likewise.
            InvalidParameterError: Likewise.
        """

    @abstractmethod
    def log(self, *, after: int = 0, until: int | None = None) -> tuple[LogEntry, ...]:
        """Entries with a number above `after` and not above `until`, oldest first."""

    @abstractmethod
    def verdicts(
        self,
        *,
        finding_id: str | None = None,
        pattern_id: str | None = None,
        case_number: int | None = None,
        limit: int = 200,
    ) -> tuple[Verdict, ...]:
        """Verdicts, newest first, undone ones included.

        Args:
            finding_id: Only those on this finding.
            pattern_id: Only those on this pattern.
            case_number: Only those on a finding that this case holds now.
            limit: At most so many.
        """

    @abstractmethod
    def suppressions(
        self, *, number: int | None = None, in_force: bool = False
    ) -> tuple[Suppression, ...]:
        """Suppressions with what they do now, newest first, undone ones included.

        Args:
            number: Only this one.
            in_force: Only those that were not taken back.
        """

    @abstractmethod
    def settings(self) -> DistillerSettings:
        """The settings in force."""

    @abstractmethod
    def protected(self) -> frozenset[str]:
        """Ids of the patterns that a true positive protects, here or in imported lessons."""

    @abstractmethod
    def reach(self, query: FindingQuery) -> Reach:
        """What a query reaches; its sort does not matter."""

    @abstractmethod
    def pattern(self, pattern_id: str) -> PatternRow:
        """One pattern.

        Raises:
            NotFoundError: No finding is of this pattern.
        """

    @abstractmethod
    def near(self, pattern_id: str) -> tuple[str, ...]:
        """Ids of the patterns one state away, sorted: all states in common but one, at least two.

        As long as this one, or one state longer or shorter; none for an unknown pattern.
        """

    @abstractmethod
    def version(self) -> tuple[int, int]:
        """(last log number, number of findings).

        Changes whenever what is shown may change, but for what `Desk.version` tells.
        """

    @abstractmethod
    def close(self) -> None:
        """Give back connections; the store cannot be used afterwards."""
