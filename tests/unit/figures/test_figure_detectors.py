"""The figures of the Detectors page and their tables, on values with a known answer."""

import numpy as np
import pytest

from deepaid_core.domain.drift import FeatureDrift, ScoreDrift
from deepaid_core.figures.detector_scores import binned, score_histogram, score_table
from deepaid_core.figures.drift import drift_words, feature_shifts, score_shift, shifts_table
from deepaid_core.figures.evaluation import (
    category_recall,
    category_table,
    confusion_table,
    curve_points_table,
    measures_table,
    precision_recall,
    roc,
)
from deepaid_core.figures.interpretation_facts import fields_table, plausibility_table
from deepaid_core.figures.training_curve import best_epoch, curve_table, loss_curve


def title(figure):
    return figure.layout.title.text.replace("<br>", " ")


@pytest.mark.parametrize(
    ("normal", "wide"),
    [
        pytest.param(np.linspace(0.1, 0.4, 500), False, id="near"),
        pytest.param(np.geomspace(1e-3, 10, 500), True, id="wide"),
        pytest.param(np.linspace(-40.0, 3.0, 500), False, id="negative"),
        pytest.param(np.full(500, 0.2), False, id="equal"),
    ],
)
def test_every_score_is_counted_once_and_the_threshold_is_in_sight(normal, wide):
    recent = np.concatenate([normal, [normal.max() * 1000, -1e9, np.nan]])
    threshold = float(normal.max()) + 0.01
    found = binned(normal, recent, threshold)
    assert found.wide is wide
    assert sum(found.normal) == 500
    assert sum(found.recent) == 502
    assert found.edges[0] <= threshold <= found.edges[-1]
    assert list(found.edges) == sorted(set(found.edges))


def test_a_score_on_an_edge_is_not_over_it():
    edges = binned([0.0, 10.0], [], 5.0, bins=4).edges
    scores = [0.0, 10.0, *edges[1:-1]]
    found = binned(scores, [], 5.0, bins=4)
    assert found.edges == edges
    for at, edge in enumerate(edges[1:-1], start=1):
        assert sum(found.normal[at:]) == sum(score > edge for score in scores)


def test_scores_far_out_leave_normal_ones_their_shape():
    normal = np.linspace(-40.0, 3.0, 500)
    found = binned(normal, np.concatenate([normal, np.full(200, 1e6)]), 4.0)
    assert sum(1 for count in found.normal if count) > 10
    assert found.recent[-1] >= 200


def test_both_bounds_are_drawn_and_the_title_says_what_the_tried_one_flags():
    counted = binned([0.1, 0.2, 0.3], [0.1, 0.9], 0.35)
    figure = score_histogram(counted, 0.35, moved=0.25, flagged=(1 / 3, 0.5))
    assert title(figure) == (
        "A threshold of 0.25 flags 33.3 % of the normal events and 50 % of the recent events"
    )
    assert [line.x0 for line in figure.layout.shapes] == [0.35, 0.25]
    assert len({line.line.dash for line in figure.layout.shapes}) == 2
    assert [note.text.strip() for note in figure.layout.annotations] == [
        "threshold 0.35", "tried 0.25",
    ]  # fmt: skip
    same = score_histogram(counted, 0.35, moved=0.35)
    assert len(same.layout.shapes) == 1


def test_a_click_anywhere_gives_the_upper_bound_of_its_bin():
    counted = binned([0.1, 0.2, 0.3], [], 0.35, bins=10)
    *_, clicked = score_histogram(counted, 0.35).data
    assert tuple(clicked.customdata) == counted.edges[1:]
    assert min(clicked.y) == max(clicked.y)


def test_the_table_of_scores_marks_what_is_over_the_threshold():
    table = score_table(binned([0.1] * 9, [0.1, 0.9], 0.35, bins=10), 0.35)
    assert [row[-1] for row in table.rows] == ["under", "over"]
    assert [row[1:3] for row in table.rows] == [(9, 1), (0, 1)]
    assert table.marked == (1,)
    assert score_table(None, 0.3).rows == ()


def test_the_best_epoch_is_that_of_the_lowest_held_back_loss():
    curve = [(3.0, 3.0), (2.0, 1.5), (1.0, 1.8), (0.5, float("nan"))]
    assert best_epoch(curve) == 2
    assert title(loss_curve(curve)) == "4 epochs done, best on held-back events is epoch 2 (1.5)"
    assert [row[0] for row in curve_table(curve).rows] == [4, 3, 2, 1]
    assert [row[3] for row in curve_table(curve).rows] == ["", "", "best", ""]


def test_curves_mark_the_threshold_in_force_and_a_guess():
    figure = roc([(0.0, 0.0), (0.1, 0.8), (1.0, 1.0)], 0.912, at=(0.1, 0.8))
    assert title(figure) == "ROC: area 0.912; a guess has 0.5"
    line, guess, now = figure.data
    assert list(line.y) == pytest.approx([0, 80, 100])
    assert list(guess.y) == [0, 100]
    assert (list(now.x), list(now.y)) == ([10.0], [80.0])
    _, guess, *rest = precision_recall([(0.0, 1.0), (1.0, 0.25)], 0.5, base=0.25).data
    assert list(guess.y) == [25.0, 25.0]
    assert not rest


def test_a_long_curve_is_thinned_in_its_table_and_keeps_both_ends():
    points = [(at / 1000, (at / 1000) ** 0.5) for at in range(1001)]
    table = curve_points_table(points, ("x", "y"), "Curve")
    assert len(table.rows) <= 42
    assert table.rows[0] == ("0 %", "0 %")
    assert table.rows[-1] == ("100 %", "100 %")


def test_confusion_and_measures_say_counts_and_what_does_not_apply():
    confusion = confusion_table(found=8, missed=2, false_alarms=0, passed=0)
    assert confusion.rows[0] == ("attacks", "8 (80 %)", "2 (20 %)", "10")
    assert confusion.rows[1] == ("normal", "none", "none", "0")
    table = measures_table({"now": {"F1": 0.66666, "F2": None}, "best": {"F1": 1.0}})
    assert table.columns == ("Measure", "now", "best")
    assert table.rows == (("F1", "0.6667", "1"), ("F2", "n/a", "n/a"))


def test_categories_stand_with_the_least_found_first():
    found = [("scan", 9, 10), ("flood", 1, 10), ("nothing", 0, 0)]
    assert [row[0] for row in category_table(found).rows] == ["flood", "scan"]
    assert title(category_recall(found)) == "1 category of 2 found by less than half"
    # Bars are drawn from below.
    assert list(category_recall(found).layout.yaxis.ticktext) == ["scan", "flood"]
    many = [(f"c{at}", 1, 1) for at in range(40)]
    assert "24 least found" in title(category_recall(many))


def test_a_shift_is_strong_by_both_color_and_pattern():
    columns = [
        FeatureDrift("a", "bytes sent", "bytes", 0.3, 0.2, (0, 1, 2, 3, 4), (0, 1, 9, 3, 4)),
        FeatureDrift("b", "", "", 0.05, 0.0, (0, 1, 2, 3, 4), (0, 1, 2, 3, 4)),
    ]
    figure = feature_shifts(columns)
    assert title(figure) == "1 of 2 columns moved strongly against training"
    (bars,) = figure.data
    assert len(set(bars.marker.color)) == 2
    assert len(set(bars.marker.pattern.shape)) == 2
    first, second = shifts_table(columns).rows
    assert first == ("bytes sent", "0.30", "strong", "2 B", "9 B", "20 %")
    assert second[0] == "b"
    assert [drift_words(one) for one in (0.0, 0.1, 0.25)] == ["slight", "moderate", "strong"]
    scores = score_shift(ScoreDrift((0, 1, 2), (0.9, 0.1), (0.1, 0.9), 1.5, 0.8, 0.4, 1.4))
    assert title(scores).startswith("Shift of the scores: strong (stability index 1.50)")


def test_deviations_needed_and_plausibility_are_counted_whole():
    table = fields_table([1, 1, 2, 0, 30])
    assert table.rows[0] == ("1", 2, "40 %")
    assert table.rows[-1] == ("not found", 1, "20 %")
    assert sum(row[1] for row in table.rows) == 5
    near = plausibility_table([0.0, 50.0, 50.1, 95.0, 100.0])
    assert [(row[0], row[1]) for row in near.rows if row[1]] == [
        ("0 to 50", 2), ("50 to 75", 1), ("90 to 95", 1), ("99 to 100", 1),
    ]  # fmt: skip
