"""The Distiller's finite-state machine: exact counts of what verdicts taught."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple, TypeAlias, TypeVar

from deepaid_core.distiller.families import family_pattern
from deepaid_core.distiller.tables import Table
from deepaid_core.domain.finding import pattern_of
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import InvalidParameterError

__all__ = ["Chain", "Lesson", "Machine", "Outcome", "Pattern", "Step", "one_less", "parts_of"]

Pattern: TypeAlias = tuple[str, ...]
"""Sorted states."""

Step: TypeAlias = tuple[str | None, str | None]
"""A transition; None stands for the start as source and for the category as target."""


_Key = TypeVar("_Key")


class Outcome(NamedTuple):
    """Where a path ends; one category may be given to true and to false positives."""

    label: VerdictLabel
    category: str

    def __str__(self) -> str:
        return f"{self.label.value} / {self.category}"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What one decision teaches: this path of this detector ends in this outcome.

    Attributes:
        detector_name: Detectors share no states, even where their fields share names.
        path: States, strongest first; never empty.
        outcome: A true or a false positive of a category.
    """

    detector_name: str
    path: tuple[str, ...]
    outcome: Outcome

    @property
    def steps(self) -> tuple[Step, ...]:
        """Start to first state, state to state, last state to the category."""
        return tuple(zip((None, *self.path), (*self.path, None), strict=True))


def parts_of(pattern: Pattern) -> frozenset[Pattern]:
    """The pattern without one of its states, in all ways that leave at least two."""
    return one_less(pattern) if len(pattern) > 2 else frozenset()


def one_less(pattern: Pattern) -> frozenset[Pattern]:
    """The pattern without one of its states, in all ways that leave at least one."""
    if len(pattern) < 2:
        return frozenset()
    return frozenset(combinations(pattern, len(pattern) - 1))


@dataclass(frozen=True, slots=True)
class Chain:
    """Counts of one outcome of one detector; no entry is ever zero.

    Everything follows from the paths; the other tables are what is looked up.

    Attributes:
        verdicts: Lessons.
        passes: States that lessons pass, in all.
        paths: Lessons of each path.
        steps: Lessons that take a transition.
        visits: How often lessons pass each state, wherever in their path.
        patterns: Lessons whose path has these states in any order.
        parts: Lessons whose pattern has these states and just one more.
        pairs: Lessons whose pattern has this state and just one more.
        families: Lessons whose states are of these families, where these are not the states.
    """

    verdicts: int = 0
    passes: int = 0
    paths: Table[tuple[str, ...], int] = field(default_factory=Table)
    steps: Table[Step, int] = field(default_factory=Table)
    visits: Table[str, int] = field(default_factory=Table)
    patterns: Table[Pattern, int] = field(default_factory=Table)
    parts: Table[Pattern, int] = field(default_factory=Table)
    pairs: Table[str, int] = field(default_factory=Table)
    families: Table[Pattern, int] = field(default_factory=Table)


@dataclass(frozen=True, slots=True)
class Machine:
    """Counts of transitions per detector and outcome; every change gives a new machine.

    Two machines are equal when their counts are, however they came about.

    Attributes:
        chains: By detector name and outcome; no chain is empty.
        number: Number of the last log entry it knows.
    """

    chains: Mapping[tuple[str, Outcome], Chain] = field(default_factory=dict)
    number: int = field(default=0, compare=False)

    @property
    def version(self) -> str:
        """Its id in URLs and reports."""
        return f"M-{self.number}"

    @property
    def verdicts(self) -> int:
        """Lessons it holds."""
        return sum(chain.verdicts for chain in self.chains.values())

    @property
    def detector_names(self) -> tuple[str, ...]:
        """Detectors it was taught about, sorted."""
        return tuple(sorted({detector_name for detector_name, _ in self.chains}))

    def outcomes(self, detector_name: str) -> tuple[Outcome, ...]:
        """What was taught about a detector, sorted."""
        return tuple(sorted(outcome for name, outcome in self.chains if name == detector_name))

    def learn(self, lesson: Lesson, *, number: int | None = None) -> "Machine":
        """The machine with one lesson more."""
        return self.changed({lesson: 1}, number=number)

    def forget(self, lesson: Lesson, *, number: int | None = None) -> "Machine":
        """The machine as if the lesson had not been given; undoes `learn` exactly.

        Raises:
            InvalidParameterError: The machine does not hold this lesson.
        """
        return self.changed({lesson: -1}, number=number)

    def changed(self, lessons: Mapping[Lesson, int], *, number: int | None = None) -> "Machine":
        """The machine after learning lessons (positive counts) and forgetting others (negative).

        Raises:
            InvalidParameterError: A lesson to forget is not held.
        """
        changes: dict[tuple[str, Outcome], dict[tuple[str, ...], int]] = {}
        for lesson, count in lessons.items():
            key = (lesson.detector_name, lesson.outcome)
            changes.setdefault(key, {})[lesson.path] = count
        return self.taught(changes, number=number)

    def taught(
        self,
        lessons: Mapping[tuple[str, Outcome], Mapping[tuple[str, ...], int]],
        *,
        number: int | None = None,
    ) -> "Machine":
        """What `changed` gives, for lessons that are grouped by detector and outcome already.

        Raises:
            InvalidParameterError: A lesson to forget is not held.
        """
        chains = dict(self.chains)
        for key, paths in lessons.items():
            chain = _changed(chains.get(key, Chain()), paths)
            if chain.verdicts:
                chains[key] = chain
            else:
                chains.pop(key, None)
        return Machine(chains, self.number if number is None else number)

    @classmethod
    def of(cls, lessons: Iterable[Lesson], *, number: int = 0) -> "Machine":
        """The machine that was taught these lessons; their order does not matter."""
        return cls().changed(Counter(lessons), number=number)

    def digest(self) -> str:
        """SHA-256 in canonical order: equal exactly for equal machines."""
        # All tables follow from the paths. The steps stand here too, as what readings look up.
        counts = [
            [
                [detector_name, *outcome],
                sorted(chain.paths.items()),
                # None cannot be sorted with text; [] and ["text"] can.
                sorted(
                    ([[end] if end is not None else [] for end in step], count)
                    for step, count in chain.steps.items()
                ),
            ]
            for (detector_name, outcome), chain in sorted(self.chains.items(), key=lambda c: c[0])
        ]
        return hashlib.sha256(json.dumps(counts).encode("ascii")).hexdigest()


def _changed(chain: Chain, paths: Mapping[tuple[str, ...], int]) -> Chain:
    verdicts = passes = 0
    steps: dict[Step, int] = {}
    visits: dict[str, int] = {}
    patterns: dict[Pattern, int] = {}
    parts: dict[Pattern, int] = {}
    pairs: dict[str, int] = {}
    families: dict[Pattern, int] = {}
    for path, count in paths.items():
        if not path:
            raise InvalidParameterError("A path without states was to be learned; give one.")
        if not count:
            continue
        pattern = pattern_of(path)
        verdicts += count
        passes += count * len(path)
        source: str | None = None
        for state in path:
            steps[source, state] = steps.get((source, state), 0) + count
            visits[state] = visits.get(state, 0) + count
            source = state
        steps[source, None] = steps.get((source, None), 0) + count
        patterns[pattern] = patterns.get(pattern, 0) + count
        for part in parts_of(pattern):
            parts[part] = parts.get(part, 0) + count
        if len(pattern) == 2:
            for state in set(pattern):
                pairs[state] = pairs.get(state, 0) + count
        if (family := family_pattern(pattern)) is not None:
            families[family] = families.get(family, 0) + count
    return Chain(
        chain.verdicts + verdicts,
        chain.passes + passes,
        _added(chain.paths, paths),
        _added(chain.steps, steps),
        _added(chain.visits, visits),
        _added(chain.patterns, patterns),
        _added(chain.parts, parts),
        _added(chain.pairs, pairs),
        _added(chain.families, families),
    )


def _added(table: Table[_Key, int], counts: Mapping[_Key, int]) -> Table[_Key, int]:
    # A zero left behind would make equal machines differ: None takes the key out.
    if table:
        totals = {key: table.get(key, 0) + count for key, count in counts.items() if count}
    else:
        totals = {key: count for key, count in counts.items() if count}
    if totals and min(totals.values()) < 0:
        raise InvalidParameterError(
            "A verdict was to be forgotten that the machine does not hold; replay the log."
        )
    return table.changed({key: total or None for key, total in totals.items()})
