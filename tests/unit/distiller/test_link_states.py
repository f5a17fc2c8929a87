"""The symbolizer of logins."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.distiller.link_states import UNKNOWN, describe, states_of
from deepaid_core.distiller.states import NO_DEVIATION
from deepaid_core.distiller.symbolizers import describe_state, path_of
from deepaid_core.domain.details import LinkDetails
from deepaid_core.domain.interpretation import Deviation, Diagnostics, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.errors import InvalidParameterError

ROLES = ("user", "source", "destination")


def interpretation(*deviations, groups=("g1", "g2", ""), references=("g1", "g3", "g4")):
    return Interpretation(
        interpreter="endpoint-replacement",
        deviations=tuple(Deviation(role, role, "changed", 1.0, w, ()) for role, w in deviations),
        observed=(),
        reference=(),
        diagnostics=Diagnostics(1.0, 0.5, 0.4, True, 3, len(deviations), None, (), 0),
        modality=Modality.LINK,
        details=LinkDetails(
            ROLES, ("a", "b", "c"), ("a", "d", "e"), groups, references, (), (), (), (), ()
        ),
    )


def test_a_state_is_the_endpoint_with_the_communities_of_node_and_reference():
    assert states_of(interpretation(("source", 1.0))) == ('["link-1","source","g2","g3"]',)


def test_a_node_that_was_never_seen_has_no_community():
    assert json.loads(states_of(interpretation(("destination", 1.0)))[0]) == [
        "link-1", "destination", UNKNOWN, "g4",
    ]  # fmt: skip


def test_the_strongest_deviation_comes_first_and_no_more_than_the_limit():
    one = interpretation(("source", 0.2), ("destination", 0.7), ("user", 0.1))
    roles = [json.loads(state)[1] for state in states_of(one)]
    assert roles == ["destination", "source", "user"]
    assert states_of(one, limit=1) == states_of(one)[:1]
    with pytest.raises(InvalidParameterError, match="at least 1"):
        states_of(one, limit=0)


def test_a_login_without_deviation_has_one_state():
    assert states_of(interpretation()) == (NO_DEVIATION,)


def test_the_same_endpoint_from_the_same_communities_is_the_same_state_whatever_the_names():
    one = interpretation(("source", 1.0))
    other = interpretation(("source", 0.6), ("user", 0.4))
    assert states_of(one)[0] == states_of(other)[0]


@pytest.mark.parametrize(
    ("state", "words"),
    [
        ('["link-1","source","g2","g3"]', "source from g2 instead of g3"),
        ('["link-1","user","g1","g1"]', "unusual user within g1"),
        ('["link-1","source","unknown","g3"]', "source never seen before, instead of one from g3"),
    ],
)
def test_a_state_reads_as_words(state, words):
    assert describe(state) == words
    assert describe_state(state, {}) == words


@pytest.mark.parametrize(
    "text",
    ["", "none", "[", "[1]", '["link-1"]', '["link-2","source","a","b"]', '["link-1",1,2,3]', "{}"],
)
def test_text_that_is_no_such_state_is_not_described(text):
    assert describe(text) is None


def test_links_find_their_symbolizer_by_their_kind():
    one = interpretation(("source", 1.0))
    assert path_of(one) == states_of(one)


@given(st.text(), st.text())
def test_names_of_any_kind_survive_in_a_state(observed, reference):
    one = interpretation(("user", 1.0), groups=(observed, "", ""), references=(reference, "g", "g"))
    (state,) = states_of(one)
    assert json.loads(state)[2:] == [observed or UNKNOWN, reference or UNKNOWN]
    assert state.isascii()
    assert describe(state) is not None
