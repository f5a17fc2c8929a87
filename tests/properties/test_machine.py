"""Counting and forgetting, for any history and any text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.distiller.machine import Machine
from deepaid_core.errors import InvalidParameterError
from tests.histories import brisk, histories, lessons


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
