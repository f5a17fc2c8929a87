"""Which entries of the log stand behind what the machine counts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from deepaid_core.distiller import numbers as sets
from deepaid_core.distiller.machine import Pattern, parts_of
from deepaid_core.distiller.numbers import Numbers
from deepaid_core.distiller.tables import Table
from deepaid_core.domain.finding import pattern_of

__all__ = ["Changes", "Evidence"]

_Key = TypeVar("_Key")


@dataclass(slots=True)
class Changes:
    """Entries that begin or cease to count, of one outcome of one detector.

    Attributes:
        lessons: How many lessons more or fewer each path has.
        added: Entries that begin to teach a path.
        removed: Entries that cease to.
    """

    lessons: dict[tuple[str, ...], int] = field(default_factory=dict)
    added: dict[tuple[str, ...], list[int]] = field(default_factory=dict)
    removed: dict[tuple[str, ...], list[int]] = field(default_factory=dict)

    def note(self, number: int, path: tuple[str, ...], count: int) -> None:
        """An entry begins (count above 0) or ceases to teach a path that many lessons."""
        self.lessons[path] = self.lessons.get(path, 0) + count
        (self.added if count > 0 else self.removed).setdefault(path, []).append(number)


@dataclass(frozen=True, slots=True)
class Evidence:
    """Entries that teach one outcome of one detector.

    Attributes:
        patterns: Those that teach a pattern.
        parts: Those that teach a pattern of these states and just one more.
        ends: Those that teach a path with this last state.
    """

    patterns: Table[Pattern, Numbers] = field(default_factory=Table)
    parts: Table[Pattern, Numbers] = field(default_factory=Table)
    ends: Table[str, Numbers] = field(default_factory=Table)

    def changed(self, changes: Changes) -> "Evidence":
        """The evidence once these entries have begun or ceased to count."""
        added = _places(changes.added)
        removed = _places(changes.removed)
        return Evidence(
            _moved(self.patterns, added.patterns, removed.patterns),
            _moved(self.parts, added.parts, removed.parts),
            _moved(self.ends, added.ends, removed.ends),
        )

    def near(self, pattern: Pattern, count: int) -> tuple[int, ...]:
        """The newest entries on a pattern, else on those that share all states but one.

        Returns:
            At most so many, newest first.
        """
        exact = self.patterns.get(pattern)
        if exact is not None:
            return tuple(sets.newest(exact, count))
        parts = parts_of(pattern)
        places = [self.parts.get(pattern, ())]
        places += [self.parts.get(part, ()) for part in parts]
        places += [self.patterns.get(part, ()) for part in parts]
        found = {number for numbers in places for number in sets.newest(numbers, count)}
        return tuple(sorted(found, reverse=True)[:count])

    def ending(self, state: str, count: int) -> tuple[int, ...]:
        """The newest entries on paths with this last state, newest first."""
        return tuple(sets.newest(self.ends.get(state, ()), count))


@dataclass(slots=True)
class _Places:
    patterns: dict[Pattern, list[int]] = field(default_factory=dict)
    parts: dict[Pattern, list[int]] = field(default_factory=dict)
    ends: dict[str, list[int]] = field(default_factory=dict)


def _places(numbers_by_path: Mapping[tuple[str, ...], Iterable[int]]) -> _Places:
    places = _Places()
    for path, numbers in numbers_by_path.items():
        pattern = pattern_of(path)
        places.patterns.setdefault(pattern, []).extend(numbers)
        places.ends.setdefault(path[-1], []).extend(numbers)
        for part in parts_of(pattern):
            places.parts.setdefault(part, []).extend(numbers)
    return places


def _moved(
    table: Table[_Key, Numbers],
    added: Mapping[_Key, list[int]],
    removed: Mapping[_Key, list[int]],
) -> Table[_Key, Numbers]:
    return table.changed(
        {
            key: sets.changed(table.get(key, ()), added.get(key, ()), removed.get(key, ())) or None
            for key in added.keys() | removed.keys()
        }
    )
