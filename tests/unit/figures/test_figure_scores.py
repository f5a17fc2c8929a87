from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.figures.scores import flip_curve, members_timeline, score_strip
from tests.factories import START, make_interpretation


def title(figure):
    return figure.layout.title.text.replace("<br>", " ")


def test_the_strip_says_how_far_over_the_threshold_and_whether_the_reference_is_accepted():
    assert title(score_strip(1.0, 0.25, 0.24)) == (
        "Score 1 is 4× the threshold; the closest normal event (0.24) is accepted"
    )
    assert "is still flagged" in title(score_strip(1.0, 0.25, 0.26))


@pytest.mark.parametrize(("score", "log"), [(1.0, False), (100.0, True)])
def test_the_strip_turns_logarithmic_when_scores_lie_far_apart(score, log):
    figure = score_strip(score, 0.25, 0.24)
    assert ("log" in figure.layout.xaxis.title.text) is log


@settings(max_examples=30, deadline=None)
@given(st.floats(1e-9, 1e9), st.floats(-1e3, 1e9), st.floats(-1e3, 1e9))
def test_all_three_marks_of_the_strip_are_inside_its_axis(score, threshold, reference):
    figure = score_strip(score, threshold, reference)
    low, high = figure.layout.xaxis.range
    spots = [trace.x[0] for trace in figure.data if trace.mode == "markers"]
    assert all(low <= spot <= high for spot in [*spots, figure.layout.shapes[1].x0])


def test_the_flip_curve_starts_at_the_anomaly_and_says_when_it_is_accepted():
    diagnostics = replace(
        make_interpretation().diagnostics, score=0.9, threshold=0.25, flip_scores=(0.6, 0.2, 0.1)
    )
    figure = flip_curve(diagnostics)
    assert list(figure.data[0].y) == [0.9, 0.6, 0.2, 0.1]
    assert title(figure) == "Accepted as normal after 2 of 3 deviations"
    assert list(figure.data[0].marker.symbol) == [
        "diamond",
        "diamond",
        "circle-open",
        "circle-open",
    ]


def test_the_flip_curve_admits_when_no_step_is_accepted():
    diagnostics = replace(make_interpretation().diagnostics, flip_scores=(0.8, 0.7))
    assert title(flip_curve(diagnostics)) == "Still flagged after all 2 deviations are replaced"


def test_the_timeline_marks_the_interpreted_event_once():
    times, scores = [START, START + 1, START + 1], [0.3, 0.4, 0.9]
    figure = members_timeline(times, scores, 0.25, START + 1)
    others, interpreted = figure.data
    assert list(interpreted.y) == [0.9]
    assert sorted(others.y) == [0.3, 0.4]


def test_a_long_timeline_keeps_its_peaks_and_says_that_it_is_thinned():
    times = [START + step for step in range(10_000)]
    scores = [0.3] * 10_000
    scores[4321] = 7.0
    figure = members_timeline(times, scores, 0.25, START, max_points=100)
    assert max(figure.data[0].y) == 7.0
    assert len(figure.data[0].y) <= 100
    assert "10,000 events" in title(figure)
    assert "highest 100 drawn" in title(figure)


def test_threshold_labels_stand_at_the_threshold_on_logarithmic_axes_too():
    figure = members_timeline([START, START + 1], [0.3, 900.0], 0.1, START)
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.shapes[0].y0 == 0.1
    assert figure.layout.annotations[0].y == pytest.approx(-1.0)
