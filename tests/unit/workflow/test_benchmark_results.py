import json
import subprocess
import sys

import pytest

from deepaid_core.errors import StoredValueError
from deepaid_core.workflow.benchmark_measures import MEASURES
from deepaid_core.workflow.benchmark_results import ComparisonResults, last_results
from deepaid_core.workflow.benchmark_standings import (
    Difference,
    MethodResult,
    TaskResult,
    standings_of,
)


def task(ours: dict, **others: MethodResult) -> TaskResult:
    mine = MethodResult("t", "ours", ours, n=100)
    return TaskResult("t", "Task", "ours", 100, (mine, *others.values()))


def method(name: str, value: float, low: float | None = None, high: float | None = None, **more):
    measure = more.pop("measure", "lfr_1")
    against = {}
    if low is not None and high is not None:
        against[measure] = Difference(more.pop("mean", (low + high) / 2), low, high, 100)
    return MethodResult("t", name, {measure: value}, more.pop("n", 100), against=against)


def verdict(ours: float, *others: MethodResult, measure: str = "lfr_1") -> str:
    (row,) = standings_of(task({measure: ours}, **{one.method: one for one in others}))
    return row.verdict


def section(**figures) -> dict:
    empty = {
        "command": "deepaid bench",
        "size": "default",
        "settings": {},
        "tasks": [],
        "reasons": [],
        "targets": [],
        "skipped": {},
    }
    return {
        "measured": "2026-01-01T00:00+00:00",
        "commit": "abc",
        "machine": {},
        "load_before": 0.1,
        "figures": {**empty, **figures},
    }


def test_ours_is_behind_where_another_method_is_surely_ahead():
    assert verdict(0.5, method("other", 0.6, 0.02, 0.2)) == "behind"


def test_ours_is_tied_where_the_interval_of_the_difference_holds_zero():
    assert verdict(0.5, method("other", 0.6, -0.01, 0.2)) == "tied"


def test_ours_is_first_only_where_it_is_surely_ahead_of_every_other_method():
    worse = method("worse", 0.3, -0.3, -0.1)
    assert verdict(0.5, worse) == "first"
    assert verdict(0.5, worse, method("near", 0.49, -0.05, 0.03)) == "tied"


def test_a_method_that_is_surely_ahead_counts_before_one_that_only_seems_further_ahead():
    sure = method("sure", 0.55, 0.01, 0.09)
    unsure = method("unsure", 0.8, -0.1, 0.7, n=10)
    (row,) = standings_of(task({"lfr_1": 0.5}, sure=sure, unsure=unsure))
    assert (row.verdict, row.other) == ("behind", "sure")


def test_both_values_of_a_row_are_those_on_the_anomalies_that_both_interpreted():
    few = MethodResult(
        "t", "few", {"lfr_1": 0.6}, 30, against={"lfr_1": Difference(0.1, 0.05, 0.2, 30, 0.5, 0.6)}
    )
    (row,) = standings_of(task({"lfr_1": 0.8}, few=few))
    assert (row.verdict, row.value, row.other_value) == ("behind", 0.5, 0.6)


def test_a_difference_that_cannot_be_seen_in_print_is_a_tie():
    far = method("other", 99.9, 0.001, 0.02, measure="plausibility")
    assert verdict(99.9, far, measure="plausibility") == "tied"


@pytest.mark.parametrize(
    ("ours", "other", "expected"),
    [(1.0, 1.05, "tied"), (1.0, 0.95, "tied"), (1.0, 0.5, "behind"), (1.0, 2.0, "first")],
)
def test_times_tie_within_a_tenth_and_less_is_better(ours, other, expected):
    one = method("other", other, measure="cpu_s_per_1000")
    assert verdict(ours, one, measure="cpu_s_per_1000") == expected


@pytest.mark.parametrize(("other", "expected"), [(0.51, "tied"), (0.53, "behind"), (0.47, "first")])
def test_shares_without_an_interval_tie_within_one_anomaly(other, expected):
    assert verdict(0.5, method("other", other)) == expected


def test_what_only_ours_was_measured_on_is_no_comparison():
    assert standings_of(task({"lfr_1": 0.5, "verified": 1.0}, other=method("other", 0.4))) == (
        standings_of(task({"lfr_1": 0.5}, other=method("other", 0.4)))
    )


def test_the_reason_of_a_task_comes_before_the_one_of_all_tasks():
    ahead = task({"lfr_1": 0.5}, other=method("other", 0.6, 0.02, 0.2))
    general = {("*", "lfr_1"): "everywhere"}
    assert standings_of(ahead, reasons=general)[0].reason == "everywhere"
    both = {**general, ("t", "lfr_1"): "here"}
    assert standings_of(ahead, reasons=both)[0].reason == "here"


def test_a_row_that_is_not_behind_carries_no_reason():
    level = task({"lfr_1": 0.5}, other=method("other", 0.5))
    assert standings_of(level, reasons={("*", "lfr_1"): "stale"})[0].reason == ""


def test_the_best_value_of_a_column_follows_which_way_is_better():
    rows = task({"lfr_1": 0.5, "mean_k": 2.0}, other=MethodResult("t", "o", {"mean_k": 3.0}, 5))
    assert (rows.best("lfr_1"), rows.best("mean_k"), rows.best("solved")) == (0.5, 2.0, None)


def test_results_are_read_as_the_benchmark_wrote_them(tmp_path):
    path = tmp_path / "benchmarks.json"
    ours = {"method": "greedy", "n": 3, "measures": {"lfr_1": 0.5, "coherent": None}}
    other = {
        "method": "random",
        "n": 3,
        "measures": {"lfr_1": 0.1},
        "notes": ["Slow."],
        "against": {"lfr_1": {"mean": -0.4, "low": -0.5, "high": -0.3, "n": 3}},
    }
    one = {"key": "t", "title": "T", "ours": "greedy", "anomalies": 3, "methods": [ours, other]}
    path.write_text(json.dumps({"comparison": section(tasks=[one], skipped={"hdfs": "absent"})}))
    results = last_results(path)
    assert results is not None
    (row,) = results.standings
    assert (row.verdict, row.value, row.other_value) == ("first", 0.5, 0.1)
    assert results.task("t").row("random").notes == ("Slow.",)
    assert results.skipped == {"hdfs": "absent"}


def test_where_nothing_was_compared_there_are_no_results(tmp_path):
    other = tmp_path / "benchmarks.json"
    other.write_text("{}")
    assert last_results(tmp_path / "absent.json", other) is None


@pytest.mark.parametrize("text", ["{", '{"comparison": {}}', '{"comparison": {"figures": 3}}'])
def test_damaged_results_are_named_and_how_to_get_new_ones(tmp_path, text):
    path = tmp_path / "benchmarks.json"
    path.write_text(text)
    with pytest.raises(StoredValueError, match="deepaid bench"):
        last_results(path)


def test_results_open_without_torch():
    code = (
        "import sys; import deepaid_core.workflow.benchmark_results as b; b.last_results(); "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_measure_says_in_words_what_it_is():
    assert all(one.meaning.endswith(".") and one.title for one in MEASURES.values())
    assert len({one.title for one in MEASURES.values()}) == len(MEASURES)


def test_an_empty_comparison_is_read_too():
    assert ComparisonResults.of(section()).standings == ()
