"""Answers of several methods as figures, tables and sentences."""

import html
from dataclasses import replace

import pytest

from deepaid_core.domain.comparison import Answer
from deepaid_core.domain.interpretation import Diagnostics
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.quality import Kept, Quality
from deepaid_core.figures.compare import agreement, score_paths
from deepaid_core.figures.compare_cards import deviation_lines
from deepaid_core.figures.compare_methods import METHODS, method, reads
from deepaid_core.figures.compare_tables import (
    agreement_table,
    comparison_sentences,
    firmness_table,
    flip_words,
    paths_table,
    summary_table,
    time_words,
)
from deepaid_core.figures.theme import is_empty
from deepaid_core.registry import DEFAULT_INTERPRETERS, INTERPRETERS
from tests.comparisons import answer, comparison
from tests.factories import make_interpretation

THREE = comparison(
    replace(answer("greedy", "MI_mean:up:2", "HH_std:down:1"), is_stored=True, elapsed_ms=None),
    answer("largest-error", "HH_std:down:1", "HH_mean:up:1", "MI_mean:up:2"),
    answer("random", "HH_weight:up:1", flips=False),
)


def marks(figure):
    """(method's place, field's height, rank) of every mark."""
    return {
        (x, y, text)
        for trace in figure.data
        if trace.text is not None
        for x, y, text in zip(trace.x, trace.y, trace.text, strict=True)
    }


def test_every_registered_method_is_described_in_a_sentence():
    for name in INTERPRETERS:
        assert name in METHODS, f"say in figures/compare_methods.py what '{name}' does"
        assert METHODS[name].sentence.endswith(".")
        assert len(METHODS[name].title) <= 22


@pytest.mark.parametrize("kind", Modality)
def test_the_default_method_of_a_kind_of_data_reads_it(kind):
    assert reads(DEFAULT_INTERPRETERS[kind], kind)


def test_a_method_that_nobody_described_is_shown_under_its_name():
    assert method("tarot").title == "tarot"
    assert reads("tarot", Modality.LINK)


def test_each_mark_stands_where_its_method_names_its_field():
    figure = agreement(THREE)
    labels = dict(zip(figure.layout.yaxis.tickvals, figure.layout.yaxis.ticktext, strict=True))
    shared = next(height for height, text in labels.items() if "Mean packet size of" in text)
    assert (0, shared, "1") in marks(figure)
    assert (1, shared, "3") in marks(figure)
    assert not any(place == 2 and height == shared for place, height, _ in marks(figure))
    assert len(marks(figure)) == 6
    assert "×2" in labels[shared]


def test_fields_that_most_methods_name_stand_on_top():
    figure = agreement(THREE)
    counts = [
        sum(height == at for _, height, _ in marks(figure))
        for at in sorted(figure.layout.yaxis.tickvals, reverse=True)
    ]
    assert counts == sorted(counts, reverse=True)


def test_the_title_says_how_far_the_methods_agree():
    assert agreement(THREE).layout.title.text.startswith("0 of 4 deviations are named by all 3")
    same = comparison(answer("greedy", "a", "b"), answer("random", "b", "a"))
    assert agreement(same).layout.title.text == "Both methods name the same 2 deviations"


def test_the_score_falls_from_the_event_along_each_method():
    figure = score_paths(THREE)
    assert [trace.y[0] for trace in figure.data] == [0.9] * 3
    for trace, one in zip(figure.data, THREE.answers, strict=True):
        assert trace.y[1:] == one.interpretation.diagnostics.flip_scores
        opens = [symbol.endswith("-open") for symbol in trace.marker.symbol]
        assert opens == [score <= 0.25 for score in trace.y]
    assert len({(t.line.dash, t.marker.symbol[0]) for t in figure.data}) == 3


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ((answer("greedy", "a"), answer("random", "b")), "Both methods get under"),
        (
            (answer("greedy", "a"), answer("random", "b", "c")),
            "Greedy search gets under the threshold first, after 1 deviation",
        ),
        (
            (answer("greedy", "a", flips=False), answer("random", "b", flips=False)),
            "Neither method gets under",
        ),
        ((answer("greedy", "a", flips=False),), "does not get under"),
    ],
)
def test_the_title_of_the_paths_says_who_is_first(answers, words):
    title = score_paths(comparison(*answers)).layout.title.text.replace("<br>", " ")
    assert words in title


@pytest.mark.parametrize("draw", [agreement, score_paths])
def test_without_any_answer_a_sentence_stands_instead_of_axes(draw):
    assert is_empty(draw(comparison(Answer("lime", why_not="It is not installed."))))


@pytest.mark.parametrize("letters", [20, 48, 76])
def test_a_card_says_value_and_share_of_each_deviation_in_short_lines(letters):
    interpretation = make_interpretation()
    figure = deviation_lines(interpretation, letters=letters)
    said = [html.unescape(one.text).split("<br>") for one in figure.layout.annotations]
    assert len(said) == len(interpretation.deviations)
    for rank, (lines, deviation) in enumerate(
        zip(said, interpretation.deviations, strict=True), start=1
    ):
        assert lines[0].startswith(f"{rank}. ")
        assert "→" in lines[-1]
        assert f"{100 * deviation.weight:.3g} %" in lines[-1]
        assert all(len(line) <= letters for line in lines[:-1])


def test_a_value_stands_in_the_column_of_each_method_that_names_its_field():
    table = agreement_table(THREE)
    rows = {row[0]: row[1:] for row in table.rows}
    observed, first, second, third = rows["Mean packet size of this host (decay 5)"]
    assert observed == "600 B"
    assert (first, second, third) == ("1. 500 B", "3. 500 B", "–")
    assert table.columns[2:] == ("Greedy search (stored)", "Largest error", "Random order")


def test_the_table_of_paths_marks_what_is_accepted():
    rows = paths_table(THREE).rows
    assert len(rows) == 3
    assert rows[1][1].endswith("accepted")
    assert rows[2][1] == "–"
    assert not any("accepted" in row[3] for row in rows)


def test_the_summary_has_a_line_for_methods_without_an_answer_too():
    table = summary_table(comparison(*THREE.answers, Answer("lime", why_not="Not installed.")))
    assert [row[1] for row in table.rows] == [
        "yes, after 2 deviations",
        "yes, after 3 deviations",
        "no",
        "no answer",
    ]
    assert table.marked == (0, 1)
    assert [row[-1] for row in table.rows] == ["stored", "12.5 ms", "12.5 ms", "–"]


def test_a_label_that_flips_early_says_after_how_many():
    one = answer("greedy", "a", "b", "c")
    proof: Diagnostics = replace(one.interpretation.diagnostics, flip_scores=(0.8, 0.2, 0.24))
    early = replace(one, interpretation=replace(one.interpretation, diagnostics=proof))
    assert flip_words(early) == "yes, after 2 of 3 deviations"
    assert early.flips_after == 2


def test_what_was_scored_anew_overrules_what_an_interpreter_claims():
    claimed = answer("greedy", "a")
    assert claimed.flips
    assert not replace(claimed, rescored=0.3).flips
    assert flip_words(replace(claimed, rescored=0.3)) == "no"


def test_the_first_sentence_says_who_flips_the_label():
    assert comparison_sentences(THREE)[0] == (
        "2 of 3 methods flip the label; the shortest answer is that of Greedy search, 2 deviations."
    )
    only = comparison(answer("greedy", "a"), answer("random", "b", flips=False))
    assert comparison_sentences(only)[0].startswith("Only Greedy search flips the label, with 1")
    alone = comparison(answer("key-substitution", "a"))
    assert comparison_sentences(alone) == ("Key substitution flips the label after 1 deviation.",)
    none = comparison(answer("greedy", "a", flips=False), answer("random", "b", flips=False))
    assert comparison_sentences(none)[0].startswith("Neither method flips the label")


def test_firmness_tells_what_does_not_apply_from_what_was_lost():
    kept = Kept(size=0.01, tries=3, flagged=3, shown=0.5, ranking=0.9)
    rows = firmness_table(
        {
            "greedy": Quality(1, None, 1.0, kept, replace(kept, shown=None, ranking=None)),
            "key-substitution": Quality(1, None, 1.0, None),
            "lime": None,
        }
    ).rows
    assert rows[0] == (
        "Greedy search", "100 %", "50 %", "90 %", "no longer flagged", "no longer flagged",
    )  # fmt: skip
    assert rows[1][2:] == ("does not apply",) * 4
    assert rows[2][1:] == ("–",) * 5


def test_times_are_in_the_unit_that_fits():
    assert time_words(answer("greedy", "a")) == "12.5 ms"
    assert time_words(replace(answer("greedy", "a"), elapsed_ms=61_000.0)) == "1 min 1 s"
