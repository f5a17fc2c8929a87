"""Everything that happened to a finding or a case, from both logs, in words."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Final

from deepaid_core.domain.actions import ActionLine
from deepaid_core.domain.log import LogEntry, NewRestore, NewUndo
from deepaid_core.domain.queries import FindingRow
from deepaid_core.domain.suppression import Suppression
from deepaid_core.domain.verdict import NewVerdict, Verdict
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten, visible
from deepaid_core.workflow import distill
from deepaid_core.workflow.activity_words import ActivityLine, case_line, finding_line
from deepaid_core.workflow.precedent import touching
from deepaid_core.workspace import Workspace

__all__ = ["ActivityLine", "of_case", "of_finding"]

_MOST: Final = 10_000
_OPEN: Final = "open"
_LONGEST: Final = 120


def of_finding(workspace: Workspace, finding_id: str) -> tuple[ActivityLine, ...]:
    """What happened to a finding since it was flagged, oldest first.

    Verdicts that were taken back, withdrawn notes and suppressions that ended are part of it.

    Raises:
        NotFoundError: The id is unknown.
    """
    row = workspace.store.row(finding_id)
    verdicts = workspace.store.verdicts(finding_id=finding_id, limit=_MOST)
    suppressions = touching(workspace, row, all_of_them=True)
    judged, held = ({one.number for one in found} for found in (verdicts, suppressions))
    return _in_order(
        chain(
            _flagged(workspace, row),
            _standing(verdicts, _toggles(workspace, judged)),
            _suppressed(suppressions, _toggles(workspace, held)),
            (finding_line(line, finding_id) for line in _actions(workspace, finding_id)),
        )
    )


def of_case(workspace: Workspace, number: int) -> tuple[ActivityLine, ...]:
    """What happened to a case and what was decided on its findings, oldest first.

    Raises:
        NotFoundError: There is no such case.
    """
    case = workspace.store.desk.case(number)
    held = frozenset(case.finding_ids)
    verdicts = workspace.store.verdicts(case_number=number, limit=_MOST)
    toggles = _toggles(workspace, {one.number for one in verdicts})
    desk = workspace.store.desk
    actions = _merged(
        desk.actions(case_number=number, limit=_MOST), desk.actions(subject=case.id, limit=_MOST)
    )
    return _in_order(
        chain(
            (_decided(one, held) for one in verdicts),
            (_taken_back(line) for line in toggles),
            map(case_line, actions),
        )
    )


def _in_order(lines: Iterable[ActivityLine]) -> tuple[ActivityLine, ...]:
    return tuple(sorted(lines, key=lambda line: (line.time, line.log, line.number)))


def _merged(*found: Sequence[ActionLine]) -> Iterable[ActionLine]:
    return {line.number: line for line in chain.from_iterable(found)}.values()


def _actions(workspace: Workspace, finding_id: str) -> Iterable[ActionLine]:
    desk = workspace.store.desk
    return _merged(
        desk.actions(finding_id=finding_id, limit=_MOST),
        desk.actions(subject=finding_id, limit=_MOST),
    )


def _toggles(workspace: Workspace, numbers: Collection[int]) -> tuple[LogEntry, ...]:
    """Undos and restores of some entries, oldest first."""
    known = distill.ledger(workspace).toggles
    wanted = [number for number, entry in known if entry.entry_number in numbers]
    return tuple(
        line for number in wanted for line in workspace.store.log(after=number - 1, until=number)
    )


def _flagged(workspace: Workspace, row: FindingRow) -> Iterator[ActivityLine]:
    runs = [
        run
        for run in workspace.store.runs()
        if run.detector_id == row.detector_id and run.source_name == row.source_name
    ]
    if not runs:
        return
    name, source = (
        visible(shorten(text, _LONGEST)) for text in (row.detector_name, row.source_name)
    )
    yield ActivityLine(
        time=min(run.finished_time for run in runs),
        author="",
        kind="detection",
        text=f"The detector {name} ({row.detector_id}) flagged it in {source}",
        after=_OPEN,
    )


def _says(verdict: NewVerdict) -> str:
    category = visible(shorten(verdict.category, _LONGEST))
    return f"{verdict.label.value}: {category}" if category else verdict.label.value


def _verdict(one: Verdict, text: str) -> ActivityLine:
    decision = one.decision
    return ActivityLine(
        time=one.time,
        author=decision.author,
        kind="verdict",
        text=text,
        words=decision.reason,
        log="decisions",
        number=one.number,
        undone_by=one.undone_by,
    )


def _standing(verdicts: Sequence[Verdict], toggles: Sequence[LogEntry]) -> Iterator[ActivityLine]:
    """Verdicts and what took them back or restored them, each with what stood before and after."""
    decisions = {one.number: one for one in verdicts}
    changes: list[Verdict | LogEntry] = [*verdicts, *toggles]
    in_force: set[int] = set()

    def stands() -> str:
        return _says(decisions[max(in_force)].decision) if in_force else _OPEN

    for one in sorted(changes, key=lambda change: change.number):
        before = stands()
        if isinstance(one, Verdict):
            in_force.add(one.number)
            line = _verdict(one, f"Judged it {_says(one.decision)}{_along(one.decision)}")
        else:
            if isinstance(one.entry, NewRestore):
                in_force.add(_target(one))
            else:
                in_force.discard(_target(one))
            line = _taken_back(one)
        yield replace(line, before=before, after=stands())


def _along(verdict: NewVerdict) -> str:
    others = len(verdict.finding_ids) - 1
    if verdict.scope == "pattern":
        return f", with all of pattern {verdict.pattern_id}" + (
            f" ({format_count(others, 'other finding')})" if others else ""
        )
    return f", with {format_count(others, 'other finding')}" if others else ""


def _decided(one: Verdict, held: Collection[str]) -> ActivityLine:
    inside = sum(finding_id in held for finding_id in one.decision.finding_ids)
    text = f"Judged {format_count(inside, 'finding')} of the case {_says(one.decision)}"
    return replace(_verdict(one, text), after=_says(one.decision))


def _target(line: LogEntry) -> int:
    return line.entry.entry_number if isinstance(line.entry, NewUndo | NewRestore) else 0


def _taken_back(line: LogEntry, what: str = "verdict") -> ActivityLine:
    restored = isinstance(line.entry, NewRestore)
    name = f"S-{_target(line)}" if what == "suppression" else f"{what} {_target(line)}"
    return ActivityLine(
        time=line.time,
        author=line.entry.author,
        kind="restore" if restored else "undo",
        text=f"Put {name} into force again" if restored else f"Took back {name}",
        words=line.entry.reason,
        log="decisions",
        number=line.number,
    )


def _suppressed(
    suppressions: Sequence[Suppression], toggles: Sequence[LogEntry]
) -> Iterator[ActivityLine]:
    for one in suppressions:
        category = visible(shorten(one.decision.category, _LONGEST))
        yield ActivityLine(
            time=one.time,
            author=one.decision.author,
            kind="suppression",
            text=f"Wrote suppression {one.id} ({category}), whose scope covers it",
            words=one.decision.reason,
            log="decisions",
            number=one.number,
            undone_by=one.undone_by,
        )
    for line in toggles:
        yield _taken_back(line, "suppression")
