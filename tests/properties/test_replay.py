"""Replaying, undoing, suggesting and exchanging, for any log and any text."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.distiller.distiller import Distiller, lesson_of
from deepaid_core.distiller.exchange import (
    from_graphml,
    from_json,
    lessons_of,
    to_graphml,
    to_json,
)
from deepaid_core.distiller.machine import Lesson, Machine, Outcome
from deepaid_core.domain.distiller_settings import READINGS, settings_after
from deepaid_core.domain.log import (
    LogEntry,
    NewLessons,
    NewRestore,
    NewSetting,
    NewUndo,
    TaughtPath,
)
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from tests.histories import (
    FINDINGS,
    brisk,
    in_force,
    logs,
    new_settings,
    paths,
    suppressions,
    verdicts,
)


def expected(log: list[LogEntry]) -> Machine:
    """The same rule written down naively: look at each finding after the fact."""
    held = in_force(log)
    decisions = {n: entry for n, entry in held.items() if isinstance(entry, NewVerdict)}
    counting = set()
    for finding in FINDINGS:
        mine = [n for n, decision in decisions.items() if finding in decision.finding_ids]
        while len(mine) > 1 and (
            decisions[mine[-1]].label,
            decisions[mine[-1]].category,
        ) == (decisions[mine[-2]].label, decisions[mine[-2]].category):
            mine.pop()
        counting.update(mine[-1:])
    taught = [lesson_of(decisions[number]) for number in counting]
    imported = [
        Lesson(one.detector_name, one.path, Outcome(one.label, one.category))
        for entry in held.values()
        if isinstance(entry, NewLessons)
        for one in entry.lessons
        for _ in range(one.count)
    ]
    return Machine.of([*(lesson for lesson in taught if lesson is not None), *imported])


@brisk
@given(logs(), st.lists(st.integers(0, 12), max_size=4))
def test_replay_equals_step_by_step(log, cuts):
    whole = Distiller.replay(log)
    steps = Distiller()
    for entry in log:
        steps = steps.after([entry])
    assert steps == whole
    assert steps.machine.digest() == whole.machine.digest()
    assert steps.machine.number == whole.machine.number == len(log)
    pieces = Distiller()
    for start, end in pairwise(sorted({0, len(log), *(cut for cut in cuts if cut < len(log))})):
        pieces = pieces.after(log[start:end])
    assert pieces == whole
    assert pieces.taken_back == steps.taken_back == whole.taken_back


@brisk
@given(logs())
def test_the_fold_counts_what_each_finding_last_said(log):
    assert Distiller.replay(log).machine == expected(log)
    assert Distiller.replay(log).machine.digest() == expected(log).digest()


@brisk
@given(logs())
def test_every_entry_in_force_is_at_hand_and_the_last_setting_of_a_name_holds(log):
    distiller, held = Distiller.replay(log), in_force(log)
    assert {**distiller.decisions, **distiller.others} == held
    assert distiller.settings == settings_after(
        entry for entry in held.values() if isinstance(entry, NewSetting)
    )
    fallen = {
        line.number
        for line in log
        if line.number not in held and not isinstance(line.entry, NewUndo | NewRestore)
    }
    assert distiller.taken_back.keys() == fallen


@brisk
@given(logs(), st.one_of(new_settings, suppressions))
def test_settings_and_suppressions_teach_nothing(log, entry):
    before = Distiller.replay(log)
    after = before.after([LogEntry(len(log) + 1, 0.0, entry)])
    assert after.machine == before.machine
    assert after.machine.digest() == before.machine.digest()
    assert after.machine.number == len(log) + 1


@brisk
@given(logs(), st.data())
def test_undo_restores_the_machine_as_if_the_entry_had_not_been_written(log, data):
    distiller = Distiller.replay(log)
    if not (held := sorted(in_force(log))):
        return
    target = data.draw(st.sampled_from(held))
    undone = distiller.after([LogEntry(len(log) + 1, 0.0, NewUndo(target, "ana"))])
    without = Distiller.replay(entry for entry in log if entry.number != target)
    assert undone == without
    assert undone.machine.digest() == without.machine.digest()


@brisk
@given(logs(), st.data())
def test_undo_and_restore_give_back_what_was(log, data):
    distiller = Distiller.replay(log)
    if not (held := sorted(in_force(log))):
        return
    targets = data.draw(st.lists(st.sampled_from(held), min_size=1, unique=True))
    back = data.draw(st.permutations(targets))
    toggles = [*(NewUndo(n, "ana") for n in targets), *(NewRestore(n, "ana") for n in back)]
    lines = [LogEntry(number, 0.0, one) for number, one in enumerate(toggles, len(log) + 1)]
    assert distiller.after(lines) == distiller
    half = distiller.after(lines[: len(targets)])
    assert half.after(lines[len(targets) :]) == distiller
    assert half.after(lines[len(targets) :]).machine.digest() == distiller.machine.digest()
    assert half.machine == expected(log + lines[: len(targets)])


@brisk
@given(logs())
def test_undoing_what_is_not_in_force_and_restoring_what_is_change_nothing(log):
    distiller, held = Distiller.replay(log), in_force(log)
    lines = [
        LogEntry(len(log) + number, 0.0, (NewRestore if number in held else NewUndo)(number, "ana"))
        for number in range(1, len(log) + 3)
    ]
    assert distiller.after(lines) == distiller


@brisk
@given(st.lists(verdicts, max_size=8).flatmap(lambda v: st.tuples(st.just(v), st.permutations(v))))
def test_the_order_of_verdicts_on_different_findings_does_not_matter(orders):
    first, second = (
        Distiller.replay(
            LogEntry(
                number, 0.0, replace(decision, finding_ids=(f"F-{orders[0].index(decision)}",))
            )
            for number, decision in enumerate(order, 1)
        )
        for order in orders
    )
    assert first.machine == second.machine
    assert first.machine.digest() == second.machine.digest()


@brisk
@given(logs(), st.sampled_from([(to_json, from_json), (to_graphml, from_graphml)]))
def test_what_is_exported_and_imported_into_nothing_is_the_same_machine(log, formats):
    write, read = formats
    machine = Distiller.replay(log).machine
    text = write(lessons_of(machine))
    lessons = read(text.encode("ascii" if write is to_json else "utf-8"))
    entry = NewLessons(lessons, "lessons.json", "0", "ana")
    taught = Distiller.replay([LogEntry(1, 0.0, entry)])
    assert taught.machine == machine
    assert taught.machine.digest() == machine.digest()
    assert write(lessons_of(taught.machine)) == text
    assert write(reversed(lessons)) == text
    undone = taught.after([LogEntry(2, 0.0, NewUndo(1, "ana"))])
    assert undone == Distiller()


@brisk
@given(logs(), paths, st.sampled_from(READINGS))
def test_probabilities_sum_to_one_or_the_path_is_unknown(log, path, reading):
    suggestion = Distiller.replay(log).suggest("packets", path, reading=reading)
    assert 0.0 <= suggestion.confidence <= 1.0
    if suggestion.known:
        assert sum(share for _, share in suggestion.alternatives) == pytest.approx(1.0)
        assert suggestion.alternatives[0][0] == suggestion.category
        assert suggestion.support >= 1
        assert suggestion.confidence > 0
    else:
        assert (suggestion.category, suggestion.label) == (None, None)
        assert suggestion.alternatives == suggestion.verdict_numbers == ()


@brisk
@given(logs(), paths)
def test_the_quick_answer_whether_a_path_is_known_is_the_real_one(log, path):
    distiller = Distiller.replay(log)
    assert distiller.knows("packets", path) is distiller.suggest("packets", path).known


@brisk
@given(logs())
def test_a_path_of_states_never_taught_is_unknown(log):
    distiller = Distiller.replay(log)
    for path in (("new",), ("new", "newer"), ("new", "newer", "newest")):
        assert not distiller.suggest("packets", path).known


@brisk
@given(logs(), paths)
def test_every_suggestion_cites_verdicts_that_say_what_it_says(log, path):
    distiller = Distiller.replay(log)
    suggestion = distiller.suggest("packets", path)
    if suggestion.known:
        assert suggestion.verdict_numbers
    counts = 0
    for number in suggestion.verdict_numbers:
        said = cited(distiller, number)
        counts += sum(
            one.count
            for one in said
            if (one.detector_name, one.label, one.category)
            == ("packets", suggestion.label, suggestion.category)
            and set(one.path) & set(path)
        )
        assert counts
    # No log here is so long that the newest alone are cited.
    assert counts >= suggestion.support
    if not distiller.others:
        assert len(suggestion.verdict_numbers) == suggestion.support
    assert list(suggestion.verdict_numbers) == sorted(suggestion.verdict_numbers, reverse=True)


def cited(distiller: Distiller, number: int) -> tuple[TaughtPath, ...]:
    """What an entry in force teaches."""
    decision = distiller.decisions.get(number)
    if decision is None:
        return distiller.others[number].lessons
    return (
        TaughtPath(decision.detector_name, decision.label, decision.category, decision.path, 1),
    )


@brisk
@given(st.lists(st.sampled_from(FINDINGS), min_size=1, unique=True), paths)
def test_a_verdict_on_many_findings_counts_once(findings, path):
    decision = NewVerdict(
        VerdictLabel.FALSE_POSITIVE,
        "x",
        "",
        "ana",
        "pattern",
        "packets",
        "P-1",
        path,
        tuple(findings),
    )
    distiller = Distiller.replay([LogEntry(1, 0.0, decision)])
    assert distiller.machine.verdicts == 1
    assert distiller.suggest("packets", path).support == 1
