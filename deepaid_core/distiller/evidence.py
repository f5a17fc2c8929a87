"""Which entries of the log stand behind what the machine counts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from deepaid_core.distiller.families import family_pattern
from deepaid_core.distiller.machine import Pattern, one_less, parts_of
from deepaid_core.distiller.numbers import Numbers, changed, newest
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
        pairs: Those that teach a pattern of this state and just one more.
        families: Those that teach a pattern of these families, where these are not its states.
    """

    patterns: Table[Pattern, Numbers] = field(default_factory=Table)
    parts: Table[Pattern, Numbers] = field(default_factory=Table)
    ends: Table[str, Numbers] = field(default_factory=Table)
    pairs: Table[str, Numbers] = field(default_factory=Table)
    families: Table[Pattern, Numbers] = field(default_factory=Table)

    def changed(self, changes: Changes) -> "Evidence":
        """The evidence once these entries have begun or ceased to count."""
        patterns = _Moves(self.patterns)
        ends = _Moves(self.ends)
        parts = _Moves(self.parts)
        pairs = _Moves(self.pairs)
        families = _Moves(self.families)
        for path, numbers in changes.added.items():
            patterns.added.put(pattern_of(path), numbers)
            ends.added.put(path[-1], numbers)
        for path, numbers in changes.removed.items():
            patterns.removed.put(pattern_of(path), numbers)
            ends.removed.put(path[-1], numbers)
        # Most parts belong to one pattern only: they share its list, and so its set.
        for known, part_lists, pair_lists, family_lists in (
            (patterns.added, parts.added, pairs.added, families.added),
            (patterns.removed, parts.removed, pairs.removed, families.removed),
        ):
            for pattern, numbers in known.lists():
                for part in parts_of(pattern):
                    part_lists.put(part, numbers)
                if len(pattern) == 2:
                    for state in set(pattern):
                        pair_lists.put(state, numbers)
                if (family := family_pattern(pattern)) is not None:
                    family_lists.put(family, numbers)
        made: dict[int, Numbers] = {}
        return Evidence(
            patterns.made(made),
            parts.made(made),
            ends.made({}),
            pairs.made(made),
            families.made(made),
        )

    def near(self, pattern: Pattern, count: int) -> tuple[int, ...]:
        """The newest entries on the nearest patterns that any are on, as the reading has it.

        Returns:
            At most so many, newest first.
        """
        exact = self.patterns.get(pattern)
        if exact is not None:
            return tuple(newest(exact, count))
        family = family_pattern(pattern)
        if family is not None and family in self.families:
            return tuple(newest(self.families[family], count))
        longer = self.parts.get(pattern, ())
        places = [self.pairs.get(pattern[0], ()) if len(pattern) == 1 else longer]
        places += [self.parts.get(part, ()) for part in parts_of(pattern)]
        places += [self.patterns.get(part, ()) for part in one_less(pattern)]
        found = {number for numbers in places for number in newest(numbers, count)}
        return tuple(sorted(found, reverse=True)[:count])

    def ending(self, state: str, count: int) -> tuple[int, ...]:
        """The newest entries on paths with this last state, newest first."""
        return tuple(newest(self.ends.get(state, ()), count))


class _Lists(Generic[_Key]):
    """Lists of numbers by key, which are copied only where several come under one key."""

    def __init__(self) -> None:
        self.given: dict[_Key, list[int]] = {}
        self.joined: dict[_Key, list[int]] = {}

    def put(self, key: _Key, numbers: list[int]) -> None:
        known = self.given.setdefault(key, numbers)
        if known is not numbers:
            if key in self.joined:
                self.joined[key].extend(numbers)
            else:
                self.joined[key] = known + numbers

    def lists(self) -> Iterator[tuple[_Key, list[int]]]:
        if not self.joined:
            yield from self.given.items()
            return
        for key, numbers in self.given.items():
            yield key, self.joined.get(key, numbers)


class _Moves(Generic[_Key]):
    """Entries that come into a table and go out of it, by key."""

    def __init__(self, table: Table[_Key, Numbers]) -> None:
        self.table = table
        self.added = _Lists[_Key]()
        self.removed = _Lists[_Key]()

    def made(self, made: dict[int, Numbers]) -> Table[_Key, Numbers]:
        """The table afterwards.

        Args:
            made: Sets that hold one list and nothing else, by the identity of the list.
        """
        sets: dict[_Key, Numbers | None] = {}
        removed = dict(self.removed.lists())
        for key, numbers in self.added.lists():
            held = self.table.get(key, ()) if self.table else ()
            if held or key in removed:
                sets[key] = changed(held, numbers, removed.pop(key, ())) or None
                continue
            fresh = made.get(id(numbers))
            if fresh is None:
                fresh = made[id(numbers)] = changed((), numbers)
            sets[key] = fresh
        for key, numbers in removed.items():
            sets[key] = changed(self.table.get(key, ()), (), numbers) or None
        return self.table.changed(sets)
