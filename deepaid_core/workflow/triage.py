"""Giving verdicts and taking them back."""

from collections.abc import Sequence
from dataclasses import dataclass

from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import Entry, NewUndo
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.verdict import NewVerdict, Scope, VerdictLabel
from deepaid_core.errors import NotFoundError, VerdictRefusedError
from deepaid_core.workflow import distill
from deepaid_core.workflow.verdict_text import (
    CATEGORIES,
    CATEGORIES_BY_LABEL,
    checked_author,
    checked_category,
    checked_reason,
    drafted_reason,
)
from deepaid_core.workspace import Workspace

__all__ = [
    "CATEGORIES",
    "CATEGORIES_BY_LABEL",
    "VerdictOutcome",
    "drafted_reason",
    "give_pattern_verdict",
    "give_verdict",
    "undo",
]


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


def give_verdict(
    workspace: Workspace,
    *,
    finding_ids: Sequence[str],
    label: VerdictLabel,
    category: str,
    reason: str,
    author: str,
    scope: Scope = "finding",
) -> VerdictOutcome:
    """Decide on findings; those that were judged before carry the new verdict from now on.

    Args:
        workspace: Where.
        finding_ids: At least one.
        label: The decision.
        category: What it was; lower case and single spaces are made of it.
        reason: Why.
        author: Who.
        scope: "finding" makes one decision per finding, "selection" one per pattern among them,
            "pattern" one per pattern for all its open findings as well.

    Raises:
        VerdictRefusedError: No finding, no author, no category where one is needed, or a text
            that is too long or holds characters that nobody can read.
        NotFoundError: A finding is unknown; nothing was written.
    """
    category = checked_category(label, category)
    reason, author = checked_reason(reason), checked_author(author)
    rows = [workspace.store.row(finding_id) for finding_id in dict.fromkeys(finding_ids)]
    if not rows:
        raise VerdictRefusedError("No finding was chosen; choose at least one.")
    groups: dict[tuple[str, ...], list[FindingRow]] = {}
    for row in rows:
        alone = (row.id,) if scope == "finding" else ()
        groups.setdefault((row.detector_name, row.pattern_id, *alone), []).append(row)
    decisions = []
    for group in groups.values():
        chosen = [row.id for row in group]
        if scope == "pattern":
            chosen += _open_ids(workspace, group[0].pattern_id)
        decisions.append(
            NewVerdict(
                label=label,
                category=category,
                reason=reason,
                author=author,
                scope=scope,
                detector_name=group[0].detector_name,
                pattern_id=group[0].pattern_id,
                path=group[0].path,
                finding_ids=tuple(dict.fromkeys(chosen)),
            )
        )
    return _write(workspace, decisions)


def give_pattern_verdict(
    workspace: Workspace,
    *,
    pattern_id: str,
    label: VerdictLabel,
    category: str,
    reason: str,
    author: str,
    looked_at: str | None = None,
) -> VerdictOutcome:
    """Decide on all open findings of a pattern; one decision, however many they are.

    Args:
        workspace: Where.
        pattern_id: "P-...".
        label: The decision.
        category: What it was.
        reason: Why.
        author: Who.
        looked_at: Id of the finding that was read, whose path is learned and which is judged
            even if it is closed; else the one with the highest score among the open ones.

    Raises:
        VerdictRefusedError: As for `give_verdict`, or the pattern has no open finding, or the
            finding that was read is of another pattern.
        NotFoundError: The pattern or the finding is unknown.
    """
    if looked_at is None:
        query = FindingQuery(status=Status.OPEN, pattern_id=pattern_id)
        best = workspace.store.page(query, limit=1)
        if not best:
            if workspace.store.count(FindingQuery(pattern_id=pattern_id)):
                raise VerdictRefusedError(
                    f"All findings of pattern '{pattern_id}' are closed; judge one of them anew "
                    "instead."
                )
            raise NotFoundError(
                f"There is no pattern '{pattern_id}'; choose one from the list of patterns."
            )
        looked_at = best[0].id
    elif (row := workspace.store.row(looked_at)).pattern_id != pattern_id:
        raise VerdictRefusedError(
            f"Finding {row.id} is of pattern {row.pattern_id}, not of '{pattern_id}'; choose one "
            "of the pattern's findings."
        )
    return give_verdict(
        workspace,
        finding_ids=(looked_at,),
        label=label,
        category=category,
        reason=reason,
        author=author,
        scope="pattern",
    )


def undo(
    workspace: Workspace, *, entry_numbers: Sequence[int], author: str, reason: str = ""
) -> VerdictOutcome:
    """Take entries of the log back, all or none; the log keeps them and says so.

    Args:
        workspace: Where.
        entry_numbers: Verdicts, suppressions, settings or imports, in any mixture.
        author: Who.
        reason: Why; may be empty.

    Raises:
        VerdictRefusedError: No entry, no author, or a text that cannot be kept.
        NotFoundError: There is no such entry, or it is itself an undo.
        StaleWriteError: One was undone already.
    """
    author, reason = checked_author(author), checked_reason(reason)
    numbers = tuple(dict.fromkeys(entry_numbers))
    if not numbers:
        raise VerdictRefusedError("No decision was chosen to undo; choose at least one.")
    return _write(workspace, [NewUndo(number, author, reason) for number in numbers])


def _open_ids(workspace: Workspace, pattern_id: str) -> tuple[str, ...]:
    return workspace.store.ids(FindingQuery(status=Status.OPEN, pattern_id=pattern_id))


def _write(workspace: Workspace, entries: Sequence[Entry]) -> VerdictOutcome:
    before = distill.distiller(workspace)
    explained_before = distill.explained(workspace)
    uncovers = any(map(_uncovers, entries))
    hidden = _hidden(workspace) if uncovers else _Hidden()
    written = workspace.store.append(entries)
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
