"""What queues and lists say of an interpretation in one line."""

from dataclasses import replace

from deepaid_core.figures.series_window import series_sentences
from deepaid_core.figures.words import short
from tests.factories import make_interpretation
from tests.kinds import make_series_finding


def test_beside_a_zero_both_values_are_said_instead_of_a_factor():
    interpretation = make_interpretation()
    first = interpretation.deviations[0]
    cell = replace(first.cells[0], observed=506.0, reference=0.0, unit="bytes")
    one = replace(interpretation, deviations=(replace(first, cells=(cell,)),))
    assert short(one).endswith(": 506 B instead of 0 B")
    other = replace(cell, reference=253.0)
    two = replace(interpretation, deviations=(replace(first, cells=(other,)),))
    assert short(two).startswith("2× higher: ")


def test_a_sentence_names_no_factor_beside_a_zero():
    said = series_sentences(make_series_finding().interpretation)
    assert said[0].endswith("would be normal: 65.9× higher (2 of 11 steps deviate).")
    assert said[1].endswith("would be normal.")
