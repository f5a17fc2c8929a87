"""The score on one line, and whether anything deviates noticeably."""

from dataclasses import replace

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from deepaid_core.domain.interpretation import Cell, Deviation
from deepaid_core.figures.gauge import gauge_sentence, score_gauge
from deepaid_core.figures.material import nothing_material
from tests.factories import make_finding, make_interpretation

SCORES = st.floats(-1e12, 1e12, allow_nan=False)


@settings(deadline=None)
@given(SCORES, SCORES, SCORES)
def test_every_mark_lies_within_the_gauge(score, threshold, reference):
    figure = score_gauge(score, threshold, reference)
    low, high = figure.layout.xaxis.range
    assert low < high
    spots = [trace.x[0] for trace in figure.data]
    assert all(low <= spot <= high for spot in [*spots, figure.layout.shapes[1].x1])


@settings(deadline=None)
@given(SCORES, SCORES, SCORES)
def test_what_is_accepted_lies_on_the_shaded_side(score, threshold, reference):
    figure = score_gauge(score, threshold, reference)
    bound = figure.layout.shapes[1].x1
    for value, trace in zip((score, reference), figure.data, strict=True):
        assert value > threshold or trace.x[0] <= bound
    accepted = "(accepted)" in gauge_sentence(score, threshold, reference)
    assert accepted == (reference <= threshold)


@settings(deadline=None)
@given(SCORES, SCORES, SCORES)
def test_labels_of_the_two_events_never_run_into_each_other_or_out(score, threshold, reference):
    assume(score > threshold)  # or it would be no anomaly
    figure = score_gauge(score, threshold, reference)
    low, high = figure.layout.xaxis.range
    (first, second) = sorted(figure.layout.annotations[:2], key=lambda note: note.x)
    apart = second.x - first.x
    if (first.xanchor, second.xanchor) == ("right", "left"):
        assert first.x - low >= 0.3 * (high - low)
        assert high - second.x >= 0.3 * (high - low)
    elif first.x != second.x:
        assert (first.xanchor, second.xanchor) == ("left", "right")
        assert apart >= 0.3 * (high - low)


@pytest.mark.parametrize("odd", [float("inf"), float("nan")])
def test_without_finite_scores_nothing_is_drawn(odd):
    assert score_gauge(odd, 0.25, 0.2) is None
    assert score_gauge(1.0, 0.25, odd) is None


def deviating(observed, reference):
    cell = Cell("sent", "Packets sent", "packets", observed, reference)
    return make_finding(
        0,
        max_score=0.255,
        interpretation=make_interpretation(
            score=0.255, deviations=(Deviation("sent", "Packets sent", "up", 0.1, 1.0, (cell,)),)
        ),
    )


def test_small_differences_alone_are_said_to_be_small():
    said = nothing_material(deviating(104.0, 100.0))
    assert "1.02× the threshold" in said
    assert "more than 5 %" in said


@pytest.mark.parametrize(
    ("observed", "reference"), [(106.0, 100.0), (1.0, 0.0), ("tcp", "udp"), (float("inf"), 1.0)]
)
def test_what_can_be_seen_is_not_called_small(observed, reference):
    assert nothing_material(deviating(observed, reference)) == ""


def test_without_deviations_nothing_is_said_of_their_size():
    finding = make_finding(0)
    bare = replace(finding, interpretation=replace(finding.interpretation, deviations=()))
    assert nothing_material(bare) == ""
