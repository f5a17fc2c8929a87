"""What every store promises about what analysts do beside deciding."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from deepaid_core.domain.actions import Action, ActionLine, Note
from deepaid_core.domain.case import Case, CaseQuery, CaseRow

__all__ = ["Desk", "SavedView", "TakenBack"]


@dataclass(frozen=True, slots=True)
class SavedView:
    """A filter of the queue that was given a name.

    Attributes:
        name: Unique.
        author: Who saved it.
        params: Parameters of the queue's address, as a query string.
        time: When, Unix seconds, UTC.
    """

    name: str
    author: str
    params: str
    time: float


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What taking actions back did.

    Attributes:
        lines: The actions that were written for it; none where there was nothing to take back.
        findings: How many findings they touched.
        kept: How many values were left alone, because somebody has changed them since.
    """

    lines: tuple[ActionLine, ...]
    findings: int
    kept: int


class Desk(ABC):
    """Assignments, notes, cases, saved views and drafts.

    Contract as of `Store`. The log of actions only grows; each line says what it replaced.
    """

    @abstractmethod
    def act(
        self, actions: Sequence[Action], *, expected: Mapping[int, int] | None = None
    ) -> tuple[ActionLine, ...]:
        """Write actions and what they change, in one transaction.

        Args:
            actions: In order; a later one may refer to a case that an earlier one opens.
            expected: Version of each case, by number, that the writer has read; cases that are
                not named may have changed meanwhile.

        Raises:
            NotFoundError: A finding, a case, a note or a technique is unknown.
            StaleWriteError: A case changed since it was read, or the note was withdrawn already.
            InvalidParameterError: There is no such field of a case, or no such value of it.
        """

    @abstractmethod
    def take_back(self, numbers: Sequence[int], *, author: str) -> TakenBack:
        """Restore what actions replaced, all in one transaction, the last one first.

        What others changed since stays as they left it. A case that is taken back is discarded,
        unless somebody has worked on it since.

        Raises:
            NotFoundError: There is no such action.
            InvalidParameterError: It is a record, which changed nothing.
        """

    @abstractmethod
    def version(self) -> int:
        """Number of the last action, 0 where there is none."""

    @abstractmethod
    def actions(
        self,
        *,
        number: int | None = None,
        subject: str | None = None,
        finding_id: str | None = None,
        case_number: int | None = None,
        limit: int = 200,
    ) -> tuple[ActionLine, ...]:
        """Actions, newest first.

        Args:
            number: Only this one.
            subject: Notes on this, or records of it.
            finding_id: Those that touched this finding.
            case_number: Those about this case.
            limit: At most so many.
        """

    @abstractmethod
    def notes(self, subject: str) -> tuple[Note, ...]:
        """Notes on a finding or a case that were not withdrawn, oldest first."""

    @abstractmethod
    def case(self, number: int) -> Case:
        """One case.

        Raises:
            NotFoundError: There is none of this number.
        """

    @abstractmethod
    def cases(
        self, query: CaseQuery = CaseQuery(), *, limit: int = 200, offset: int = 0
    ) -> tuple[CaseRow, ...]:
        """Matching cases, the last changed first."""

    @abstractmethod
    def count_cases(self, query: CaseQuery = CaseQuery()) -> int:
        """Number of cases that match."""

    @abstractmethod
    def cases_of(self, finding_ids: Sequence[str]) -> Mapping[str, tuple[int, ...]]:
        """Numbers of the cases that hold each finding; findings in none are left out.

        Discarded cases and those merged into another do not count.
        """

    @abstractmethod
    def assignees(self) -> tuple[str, ...]:
        """Everybody who has a finding or a case, sorted."""

    @abstractmethod
    def views(self) -> tuple[SavedView, ...]:
        """All saved views, by name."""

    @abstractmethod
    def save_view(self, name: str, params: str, *, author: str) -> None:
        """Keep a view under a name; one of the same name is replaced. Written to the log."""

    @abstractmethod
    def drop_view(self, name: str, *, author: str) -> None:
        """Forget a saved view; unknown names do nothing. Written to the log."""

    @abstractmethod
    def draft(self, owner: str, subject: str) -> str | None:
        """What a browser has half-typed on a subject, or None."""

    @abstractmethod
    def keep_draft(self, owner: str, subject: str, text: str | None) -> None:
        """Keep what is half-typed, or forget it where `text` is None.

        Drafts that nobody touched for 30 days are forgotten too.
        """
