"""Entries of the log as lines that anybody can read."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from deepaid_core.distiller.distiller import Distiller
from deepaid_core.domain.log import (
    LogEntry,
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
)
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import NewVerdict
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow.ledger import Kind, Ledger, kind_of

__all__ = ["VersionRow", "rows_of", "title_of"]

_LONGEST: Final = 80


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One entry of the log, and so one version of the machine.

    Attributes:
        number: Of the entry and of the version after it.
        time: Unix seconds, UTC.
        author: Who; as it was written.
        kind: What the entry is, in a word.
        title: What was decided, in one line of plain text; what others wrote in it is cut and
            made visible, and is no markup.
        reason: Why; as it was written.
        in_force: Whether the decision holds; of an undo or a restore, whether it is the last one
            of its decision.
        undone_by: Number of the entry that took it back, or that followed the undo or restore.
    """

    number: int
    time: float
    author: str
    kind: Kind
    title: str
    reason: str
    in_force: bool
    undone_by: int | None


def rows_of(
    entries: Iterable[LogEntry], ledger: Ledger, distiller: Distiller
) -> tuple[VersionRow, ...]:
    """Lines for entries, in the same order.

    Args:
        entries: Of the log.
        ledger: Says which of them are in force.
        distiller: Knows what undos and restores are about.
    """
    ended = ledger.undone() | ledger.followed()
    return tuple(
        VersionRow(
            number=line.number,
            time=line.time,
            author=line.entry.author,
            kind=kind_of(line.entry),
            title=title_of(line, _known_to(distiller)),
            reason=line.entry.reason,
            in_force=line.number not in ended,
            undone_by=ended.get(line.number),
        )
        for line in entries
    )


def title_of(line: LogEntry, kind: Callable[[int], Kind]) -> str:
    """What was decided, in one line of plain text.

    Args:
        line: The entry.
        kind: Tells what another entry is, for undos and restores.
    """
    match line.entry:
        case NewVerdict() as verdict:
            return _verdict(verdict)
        case NewUndo(entry_number=target):
            return f"undo of {_target(target, kind)}"
        case NewRestore(entry_number=target):
            return f"restoring of {_target(target, kind)}"
        case NewSuppression() as suppression:
            return f"suppression S-{line.number} of {_scope(suppression)}"
        case NewSetting(name=name, value=value):
            return f"setting {_short(name)} to {_short(value)}"
        case NewLessons() as lessons:
            count = sum(lesson.count for lesson in lessons.lessons)
            return f"import of {format_count(count, 'lesson')} from {_short(lessons.source_name)}"


def _verdict(verdict: NewVerdict) -> str:
    says = f"{verdict.label.value} / {_short(verdict.category)}"
    if not verdict.category:
        says = verdict.label.value
    findings = format_count(len(verdict.finding_ids), "finding")
    if verdict.scope == "pattern":
        return f"{says} on pattern {_short(verdict.pattern_id)}, {findings}"
    return f"{says} on {findings} of pattern {_short(verdict.pattern_id)}"


def _known_to(distiller: Distiller) -> Callable[[int], Kind]:
    def kind(number: int) -> Kind:
        entry = distiller.others.get(number) or distiller.taken_back.get(number)
        return "verdict" if entry is None else kind_of(entry)

    return kind


def _target(number: int, kind: Callable[[int], Kind]) -> str:
    what = kind(number)
    return f"suppression S-{number}" if what == "suppression" else f"{what} {number}"


def _scope(suppression: NewSuppression) -> str:
    scope = suppression.scope
    pattern = (
        f"pattern {_short(scope.pattern_id)}" if scope.pattern_id is not None else "any pattern"
    )
    entities = ""
    if scope.entities:
        more = len(scope.entities) - 1
        entities = f" for {_short(scope.entities[0])}" + (f" and {more:,} more" if more else "")
    timed = scope.since is not None or scope.until is not None
    return f"{pattern} of {_short(scope.detector_name)}{entities}" + (
        " within a period" if timed else ""
    )


def _short(text: str) -> str:
    return shorten(visible(text), _LONGEST)
