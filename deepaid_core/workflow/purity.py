"""How far the decisions agree with each other, after each entry of the log."""

from collections import Counter
from dataclasses import dataclass, field
from threading import Lock
from typing import Final
from weakref import WeakKeyDictionary

from deepaid_core.domain.log import LogEntry, NewRestore, NewUndo
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.store.base import Store
from deepaid_core.workspace import Workspace

__all__ = ["MOST_POINTS", "PurityPoint", "purity"]

MOST_POINTS: Final = 500
"""Points that a curve has at most; of more, evenly chosen ones, the last always among them."""


@dataclass(frozen=True, slots=True)
class PurityPoint:
    """How far the decisions agreed after one entry of the log.

    Attributes:
        number: Of the entry.
        time: Of the entry, Unix seconds, UTC.
        purity: Share of the decisions in force then that say what most on their pattern say; 1
            where none contradicts another.
        decisions: How many were in force then.
    """

    number: int
    time: float
    purity: float
    decisions: int


@dataclass(slots=True)
class _Fold:
    """What was counted up to one entry of the log."""

    number: int = 0
    said: dict[int, tuple[str, VerdictLabel]] = field(default_factory=dict)
    counts: dict[str, Counter[VerdictLabel]] = field(default_factory=dict)
    agreeing: int = 0
    decisions: int = 0
    points: list[PurityPoint] = field(default_factory=list)

    def add(self, line: LogEntry) -> None:
        self.number = line.number
        entry = line.entry
        if isinstance(entry, NewVerdict):
            if entry.label is VerdictLabel.UNDETERMINED:
                return
            self.said[line.number] = (entry.pattern_id, entry.label)
            self._count(line.number, 1)
        elif isinstance(entry, NewUndo | NewRestore) and entry.entry_number in self.said:
            self._count(entry.entry_number, -1 if isinstance(entry, NewUndo) else 1)
        else:
            return
        if self.decisions:
            share = self.agreeing / self.decisions
            self.points.append(PurityPoint(line.number, line.time, share, self.decisions))

    def _count(self, number: int, change: int) -> None:
        pattern_id, label = self.said[number]
        counts = self.counts.setdefault(pattern_id, Counter())
        before = max(counts.values(), default=0)
        counts[label] += change
        self.agreeing += max(counts.values()) - before
        self.decisions += change


_folds: WeakKeyDictionary[Store, _Fold] = WeakKeyDictionary()
_lock = Lock()


def purity(workspace: Workspace) -> tuple[PurityPoint, ...]:
    """How far the decisions agreed after each verdict, undo and restore of one, oldest first.

    Undetermined findings are no decision here. While no decision is in force there is no point.
    """
    store = workspace.store
    with _lock:
        fold = _folds.get(store)
        number, _ = store.version()
        if fold is None or number < fold.number:
            # New, or the database was replaced by an older copy.
            fold = _folds[store] = _Fold()
        for line in store.log(after=fold.number):
            fold.add(line)
        points = tuple(fold.points)
    if len(points) <= MOST_POINTS:
        return points
    step = (len(points) - 1) / (MOST_POINTS - 1)
    return tuple(points[round(place * step)] for place in range(MOST_POINTS))
