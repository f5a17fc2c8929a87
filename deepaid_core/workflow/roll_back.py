"""The way back to an earlier version: tried first, then written as one piece."""

from collections.abc import Collection
from dataclasses import dataclass

from deepaid_core.errors import ChangeRefusedError, NotFoundError, StaleWriteError
from deepaid_core.workflow import distill
from deepaid_core.workflow.ledger import Reversal
from deepaid_core.workflow.steady import steadily
from deepaid_core.workflow.verdict_text import checked_author, checked_reason
from deepaid_core.workflow.version_rows import VersionRow, rows_of
from deepaid_core.workflow.what_if import outlook
from deepaid_core.workspace import Workspace

__all__ = ["RollBack", "RollBackPreview", "roll_back", "roll_back_preview"]


@dataclass(frozen=True, slots=True)
class RollBackPreview:
    """What a roll-back would do.

    Attributes:
        undone: Decisions that would be taken back, newest first.
        restored: Decisions that would be put into force again, oldest first.
        differing: Open findings that would read differently.
        reopened: Suppressed findings that would be in the open queue.
        newly_suppressed: Findings that would be suppressed and are not now.
        protected_lost: Ids of patterns that no attack would protect any more.
        attacks_silenced: Ids of findings that are confirmed attacks now and would be suppressed,
            because the verdicts that confirm them would be taken back.
        version: Number of the last entry of the log when this was found out.
    """

    undone: tuple[VersionRow, ...]
    restored: tuple[VersionRow, ...]
    differing: int
    reopened: int
    newly_suppressed: int
    protected_lost: tuple[str, ...]
    attacks_silenced: tuple[str, ...] = ()
    version: int = 0


@dataclass(frozen=True, slots=True)
class RollBack:
    """What a roll-back did.

    Attributes:
        numbers: Numbers of the entries that were written.
        undone: Decisions that were taken back.
        restored: Decisions that were put into force again.
        protected_lost: Ids of patterns that no attack protects any more.
    """

    numbers: tuple[int, ...]
    undone: int
    restored: int
    protected_lost: tuple[str, ...] = ()


def roll_back_preview(workspace: Workspace, to: int) -> RollBackPreview:
    """What a roll-back to a version would do; writes nothing.

    Raises:
        NotFoundError: The log has no such entry.
        ChangeRefusedError: Everything stands as it stood then.
    """
    return steadily(lambda: _previewed(workspace, to))


def roll_back(
    workspace: Workspace, *, to: int, author: str, reason: str, expected: int | None = None
) -> RollBack:
    """Take back what was decided since a version and restore what was taken back since.

    Afterwards the machine and all findings that existed then are as they were. Verdicts that
    protect patterns are decisions like any other: where one is taken back, its pattern is only as
    safe as it was then, and the outcome names it.

    Args:
        workspace: Where.
        to: Number of the version.
        author: Who.
        reason: Why.
        expected: Number of the last entry that the author has seen; None for any.

    Raises:
        NotFoundError: The log has no such entry.
        ChangeRefusedError: Everything stands as it stood then.
        VerdictRefusedError: Nobody is named, or a text cannot be kept.
        StaleWriteError: Somebody decided something since `expected`, or again and again.
    """
    author, reason = checked_author(author), checked_reason(reason)
    reason = checked_reason(f"Roll-back to M-{to}. {reason}")

    def attempt() -> RollBack:
        at, way = _way_back(workspace, to)
        if expected is not None and at != expected:
            raise StaleWriteError(
                f"The log went on from entry {expected} to {at} since the roll-back to M-{to} was "
                "shown; look at it again."
            )
        entries = way.entries(author, reason)
        guarded = workspace.store.protected()
        written = workspace.store.append(entries, expected=at)
        return RollBack(
            numbers=tuple(line.number for line in written),
            undone=len(way.undo),
            restored=len(way.restore),
            protected_lost=tuple(sorted(guarded - workspace.store.protected())),
        )

    return steadily(attempt)


def _way_back(workspace: Workspace, to: int) -> tuple[int, Reversal]:
    ledger = distill.ledger(workspace)
    if not 0 <= to <= ledger.number:
        raise NotFoundError(f"There is no machine M-{to}; the log ends with entry {ledger.number}.")
    way = ledger.way(ledger.number, to)
    if not way:
        raise ChangeRefusedError(
            f"Everything stands as it stood at M-{to}; there is nothing to roll back."
        )
    return ledger.number, way


def _previewed(workspace: Workspace, to: int) -> RollBackPreview:
    at, way = _way_back(workspace, to)
    found = outlook(workspace, way.entries("", ""), expected=at)
    rows = _rows(workspace, {*way.undo, *way.restore})
    return RollBackPreview(
        undone=tuple(rows[number] for number in way.undo),
        restored=tuple(rows[number] for number in way.restore),
        differing=found.differing,
        reopened=len(found.trial.reopened),
        newly_suppressed=len(found.trial.suppressed),
        protected_lost=found.trial.unprotected,
        attacks_silenced=found.trial.silenced,
        version=at,
    )


def _rows(workspace: Workspace, numbers: Collection[int]) -> dict[int, VersionRow]:
    first, last = min(numbers), max(numbers)
    entries = (
        line for line in workspace.store.log(after=first - 1, until=last) if line.number in numbers
    )
    state = distill.ledger(workspace), distill.distiller(workspace)
    return {row.number: row for row in rows_of(entries, *state)}
