"""Adding entries of the log to a Distiller."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Generic, TypeVar

from deepaid_core.distiller.evidence import Changes, Evidence
from deepaid_core.distiller.machine import Machine, Outcome
from deepaid_core.distiller.tables import Table
from deepaid_core.domain.distiller_settings import DistillerSettings, settings_after
from deepaid_core.domain.log import LogEntry, NewLessons, NewRestore, NewSetting, NewUndo
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel

if TYPE_CHECKING:
    from deepaid_core.distiller.distiller import Distiller

__all__ = ["TEACHING", "folded"]

TEACHING: Final = (VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE)
"""The labels that teach the machine."""

_Decided = TypeVar("_Decided")


def folded(start: "Distiller", entries: Iterable[LogEntry]) -> "Distiller":
    """The Distiller after further entries of the log, oldest first.

    Raises:
        InvalidParameterError: An entry names no setting, or no value of it.
    """
    fold = _Fold(start)
    fold.read(entries)
    return fold.result()


class _Draft(Generic[_Decided]):
    """A table of entries by number, and what this fold puts in or takes out."""

    def __init__(self, start: Table[int, _Decided]) -> None:
        self.start = start
        self.changes: dict[int, _Decided | None] = {}

    def get(self, number: int) -> _Decided | None:
        return self.changes[number] if number in self.changes else self.start.get(number)

    def put(self, number: int, entry: _Decided) -> None:
        if number in self.start:
            del self.changes[number]
        else:
            self.changes[number] = entry

    def take(self, number: int) -> None:
        if number in self.start:
            self.changes[number] = None
        else:
            del self.changes[number]

    def result(self) -> Table[int, _Decided]:
        return self.start.changed(self.changes)


class _Fold:
    """A Distiller while entries are added to it.

    First it is settled which entries are in force, then what follows for those that came or went:
    an entry is looked at once, however often it was taken back and restored in between.
    """

    def __init__(self, start: "Distiller") -> None:
        self.start = start
        self.number = start.machine.number
        self.verdicts = _Draft(start.decisions)
        self.others = _Draft(start.others)
        self.taken_back = _Draft(start.taken_back)
        # How many findings more or fewer of a decision stand on another one.
        self.left: dict[int, int] = {}
        # By detector, label and category.
        self.changes: dict[tuple[str, VerdictLabel, str], Changes] = {}

    def read(self, entries: Iterable[LogEntry]) -> None:
        """Settle which entries are in force."""
        verdicts, others = self.verdicts.changes, self.others.changes
        for line in entries:
            entry, self.number = line.entry, line.number
            if isinstance(entry, NewVerdict):
                verdicts[line.number] = entry
            elif isinstance(entry, NewUndo):
                self._take_back(entry.entry_number)
            elif isinstance(entry, NewRestore):
                self._restore(entry.entry_number)
            else:
                others[line.number] = entry

    def result(self) -> "Distiller":
        """The Distiller that follows."""
        judged = self._judge()
        self._teach_verdicts()
        self._teach_lessons()
        left = {number: self._left(number) or None for number in self.left}
        others = self.others.result()
        return replace(
            self.start,
            machine=self._machine(),
            decisions=self.verdicts.result(),
            judged=self.start.judged.changed(judged),
            left=self.start.left.changed(left),
            others=others,
            settings=self._settings(others),
            evidence=self._evidence(),
            taken_back=self.taken_back.result(),
        )

    def _take_back(self, number: int) -> None:
        verdict, other = self.verdicts.get(number), self.others.get(number)
        if verdict is not None:
            self.verdicts.take(number)
            self.taken_back.put(number, verdict)
        elif other is not None:
            self.others.take(number)
            self.taken_back.put(number, other)

    def _restore(self, number: int) -> None:
        entry = self.taken_back.get(number)
        if entry is None:
            return
        self.taken_back.take(number)
        if isinstance(entry, NewVerdict):
            self.verdicts.put(number, entry)
        else:
            self.others.put(number, entry)

    def _judge(self) -> dict[str, tuple[int, ...] | None]:
        """Decisions of each finding whose decisions changed; notes which findings stand where."""
        # A number, or a list once a finding has several.
        moves: dict[str, int | list[int]] = {}
        for number, decision in self.verdicts.changes.items():
            ids = (decision or self.start.decisions[number]).finding_ids
            for finding_id in ids if len(ids) == 1 else dict.fromkeys(ids):
                known = moves.setdefault(finding_id, number)
                if known is number:
                    continue
                if isinstance(known, list):
                    known.append(number)
                else:
                    moves[finding_id] = [known, number]
        judged: dict[str, tuple[int, ...] | None] = {}
        in_force = self.verdicts.changes
        was_judged = self.start.judged
        for finding_id, numbers in moves.items():
            before = was_judged.get(finding_id, ()) if was_judged else ()
            if not before and isinstance(numbers, int):
                judged[finding_id] = (numbers,)
                continue
            moved = [numbers] if isinstance(numbers, int) else numbers
            gone = {number for number in moved if in_force[number] is None}
            after = tuple(sorted({*before, *moved} - gone))
            judged[finding_id] = after or None
            self._note_left(before, -1)
            self._note_left(after, 1)
        return judged

    def _note_left(self, numbers: tuple[int, ...], change: int) -> None:
        if len(numbers) < 2:
            return
        decisions = [self._decision(number) for number in numbers]
        stands = len(numbers) - 1
        said = (decisions[stands].label, decisions[stands].category)
        while stands and (decisions[stands - 1].label, decisions[stands - 1].category) == said:
            stands -= 1
        for place, number in enumerate(numbers):
            if place != stands:
                self.left[number] = self.left.get(number, 0) + change

    def _decision(self, number: int) -> NewVerdict:
        # Also one that this fold took back: its findings are left by it.
        return self.verdicts.changes.get(number) or self.start.decisions[number]

    def _left(self, number: int) -> int:
        more = self.left.get(number, 0)
        return self.start.left.get(number, 0) + more if self.start.left else more

    def _teach_verdicts(self) -> None:
        start, changes = self.start.decisions, self.verdicts.changes
        for number, entry in changes.items():
            if entry is not None:
                self._weigh(number, entry, before=False, now=True)
            else:
                self._weigh(number, start[number], before=True, now=False)
        for number in self.left.keys() - changes.keys():
            self._weigh(number, start[number], before=True, now=True)

    def _weigh(self, number: int, decision: NewVerdict, *, before: bool, now: bool) -> None:
        """Let a decision teach or cease to, which was in force before, is now, or both."""
        if decision.label not in TEACHING or not decision.path:
            return
        ids = decision.finding_ids
        findings = len(ids) if len(ids) < 2 else len(set(ids))
        counted = before and findings > self.start.left.get(number, 0)
        counts = now and findings > self._left(number)
        if counts != counted:
            outcome = (decision.detector_name, decision.label, decision.category)
            self._note(number, outcome, decision.path, 1 if counts else -1)

    def _teach_lessons(self) -> None:
        for number, entry in self.others.changes.items():
            lessons = entry or self.start.others[number]
            if isinstance(lessons, NewLessons):
                for one in lessons.lessons:
                    if one.label in TEACHING and one.path and one.count > 0:
                        outcome = (one.detector_name, one.label, one.category)
                        count = one.count if entry is not None else -one.count
                        self._note(number, outcome, one.path, count)

    def _note(
        self, number: int, outcome: tuple[str, VerdictLabel, str], path: tuple[str, ...], count: int
    ) -> None:
        changes = self.changes.get(outcome)
        if changes is None:
            changes = self.changes[outcome] = Changes()
        changes.note(number, path, count)

    def _machine(self) -> Machine:
        lessons = {
            (detector_name, Outcome(label, category)): changes.lessons
            for (detector_name, label, category), changes in self.changes.items()
        }
        return self.start.machine.taught(lessons, number=self.number)

    def _evidence(self) -> Mapping[tuple[str, Outcome], Evidence]:
        evidence = dict(self.start.evidence)
        for (detector_name, label, category), changes in self.changes.items():
            key = (detector_name, Outcome(label, category))
            evidence[key] = evidence.get(key, Evidence()).changed(changes)
            if not evidence[key].patterns:
                del evidence[key]
        return evidence

    def _settings(
        self, others: Table[int, NewSuppression | NewSetting | NewLessons]
    ) -> DistillerSettings:
        touched = (
            entry or self.start.others[number] for number, entry in self.others.changes.items()
        )
        if not any(isinstance(entry, NewSetting) for entry in touched):
            return self.start.settings
        entries = [others[number] for number in sorted(others)]
        return settings_after(entry for entry in entries if isinstance(entry, NewSetting))
