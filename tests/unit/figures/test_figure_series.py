from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from deepaid_core.figures.series import MOST_ROWS, courses, deviation_map
from deepaid_core.figures.series_window import (
    deviating_table,
    ranking_table,
    series_sentences,
    series_window,
    steps_table,
)
from deepaid_core.figures.theme import is_empty
from tests.kinds import make_series_finding


@pytest.fixture
def window():
    return make_series_finding().interpretation


def all_deviating(columns):
    """An interpretation in which the last step of every metric deviates."""
    one = make_series_finding(columns=columns).interpretation
    reference = np.array(one.observed).reshape(11, columns)
    reference[-1] -= 1.0 + np.arange(columns)
    return replace(one, reference=tuple(reference.ravel().tolist()), deviations=())


def test_exactly_the_values_that_differ_are_marked_on_the_map(window):
    (heat,) = deviation_map(window).data
    marked = {(r, c) for r, row in enumerate(heat.text) for c, text in enumerate(row) if text}
    assert marked == {(0, 9), (0, 10), (1, 10)}
    assert {(r, c) for r, row in enumerate(heat.z) for c, z in enumerate(row) if z} == marked
    # The number is the distance in widths of the normal range: (2900 - 44) / 20.
    assert heat.text[0][10] == "▲ 143"


def test_values_below_their_reference_point_down():
    one = make_series_finding().interpretation
    swapped = replace(one, observed=one.reference, reference=one.observed)
    (heat,) = deviation_map(swapped).data
    assert heat.text[0][10].startswith("▼")
    assert heat.z[0][10] < 0


def test_the_map_draws_the_strongest_and_all_on_request():
    many = all_deviating(20)
    assert len(deviation_map(many).data[0].z) == MOST_ROWS
    assert f"({MOST_ROWS} drawn)" in deviation_map(many).layout.title.text.replace("<br>", " ")
    assert len(deviation_map(many, everything=True).data[0].z) == 20


def test_the_strongest_deviation_stands_first(window):
    assert series_window(window).order == (0, 2)
    assert list(deviation_map(window).layout.yaxis.ticktext) == ["web01.pkts_out", "gw.syn_out"]


def test_each_panel_shows_observed_reference_range_and_the_scored_step(window):
    figure = courses(window)
    names = [trace.name for trace in figure.data]
    assert names.count("observed") == names.count("closest normal") == 2
    dashes = {trace.name: trace.line.dash for trace in figure.data if trace.line.dash}
    assert dashes == {"closest normal": "dash"}
    bands = [shape for shape in figure.layout.shapes if shape.type == "rect"]
    assert [(band.y0, band.y1) for band in bands] == [(32.0, 52.0), (0.0, 0.0)]
    assert all(s.x0 == s.x1 == 0 for s in figure.layout.shapes if s.type == "line")
    marks = [list(trace.x) for trace in figure.data if trace.name == "deviates"]
    assert marks == [[-1, 0], [0]]


def test_panels_do_not_overlap():
    figure = courses(all_deviating(8), most=6)
    domains = [figure.layout[f"yaxis{n or ''}"].domain for n in ("", 2, 3, 4, 5, 6)]
    for upper, lower in pairwise(domains):
        assert lower[1] < upper[0]
    assert domains[-1][0] >= 0


def test_sentences_name_metric_step_range_and_what_would_be_normal(window):
    said = series_sentences(window)
    assert said[0] == (
        "web01.pkts_out was 2,900 packets in the scored step (normally 32 packets to 52 packets); "
        "44 packets would be normal: 65.9× higher (2 of 11 steps deviate)."
    )
    assert said[1].startswith("gw.syn_out was 75 in the scored step (normally 0)")
    assert "18 further metrics" in series_sentences(all_deviating(20))[-1]


def test_a_value_inside_its_normal_range_is_not_called_out_of_it():
    one = make_series_finding().interpretation
    inside = np.array(one.reference).reshape(11, 6)
    inside[-3, 0] = 33.0
    shown = replace(one, observed=tuple(inside.ravel().tolist()))
    assert "2 steps before the scored one, inside its normal range" in series_sentences(shown)[0]


def test_the_tables_hold_what_the_pictures_show(window):
    table = deviating_table(window)
    assert [row[:3] for row in table.rows] == [
        (1, "web01.pkts_out", "scored step"),
        (1, "web01.pkts_out", "1 step before"),
        (2, "gw.syn_out", "scored step"),
    ]
    steps = steps_table(window)
    assert len(steps.rows) == 2 * 11
    assert [steps.rows[at][1:3] for at in steps.marked] == [
        ("web01.pkts_out", -1), ("web01.pkts_out", 0), ("gw.syn_out", 0),
    ]  # fmt: skip


def test_the_ranking_has_every_metric_by_effect(window):
    ranked = ranking_table(window.details)
    assert [row[1] for row in ranked.rows[:3]] == [
        "web01.pkts_out", "gw.syn_out", "web01.bytes_out",
    ]  # fmt: skip
    assert len(ranked.rows) == 6
    assert len(ranking_table(window.details, most=2).rows) == 2


def test_without_deviations_the_metric_with_the_largest_effect_is_drawn(window):
    same = replace(window, reference=window.observed, deviations=())
    assert is_empty(deviation_map(same))
    assert "web01.pkts" in courses(same).layout.title.text
    assert series_sentences(same) == ("No change of a few values makes this window normal.",)
    assert deviating_table(same).rows == ()


def test_a_window_that_was_not_kept_whole_is_said_to_be_missing(window):
    torn = replace(window, observed=window.observed[:-1])
    assert series_window(torn) is None
    assert is_empty(courses(torn))
    assert is_empty(deviation_map(torn))
    assert steps_table(torn).rows == ()
    assert is_empty(courses(replace(window, details=None)))
