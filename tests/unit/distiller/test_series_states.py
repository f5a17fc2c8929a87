import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.distiller.series_states import SYMBOLIZER, describe, states_of
from deepaid_core.distiller.states import NO_DEVIATION
from deepaid_core.distiller.symbolizers import describe_state, path_of
from deepaid_core.domain.interpretation import Cell, Deviation, Diagnostics, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.errors import InvalidParameterError

NAMES = st.text(min_size=1, max_size=30)


def deviation(name="web01.pkts_out", step=-2, *, size=5.0, weight=1.0, direction="up"):
    cells = (
        Cell(f"{name}@{step}", "2 steps before", "", 9.0, 1.0),
        Cell(f"{name}@0", "the scored step", "", 2.0, 1.0),
    )
    return Deviation(name, "packets out", direction, size, weight, cells)


def interpretation(*deviations):
    return Interpretation(
        "greedy-cells",
        deviations,
        (),
        (),
        Diagnostics(2.0, 1.0, 0.9, True, 10, len(deviations), 50.0, (), 0),
        Modality.SERIES,
    )


def test_a_state_names_metric_step_direction_and_bin():
    assert states_of(interpretation(deviation())) == ('["series-1","web01.pkts_out",-2,"up",1]',)


@pytest.mark.parametrize(
    ("size", "expected"), [(0.0, 0), (2.99, 0), (3.0, 1), (29.0, 1), (30.0, 2), (1e9, 3)]
)
def test_bins_are_those_of_tabular_data(size, expected):
    (state,) = states_of(interpretation(deviation(size=size)))
    assert json.loads(state)[-1] == expected


def test_the_strongest_metrics_come_first_and_no_more_than_asked_for():
    many = [deviation(f"m{i}", weight=w) for i, w in enumerate((0.1, 0.4, 0.2, 0.3))]
    assert [json.loads(s)[1] for s in states_of(interpretation(*many))] == ["m1", "m3", "m2"]
    assert len(states_of(interpretation(*many), limit=1)) == 1
    with pytest.raises(InvalidParameterError):
        states_of(interpretation(), limit=0)


def test_no_deviation_is_a_state_of_its_own():
    assert states_of(interpretation()) == (NO_DEVIATION,)


def test_states_read_as_words():
    (state,) = states_of(interpretation(deviation(size=100.0)))
    assert describe(state) == "web01.pkts_out 2 steps before: far above normal"
    now = states_of(interpretation(deviation(step=0, size=1.0, direction="down")))[0]
    assert describe(now) == "web01.pkts_out: slightly below normal"


def test_the_dispatcher_finds_this_symbolizer():
    found = interpretation(deviation(step=-1))
    (state,) = path_of(found)
    assert describe_state(state, {}) == "web01.pkts_out 1 step before: above normal"


@given(name=NAMES, step=st.integers(-50, 0), size=st.floats(0, 1e12))
def test_every_state_can_be_described_and_keeps_the_name(name, step, size):
    (state,) = states_of(interpretation(deviation(name, step, size=size)))
    assert json.loads(state)[:3] == [SYMBOLIZER, name, step]
    assert describe(state).startswith(name)


@given(
    st.one_of(
        st.text(),
        st.lists(st.one_of(st.integers(), st.text(), st.booleans(), st.none())).map(json.dumps),
        st.just('["series-1","a",1,"up",1]'),
        st.just('["series-1","a",0,"up",9]'),
        st.just('["series-1","a",true,"up",1]'),
        st.just("[" * 100_000),
    )
)
def test_text_that_is_no_state_is_not_described(text):
    assert describe(text) is None
