import pytest

from deepaid_core.figures.learning import Curve, false_positive_curves, purity_over_time
from deepaid_core.figures.theme import is_empty
from tests.factories import START

NEXT = Curve("next best first", [10, 6, 2], [10, 5, 1], [10, 7, 3])
SCORE = Curve("highest score first", [10, 10, 9], [10, 10, 9], [10, 10, 9])


def test_the_title_says_what_the_first_way_of_working_brought():
    figure = false_positive_curves([NEXT, SCORE])
    title = figure.layout.title.text.replace("<br>", " ")
    assert title == "next best first: 80 % of 10 open false positives gone after 2 verdicts"


def test_each_way_is_a_line_of_its_own_color_and_dash_and_the_range_is_shaded():
    band, first, second = false_positive_curves([NEXT, SCORE]).data
    assert list(first.x) == [0, 1, 2]
    assert list(first.y) == [10, 6, 2]
    assert (first.line.color, first.line.dash) != (second.line.color, second.line.dash)
    assert first.line.dash != second.line.dash
    assert list(band.y) == [10, 5, 1, 3, 7, 10]
    assert first.hovertext[1].endswith("after 1 verdict: 6 open (5 to 7)")


def test_the_target_is_drawn_where_it_is_asked_for():
    figure = false_positive_curves([NEXT], target_verdicts=2, target_share=0.75)
    assert [(one.y0, one.x1) for one in figure.layout.shapes] == [(2.5, 2), (0, 2)]
    assert figure.layout.annotations[0].text == "asked for: 75 % gone within 2"
    assert not false_positive_curves([NEXT]).layout.shapes


@pytest.mark.parametrize("curves", [[], [Curve("nothing", [], [], [])]])
def test_without_a_measurement_there_is_an_empty_figure_that_says_so(curves):
    assert is_empty(false_positive_curves(curves))


def test_a_name_is_no_markup():
    hostile = Curve("<b>x</b>", [3, 1], [3, 1], [3, 1])
    figure = false_positive_curves([hostile, SCORE])
    assert "<b>" not in figure.layout.title.text
    assert all("<b>" not in (trace.name or "") for trace in figure.data)


def test_purity_says_how_many_decisions_agree_now():
    figure = purity_over_time([(3, START, 1.0, 1), (9, START + 60, 0.75, 4)])
    assert list(figure.data[0].y) == [100.0, 75.0]
    title = figure.layout.title.text.replace("<br>", " ")
    assert title == "3 of 4 decisions agree with most on their pattern (M-9)"
    assert is_empty(purity_over_time([]))
