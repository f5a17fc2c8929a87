import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.distiller.sequence_states import SYMBOLIZER, describe, states_of
from deepaid_core.distiller.states import NO_DEVIATION
from deepaid_core.distiller.symbolizers import describe_state, path_of
from deepaid_core.domain.interpretation import Cell, Deviation, Diagnostics, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.errors import InvalidParameterError

TEXTS = st.text(max_size=30)


def deviation(position=-3, observed="seen", reference="wanted", *, weight=1.0):
    name = f"position:{position}"
    cell = Cell(name, name, "", observed, reference)
    return Deviation(name, name, "changed", 1.0, weight, (cell,))


def interpretation(*deviations):
    return Interpretation(
        "key-substitution",
        deviations,
        (),
        (),
        Diagnostics(2.0, 0.0, -0.9, True, 10, len(deviations), 50.0, (), 0),
        Modality.SEQUENCE,
    )


def test_a_state_names_position_and_both_templates():
    assert states_of(interpretation(deviation())) == ('["sequence-1",-3,"seen","wanted"]',)


def test_the_strongest_changes_come_first_and_no_more_than_asked_for():
    many = [deviation(-i, weight=w) for i, w in enumerate((0.1, 0.4, 0.2, 0.3))]
    assert [json.loads(s)[1] for s in states_of(interpretation(*many))] == [-1, -3, -2]
    assert len(states_of(interpretation(*many), limit=1)) == 1
    with pytest.raises(InvalidParameterError):
        states_of(interpretation(), limit=0)


def test_no_deviation_is_a_state_of_its_own():
    assert states_of(interpretation()) == (NO_DEVIATION,)


def test_states_read_as_words():
    (state,) = path_of(interpretation(deviation(0, "Failed password", "Accepted key")))
    assert describe_state(state, {}) == 'flagged line: "Failed password" instead of "Accepted key"'
    (state,) = states_of(interpretation(deviation(-1)))
    assert describe(state) == '1 line before the flagged line: "seen" instead of "wanted"'
    (state,) = states_of(interpretation(deviation(-2)))
    assert describe(state) == '2 lines before the flagged line: "seen" instead of "wanted"'


@given(st.integers(-50, 0), TEXTS, TEXTS)
def test_different_changes_are_different_states_whatever_the_lines_say(position, seen, wanted):
    (state,) = states_of(interpretation(deviation(position, seen, wanted)))
    assert json.loads(state) == [SYMBOLIZER, position, seen, wanted]
    assert "\n" not in state
    assert describe(state) is not None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "[" * 100_000,
        '["sequence-1"]',
        '["sequence-2",-3,"a","b"]',
        '["sequence-1",1,"a","b"]',
        '["sequence-1",true,"a","b"]',
        '["sequence-1",-3,"a",2]',
        '["sequence-1",-3,"a","b","c"]',
    ],
)
def test_foreign_text_is_no_state(text):
    assert describe(text) is None
