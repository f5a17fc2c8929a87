"""One line of the log of actions in words, as a finding or a case sees it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

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
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten, visible

__all__ = ["ActivityLine", "case_line", "finding_line"]

_LONGEST: Final = 200
_LISTED: Final = 5


@dataclass(frozen=True, slots=True)
class ActivityLine:
    """Something that happened, ready to be read.

    Attributes:
        time: Unix seconds, UTC.
        author: Who, as it was written; empty for what the program did by itself.
        kind: What it was, in a word: "verdict", "note", "assignment", "case", "report", ...
        text: What happened, in one line of plain text; names in it are cut and hidden characters
            made visible, and it is no markup.
        words: The reason or note, as it was written: any text, line breaks kept.
        before: What stood before; empty where nothing was replaced.
        after: What stands since.
        log: Which log it is from; empty for what stands in neither.
        number: Its number there.
        undone_by: Number of the entry of the same log that took it back.
    """

    time: float
    author: str
    kind: str
    text: str
    words: str = ""
    before: str = ""
    after: str = ""
    log: Literal["", "decisions", "actions"] = ""
    number: int = 0
    undone_by: int | None = None


def finding_line(line: ActionLine, finding_id: str) -> ActivityLine:
    """An action as a finding sees it."""
    match line.action:
        case NewAssignment(assignees=assignees):
            return _line(line, "assignment", *_assigned(assignees, line.before, finding_id))
        case NewCase(title=title):
            return _line(line, "case", f"Opened case C-{line.case_number} with it: {_cut(title)}")
        case NewCaseFindings():
            gone = finding_id in line.before.get("removed", "").split()
            verb = "Took it out of" if gone else "Put it into"
            return _line(line, "case", f"{verb} case C-{line.case_number}")
        case _:
            return _either(line)


def case_line(line: ActionLine) -> ActivityLine:
    """An action as a case sees it."""
    match line.action:
        case NewCase(title=title, finding_ids=ids, summary=summary):
            text = f"Opened the case with {format_count(len(set(ids)), 'finding')}"
            return _line(line, "case", text, "", _cut(title), words=summary)
        case NewCaseFindings():
            added, removed = (line.before.get(name, "").split() for name in ("added", "removed"))
            parts = (("Put", added, "in"), ("took", removed, "out"))
            said = [
                f"{verb} {format_count(len(ids), 'finding')} {way}"
                for verb, ids, way in parts
                if ids
            ]
            text = " and ".join(said) or "Moved no finding"
            return _line(line, "case", text[0].upper() + text[1:], _ids(removed), _ids(added))
        case NewCaseChange(changes=changes):
            names = sorted(changes)
            text = f"Changed {', '.join(_named(name) for name in names)}"
            return _line(line, "case", text, _fields(line.before, names), _fields(changes, names))
        case NewTechnique(technique=technique, reason=reason, withdrawn=withdrawn):
            old = line.before.get("reason", "")
            if withdrawn:
                return _line(line, "technique", f"Took technique {_cut(technique)} off", old)
            text = f"Saw technique {_cut(technique)} in it"
            return _line(line, "technique", text, old, words=reason)
        case _:
            return _either(line)


def _either(line: ActionLine) -> ActivityLine:
    match line.action:
        case NewNote(text=text):
            return _line(line, "note", f"Wrote note {line.number}", words=text)
        case NewNoteWithdrawal(action_number=number):
            return _line(line, "note", f"Withdrew note {number}", line.before.get("text", ""))
        case NewRecord(what=what, facts=facts):
            said = ", ".join(
                f"{_cut(name)} {_cut(value)}" for name, value in facts.items() if value
            )
            return _line(line, _cut(what), f"{_cut(what).capitalize()} made", "", said)
        case action:
            return _line(line, "action", type(action).__name__)


def _line(
    line: ActionLine, kind: str, text: str, before: str = "", after: str = "", *, words: str = ""
) -> ActivityLine:
    return ActivityLine(
        time=line.time,
        author=line.action.author,
        kind=kind,
        text=text,
        words=words,
        before=before,
        after=after,
        log="actions",
        number=line.number,
        undone_by=line.undone_by,
    )


def _assigned(
    assignees: Mapping[str, str], before: Mapping[str, str], finding_id: str
) -> tuple[str, str, str]:
    name, old = assignees.get(finding_id, ""), before.get(finding_id, "")
    others = len(assignees) - 1
    along = f", with {format_count(others, 'other finding')}" if others else ""
    text = f"Assigned it to {_cut(name)}" if name else "Assigned it to nobody"
    return f"{text}{along}", old or "nobody", name or "nobody"


def _cut(text: str) -> str:
    return visible(shorten(text, _LONGEST))


def _named(field: str) -> str:
    return field.replace("_", " ")


def _fields(values: Mapping[str, str], names: Iterable[str]) -> str:
    said = {name: values.get(name, "") for name in names}
    if len(said) == 1:
        return next(iter(said.values()))
    return "; ".join(f"{_named(name)}: {value or 'empty'}" for name, value in said.items())


def _ids(ids: list[str]) -> str:
    more = f" and {len(ids) - _LISTED:,} more" if len(ids) > _LISTED else ""
    return ", ".join(ids[:_LISTED]) + more
