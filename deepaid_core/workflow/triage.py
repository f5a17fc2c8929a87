"""Giving verdicts and taking them back."""

from collections.abc import Mapping, Sequence
from typing import Final

from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewUndo
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.verdict import NewVerdict, Scope, VerdictLabel
from deepaid_core.errors import (
    NotFoundError,
    StaleWriteError,
    VerdictOvertakenError,
    VerdictRefusedError,
)
from deepaid_core.workflow.outcomes import VerdictOutcome, write_entries
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


_TRIES: Final = 20


def give_verdict(
    workspace: Workspace,
    *,
    finding_ids: Sequence[str],
    label: VerdictLabel,
    category: str,
    reason: str,
    author: str,
    scope: Scope = "finding",
    seen: Mapping[str, int | None] | None = None,
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
        seen: Number of the verdict in force, or None, that the analyst saw on each finding;
            findings that are not named may have been judged meanwhile.

    Raises:
        VerdictRefusedError: No finding, no author, no category where one is needed, or a text
            that is too long or holds characters that nobody can read.
        VerdictOvertakenError: Somebody judged a finding since it was seen; nothing was written.
        NotFoundError: A finding is unknown; nothing was written.
    """
    category = checked_category(label, category)
    reason, author = checked_reason(reason), checked_author(author)

    def decided() -> list[NewVerdict]:
        rows = _as_seen(workspace, finding_ids, seen or {})
        return _decisions(workspace, rows, label, category, reason, author, scope)

    if not seen:
        return write_entries(workspace, decided())
    for _ in range(_TRIES):
        # Whoever writes between this reading and the writing makes the store refuse; if that was
        # about something else, looking once more settles it.
        number, _ = workspace.store.version()
        decisions = decided()
        try:
            return write_entries(workspace, decisions, expected=number)
        except StaleWriteError:
            continue
    raise StaleWriteError(
        f"Others wrote to the log {_TRIES} times while this verdict was being saved; save again."
    )


def _as_seen(
    workspace: Workspace, finding_ids: Sequence[str], seen: Mapping[str, int | None]
) -> Sequence[FindingRow]:
    rows = workspace.store.rows(tuple(dict.fromkeys(finding_ids)))
    if not rows:
        raise VerdictRefusedError("No finding was chosen; choose at least one.")
    overtaken = {
        row.id: row.verdict_number
        for row in rows
        if row.id in seen and row.verdict_number != seen[row.id]
    }
    if overtaken:
        raise VerdictOvertakenError(overtaken)
    return rows


def _decisions(
    workspace: Workspace,
    rows: Sequence[FindingRow],
    label: VerdictLabel,
    category: str,
    reason: str,
    author: str,
    scope: Scope,
) -> list[NewVerdict]:
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
    return decisions


def give_pattern_verdict(
    workspace: Workspace,
    *,
    pattern_id: str,
    label: VerdictLabel,
    category: str,
    reason: str,
    author: str,
    looked_at: str | None = None,
    seen: Mapping[str, int | None] | None = None,
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
        seen: As for `give_verdict`.

    Raises:
        VerdictRefusedError: As for `give_verdict`, or the pattern has no open finding, or the
            finding that was read is of another pattern.
        VerdictOvertakenError: As for `give_verdict`.
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
        seen=seen,
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
    return write_entries(workspace, [NewUndo(number, author, reason) for number in numbers])


def _open_ids(workspace: Workspace, pattern_id: str) -> tuple[str, ...]:
    return workspace.store.ids(FindingQuery(status=Status.OPEN, pattern_id=pattern_id))
