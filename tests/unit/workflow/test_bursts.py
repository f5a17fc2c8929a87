from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.workflow.bursts import GAP_S, group_bursts

EVENTS = st.lists(
    st.tuples(st.sampled_from("ab"), st.sampled_from("pq"), st.integers(0, 400)), max_size=60
)


def grouped(events):
    columns = list(zip(*events, strict=True)) or [(), (), ()]
    return group_bursts(
        np.array(columns[0], dtype=object),
        np.array(columns[1], dtype=object),
        np.array(columns[2], dtype=float),
    )


@given(EVENTS)
def test_every_event_is_in_exactly_one_burst(events):
    members = [int(i) for burst in grouped(events) for i in burst]
    assert sorted(members) == list(range(len(events)))


@given(EVENTS)
def test_members_share_entity_and_pattern_and_follow_within_the_gap(events):
    bursts = grouped(events)
    for burst in bursts:
        assert len({events[i][:2] for i in burst}) == 1
        times = [events[i][2] for i in burst]
        assert all(0 <= b - a < GAP_S for a, b in pairwise(times))


@given(EVENTS)
def test_bursts_of_one_kind_are_apart_by_the_gap(events):
    seen = {}
    for burst in grouped(events):
        key = events[burst[0]][:2]
        if key in seen:
            assert events[burst[0]][2] - seen[key] >= GAP_S
        seen[key] = events[burst[-1]][2]


def test_a_pause_of_exactly_the_gap_ends_a_burst():
    assert [b.tolist() for b in grouped([("a", "p", 0), ("a", "p", 59), ("a", "p", 119)])] == [
        [0, 1],
        [2],
    ]
