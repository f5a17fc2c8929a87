"""How the agreement of verdicts is drawn."""

from deepaid_core.figures.theme import is_empty
from deepaid_core.figures.versions import agreement, agreement_table

POINTS = ((1, 1_760_000_000.0, 1.0, 1), (4, 1_760_000_060.0, 0.5, 2), (5, 1_760_000_120.0, 0.75, 4))


def test_without_a_verdict_the_figure_says_so():
    assert is_empty(agreement(()))
    assert agreement_table(()).rows == ()


def test_the_title_says_where_it_stands_now():
    assert agreement(POINTS).layout.title.text.replace("<br>", " ") == (
        "75 % of 4 decisions say what most on the same pattern say"
    )
    assert agreement(POINTS[:1]).layout.title.text.startswith("100 % of 1 decision says")


def test_each_version_stands_at_its_number_with_its_share():
    (line,) = agreement(POINTS).data
    assert list(line.x) == [1, 4, 5]
    assert list(line.y) == [100.0, 50.0, 75.0]
    # Contradiction shows by its symbol too, not by color alone.
    assert list(line.marker.symbol) == ["circle", "diamond", "diamond"]
    assert "50 % of 2 decisions agree" in line.hovertext[1]


def test_the_lowest_share_is_in_view():
    low, high = agreement(((1, 0.0, 0.02, 50),)).layout.yaxis.range
    assert low == 0.0
    assert high > 100.0


def test_the_table_holds_the_same_newest_first():
    assert agreement_table(POINTS).rows == (
        ("M-5", "2025-10-09 08:55:20", "75 %", 4),
        ("M-4", "2025-10-09 08:54:20", "50 %", 2),
        ("M-1", "2025-10-09 08:53:20", "100 %", 1),
    )
