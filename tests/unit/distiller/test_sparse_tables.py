"""Persistent tables and sets of numbers, against plain ones."""

import random

import pytest

from deepaid_core.distiller import numbers
from deepaid_core.distiller.tables import Table


@pytest.mark.parametrize("seed", range(30))
def test_a_table_is_what_a_dict_would_be_and_its_past_stays(seed):
    draw = random.Random(seed)
    table, plain = Table(), {}
    kept = []
    for _ in range(40):
        changes = {
            draw.randrange(3_000): draw.choice([None, 1, 2, 3])
            for _ in range(draw.choice([0, 1, 5, 400, 2_000]))
        }
        table = table.changed(changes)
        plain = {key: value for key, value in {**plain, **changes}.items() if value is not None}
        kept.append((table, plain))
        assert table == plain == dict(table)
        assert table == Table(plain)
        assert len(table) == len(plain)
        assert table.keys() | {-1} == plain.keys() | {-1}
        assert all(table.get(key) == plain.get(key) for key in range(3_000))
    assert all(before == as_it_was for before, as_it_was in kept)


def test_a_table_tells_what_it_lacks():
    table = Table({"a": 1}).changed({"a": None, "b": 2})
    assert "a" not in table
    assert table.get("a", 7) == 7
    assert table["b"] == 2
    with pytest.raises(KeyError):
        table["a"]
    assert table != {"b": 3}
    assert table != {"b": 2, "c": 2}
    assert table != 2


def test_the_content_that_a_table_was_made_of_may_change_later():
    content = {"a": 1}
    table = Table(content)
    content["a"] = 2
    assert table == {"a": 1}


@pytest.mark.parametrize("seed", range(60))
def test_a_set_of_numbers_does_not_show_how_it_came_about(seed):
    draw = random.Random(seed)
    held, plain = (), set()
    for _ in range(60):
        top = draw.choice([20, 2_000, 100_000])
        added = [draw.randrange(1, top) for _ in range(draw.choice([0, 1, 2, 40]))]
        known = draw.sample(sorted(plain), min(len(plain), draw.choice([0, 1, 3, 50])))
        removed = [*known, draw.randrange(1, top)] if draw.random() < 0.5 else []
        held = numbers.changed(held, added, removed)
        plain = (plain | set(added)) - set(removed)
        assert held == numbers.changed((), plain)
        assert [number for piece in held for number in piece] == sorted(plain)
        for count in (1, 7, 500):
            assert numbers.newest(held, count) == sorted(plain, reverse=True)[:count]


def test_a_number_added_to_many_copies_few():
    held = numbers.changed((), range(1, 200_001, 2))
    after = numbers.changed(held, [200_001])
    assert max(map(len, after)) < 4_000
    assert len({id(piece) for piece in after} - {id(piece) for piece in held}) <= 2
