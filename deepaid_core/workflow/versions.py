"""Versions of the machine: what the log says, what differs, and the way back."""

from dataclasses import dataclass

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.domain.log import NewSetting
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.errors import ChangeRefusedError
from deepaid_core.workflow import distill
from deepaid_core.workflow.differences import (
    ReadDifferently,
    TransitionChange,
    read_differently,
    transitions,
)
from deepaid_core.workflow.roll_back import (
    RollBack,
    RollBackPreview,
    roll_back,
    roll_back_preview,
)
from deepaid_core.workflow.steady import steadily
from deepaid_core.workflow.verdict_text import checked_author, checked_reason
from deepaid_core.workflow.version_rows import VersionRow, rows_of
from deepaid_core.workflow.what_if import refuse_silencing
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
