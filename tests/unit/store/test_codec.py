"""Values at rest come back exactly, or not at all."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain import codec
from deepaid_core.domain.finding import EvidenceRow
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.log import NewUndo
from deepaid_core.domain.verdict import NewVerdict, VerdictLabel
from deepaid_core.errors import StoredValueError
from tests.factories import make_finding, make_interpretation, make_run, make_verdict

any_text = st.text(st.characters())
VERDICT_TEXT = codec.dump(codec.VERDICT, make_verdict(make_finding()))


# `repr` tells NaN from NaN-less, -0.0 from 0.0, 1 from 1.0, and shows every digit.
@settings(max_examples=60, deadline=None)
@given(st.builds(Interpretation))
def test_an_interpretation_comes_back_exactly(value: Interpretation) -> None:
    assert repr(codec.load(codec.INTERPRETATION, codec.dump(codec.INTERPRETATION, value))) == repr(
        value
    )


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            EvidenceRow,
            index=st.integers(),
            score=st.none() | st.floats(),
            values=st.lists(any_text).map(tuple),
        )
    ).map(tuple),
    st.dictionaries(any_text, st.integers()),
)
def test_evidence_comes_back_exactly(rows: tuple[EvidenceRow, ...], peers: dict[str, int]) -> None:
    assert repr(codec.load(codec.EVIDENCE, codec.dump(codec.EVIDENCE, rows))) == repr(rows)
    assert codec.load(codec.PEERS, codec.dump(codec.PEERS, peers)) == peers


@settings(max_examples=60, deadline=None)
@given(
    st.builds(NewVerdict, reason=any_text, path=st.lists(any_text).map(tuple)),
    st.builds(NewUndo, author=any_text),
)
def test_decisions_come_back_exactly(verdict: NewVerdict, undo: NewUndo) -> None:
    back = codec.load(codec.VERDICT, codec.dump(codec.VERDICT, verdict))
    assert back == verdict
    assert type(back.label) is VerdictLabel
    assert codec.load(codec.UNDO, codec.dump(codec.UNDO, undo)) == undo


@given(st.lists(any_text))
def test_states_come_back_exactly_and_stay_apart(states: list[str]) -> None:
    assert codec.load_states(codec.dump_states(states)) == tuple(states)
    assert codec.dump_states([*states, ""]) != codec.dump_states(states)


@given(st.lists(st.floats()), st.lists(st.integers(-(2**63), 2**63 - 1)))
def test_packed_numbers_come_back_bit_for_bit(floats: list[float], integers: list[int]) -> None:
    back = codec.unpack_floats(codec.pack_floats(floats))
    assert np.array(back).tobytes() == np.array(floats, dtype=float).tobytes()
    assert codec.unpack_integers(codec.pack_integers(integers)) == tuple(integers)


def test_a_whole_finding_and_a_volume_come_back() -> None:
    finding, volume = make_finding(3), make_run().volume
    assert codec.load(codec.FINDING, codec.dump(codec.FINDING, finding)) == finding
    assert codec.load(codec.VOLUME, codec.dump(codec.VOLUME, volume)) == volume


def test_text_at_rest_is_standard_json() -> None:
    value = make_interpretation(score=math.inf, observed=(math.nan, -math.inf, 1e-320, -0.0))
    text = codec.dump(codec.INTERPRETATION, value)

    def refuse(constant: str) -> Any:
        raise AssertionError(constant)

    data = json.loads(text, parse_constant=refuse)["data"]
    assert data["observed"] == [{"float": "nan"}, {"float": "-inf"}, 1e-320, -0.0]
    assert text.isascii()


def test_numpy_numbers_become_plain_ones() -> None:
    value = make_interpretation(observed=(np.float64(0.1), np.float32(0.5), 1))
    back = codec.load(codec.INTERPRETATION, codec.dump(codec.INTERPRETATION, value))
    assert back.observed == (0.1, 0.5, 1.0)
    assert {type(number) for number in back.observed} == {float}


def _edited(**changes: Any) -> str:
    document = json.loads(VERDICT_TEXT)
    document["data"].update(changes)
    return json.dumps(document)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Expecting value"),
        ("[]", r"\[\] is not an object"),
        (VERDICT_TEXT[:-9], "delimiter|Unterminated|Expecting"),
        ("[" * 100_000, "cannot be read"),
        (VERDICT_TEXT.replace('"kind":"verdict"', '"kind":"undo"'), "its kind is 'undo'"),
        (VERDICT_TEXT.replace('"version":1', '"version":2'), "its version is 2"),
        (VERDICT_TEXT.replace('"version":1', '"v":1'), "'v' is unknown"),
        (_edited(note="x"), "'note' is unknown"),
        (VERDICT_TEXT.replace('"author"', '"autor"'), "'autor' is unknown"),
        (VERDICT_TEXT.replace('"author":"ana",', ""), "'author' is missing"),
        (_edited(author=None), "None is not of type str"),
        (_edited(label="maybe"), "'maybe' is not a valid VerdictLabel"),
        (_edited(scope="world"), "'world' is none of finding"),
        (_edited(path="abc"), "'abc' is not a list"),
        (_edited(path=[1]), "1 is not of type str"),
    ],
)
def test_text_that_is_not_exactly_a_verdict_is_refused(text: str, reason: str) -> None:
    with pytest.raises(StoredValueError, match=reason):
        codec.load(codec.VERDICT, text)


@pytest.mark.parametrize("number", ["NaN", "1e999", '"1"', "true", '{"float":"1"}', "null", "{}"])
def test_what_is_no_number_is_refused(number: str) -> None:
    text = codec.dump(codec.INTERPRETATION, make_interpretation(observed=(0.5,)))
    with pytest.raises(StoredValueError):
        codec.load(codec.INTERPRETATION, text.replace('"observed":[0.5]', f'"observed":[{number}]'))


def test_damaged_members_are_refused() -> None:
    packed = codec.pack_floats((1.0, 2.0))
    with pytest.raises(StoredValueError, match="cannot be read"):
        codec.unpack_floats(packed[:-3])
    with pytest.raises(StoredValueError, match="cannot be read"):
        codec.load_states('["a", 1]')


def test_a_value_of_the_wrong_type_is_not_written() -> None:
    with pytest.raises(StoredValueError, match="cannot be written"):
        codec.dump(codec.VERDICT, NewUndo(1, "ana"))  # type: ignore[arg-type]
    with pytest.raises(StoredValueError, match="cannot be written"):
        codec.dump(codec.UNDO, NewUndo("1", "ana"))  # type: ignore[arg-type]
    with pytest.raises(StoredValueError, match="cannot be written"):
        codec.dump(codec.INTERPRETATION, make_interpretation(observed=("0.5",)))
