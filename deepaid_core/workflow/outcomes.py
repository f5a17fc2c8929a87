"""Writing to the log of decisions, and what that changed for the queue and the Distiller."""

from collections.abc import Sequence
from dataclasses import dataclass

from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import Entry, NewUndo
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.workflow import distill
from deepaid_core.workspace import Workspace

__all__ = ["VerdictOutcome", "write_entries"]


@dataclass(frozen=True, slots=True)
class VerdictOutcome:
    """What writing to the log did.

    Attributes:
        numbers: Numbers of the entries that were written.
        findings: Findings they apply to.
        machine_before: Number of the machine's version before.
        machine_after: And after.
        explained_before: Open findings for which there was a suggestion.
        explained_after: Open findings for which there is one now.
        reopened: Other findings that were suppressed and wait for a verdict again, because an
            attack protects them now or what suppressed them was taken back.
        disabled: Numbers of the suppressions that an attack in their scope disabled.
    """

    numbers: tuple[int, ...]
    findings: int
    machine_before: int
    machine_after: int
    explained_before: int
    explained_after: int
    reopened: int = 0
    disabled: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Hidden:
    """What suppressions did before something was written.

    Attributes:
        finding_ids: Suppressed findings.
        disabled: Suppressions in force that an attack disabled.
    """

    finding_ids: frozenset[str] = frozenset()
    disabled: frozenset[int] = frozenset()


def write_entries(
    workspace: Workspace, entries: Sequence[Entry], *, expected: int | None = None
) -> VerdictOutcome:
    """Write entries to the log and say what that changed.

    Args:
        workspace: Where.
        entries: As the store takes them.
        expected: Number of the last entry that the writer has read; None for any.

    Raises:
        StaleWriteError: As `Store.append` says.
    """
    before = distill.distiller(workspace)
    explained_before = distill.explained(workspace)
    uncovers = any(map(_uncovers, entries))
    hidden = _hidden(workspace) if uncovers else _Hidden()
    written = workspace.store.append(entries, expected=expected)
    after = distill.distiller(workspace)
    judged: set[str] = set()
    freed: set[str] = set()
    for entry in entries:
        if isinstance(entry, NewVerdict):
            judged.update(entry.finding_ids)
        elif isinstance(entry, NewUndo) and entry.entry_number in before.decisions:
            freed.update(before.decisions[entry.entry_number].finding_ids)
    now = _hidden(workspace) if uncovers else hidden
    reopened = hidden.finding_ids - now.finding_ids - judged
    if any(isinstance(entry, NewUndo) for entry in entries):
        freed |= reopened
    return VerdictOutcome(
        numbers=tuple(line.number for line in written),
        findings=len(judged | freed),
        machine_before=before.machine.number,
        machine_after=after.machine.number,
        explained_before=explained_before,
        explained_after=distill.explained(workspace),
        reopened=len(reopened),
        disabled=tuple(sorted(now.disabled - hidden.disabled)),
    )


def _uncovers(entry: Entry) -> bool:
    """Whether an entry may let suppressed findings back into the queue."""
    if isinstance(entry, NewVerdict):
        return entry.label is VerdictLabel.TRUE_POSITIVE
    return isinstance(entry, NewUndo)


def _hidden(workspace: Workspace) -> _Hidden:
    suppressions = workspace.store.suppressions(in_force=True)
    if not suppressions:
        return _Hidden()
    return _Hidden(
        frozenset(workspace.store.ids(FindingQuery(status=Status.SUPPRESSED))),
        frozenset(one.number for one in suppressions if one.disabled_by is not None),
    )
