import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain.interpretation import Cell, Deviation
from deepaid_core.figures.deviations import (
    column_title,
    deviation_sentence,
    deviation_table,
    deviations,
    range_position,
)
from tests.factories import PATHS, make_interpretation

NUMBERS = st.floats(-1e12, 1e12)


@given(NUMBERS, NUMBERS, NUMBERS, NUMBERS)
def test_positions_keep_the_order_of_values(one, other, edge, other_edge):
    low, high = sorted((edge, other_edge))
    left, right = sorted((one, other))
    assert range_position(left, low, high) <= range_position(right, low, high)


@given(NUMBERS, NUMBERS, NUMBERS)
def test_a_position_is_inside_0_to_1_exactly_when_the_value_is_in_its_range(value, edge, other):
    low, high = sorted((edge, other))
    position = range_position(value, low, high)
    if low <= value <= high:
        assert 0 <= position <= 1
    # Closer to the edge than rounding can tell, outside and on the edge are one place.
    elif abs(value - (low if value < low else high)) > 1e-3 * max(1.0, high - low, abs(high)):
        assert position < 0 or position > 1


def test_positions_outside_count_decades_of_range_widths():
    assert range_position(20.0 + 9 * 10.0, 10.0, 20.0) == pytest.approx(2.0)
    assert range_position(20.0 + 99 * 10.0, 10.0, 20.0) == pytest.approx(3.0)
    assert range_position(10.0 - 9 * 10.0, 10.0, 20.0) == pytest.approx(-1.0)


def test_the_column_that_moved_most_is_drawn_and_all_on_request():
    interpretation = make_interpretation(PATHS[0])
    by_default = deviations(interpretation)
    everything = deviations(interpretation, all_columns=True)
    assert len(_anomalies(by_default).y) == 3
    assert len(_anomalies(everything).y) == 6
    assert list(_anomalies(by_default).y) == sorted(_anomalies(by_default).y, reverse=True)


def test_labels_and_hover_are_in_original_units():
    cell = Cell("x", "Sent, last 10 s", "bytes", 2_500_000.0, 1400.0, 100.0, 2000.0, 100.0)
    figure = deviations(
        make_interpretation(deviations=(Deviation("s", "Sent", "up", 9.0, 1.0, (cell,)),))
    )
    hover = _anomalies(figure).hovertext[0]
    assert "Observed: 2.5 MB" in hover
    assert "Closest normal: 1.4 kB" in hover
    assert "Normal range (1 % to 99 %): 100 B to 2 kB" in hover
    assert any("2.5 MB" in note.text for note in figure.layout.annotations)
    assert "1,786× higher" in figure.layout.title.text.replace("<br>", " ")


def test_the_table_holds_every_column_strongest_first():
    rows = deviation_table(make_interpretation(PATHS[0]))
    assert [row.rank for row in rows] == [1, 1, 2, 2, 3, 3]
    assert [row.strongest for row in rows] == [True, False] * 3
    assert (rows[0].column, rows[0].observed, rows[0].closest_normal) == (
        "decay 5",
        "1.5 kB",
        "500 B",
    )
    assert rows[0].percentile == 99.5


def test_an_interpretation_without_deviations_has_an_empty_table():
    assert deviation_table(make_interpretation(deviations=())) == []


@pytest.mark.parametrize(
    ("title", "rest"),
    [
        ("Sent, last 10 s", "last 10 s"),
        ("Sent (last 10 s)", "last 10 s"),
        ("Sent", ""),
        ("Received (mean) 1 s", "Received (mean) 1 s"),
        ("Received (mean)", "Received (mean)"),
    ],
)
def test_a_column_title_drops_what_its_field_says_already(title, rest):
    cell = Cell("x", title, "", 1.0, 2.0)
    assert column_title(Deviation("s", "Sent", "up", 1.0, 1.0, (cell,)), cell) == rest


def test_sentences_name_values_difference_and_place_in_training():
    cell = Cell("x", "Sent, last 10 s", "bytes", 380.0, 10.0, 1.0, 20.0, 100.0)
    assert deviation_sentence(Deviation("s", "Sent", "up", 9.0, 1.0, (cell,))) == (
        "Sent (last 10 s) was 380 B where the closest normal event has 10 B: 38× higher. "
        "The observed value is at or above all training events."
    )


@settings(max_examples=30, deadline=None)
@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(allow_nan=False, allow_infinity=False),
    st.none() | st.floats(-1e300, 1e300),
)
def test_any_finite_values_can_be_drawn(observed, reference, edge):
    cell = Cell("x", "x", "", observed, reference, edge, edge)
    interpretation = make_interpretation(deviations=(Deviation("x", "x", "up", 1.0, 1.0, (cell,)),))
    assert _anomalies(deviations(interpretation)).x[0] is not None


def _anomalies(figure):
    return next(trace for trace in figure.data if trace.name == "anomaly")


def test_a_category_is_shown_as_text_at_no_distance():
    cell = Cell("service", "service", "", "<b>http</b>", "smtp")
    deviation = Deviation("service", "service", "changed", 40.0, 1.0, (cell,))
    figure = deviations(make_interpretation(deviations=(deviation,)))
    assert "<b>http</b>" not in figure.to_json()
    assert "&lt;b&gt;http&lt;/b&gt;" in _anomalies(figure).hovertext[0]
    assert list(figure.layout.xaxis.ticktext) == ["normal", "observed"]
    assert deviation_sentence(deviation) == (
        'service was "<b>http</b>" where the closest normal event has "smtp".'
    )
    (row,) = deviation_table(make_interpretation(deviations=(deviation,)))
    assert (row.observed, row.closest_normal, row.factor) == ("<b>http</b>", "smtp", "changed")


def test_categories_and_numbers_share_a_figure():
    text = Cell("service", "service", "", "http", "smtp")
    number = Cell("bytes", "bytes", "", 900.0, 1.0, 0.0, 10.0, 100.0)
    figure = deviations(
        make_interpretation(
            deviations=(
                Deviation("service", "service", "changed", 40.0, 0.6, (text,)),
                Deviation("bytes", "bytes", "up", 40.0, 0.4, (number,)),
            )
        )
    )
    seen = list(_anomalies(figure).x)
    assert 1.0 < seen[0] < seen[1]
    assert "normal" in figure.layout.xaxis.ticktext
