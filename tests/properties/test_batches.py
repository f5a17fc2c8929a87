"""Taking and joining events never mixes them up, whatever kind they are."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain.batches import (
    PADDING,
    LinkBatch,
    SequenceBatch,
    SeriesBatch,
    TabularBatch,
)
from deepaid_core.domain.schema import LinkSchema, Schema, Vocabulary
from deepaid_core.errors import InvalidEventsError
from deepaid_core.testing.damaged import damaged_events
from deepaid_core.testing.unchanged import assert_same_events

brisk = settings(max_examples=60, deadline=None)
KINDS = ("tabular", "series", "sequence", "link")
kinds = st.sampled_from(KINDS)
counts = st.integers(1, 9)


def made(kind: str, n: int):
    """Events that are all different, in every array, so that none can pass for another."""
    at = np.arange(n)
    shared = {
        "times": 1e9 + at,
        "entities": np.array([f"host-{i}" for i in at], dtype=object),
        "indices": 3 * at,
        "context": {"port": 40 + at, "name": np.array([f"<b>{i}" for i in at], dtype=object)},
    }
    schema = Schema.of_numbers("planted", ["a", "b"])
    match kind:
        case "tabular":
            return TabularBatch(schema=schema, values=np.stack([at, -at], 1) * 1.5, **shared)
        case "series":
            values = np.arange(n * 6, dtype=float).reshape(n, 3, 2)
            return SeriesBatch(schema=schema, values=values, **shared)
        case "sequence":
            vocabulary = Vocabulary("log", tuple(f"line {i}" for i in range(12)))
            keys = np.stack([np.full(n, PADDING), at, np.minimum(at + 1, 12)], 1)
            return SequenceBatch(schema=vocabulary, keys=keys, **shared)
    nodes = np.array([[f"u{i}", f"s{i}", f"d{i}"] for i in at], dtype=object)
    return LinkBatch(schema=LinkSchema(), nodes=nodes, succeeded=at % 2 == 0, **shared)


@brisk
@given(kinds, counts, st.data())
def test_cutting_anywhere_and_joining_again_changes_nothing(kind, n, data):
    events = made(kind, n)
    cuts = sorted(data.draw(st.sets(st.integers(1, n))) | {n})
    parts = [events.take(np.arange(a, b)) for a, b in zip([0, *cuts[:-1]], cuts, strict=True)]
    assert_same_events(type(events).concatenate(parts), events)


@brisk
@given(kinds, counts, st.data())
def test_taking_in_any_order_keeps_every_event_whole(kind, n, data):
    events = made(kind, n)
    rows = np.array(data.draw(st.lists(st.integers(0, n - 1), max_size=12)), dtype=np.int64)
    taken = events.take(rows)
    assert type(taken) is type(events)
    assert len(taken) == len(rows)
    for place, row in enumerate(rows):
        one, same = taken.take(np.array([place])), events.take(np.array([row]))
        assert_same_events(one, same)


@brisk
@given(kinds, st.lists(st.booleans(), min_size=1, max_size=9))
def test_a_mask_takes_what_its_positions_take(kind, mask):
    events = made(kind, len(mask))
    assert_same_events(events.take(np.array(mask)), events.take(np.flatnonzero(mask)))


@brisk
@given(kinds, counts)
def test_what_is_taken_and_changed_does_not_change_the_whole(kind, n):
    events, untouched = made(kind, n), made(kind, n)
    taken = events.take(np.arange(n))
    for name in (*events.arrays, "times", "entities", "indices"):
        array = getattr(taken, name)
        array[:] = array[::-1].copy()
    assert_same_events(events, untouched)


@pytest.mark.parametrize("kind", KINDS)
def test_joining_nothing_is_refused(kind):
    with pytest.raises(InvalidEventsError, match="no event to join"):
        type(made(kind, 1)).concatenate([])


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_cell_is_named_by_event_and_column(kind):
    make, names = damaged_events(made(kind, 5))
    with pytest.raises(InvalidEventsError) as caught:
        make()
    assert all(name in str(caught.value) for name in names)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["times", "entities", "indices", "port"])
def test_columns_of_another_length_are_refused(kind, name):
    events = made(kind, 4)
    short = np.zeros(3, dtype=np.int64)
    change = {"context": {"port": short}} if name == "port" else {name: short}
    with pytest.raises(InvalidEventsError, match=f"4 events have 3 values of '{name}'"):
        replace(events, **change)
