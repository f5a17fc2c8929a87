"""Everything that was decided and done, as lines that anybody can read, and whether it is whole."""

import re
from collections.abc import Sequence
from typing import Final, get_args

from deepaid_core.domain.audit import (
    ALL,
    AuditHead,
    AuditPlace,
    AuditQuery,
    ChainReport,
    LogName,
)
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.errors import InvalidParameterError, NotFoundError
from deepaid_core.workflow.audit_told import AuditLine, told
from deepaid_core.workflow.audit_words import AuditChange
from deepaid_core.workspace import Workspace

__all__ = ["AuditChange", "AuditLine", "check", "head_of", "head_text", "line", "lines"]

_HEAD: Final = re.compile("(decision|action) ([0-9]{1,9}) ([0-9a-f]{64})")
_MOST: Final = 10_000


def lines(
    workspace: Workspace,
    query: AuditQuery = ALL,
    *,
    limit: int = 100,
    offset: int = 0,
    before: AuditPlace | None = None,
) -> tuple[AuditLine, ...]:
    """Matching lines of both logs, newest first; see `Audit.lines`."""
    audit = workspace.store.audit
    entries = audit.lines(query, limit=limit, offset=offset, before=before)
    return told(workspace, entries)


def line(workspace: Workspace, line_id: str) -> AuditLine:
    """The line of an id such as "decision 12".

    Raises:
        NotFoundError: There is none.
    """
    log, _, number = line_id.partition(" ")
    if log in get_args(LogName) and number.isascii() and number.isdecimal():
        name: LogName = "decision" if log == "decision" else "action"
        found = workspace.store.audit.lines(AuditQuery(name, subject=line_id), limit=_MOST)
        same = [entry for entry in found if entry.id == f"{name} {int(number)}"]
        if same:
            return told(workspace, same)[0]
    raise NotFoundError(
        f"There is no line '{line_id[:40]}' in the audit log; choose one from the list."
    )


def check(
    workspace: Workspace,
    *,
    noted: Sequence[AuditHead] = (),
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> tuple[ChainReport, ChainReport]:
    """Whether both logs are what was written, decisions first.

    Args:
        workspace: Where.
        noted: Heads that were written down elsewhere, e.g. in a report; the newest of each log
            counts.
        progress: Told the share done.
        cancelled: Asked between pieces.

    Raises:
        CancelledError: `cancelled` said so.
    """
    known = {head.log: head for head in sorted(noted, key=lambda head: head.number)}
    ends = {head.log: head.number for head in workspace.store.audit.heads()}
    share = ends["decision"] / max(sum(ends.values()), 1)

    def checked(log: LogName, start: float, part: float) -> ChainReport:
        return workspace.store.audit.check(
            log,
            noted=known.get(log),
            progress=lambda done, text: progress(start + part * done, text),
            cancelled=cancelled,
        )

    return checked("decision", 0.0, share), checked("action", share, 1.0 - share)


def head_text(head: AuditHead) -> str:
    """A head as it is written down: "decision 12 3f0a..."; "decision 0" for an empty log."""
    return f"{head.log} {head.number} {head.digest}".strip()


def head_of(text: str) -> AuditHead:
    """The head that `head_text` wrote down.

    Raises:
        InvalidParameterError: The text is none.
    """
    found = _HEAD.fullmatch(" ".join(text.lower().split()))
    if found is None:
        raise InvalidParameterError(
            f"'{text[:100]}' is no head of a log; give one like 'decision 12 ' and 64 digits of "
            "its digest, as reports and `deepaid audit check` write it."
        )
    return AuditHead("decision" if found[1] == "decision" else "action", int(found[2]), found[3])
