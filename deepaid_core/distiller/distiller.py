"""The Distiller: a fold over the log of decisions, and what it suggests for a path."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from deepaid_core.distiller.evidence import Evidence
from deepaid_core.distiller.explanation import PathExplanation, explained
from deepaid_core.distiller.fold import TEACHING, folded
from deepaid_core.distiller.machine import Lesson, Machine, Outcome
from deepaid_core.distiller.reading import read
from deepaid_core.distiller.suggestion import CITED, Suggestion, reason_of, unknown
from deepaid_core.distiller.tables import Table
from deepaid_core.domain.distiller_settings import DistillerSettings, Reading
from deepaid_core.domain.finding import pattern_of
from deepaid_core.domain.log import LogEntry, NewLessons, NewSetting
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import NewVerdict

__all__ = ["Distiller", "lesson_of"]


def lesson_of(decision: NewVerdict) -> Lesson | None:
    """What a decision teaches; None for benign positives and undetermined ones."""
    if decision.label not in TEACHING or not decision.path:
        return None
    outcome = Outcome(decision.label, decision.category)
    return Lesson(decision.detector_name, decision.path, outcome)


@dataclass(frozen=True, slots=True)
class Distiller:
    """All that the log says up to one entry; every further entry gives a new Distiller.

    A decision counts while a finding stands on it: it is in force, and it is the first of the
    latest agreeing decisions on at least one of its findings. So judging a finding anew replaces
    what its former verdict taught, and repeating a verdict adds nothing. Imported lessons count
    while their import is in force. Suppressions change nothing but the number.

    Attributes:
        machine: What the decisions that count have taught.
        decisions: Verdicts in force, by number.
        judged: Their numbers by finding, oldest first.
        left: For decisions that findings no longer stand on, how many of theirs.
        others: Suppressions, settings and imports in force, by number.
        settings: What the settings in force make.
        evidence: Numbers of the entries that count, by detector and outcome.
        taken_back: Entries that are not in force, by number; two Distillers are equal that differ
            in nothing else.
    """

    machine: Machine = field(default_factory=Machine)
    decisions: Table[int, NewVerdict] = field(default_factory=Table)
    judged: Table[str, tuple[int, ...]] = field(default_factory=Table)
    left: Table[int, int] = field(default_factory=Table)
    others: Table[int, NewSuppression | NewSetting | NewLessons] = field(default_factory=Table)
    settings: DistillerSettings = field(default_factory=DistillerSettings)
    evidence: Mapping[tuple[str, Outcome], Evidence] = field(default_factory=dict)
    taken_back: Table[int, NewVerdict | NewSuppression | NewSetting | NewLessons] = field(
        default_factory=Table, compare=False
    )

    @classmethod
    def replay(cls, log: Iterable[LogEntry]) -> "Distiller":
        """The Distiller after a whole log, oldest entry first.

        Raises:
            InvalidParameterError: An entry names no setting, or no value of it.
        """
        return cls().after(log)

    def after(self, entries: Iterable[LogEntry]) -> "Distiller":
        """The Distiller after further entries of the log; this one stays as it is.

        Raises:
            InvalidParameterError: An entry names no setting, or no value of it.
        """
        return folded(self, entries)

    def knows(self, detector_name: str, path: tuple[str, ...]) -> bool:
        """Whether there is a suggestion for a path; quicker than making it."""
        reading = self.settings.reading
        return bool(read(self.machine, detector_name, path=path, reading=reading).probabilities)

    def suggest(
        self, detector_name: str, path: tuple[str, ...], *, reading: Reading | None = None
    ) -> Suggestion:
        """What the verdicts so far say of a path, or that it is unknown.

        Args:
            detector_name: Detector that found it.
            path: States, strongest first.
            reading: How the machine is read; None for what the settings say.
        """
        reading = reading or self.settings.reading
        answer = read(self.machine, detector_name, path=path, reading=reading)
        if not answer.probabilities:
            return unknown(answer, reading)
        outcome = answer.probabilities[0][0]
        return Suggestion(
            category=outcome.category,
            label=outcome.label,
            confidence=answer.confidence,
            support=answer.support[outcome],
            known=True,
            reason=reason_of(answer, reading),
            alternatives=tuple((o.category, share) for o, share in answer.probabilities),
            verdict_numbers=self._cited(detector_name, outcome, path, reading),
        )

    def explain(self, detector_name: str, path: tuple[str, ...]) -> PathExplanation:
        """What was counted on each transition of a path, by outcome."""
        return explained(self.machine, detector_name, path)

    def _cited(
        self, detector_name: str, outcome: Outcome, path: tuple[str, ...], reading: Reading
    ) -> tuple[int, ...]:
        evidence = self.evidence.get((detector_name, outcome), Evidence())
        if reading == "paper":
            return evidence.ending(path[-1], CITED)
        return evidence.near(pattern_of(path), CITED)
