"""One line of the audit log in words: what was done, and what it replaced."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from deepaid_core.domain.actions import (
    ActionLine,
    NewAssignment,
    NewCase,
    NewCaseChange,
    NewCaseFindings,
    NewNote,
    NewNoteWithdrawal,
    NewRecord,
    NewTechnique,
)
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.text import shorten, visible

__all__ = ["AuditChange", "action_changes", "action_text", "action_words", "grouped", "says",
           "suppression_changes"]  # fmt: skip

NOTHING: Final = ""
_LONGEST: Final = 120


@dataclass(frozen=True, slots=True)
class AuditChange:
    """What one thing was before a line of the log, and what it is since.

    Attributes:
        what: The thing, in words: "title", "verdict of 3 findings", "F-...".
        before: As it was written; empty where there was nothing.
        after: Likewise; empty where nothing is left.
    """

    what: str
    before: str
    after: str


def action_text(line: ActionLine) -> str:
    """What was done, in one line of plain text.

    What others wrote in it is cut and made visible, and is no markup.
    """
    case = f"C-{line.case_number}"
    match line.action:
        case NewAssignment(assignees=assignees):
            names = sorted(set(assignees.values()))
            whom = _cut(names[0]) if len(names) == 1 and names[0] else "nobody"
            if len(names) > 1:
                whom = f"{len(names):,} people"
            return f"assigning {_findings(tuple(assignees))} to {whom}"
        case NewNote(subject=subject):
            return f"note on {_cut(subject)}"
        case NewNoteWithdrawal(action_number=number):
            if "text" not in line.before:
                return f"taking back of withdrawal {number}: its note is there again"
            return f"withdrawing of note {number}"
        case NewCase(title=title, finding_ids=ids):
            return f"opening of case {case}, {_cut(title)}, with {_findings(ids)}"
        case NewCaseChange(changes=changes):
            return f"case {case}: {', '.join(map(_named, sorted(changes)))}"
        case NewCaseFindings():
            added, removed = (line.before.get(name, "").split() for name in ("added", "removed"))
            parts = [
                f"{_findings(tuple(ids))} {way}" for ids, way in ((added, "in"), (removed, "out"))
                if ids
            ]  # fmt: skip
            return f"case {case}: {' and '.join(parts) or 'no finding moved'}"
        case NewTechnique(technique=technique, withdrawn=withdrawn):
            return f"case {case}: technique {_cut(technique)} {'off' if withdrawn else 'seen'}"
        case NewRecord(what="threshold", subject=subject, facts=facts):
            return f"new threshold of detector {_cut(facts.get('name', ''))}, {_cut(subject)}"
        case NewRecord(what="registration", subject=subject, facts=facts):
            return f"registration of detector {_cut(facts.get('name', ''))}, {_cut(subject)}"
        case NewRecord(what=what, subject=subject):
            return f"{_cut(what)} of {_cut(subject)}" if subject else _cut(what)


def action_words(line: ActionLine) -> str:
    """The reason or note of an action, as it was written."""
    match line.action:
        case NewNote(text=text):
            return text
        case NewTechnique(reason=reason):
            return reason
        case NewCase(summary=summary):
            return summary
    return ""


def action_changes(line: ActionLine) -> tuple[AuditChange, ...]:
    """What an action replaced by what."""
    before = line.before
    match line.action:
        case NewAssignment(assignees=assignees):
            return grouped(
                "assignee",
                {
                    one: (before.get(one) or "nobody", to or "nobody")
                    for one, to in assignees.items()
                },
            )
        case NewNote(text=text):
            return (AuditChange("note", NOTHING, text),)
        case NewNoteWithdrawal(action_number=number):
            if "text" not in before:
                return (AuditChange(f"withdrawal {number}", "in force", "taken back"),)
            return (AuditChange("note", before["text"], NOTHING),)
        case NewCase(title=title, summary=summary, finding_ids=ids):
            fields = (("title", title), ("summary", summary), ("findings", " ".join(ids)))
            return tuple(AuditChange(name, NOTHING, value) for name, value in fields if value)
        case NewCaseChange(changes=changes):
            return tuple(
                AuditChange(_named(name), before.get(name, ""), changes[name])
                for name in sorted(changes)
            )
        case NewCaseFindings():
            moved = (
                AuditChange("findings put in", NOTHING, before.get("added", "")),
                AuditChange("findings taken out", before.get("removed", ""), NOTHING),
            )
            return tuple(change for change in moved if change.before or change.after)
        case NewTechnique(technique=technique, reason=reason, withdrawn=withdrawn):
            after = NOTHING if withdrawn else reason or "seen"
            return (AuditChange(technique, before.get("reason", ""), after),)
        case NewRecord(what="threshold", facts=facts):
            was = {"threshold": facts.get("was", ""), "version": facts.get("from", "")}
            now = {"threshold": facts.get("threshold", ""), "version": line.action.subject}
            return tuple(AuditChange(name, was[name], now[name]) for name in was)
        case NewRecord(facts=facts):
            return tuple(AuditChange(name, NOTHING, value) for name, value in facts.items())


def suppression_changes(suppression: NewSuppression) -> tuple[AuditChange, ...]:
    """What a suppression says."""
    scope = suppression.scope
    said = (
        ("basis", says(suppression.basis.value, suppression.category)),
        ("detector", scope.detector_name),
        ("pattern", scope.pattern_id or "any that no attack protects"),
        ("entities", ", ".join(scope.entities) or "any"),
        ("from", "" if scope.since is None else format_time_utc(scope.since)),
        ("to", "" if scope.until is None else format_time_utc(scope.until)),
        ("owner", suppression.owner),
        ("ticket", suppression.ticket),
        ("expires", format_time_utc(suppression.expires_time)),
    )
    return tuple(AuditChange(name, NOTHING, value) for name, value in said if value)


def grouped(
    what: str, values: Mapping[str, tuple[str, str]]
) -> tuple[AuditChange, ...]:  # fmt: skip
    """Changes of many findings, a line for each pair of before and after, the most first.

    Args:
        what: What changed of them, e.g. "verdict".
        values: Finding id to what it was and what it is.
    """
    counts = Counter(values.values())
    example = {pair: finding_id for finding_id, pair in reversed(list(values.items()))}
    return tuple(
        AuditChange(
            f"{what} of {example[pair] if count == 1 else format_count(count, 'finding')}", *pair
        )
        for pair, count in counts.most_common()
    )


def says(label: str | None, category: str | None) -> str:
    """A verdict in short: "false positive: backup-job"."""
    return f"{label or ''}: {category}" if category else label or ""


def _findings(ids: tuple[str, ...]) -> str:
    return ids[0] if len(ids) == 1 else format_count(len(ids), "finding")


def _named(field: str) -> str:
    return field.replace("_", " ")


def _cut(text: str) -> str:
    return visible(shorten(text, _LONGEST))
