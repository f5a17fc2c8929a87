"""What is said and drawn of an edited event."""

import pytest

from deepaid_core.figures.bench import Edit, edits_table, score_rows, standing
from deepaid_core.figures.theme import is_empty


@pytest.mark.parametrize(
    ("score", "threshold", "anomaly", "ratio", "said"),
    [
        (0.5, 0.66, 1.4, None, "The detector would accept this: score 0.5, threshold 0.66"),
        (0.66, 0.66, 1.4, None, "The detector would accept this: score 0.66, threshold 0.66"),
        (1.386, 0.66, 1.386, 2.1, "Still abnormal: 2.1× the threshold"),
        (0.661, 0.66, 1.386, 2.1, "Still abnormal: just over the threshold, score 0.661"),
        # Neither differences of logarithms nor probabilities are multiples of their threshold.
        (3.2, 0.0, 8.2, 1.9, "Still abnormal: score 3.2, threshold 0"),
        (0.999, 0.9, 0.9999, 2.0, "Still abnormal: score 0.999, threshold 0.9"),
    ],
)
def test_standing_says_accepted_or_how_far_it_is(score, threshold, anomaly, ratio, said):
    assert standing(score, threshold, anomaly=anomaly, ratio=ratio).startswith(said)


def test_the_rows_tell_accepted_from_abnormal_by_symbol_too():
    def now(score):
        figure = score_rows(score, 1.0, anomaly=3.0, reference=0.8)
        trace = figure.data[1]
        assert trace.text[1] == f"{score:g}"
        return trace.marker.symbol[1], trace.marker.color

    accepted, abnormal = now(0.9), now(1.1)
    assert accepted[0] != abnormal[0]
    assert accepted[1] != abnormal[1]


def test_scores_far_apart_are_drawn_in_logarithms_and_infinite_ones_not_at_all():
    figure = score_rows(50.0, 1.0, anomaly=10_000.0, reference=0.5)
    assert [trace.x[1] for trace in figure.data] == pytest.approx([-0.30103, 1.69897, 4.0])
    assert is_empty(score_rows(float("inf"), 1.0, anomaly=3.0, reference=0.8))


def test_the_table_tells_before_after_and_what_each_group_does():
    table = edits_table(
        [
            Edit("<b>bytes</b>", "bytes", 1200.0, 52.0, 50.0, 0.7, 1.3),
            Edit("host", "", "a", "b", "c", None, None),
        ]
    )
    assert table.rows == (
        ("<b>bytes</b>", "1.2 kB", "52 B", "0.7", "1.3", "50 B"),
        ("host", "a", "b", "", "", "c"),
    )
