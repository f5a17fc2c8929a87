"""Details of interpretations and settings of sources come back from the store exactly."""

import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain import codec
from deepaid_core.domain.details import LinkDetails, SequenceDetails, SeriesDetails
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.settings import SourceSettings
from deepaid_core.errors import StoredValueError
from tests.factories import make_interpretation

brisk = settings(max_examples=40, deadline=None)
DETAILS = {
    Modality.SEQUENCE: SequenceDetails,
    Modality.SERIES: SeriesDetails,
    Modality.LINK: LinkDetails,
}


@pytest.mark.parametrize("modality", DETAILS)
@brisk
@given(st.data())
def test_details_of_every_kind_come_back_exactly(modality, data):
    details = data.draw(st.from_type(DETAILS[modality]))
    value = make_interpretation(modality=modality, details=details)
    back = codec.load(codec.INTERPRETATION, codec.dump(codec.INTERPRETATION, value))
    # `repr` shows every digit, and tells NaN from NaN-less.
    assert repr(back) == repr(value)
    assert type(back.details) is DETAILS[modality]


@pytest.mark.parametrize("kind", get_args(SourceSettings), ids=lambda kind: kind.__name__)
@brisk
@given(st.data())
def test_settings_of_every_source_come_back_exactly(kind, data):
    value = data.draw(st.from_type(kind))
    back = codec.load(codec.SETTINGS, codec.dump(codec.SETTINGS, value))
    assert type(back) is kind
    assert repr(back) == repr(value)


def test_an_interpretation_of_before_there_were_kinds_is_one_of_a_table():
    value = make_interpretation()
    text = codec.dump(codec.INTERPRETATION, value)
    old = text.replace(',"modality":"tabular","details":null', "")
    assert old != text
    assert codec.load(codec.INTERPRETATION, old) == value


@pytest.mark.parametrize("name", ["observed", "deviations", "interpreter"])
def test_what_every_interpretation_has_may_not_be_missing(name):
    text = codec.dump(codec.INTERPRETATION, make_interpretation())
    document = json.loads(text)
    del document["data"][name]
    with pytest.raises(StoredValueError, match=f"'{name}' is missing"):
        codec.load(codec.INTERPRETATION, json.dumps(document))
