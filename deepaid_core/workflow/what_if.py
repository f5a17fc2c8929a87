"""What a change of the log or of the settings would do; nothing here is kept."""

from collections.abc import Sequence
from dataclasses import dataclass

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.log import Entry, LogEntry, NewSetting
from deepaid_core.domain.trial import Trial
from deepaid_core.errors import ChangeRefusedError, NotFoundError
from deepaid_core.workflow import distill
from deepaid_core.workflow.differences import ReadDifferently, read_differently
from deepaid_core.workflow.steady import steadily
from deepaid_core.workspace import Workspace

__all__ = ["Outlook", "WhatIf", "outlook", "refuse_silencing", "what_if"]


@dataclass(frozen=True, slots=True)
class WhatIf:
    """How things would stand had the log or the settings been different.

    Attributes:
        findings: Paths of open findings that would read differently, most findings first; 200 at
            most.
        differing: Open findings of all such paths.
        reopened: Suppressed findings that would be in the open queue.
        newly_suppressed: Findings that would be suppressed and are not.
        attacks: Findings that are confirmed attacks today; all were replayed.
        attacks_silenced: Ids of those that would be suppressed.
    """

    findings: tuple[ReadDifferently, ...]
    differing: int
    reopened: int
    newly_suppressed: int
    attacks: int
    attacks_silenced: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would follow if entries were written to the log now.

    Attributes:
        findings: Paths of open findings that would read differently; 200 at most.
        differing: Open findings of all such paths.
        trial: What would happen to findings and patterns.
        distiller: The Distiller as it would be.
    """

    findings: tuple[ReadDifferently, ...]
    differing: int
    trial: Trial
    distiller: Distiller


def what_if(
    workspace: Workspace,
    *,
    without: Sequence[int] = (),
    settings: DistillerSettings | None = None,
) -> WhatIf:
    """What would be different; writes nothing.

    Args:
        workspace: Where.
        without: Numbers of entries that are read as if they had never been written. Without an
            undo the decision that it took back is in force.
        settings: The settings that would hold; by default those that the log says.

    Raises:
        NotFoundError: The log has no such entry.
    """
    found = steadily(lambda: _different(workspace, without, settings))
    return WhatIf(
        findings=found.findings,
        differing=found.differing,
        reopened=len(found.trial.reopened),
        newly_suppressed=len(found.trial.suppressed),
        attacks=found.trial.attacks,
        attacks_silenced=found.trial.silenced,
    )


def outlook(workspace: Workspace, entries: Sequence[Entry], *, expected: int) -> Outlook:
    """What would follow if these entries were written now; writes nothing.

    The store applies them in a transaction that it takes back, so the answer is what would really
    happen, suppressions included. Other writers wait meanwhile.

    Args:
        workspace: Where.
        entries: In order.
        expected: Number of the last entry that their author has read.

    Raises:
        NotFoundError: An entry refers to one that does not exist.
        StaleWriteError: The log went on since `expected`, or an entry takes back what is not in
            force.
    """
    trial = workspace.store.trial(entries, expected=expected)
    before = distill.distiller(workspace, expected)
    after = before.after(
        LogEntry(number, 0.0, entry) for number, entry in enumerate(entries, expected + 1)
    )
    findings, differing = read_differently(workspace.store.open_paths(), before, after)
    return Outlook(findings, differing, trial, after)


def refuse_silencing(trial: Trial) -> None:
    """Refuse a change that would take a confirmed attack out of the queue.

    Raises:
        ChangeRefusedError: It would; the sentence names findings.
    """
    if trial.silenced:
        named = ", ".join(trial.silenced[:3])
        raise ChangeRefusedError(
            f"The change would hide {len(trial.silenced):,} of {trial.attacks:,} confirmed attacks "
            f"({named}); nothing was changed."
        )


def _different(
    workspace: Workspace, without: Sequence[int], settings: DistillerSettings | None
) -> Outlook:
    ledger = distill.ledger(workspace)
    missing = [number for number in without if not 1 <= number <= ledger.number]
    if missing:
        raise NotFoundError(
            f"There is no entry {missing[0]}; the log ends with entry {ledger.number}."
        )
    entries = ledger.leaving_out(without).entries("", "")
    if settings is not None:
        entries += tuple(NewSetting(*one, "") for one in settings.texts().items())
    return outlook(workspace, entries, expected=ledger.number)
