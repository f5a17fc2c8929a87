"""Which decisions of the log are in force, now and at any earlier version."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

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

__all__ = ["Kind", "Ledger", "Reversal", "kind_of"]

Kind: TypeAlias = Literal["verdict", "undo", "restore", "suppression", "setting", "import"]
"""What an entry of the log is, in a word."""

_KINDS: Final[dict[type[Entry], Kind]] = {
    NewVerdict: "verdict",
    NewUndo: "undo",
    NewRestore: "restore",
    NewSuppression: "suppression",
    NewSetting: "setting",
    NewLessons: "import",
}


def kind_of(entry: Entry) -> Kind:
    """What an entry is, in a word."""
    return _KINDS[type(entry)]


@dataclass(frozen=True, slots=True)
class Reversal:
    """What has to be taken back and put into force to get from now to another state of the log.

    Attributes:
        undo: Numbers of decisions that are in force and must not be, newest first.
        restore: Numbers of decisions that are not in force and must be, oldest first.
    """

    undo: tuple[int, ...]
    restore: tuple[int, ...]

    def __bool__(self) -> bool:
        return bool(self.undo or self.restore)

    def entries(self, author: str, reason: str) -> tuple[Entry, ...]:
        """The entries of the log that do it."""
        return (
            *(NewUndo(number, author, reason) for number in self.undo),
            *(NewRestore(number, author, reason) for number in self.restore),
        )


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the log took back and restored; small even where the log is not.

    Attributes:
        number: Number of the last entry it knows.
        toggles: Undos and restores with their numbers, oldest first.
    """

    number: int = 0
    toggles: tuple[tuple[int, NewUndo | NewRestore], ...] = ()

    def after(self, entries: Iterable[LogEntry]) -> "Ledger":
        """The ledger after further entries, oldest first; this one stays as it is."""
        number, toggles = self.number, list(self.toggles)
        for line in entries:
            if isinstance(line.entry, NewUndo | NewRestore):
                toggles.append((line.number, line.entry))
            number = line.number
        return Ledger(number, tuple(toggles))

    def undone(
        self, version: int | None = None, *, without: Collection[int] = ()
    ) -> dict[int, int]:
        """Decisions that are not in force at a version, each with what took it back.

        Args:
            version: A number of the log, by default the last one.
            without: Entries that are read as if they had never been written.
        """
        undone: dict[int, int] = {}
        for number, entry in self.toggles:
            if version is not None and number > version:
                break
            if number in without:
                continue
            if isinstance(entry, NewUndo):
                undone[entry.entry_number] = number
            else:
                undone.pop(entry.entry_number, None)
        return undone

    def followed(self) -> dict[int, int]:
        """Undos and restores that another one of the same decision followed, each with that one."""
        last: dict[int, int] = {}
        followed: dict[int, int] = {}
        for number, entry in self.toggles:
            if entry.entry_number in last:
                followed[last[entry.entry_number]] = number
            last[entry.entry_number] = number
        return followed

    def way(self, start: int, end: int) -> Reversal:
        """What takes the decisions in force at one version to those in force at another."""
        before, after = self.undone(start), self.undone(end)
        first, last = min(start, end), max(start, end)
        between = set(range(first + 1, last + 1)) - self._numbers()
        undo = {n for n in after.keys() - before.keys() if n <= first}
        restore = {n for n in before.keys() - after.keys() if n <= first}
        if start > end:
            undo |= between - before.keys()
        else:
            restore |= between - after.keys()
        return _reversal(undo, restore)

    def leaving_out(self, numbers: Collection[int]) -> Reversal:
        """What makes the log stand as if these entries had never been written."""
        left_out = set(numbers)
        now, then = self.undone(), self.undone(without=left_out)
        undo = (left_out - self._numbers() - now.keys()) | (then.keys() - now.keys() - left_out)
        return _reversal(undo, now.keys() - then.keys() - left_out)

    def _numbers(self) -> set[int]:
        return {number for number, _ in self.toggles}


def _reversal(undo: Iterable[int], restore: Iterable[int]) -> Reversal:
    return Reversal(tuple(sorted(undo, reverse=True)), tuple(sorted(restore)))
