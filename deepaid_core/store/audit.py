"""What every store promises about the list of everything that was decided and done."""

from abc import ABC, abstractmethod
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

__all__ = ["Audit"]


class Audit(ABC):
    """The two logs, decisions and actions, as one list.

    Contract as of `Store`. Nothing is written here.
    """

    @abstractmethod
    def lines(
        self,
        query: AuditQuery = ALL,
        *,
        limit: int,
        offset: int = 0,
        before: AuditPlace | None = None,
    ) -> tuple[AuditEntry, ...]:
        """Matching lines of both logs, decisions and actions, newest first.

        Args:
            query: Which lines.
            limit: At most so many.
            offset: Leave out so many first.
            before: Only lines that stand below this one, to read on where a list ended.
        """

    @abstractmethod
    def count(self, query: AuditQuery = ALL) -> int:
        """Number of lines that match."""

    @abstractmethod
    def heads(self) -> tuple[AuditHead, AuditHead]:
        """The last line of the decisions and that of the actions."""

    @abstractmethod
    def choices(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Everybody who wrote a line, and the kinds of lines that there are; both sorted."""

    @abstractmethod
    def decision_facts(self, numbers: Sequence[int]) -> Mapping[int, DecisionFacts]:
        """What decisions were; unknown numbers are left out."""

    @abstractmethod
    def earlier_verdicts(self, numbers: Sequence[int]) -> Mapping[int, Mapping[str, list[int]]]:
        """Of each verdict, the findings that had earlier ones, and their numbers, newest first.

        Those that were not in force any more are among them.
        """

    @abstractmethod
    def check(
        self,
        log: LogName,
        *,
        noted: AuditHead | None = None,
        progress: Progress = silent,
        cancelled: Cancelled = never,
    ) -> ChainReport:
        """Whether a log is what was written: each digest, each column that repeats a payload.

        Lines that were cut off at the end show only against a noted head, and so does a log that
        somebody wrote anew, digests and all.

        Args:
            log: Which.
            noted: Its head at some time, written down elsewhere, e.g. in a report.
            progress: Told the share done.
            cancelled: Asked between pieces.

        Raises:
            CancelledError: `cancelled` said so.
        """
