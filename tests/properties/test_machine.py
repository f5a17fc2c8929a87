"""Counting, forgetting and replaying, for any history and any text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.distiller.distiller import Distiller, lesson_of
from deepaid_core.distiller.machine import Lesson, Machine, Outcome
from deepaid_core.domain.distiller_settings import READINGS
from deepaid_core.domain.log import LogEntry, NewUndo
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.errors import InvalidParameterError

# Machines of other people are slow at times; a property is not about time.
brisk = settings(max_examples=60, deadline=None)

HOSTILE = [
    "",
    "<script>alert(1)</script>",
    'a"b',
    "a\nb",
    "\0",
    "\u202eabc",
    "\ud800",
    "a:up:1",
    "[]",
]
states = st.one_of(st.sampled_from(["a", "b", "c", "d", "e"]), st.sampled_from(HOSTILE))
paths = st.lists(states, min_size=1, max_size=4).map(tuple)
outcomes = st.builds(
    Outcome,
    st.sampled_from([VerdictLabel.TRUE_POSITIVE, VerdictLabel.FALSE_POSITIVE]),
    st.sampled_from(["port-scan", "backup-job", *HOSTILE]),
)
lessons = st.builds(Lesson, st.sampled_from(["packets", "logins"]), paths, outcomes)
histories = st.lists(lessons, max_size=12)


@st.composite
def logs(draw) -> list[LogEntry]:
    """Verdicts on few findings, so that they meet, and undos of verdicts that are in force."""
    log: list[LogEntry] = []
    standing: list[int] = []
    for number in range(1, draw(st.integers(0, 12)) + 1):
        if standing and draw(st.booleans()):
            target = standing.pop(draw(st.integers(0, len(standing) - 1)))
            log.append(LogEntry(number, 0.0, NewUndo(target, "ana")))
            continue
        findings = draw(st.lists(st.sampled_from("123456"), min_size=1, max_size=3, unique=True))
        decision = NewVerdict(
            label=draw(st.sampled_from(list(VerdictLabel))),
            category=draw(st.sampled_from(["x", "y"])),
            reason="",
            author="ana",
            scope="selection",
            detector_name="packets",
            pattern_id="P-1",
            path=draw(paths),
            finding_ids=tuple(findings),
        )
        log.append(LogEntry(number, 0.0, decision))
        standing.append(number)
    return log


def expected(log: list[LogEntry]) -> Machine:
    """The same rule written down naively: look at each finding after the fact."""
    undone = {e.entry.entry_number for e in log if isinstance(e.entry, NewUndo)}
    decisions = {
        e.number: e.entry for e in log if isinstance(e.entry, NewVerdict) and e.number not in undone
    }
    counting = set()
    for finding in "123456":
        mine = [n for n, decision in decisions.items() if finding in decision.finding_ids]
        while len(mine) > 1 and (
            decisions[mine[-1]].label,
            decisions[mine[-1]].category,
        ) == (decisions[mine[-2]].label, decisions[mine[-2]].category):
            mine.pop()
        counting.update(mine[-1:])
    taught = [lesson_of(decisions[number]) for number in counting]
    return Machine.of(lesson for lesson in taught if lesson is not None)


@brisk
@given(histories, lessons)
def test_forget_undoes_learn_bit_for_bit(history, last):
    machine = Machine.of(history)
    before = machine.digest()
    after = machine.learn(last)
    assert after != machine
    assert after.digest() != before
    assert after.forget(last) == machine
    assert after.forget(last).digest() == before == machine.digest()


@brisk
@given(histories)
def test_forgetting_everything_leaves_nothing(history):
    machine = Machine.of(history)
    for lesson in history:
        machine = machine.forget(lesson)
    assert machine.chains == {}
    assert machine.digest() == Machine().digest()


@brisk
@given(histories.flatmap(lambda h: st.tuples(st.just(h), st.permutations(h))))
def test_the_order_of_lessons_does_not_matter(orders):
    first, second = (Machine.of(order) for order in orders)
    assert first == second
    assert first.digest() == second.digest()


@brisk
@given(histories)
def test_learning_step_by_step_equals_learning_at_once(history):
    machine = Machine()
    for lesson in history:
        machine = machine.learn(lesson)
    assert machine == Machine.of(history)


@brisk
@given(histories)
def test_no_count_is_zero_and_every_state_is_left_as_often_as_it_is_entered(history):
    for chain in Machine.of(history).chains.values():
        for table in (chain.steps, chain.visits, chain.patterns, chain.parts):
            assert all(count > 0 for count in table.values())
        for state, visits in chain.visits.items():
            assert visits == sum(n for (_, target), n in chain.steps.items() if target == state)
            assert visits == sum(n for (source, _), n in chain.steps.items() if source == state)
        starts = sum(n for (source, _), n in chain.steps.items() if source is None)
        ends = sum(n for (_, target), n in chain.steps.items() if target is None)
        assert starts == ends == chain.verdicts


@brisk
@given(histories, lessons)
def test_what_was_not_learned_cannot_be_forgotten(history, other):
    machine = Machine.of(one for one in history if one.detector_name != other.detector_name)
    with pytest.raises(InvalidParameterError, match="replay the log"):
        machine.forget(other)


@brisk
@given(logs())
def test_replay_equals_step_by_step(log):
    whole = Distiller.replay(log)
    steps = Distiller()
    for entry in log:
        steps = steps.after([entry])
    assert steps == whole
    assert steps.machine.digest() == whole.machine.digest()
    assert steps.machine.number == whole.machine.number == len(log)


@brisk
@given(logs())
def test_the_fold_counts_what_each_finding_last_said(log):
    assert Distiller.replay(log).machine.digest() == expected(log).digest()


@brisk
@given(logs(), st.data())
def test_undo_restores_the_machine_as_if_the_verdict_had_not_been_given(log, data):
    distiller = Distiller.replay(log)
    open_verdicts = sorted(distiller.decisions)
    if not open_verdicts:
        return
    target = data.draw(st.sampled_from(open_verdicts))
    undone = distiller.after([LogEntry(len(log) + 1, 0.0, NewUndo(target, "ana"))])
    without = Distiller.replay(entry for entry in log if entry.number != target)
    assert undone == without
    assert undone.machine.digest() == without.machine.digest()


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
    assert len(suggestion.verdict_numbers) == min(suggestion.support, 50)
    for number in suggestion.verdict_numbers:
        decision = distiller.decisions[number]
        assert (decision.label, decision.category) == (suggestion.label, suggestion.category)
        assert len(set(decision.path) & set(path)) >= min(1, len(path))


@brisk
@given(st.lists(st.sampled_from("123456"), min_size=1, unique=True), paths)
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
