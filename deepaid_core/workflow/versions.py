"""Versions of the machine: what the log says, what differs, and the way back."""

from collections.abc import Collection
from dataclasses import dataclass

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.domain.log import NewSetting
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.errors import ChangeRefusedError, NotFoundError, StaleWriteError
from deepaid_core.workflow import distill
from deepaid_core.workflow.differences import (
    ReadDifferently,
    TransitionChange,
    read_differently,
    transitions,
)
from deepaid_core.workflow.ledger import Reversal
from deepaid_core.workflow.steady import steadily
from deepaid_core.workflow.verdict_text import checked_author, checked_reason
from deepaid_core.workflow.version_rows import VersionRow, rows_of
from deepaid_core.workflow.what_if import outlook, refuse_silencing
from deepaid_core.workspace import Workspace

__all__ = [
    "ReadDifferently",
    "Replay",
    "RollBack",
    "RollBackPreview",
    "TransitionChange",
    "VersionDiff",
    "VersionRow",
    "change_setting",
    "compare",
    "history",
    "replayed",
    "roll_back",
    "roll_back_preview",
    "suppressions_of",
]


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """What differs between two versions.

    Attributes:
        before: Number of the one version.
        after: Number of the other one.
        transitions: Every count of the machine that differs.
        settings: Settings that differ: name, value before, value after.
        suppressions_added: Numbers of suppressions in force only at the second version.
        suppressions_removed: And only at the first.
        findings: Paths of today's open findings that read differently; 200 at most.
        differing: Today's open findings of all such paths.
    """

    before: int
    after: int
    transitions: tuple[TransitionChange, ...]
    settings: tuple[tuple[str, str, str], ...]
    suppressions_added: tuple[int, ...]
    suppressions_removed: tuple[int, ...]
    findings: tuple[ReadDifferently, ...]
    differing: int


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


@dataclass(frozen=True, slots=True)
class Replay:
    """The whole log, replayed from nothing.

    Attributes:
        entries: How many there are.
        digest: Of the machine that they make.
        same: Whether it is the machine, and are the settings, that are in use.
    """

    entries: int
    digest: str
    same: bool


def history(
    workspace: Workspace, *, limit: int = 100, before: int | None = None
) -> tuple[VersionRow, ...]:
    """Entries of the log, newest first.

    Args:
        workspace: Where.
        limit: The most entries.
        before: Only entries with a smaller number.
    """
    ledger = distill.ledger(workspace)
    last = ledger.number if before is None else min(before - 1, ledger.number)
    if last < 1 or limit < 1:
        return ()
    entries = workspace.store.log(after=max(0, last - limit), until=last)
    return rows_of(reversed(entries), ledger, distill.distiller(workspace))


def compare(workspace: Workspace, before: int, after: int) -> VersionDiff:
    """What differs between any two versions, in either order.

    Raises:
        NotFoundError: The log has no such entry.
    """
    old, new = distill.distiller(workspace, before), distill.distiller(workspace, after)
    old_texts, new_texts = old.settings.texts(), new.settings.texts()
    old_held, new_held = set(suppressions_of(old)), set(suppressions_of(new))
    findings, differing = read_differently(workspace.store.open_paths(), old, new)
    return VersionDiff(
        before=before,
        after=after,
        transitions=transitions(old.machine, new.machine),
        settings=tuple(
            (name, old_texts[name], value)
            for name, value in new_texts.items()
            if old_texts[name] != value
        ),
        suppressions_added=tuple(sorted(new_held - old_held)),
        suppressions_removed=tuple(sorted(old_held - new_held)),
        findings=findings,
        differing=differing,
    )


def suppressions_of(distiller: Distiller) -> tuple[int, ...]:
    """Numbers of the suppressions in force at a version, expired ones too, oldest first."""
    others = distiller.others.items()
    return tuple(sorted(n for n, entry in others if isinstance(entry, NewSuppression)))


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
        trial = workspace.store.trial(entries, expected=at)
        written = workspace.store.append(entries, expected=at)
        return RollBack(
            numbers=tuple(line.number for line in written),
            undone=len(way.undo),
            restored=len(way.restore),
            protected_lost=trial.unprotected,
        )

    return steadily(attempt)


def change_setting(
    workspace: Workspace, *, name: str, value: str, author: str, reason: str = ""
) -> int:
    """Change a setting of the Distiller, after a replay of all confirmed attacks.

    Args:
        workspace: Where.
        name: An attribute of `DistillerSettings`.
        value: As text.
        author: Who.
        reason: Why; may be empty.

    Returns:
        Number of the entry that was written.

    Raises:
        InvalidParameterError: There is no such setting, or the text is no value of it.
        ChangeRefusedError: It has this value already, or the change would silence an attack.
        VerdictRefusedError: Nobody is named, or a text cannot be kept.
        StaleWriteError: Somebody else decided something again and again.
    """
    author, reason = checked_author(author), checked_reason(reason)

    def attempt() -> int:
        distiller = distill.distiller(workspace)
        at, settings = distiller.machine.number, distiller.settings
        changed = settings.changed(name, value)
        if changed == settings:
            raise ChangeRefusedError(f"The setting '{name}' is '{value}' already.")
        # As the setting is written everywhere else, e.g. "0.02" for "2e-2".
        entries = [NewSetting(name, changed.texts()[name], author, reason)]
        refuse_silencing(workspace.store.trial(entries, expected=at))
        return workspace.store.append(entries, expected=at)[0].number

    return steadily(attempt)


def replayed(workspace: Workspace) -> Replay:
    """The log replayed from nothing, compared with what is in use."""
    entries = workspace.store.log()
    anew = Distiller.replay(entries)
    used = distill.distiller(workspace, anew.machine.number)
    same = anew == used and anew.machine.digest() == used.machine.digest()
    return Replay(len(entries), anew.machine.digest(), same)


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
