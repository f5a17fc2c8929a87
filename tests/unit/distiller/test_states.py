"""The symbolizer of tabular data."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.distiller.states import (
    BIN_EDGES,
    CATEGORY_SYMBOLIZER,
    NO_DEVIATION,
    describe_state,
    paths_in_bulk,
    states_of,
)
from deepaid_core.domain.interpretation import Cell, Deviation, Diagnostics, Interpretation
from deepaid_core.errors import InvalidParameterError

PROTO = 4  # the field of categories
WORDS = ("tcp", "udp", 'a"b:up:1', "(other)")
NAMES = ("MI_dir_weight", "HH_mean", "HH_jit_std", "HpHp_pcc", "proto")


def interpretation(*deviations: tuple[str, str, float, float]) -> Interpretation:
    return Interpretation(
        interpreter="greedy",
        deviations=tuple(Deviation(f, f, d, s, w, ()) for f, d, s, w in deviations),
        observed=(),
        reference=(),
        diagnostics=Diagnostics(1.0, 0.5, 0.4, True, 10, len(deviations), None, (), 0),
    )


def test_the_strongest_deviations_come_first_and_no_more_than_the_limit():
    one = interpretation(
        ("a", "up", 0.5, 0.1), ("b", "down", 1e9, 0.5), ("c", "up", 1e9, 0.1), ("d", "up", 0.5, 0.3)
    )
    assert states_of(one) == (f"b:down:{len(BIN_EDGES)}", "d:up:0", "a:up:0")
    assert states_of(one, limit=1) == (f"b:down:{len(BIN_EDGES)}",)


def test_an_interpretation_without_deviation_has_one_state():
    assert states_of(interpretation()) == (NO_DEVIATION,)


def test_a_path_of_no_states_is_refused():
    with pytest.raises(InvalidParameterError, match="at least 1"):
        states_of(interpretation(), limit=0)


@settings(deadline=None)
@given(st.one_of(st.floats(min_value=0.0), st.just(float("nan"))))
def test_every_size_has_a_bin_and_larger_sizes_never_a_lower_one(size):
    def bin_of(value: float) -> int:
        return int(states_of(interpretation(("a", "up", value, 1.0)))[0].rpartition(":")[2])

    assert 0 <= bin_of(size) <= len(BIN_EDGES)
    if not np.isnan(size):
        assert bin_of(size * 2) >= bin_of(size)


def test_sizes_between_two_edges_share_a_state():
    low, high = BIN_EDGES[:2]
    sizes = (low, (low + high) / 2, high * 0.999)
    assert {states_of(interpretation(("a", "up", size, 1.0))) for size in sizes} == {("a:up:1",)}
    assert states_of(interpretation(("a", "up", high, 1.0))) == ("a:up:2",)


@st.composite
def columns(draw):
    n = draw(st.integers(0, 8))
    k = draw(st.integers(1, 4))
    fields = np.full((n, k), -1)
    sizes, weights = np.zeros((n, k)), np.zeros((n, k))
    for row in range(n):
        chosen = draw(st.lists(st.sampled_from(range(len(NAMES))), unique=True, max_size=k))
        for place, position in enumerate(chosen):
            fields[row, place] = position
            sizes[row, place] = draw(st.floats(-1e5, 1e5))
            weights[row, place] = draw(st.sampled_from((0.0, 0.25, 0.25, 0.5, 1.0)))
    return fields, sizes, weights


@settings(deadline=None)
@given(columns(), st.integers(1, 5))
def test_in_bulk_and_one_by_one_agree(arrays, limit):
    fields, sizes, weights = arrays
    random = np.random.default_rng(limit)
    observed = random.integers(0, len(WORDS), len(fields))
    reference = (observed + 1) % len(WORDS)

    def deviation(row: int, field: int, size: float, weight: float) -> Deviation:
        if field != PROTO:
            return Deviation(NAMES[field], "", "up" if size > 0 else "down", abs(size), weight, ())
        cell = Cell(NAMES[field], "", "", WORDS[observed[row]], WORDS[reference[row]])
        return Deviation(NAMES[field], "", "changed", abs(size), weight, (cell,))

    one_by_one = []
    for row in range(len(fields)):
        deviations = tuple(
            deviation(row, field, sizes[row, place], weights[row, place])
            for place, field in enumerate(fields[row].tolist())
            if field >= 0
        )
        one_by_one.append(states_of(replace(interpretation(), deviations=deviations), limit))
    assert one_by_one == paths_in_bulk(
        NAMES,
        fields,
        sizes=sizes,
        weights=weights,
        categories={PROTO: (observed, reference, WORDS)},
        limit=limit,
    )


def test_categories_are_told_apart_by_what_was_seen_and_what_was_normal():
    def state(observed: str, reference: str) -> str:
        cell = Cell("service", "Service", "", observed, reference)
        deviation = Deviation("service", "Service", "changed", 9.0, 1.0, (cell,))
        return states_of(replace(interpretation(), deviations=(deviation,)))[0]

    assert state("http", "smtp") == f'["{CATEGORY_SYMBOLIZER}","service","http","smtp"]'
    assert len({state("a", "b"), state("b", "a"), state("a", 'b","c')}) == 3
    titles = {"service": "Service"}
    assert describe_state(state("http", "smtp"), titles) == 'Service: "http" instead of "smtp"'
    assert describe_state('["category-1","x"]', {}) == '["category-1","x"]'
    assert describe_state('["category-1",', {}) == '["category-1",'


def test_a_state_reads_as_words():
    titles = {"HpHp_weight": "packets of this connection"}
    assert describe_state("HpHp_weight:up:2", titles) == (
        "packets of this connection: far above normal"
    )
    assert (
        describe_state("HpHp_weight:down:1", titles) == "packets of this connection: below normal"
    )
    assert describe_state("a:b:down:0", {}) == "a:b: slightly below normal"
    assert describe_state("proto:changed:1", {}) == "proto: changed"
    assert describe_state(NO_DEVIATION, {}) == "no deviation found"


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "::",
        "a:up",
        "a:up:9",
        "a:up:x",
        "a:up:²",
        "a:sideways:1",
        ":up:1",
        "<b>x</b>",
        "\0",
    ],
)
def test_foreign_text_comes_back_as_it_is(text):
    assert describe_state(text, {}) == text


@settings(deadline=None)
@given(st.text())
def test_describing_never_fails(text):
    assert isinstance(describe_state(text, {}), str)
