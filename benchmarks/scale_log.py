"""A log of decisions as many analysts might write it, of any length."""

import random
from collections.abc import Iterator
from itertools import accumulate

from deepaid_core.domain.log import LogEntry, NewRestore, NewUndo
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel

__all__ = ["Analysts"]

DETECTORS = ("packets", "ssh-sessions", "host-rates", "logins")
STATES = tuple(
    f"HH_feature_{place:03}:{way}:{size}"
    for place in range(100)
    for way in ("up", "down")
    for size in range(4)
)
OUTCOMES = tuple(
    (VerdictLabel.FALSE_POSITIVE if place % 3 else VerdictLabel.TRUE_POSITIVE, f"category-{place}")
    for place in range(30)
)


class Analysts:
    """Who writes the log; the same seed and number of patterns always give the same one.

    How often a pattern is judged falls with its rank, as that of words does. One verdict in twenty
    is on several findings, one in thirty judges a finding anew, one in ten has its states in
    another order, one in twenty disagrees with what the pattern is mostly called. One entry in
    fifty takes an earlier verdict back, one in a hundred restores one.
    """

    def __init__(self, *, patterns: int, seed: int) -> None:
        self.patterns = patterns
        self.draw = random.Random(seed)  # noqa: S311 - nothing to keep secret
        known: set[tuple[str, ...]] = set()
        while len(known) < patterns:
            known.add(tuple(self.draw.sample(STATES, 3)))
        self.paths = sorted(known)
        self.draw.shuffle(self.paths)
        self.shares = list(accumulate(1 / rank for rank in range(1, patterns + 1)))
        self.findings = 0
        self.standing: list[int] = []
        self.fallen: list[int] = []

    def log(self, verdicts: int) -> Iterator[LogEntry]:
        """So many verdicts with the other entries between them; every pattern is judged."""
        draw, number, given = self.draw, 0, 0
        places = [*range(self.patterns)]
        places += draw.choices(
            range(self.patterns), cum_weights=self.shares, k=verdicts - self.patterns
        )
        draw.shuffle(places)
        while given < verdicts:
            number += 1
            what = draw.random()
            if what < 0.02 and self.standing:
                self.fallen.append(self.any_of(self.standing))
                yield LogEntry(number, float(number), NewUndo(self.fallen[-1], "ana"))
            elif what < 0.03 and self.fallen:
                self.standing.append(self.any_of(self.fallen))
                yield LogEntry(number, float(number), NewRestore(self.standing[-1], "ana"))
            else:
                self.standing.append(number)
                yield LogEntry(number, float(number), self.verdict(places[given]))
                given += 1

    def verdict(self, place: int | None = None) -> NewVerdict:
        """A verdict on a pattern, by default on any, the often judged ones more often."""
        draw = self.draw
        if place is None:
            place = draw.choices(range(self.patterns), cum_weights=self.shares)[0]
        path = self.paths[place]
        if draw.random() < 0.1:
            path = tuple(draw.sample(path, 3))
        outcome = place if draw.random() < 0.95 else draw.randrange(len(OUTCOMES))
        label, category = OUTCOMES[outcome % len(OUTCOMES)]
        detector_name = DETECTORS[place % len(DETECTORS)]
        return NewVerdict(
            label,
            category,
            "as every night",
            "ana",
            "finding",
            detector_name,
            f"P-{place}",
            path,
            self._findings(),
        )

    def asked(self, kind: str) -> tuple[str, tuple[str, ...]]:
        """A detector and a path that was taught, is one state away from one, or far from all."""
        place = self.draw.choices(range(self.patterns), cum_weights=self.shares)[0]
        path = self.paths[place]
        if kind == "near":
            path = (*path[:2], "HH_feature_new:up:1")
        elif kind == "unknown":
            path = (path[0], "HH_feature_new:up:1", "HH_feature_new:up:2")
        return DETECTORS[place % len(DETECTORS)], path

    def _findings(self) -> tuple[str, ...]:
        what = self.draw.random()
        if what < 0.03 and self.findings:
            return (f"F-{self.draw.randrange(self.findings):010x}",)
        count = self.draw.randint(2, 20) if what < 0.08 else 1
        first, self.findings = self.findings, self.findings + count
        return tuple(f"F-{number:010x}" for number in range(first, first + count))

    def any_of(self, numbers: list[int]) -> int:
        """One of the numbers, which goes."""
        place = self.draw.randrange(len(numbers))
        numbers[place], numbers[-1] = numbers[-1], numbers[place]
        return numbers.pop()
