"""The Distiller: a fold over the log of verdicts, and what it suggests for a path."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from deepaid_core.distiller.machine import Lesson, Machine, Outcome, Pattern, parts_of
from deepaid_core.distiller.reading import knows, read
from deepaid_core.distiller.suggestion import CITED, Suggestion, reason_of, unknown
from deepaid_core.domain.distiller_settings import Reading
from deepaid_core.domain.finding import pattern_of
from deepaid_core.domain.log import LogEntry, NewUndo
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel

__all__ = ["Distiller", "lesson_of"]

_TEACHING: Final = frozenset({VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE})

# Detector, outcome, states, and whether these are a whole pattern or one less one state.
_Key: TypeAlias = tuple[str, Outcome, Pattern, bool]


def lesson_of(decision: NewVerdict) -> Lesson | None:
    """What a decision teaches; None for benign positives and undetermined ones."""
    if decision.label not in _TEACHING or not decision.path:
        return None
    outcome = Outcome(decision.label, decision.category)
    return Lesson(decision.detector_name, decision.path, outcome)


@dataclass(frozen=True, slots=True)
class Distiller:
    """All that the log says up to one entry; every further entry gives a new Distiller.

    A decision counts while a finding stands on it: it was not undone, and it is the first of the
    latest agreeing decisions on at least one of its findings. So judging a finding anew replaces
    what its former verdict taught, and repeating a verdict adds nothing.

    Attributes:
        machine: What the decisions that count have taught.
        decisions: Decisions that were not undone, by number.
        judged: Their numbers by finding, oldest first.
        held: For each decision that counts, how many findings stand on it.
        evidence: Numbers of the teaching decisions by what they support.
    """

    machine: Machine = field(default_factory=Machine)
    decisions: Mapping[int, NewVerdict] = field(default_factory=dict)
    judged: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    held: Mapping[int, int] = field(default_factory=dict)
    evidence: Mapping[_Key, tuple[int, ...]] = field(default_factory=dict)

    @classmethod
    def replay(cls, log: Iterable[LogEntry]) -> "Distiller":
        """The Distiller after a whole log, oldest entry first."""
        return cls().after(log)

    def after(self, entries: Iterable[LogEntry]) -> "Distiller":
        """The Distiller after further entries of the log; this one stays as it is."""
        fold = _Fold(self)
        for line in entries:
            if isinstance(line.entry, NewUndo):
                fold.undo(line.entry.entry_number)
            elif isinstance(line.entry, NewVerdict):
                fold.decide(line.number, line.entry)
            fold.number = line.number
        return fold.result()

    def knows(self, detector_name: str, path: tuple[str, ...]) -> bool:
        """Whether there is a suggestion for a path; quicker than making it."""
        return bool(path) and knows(self.machine, detector_name, pattern_of(path))

    def suggest(
        self, detector_name: str, path: tuple[str, ...], *, reading: Reading = "chain"
    ) -> Suggestion:
        """What the verdicts so far say of a path, or that it is unknown."""
        answer = read(self.machine, detector_name, path=path, reading=reading)
        if not answer.probabilities:
            return unknown(reading)
        outcome = answer.probabilities[0][0]
        return Suggestion(
            category=outcome.category,
            label=outcome.label,
            confidence=answer.confidence,
            support=answer.support[outcome],
            known=True,
            reason=reason_of(answer, reading),
            alternatives=tuple((o.category, share) for o, share in answer.probabilities),
            verdict_numbers=self._cited(detector_name, outcome, pattern_of(path)),
        )

    def _cited(self, detector_name: str, outcome: Outcome, pattern: Pattern) -> tuple[int, ...]:
        numbers: Iterable[int] = self.evidence.get((detector_name, outcome, pattern, True), ())
        if not numbers:
            keys = {(part, whole) for part in parts_of(pattern) for whole in (True, False)}
            keys.add((pattern, False))
            numbers = {
                number
                for states, whole in keys
                for number in self.evidence.get((detector_name, outcome, states, whole), ())[
                    -CITED:
                ]
            }
        return tuple(sorted(numbers, reverse=True)[:CITED])


class _Fold:
    """A Distiller while entries are added to it."""

    def __init__(self, start: Distiller) -> None:
        self.start = start
        self.number = start.machine.number
        self.decisions = dict(start.decisions)
        self.judged = dict(start.judged)
        self.held = dict(start.held)
        # Decisions whose part may have changed, also undone ones.
        self.touched: dict[int, NewVerdict] = {}

    def decide(self, number: int, decision: NewVerdict) -> None:
        self.decisions[number] = decision
        for finding_id in dict.fromkeys(decision.finding_ids):
            self._set(finding_id, (*self.judged.get(finding_id, ()), number))

    def undo(self, number: int) -> None:
        decision = self.decisions.get(number)
        if decision is None:
            return
        for finding_id in dict.fromkeys(decision.finding_ids):
            self._set(finding_id, tuple(n for n in self.judged[finding_id] if n != number))
        del self.decisions[number]

    def _set(self, finding_id: str, numbers: tuple[int, ...]) -> None:
        before, after = self._stands_on(self.judged.get(finding_id, ())), self._stands_on(numbers)
        if numbers:
            self.judged[finding_id] = numbers
        else:
            self.judged.pop(finding_id, None)
        if before == after:
            return
        for number, change in ((before, -1), (after, 1)):
            if number is not None:
                self.touched[number] = self.decisions[number]
                count = self.held.pop(number, 0) + change
                if count:
                    self.held[number] = count

    def _stands_on(self, numbers: tuple[int, ...]) -> int | None:
        first: int | None = None
        said: tuple[VerdictLabel, str] | None = None
        for number in reversed(numbers):
            decision = self.decisions[number]
            says = (decision.label, decision.category)
            if said not in (None, says):
                break
            first, said = number, says
        return first

    def result(self) -> Distiller:
        lessons: Counter[Lesson] = Counter()
        evidence = dict(self.start.evidence)
        added: dict[_Key, set[int]] = {}
        removed: dict[_Key, set[int]] = {}
        for number, decision in self.touched.items():
            counted, counts = number in self.start.held, number in self.held
            lesson = lesson_of(decision)
            if lesson is None or counted == counts:
                continue
            lessons[lesson] += 1 if counts else -1
            pattern = pattern_of(lesson.path)
            for states in (pattern, *parts_of(pattern)):
                key = (lesson.detector_name, lesson.outcome, states, states == pattern)
                (added if counts else removed).setdefault(key, set()).add(number)
        for key in added.keys() | removed.keys():
            numbers = {*evidence.get(key, ()), *added.get(key, ())} - removed.get(key, set())
            if numbers:
                evidence[key] = tuple(sorted(numbers))
            else:
                evidence.pop(key, None)
        machine = self.start.machine.changed(lessons, number=self.number)
        return Distiller(machine, self.decisions, self.judged, self.held, evidence)
