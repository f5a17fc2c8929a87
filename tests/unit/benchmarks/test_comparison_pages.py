import pytest

from benchmarks.accepted import ASKED, judged, outlived, unexplained
from benchmarks.quote import quoted
from deepaid_core.errors import InvalidParameterError
from deepaid_core.workflow.benchmark_measures import MEASURES
from deepaid_core.workflow.benchmark_results import ComparisonResults


def results(mine: float = 0.5, *, reasons: dict | None = None, **figures) -> ComparisonResults:
    other = {
        "method": "other",
        "n": 30,
        "measures": {"lfr_1": 0.7, "mean_k": 3.0},
        "against": {"lfr_1": {"mean": 0.2, "low": 0.1, "high": 0.3, "n": 30}},
    }
    ours = {"method": "greedy", "n": 300, "measures": {"lfr_1": mine, "mean_k": 2.0}}
    task = {
        "key": "nsl-fields",
        "title": "NSL",
        "ours": "greedy",
        "anomalies": 300,
        "methods": [ours, other],
    }
    known = {"command": "", "size": "default", "settings": {}, "skipped": {}, "tasks": [task]}
    known = judged(known) | figures
    if reasons is not None:
        known["reasons"] = [
            {"task": t, "measure": m, "reason": why} for (t, m), why in reasons.items()
        ]
    return ComparisonResults.of(
        {"measured": "", "commit": "", "machine": {}, "load_before": 0, "figures": known}
    )


def marked(what: str, old: str = "old") -> str:
    return f"Before <!-- figures: {what} -->{old}<!-- end --> after"


def test_a_number_in_a_sentence_is_written_anew():
    page = quoted(marked("value nsl-fields greedy lfr_1", "0.999"), results())
    assert page == marked("value nsl-fields greedy lfr_1", "0.500")
    assert quoted(page, results()) == page


def test_a_share_can_be_written_in_percent():
    assert ">50 %<" in quoted(marked("share nsl-fields greedy lfr_1"), results())


def test_a_table_shows_all_methods_with_the_best_in_bold_and_how_many_anomalies_they_saw():
    page = quoted(marked("table nsl-fields lfr_1 mean_k"), results())
    assert "| Method | LFR@1 | mean K |" in page
    assert "| `greedy` | 0.500 | **2.00** |" in page
    assert "| `other` (30) | **0.700** | 3.00 |" in page


def test_a_table_of_chosen_methods_shows_only_those():
    page = quoted(marked("table nsl-fields:greedy lfr_1"), results())
    assert "`greedy`" in page
    assert "`other`" not in page


def test_verdicts_can_be_counted():
    assert ">1<" in quoted(marked("count behind"), results())
    assert ">2<" in quoted(marked("count all"), results())


@pytest.mark.parametrize(
    "what",
    [
        "value nsl-fields greedy solved",
        "value kdd99 greedy lfr_1",
        "value nsl-fields nobody lfr_1",
        "table nsl-fields nothing",
        "table nsl-fields:nobody lfr_1",
        "count won",
        "poem",
    ],
)
def test_a_mark_that_asks_for_what_was_not_measured_is_named(what):
    with pytest.raises(InvalidParameterError, match=what):
        quoted(marked(what), results())


def test_text_outside_the_marks_stays_as_it_is():
    text = "A page.\n\n<!-- a comment -->\n```\n<!-- end -->\n```\n"
    assert quoted(text, results()) == text


def test_being_behind_without_a_reason_is_found():
    assert ("nsl-fields", "lfr_1") in unexplained(results(reasons={}))
    explained = results(reasons={("nsl-fields", "lfr_1"): "Because."}, targets=[])
    assert unexplained(explained) == []


def test_being_short_of_what_was_asked_without_a_reason_is_found():
    short = {
        "task": "nsl-fields",
        "measure": "lfr_1",
        "asked": "at least 0.9",
        "measured": 0.5,
        "met": False,
    }
    known = {("*", "lfr_1"): "Because."}
    assert unexplained(results(reasons=known, targets=[short])) == [("nsl-fields", "lfr_1")]
    assert unexplained(results(reasons=known, targets=[short | {"reason": "So."}])) == []


def test_a_reason_that_no_row_needs_is_found():
    used = {("nsl-fields", "lfr_1"): "Because."}
    stale = {("nsl-fields", "mean_k"): "Was true once."}
    found = results(targets=[])
    assert outlived(found, used, {}) == []
    assert outlived(found, used | stale, {}) == [("nsl-fields", "mean_k")]
    assert outlived(found, used | {("*", "lfr_1"): "Everywhere."}, {}) == [("*", "lfr_1")]
    assert outlived(found, {("*", "lfr_1"): "Everywhere."}, {}) == []
    assert outlived(found, used, {("nsl-fields", "lfr_2"): "Was."}) == [("nsl-fields", "lfr_2")]


def test_what_was_asked_is_met_or_not_by_the_value_of_ours():
    target = next(t for t in results(0.3).targets if (t.task, t.measure) == ("nsl-fields", "lfr_1"))
    assert (target.asked, target.measured, target.met) == ("at least 0.290", 0.3, True)
    short = next(t for t in results(0.2).targets if (t.task, t.measure) == ("nsl-fields", "lfr_1"))
    assert short.met is False
    less = next(t for t in results().targets if t.measure == "mean_k")
    assert (less.asked, less.met) == ("at most 2.20", True)
    absent = next(t for t in results().targets if t.task == "kdd99")
    assert (absent.measured, absent.met) == (None, None)


def test_what_was_asked_names_measures_that_exist():
    assert {one.measure for one in ASKED} <= set(MEASURES)
