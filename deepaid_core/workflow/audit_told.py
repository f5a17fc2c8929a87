"""Lines of both logs in words, with what each of them replaced."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, get_args

from deepaid_core.domain.actions import (
    Action,
    ActionLine,
    NewAssignment,
    NewCase,
    NewCaseFindings,
    NewNote,
    NewNoteWithdrawal,
    NewRecord,
)
from deepaid_core.domain.audit import AuditEntry, AuditQuery, DecisionFacts
from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.log import (
    Entry,
    LogEntry,
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
)
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import NewVerdict
from deepaid_core.workflow import distill
from deepaid_core.workflow.audit_words import (
    AuditChange,
    action_changes,
    action_text,
    action_words,
    grouped,
    says,
    suppression_changes,
)
from deepaid_core.workflow.ledger import Kind, kind_of
from deepaid_core.workflow.version_rows import title_of
from deepaid_core.workspace import Workspace

__all__ = ["WORDS", "AuditLine", "kept_as", "told"]

WORDS: Final[Mapping[str, str]] = {"lessons": "import", "case": "new case"}
"""Kinds of lines whose word differs from the one that they are kept under."""

_DECISIONS: Final[tuple[Kind, ...]] = get_args(Kind)
_IN_FORCE, _TAKEN_BACK = "in force", "taken back"
_MOST: Final = 10_000
_LISTED: Final = 20


def kept_as(word: str) -> str:
    """What a kind of line is kept under, from its word."""
    return next((kind for kind, said in WORDS.items() if said == word), word)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of either log.

    Attributes:
        entry: As it is kept.
        kind: What it is, in a word: "verdict", "note", "report", ...
        author: Who, as it was written; empty for what the program did by itself.
        text: What was done, in one line of plain text; names in it are cut and hidden characters
            made visible, and it is no markup.
        words: The reason or note, as it was written.
        changes: What was before, and what is since.
        about: Ids of what it is about: findings, a pattern, a case, another line; 20 at most.
    """

    entry: AuditEntry
    kind: str
    author: str
    text: str
    words: str
    changes: tuple[AuditChange, ...]
    about: tuple[str, ...]

    @property
    def id(self) -> str:
        """How it is called: "decision 12"."""
        return self.entry.id

    @property
    def undone_by(self) -> str:
        """The line that took it back and holds; empty while it is in force."""
        number = self.entry.undone_by
        return "" if number is None else f"{self.entry.log} {number}"


def told(workspace: Workspace, entries: Sequence[AuditEntry]) -> tuple[AuditLine, ...]:
    """The same lines in words."""
    known = _Known(workspace, entries)
    return tuple(
        _decision(entry, entry.entry, known)
        if isinstance(entry.entry, Entry)
        else _action(entry, entry.entry)
        for entry in entries
    )


class _Known:
    # What else the lines of a page refer to, read at once.

    def __init__(self, workspace: Workspace, entries: Sequence[AuditEntry]) -> None:
        self._workspace = workspace
        audit = workspace.store.audit
        decided = [entry.entry for entry in entries if entry.log == "decision"]
        verdicts = [e.number for e in entries if isinstance(e.entry, NewVerdict)]
        self._earlier = audit.earlier_verdicts(verdicts)
        targets = {one.entry_number for one in decided if isinstance(one, NewUndo | NewRestore)}
        for findings in self._earlier.values():
            targets.update(number for numbers in findings.values() for number in numbers)
        self.facts: Mapping[int, DecisionFacts] = audit.decision_facts(sorted(targets))
        self._settings: tuple[AuditEntry, ...] = ()
        if any(isinstance(one, NewSetting) for one in decided):
            self._settings = audit.lines(AuditQuery(kind="setting"), limit=_MOST)

    def kind(self, number: int) -> Kind:
        found = self.facts.get(number)
        word = WORDS.get(found.kind, found.kind) if found else ""
        return next((kind for kind in _DECISIONS if kind == word), "verdict")

    def target(self, number: int) -> str:
        found = self.facts.get(number)
        if found is None:
            return f"decision {number}"
        said = says(found.label, found.category)
        on = f" on {found.pattern_id}" if found.pattern_id else ""
        return f"{self.kind(number)} {number}" + (f", {said}{on}" if said else "")

    def verdicts_before(self, entry: AuditEntry) -> dict[str, str]:
        earlier = self._earlier.get(entry.number, {})
        if not earlier:
            return {}
        undone = distill.ledger(self._workspace).undone(entry.number - 1)
        found = {}
        for finding_id, numbers in earlier.items():
            held = next((number for number in numbers if number not in undone), None)
            if held is not None and held in self.facts:
                facts = self.facts[held]
                found[finding_id] = f"{says(facts.label, facts.category)} (decision {held})"
        return found

    def setting_before(self, entry: AuditEntry, name: str) -> str:
        undone = distill.ledger(self._workspace).undone(entry.number - 1)
        for one in self._settings:  # newest first
            same = isinstance(one.entry, NewSetting) and one.entry.name == name
            if same and one.number < entry.number and one.number not in undone:
                return one.entry.value if isinstance(one.entry, NewSetting) else ""
        return DistillerSettings().texts().get(name, "")


def _decision(entry: AuditEntry, decided: Entry, known: _Known) -> AuditLine:
    changes: tuple[AuditChange, ...] = ()
    about: tuple[str, ...] = ()
    match decided:
        case NewVerdict():
            before = known.verdicts_before(entry)
            after = says(decided.label.value, decided.category)
            changes = grouped(
                "verdict", {one: (before.get(one, "none"), after) for one in decided.finding_ids}
            )
            about = (decided.pattern_id, *decided.finding_ids[:_LISTED])
        case NewUndo(entry_number=number) | NewRestore(entry_number=number):
            pair = (_IN_FORCE, _TAKEN_BACK)
            pair = pair if isinstance(decided, NewUndo) else pair[::-1]
            changes = (AuditChange(known.target(number), *pair),)
            about = (f"decision {number}",)
        case NewSuppression():
            changes = suppression_changes(decided)
            about = (f"S-{entry.number}", *filter(None, (decided.scope.pattern_id,)))
        case NewSetting():
            old = known.setting_before(entry, decided.name)
            changes = (AuditChange(decided.name, old, decided.value),)
        case NewLessons():
            changes = (
                AuditChange("lessons", "", str(sum(one.count for one in decided.lessons))),
                AuditChange("file", "", decided.source_name),
                AuditChange("SHA-256", "", decided.source_sha256),
            )
    return AuditLine(
        entry=entry,
        kind=kind_of(decided),
        author=decided.author,
        text=title_of(LogEntry(entry.number, entry.time, decided), known.kind),
        words=decided.reason,
        changes=changes,
        about=about,
    )


def _action(entry: AuditEntry, done: Action) -> AuditLine:
    line = ActionLine(entry.number, entry.time, done, entry.before, entry.case_number)
    about: tuple[str, ...] = ()
    if entry.case_number is not None:
        about = (f"C-{entry.case_number}",)
    match done:
        case NewAssignment(assignees=assignees):
            about = tuple(assignees)[:_LISTED]
        case NewCase(finding_ids=ids) | NewCaseFindings(added=ids):
            about = (*about, *ids[:_LISTED])
        case NewNote(subject=subject) | NewRecord(subject=subject):
            about = tuple(dict.fromkeys((*about, subject)))
        case NewNoteWithdrawal(action_number=number):
            about = (*about, f"action {number}")
    return AuditLine(
        entry=entry,
        kind=done.what if isinstance(done, NewRecord) else WORDS.get(entry.kind, entry.kind),
        author=done.author,
        text=action_text(line),
        words=action_words(line),
        changes=action_changes(line),
        about=about,
    )
