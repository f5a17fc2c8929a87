"""The comparison on a detector whose answers are known: the distance from the middle."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from benchmarks import bench_comparison, data_sets
from benchmarks.accepted import judged
from benchmarks.comparison_methods import DEFAULT, FULL, SLOW, measure_method, spread
from benchmarks.comparison_page import section
from benchmarks.comparison_rows import methods_for
from benchmarks.pairs import value_of
from benchmarks.tasks import Task
from deepaid_core.detectors.own_model import adapt
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.interpreters import quality
from deepaid_core.interpreters.base import Context
from deepaid_core.registry import DEFAULT_INTERPRETERS, INTERPRETERS, load
from deepaid_core.workflow.benchmark_results import ComparisonResults

COLUMNS, GUILTY, ANOMALIES = 8, 2, 12
TINY = replace(DEFAULT, slow=4, again=6, slow_again=2, draws=1, restarts=1, steps=3, singles=2)
OURS = DEFAULT_INTERPRETERS[Modality.TABULAR]
QUICK = (OURS, "largest-error", "random", "kernel-shap")


@pytest.fixture(scope="module")
def task() -> Task:
    random = np.random.default_rng(0)
    names = [f"c{place}" for place in range(COLUMNS)]
    schema = Schema("tiny", tuple(Feature(n, n, n, low=0.0, high=1.0) for n in names))
    normal = np.clip(0.5 + 0.02 * random.normal(size=(300, COLUMNS)), 0, 1)
    middle = nn.Linear(COLUMNS, COLUMNS)
    with torch.no_grad():
        middle.weight.zero_()
        middle.bias.fill_(0.5)
    trained = adapt(
        schema,
        normal,
        reconstruct=middle.eval().requires_grad_(False),
        quantile=0.99,
        name="tiny",
        normal_size=len(normal),
    )
    values = np.clip(0.5 + 0.01 * random.normal(size=(ANOMALIES, COLUMNS)), 0, 1)
    guilty = np.stack([random.choice(COLUMNS, GUILTY, replace=False) for _ in values])
    values[np.arange(ANOMALIES)[:, None], guilty] += 0.3
    return Task("tiny", trained, TabularBatch.of_values(schema, values), guilty, ranked=GUILTY)


@pytest.fixture(scope="module")
def figures(task) -> dict:
    whole = bench_comparison.compare_methods("tiny", task, TINY, QUICK)
    # As read back from the file.
    return json.loads(json.dumps(whole))


def row(figures: dict, method: str) -> dict:
    return next(one for one in figures["methods"] if one["method"] == method)


def test_every_interpreter_that_supports_the_detector_is_measured_and_ours_stands_first(task):
    detector = task.trained.detector
    able, left_out = methods_for(detector)
    assert able[0] == OURS
    assert set(able) == {
        name for name in INTERPRETERS if load(INTERPRETERS, name)().supports(detector) is None
    }
    assert set(QUICK) <= set(able)
    assert not set(left_out) & set(DEFAULT_INTERPRETERS.values())


def test_a_method_that_finds_what_was_planted_has_the_figures_that_follow(figures):
    known = row(figures, OURS)["measures"]
    assert known["lfr_1"] == 0.0
    assert known["lfr_2"] == known["lfr_10"] == known["solved"] == known["verified"] == 1.0
    assert known["mean_k"] == GUILTY
    assert known["truth_ranking"] == known["truth_shown"] == known["truth_precision"] == 1.0
    assert known["stability"] == known["proof"] == 1.0
    assert known["distance_left"] < 0.5


def test_a_guess_is_behind_on_what_was_planted(figures):
    guess = row(figures, "random")
    assert guess["measures"]["truth_ranking"] < 0.7
    assert guess["against"]["truth_ranking"]["high"] < 0


def test_slow_methods_are_measured_on_few_anomalies_and_ours_on_the_same_beside_them(figures):
    slow = [one for one in figures["methods"] if one["method"] in SLOW]
    assert slow
    assert {one["n"] for one in slow} == {TINY.slow}
    assert all(one["against"]["lfr_2"]["n"] == TINY.slow for one in slow)
    assert figures["subset"]["n"] == TINY.slow
    assert figures["subset"]["measures"]["lfr_2"] == 1.0


def test_rates_are_those_of_the_measures_that_findings_are_stored_with(task):
    interpreter = load(INTERPRETERS, "random")()
    found = interpreter.interpret(task.anomalies, Context.of(task.trained))
    measured = measure_method("random", interpreter, task, TINY)
    for count, rate in quality.flip_rates(found).items():
        assert measured.each[f"lfr_{count}"].mean() == pytest.approx(rate)


def test_figures_but_for_times_are_the_same_in_every_run(task, figures):
    again = measure_method(OURS, load(INTERPRETERS, OURS)(), task, TINY)
    for key, values in again.each.items():
        assert row(figures, OURS)["measures"][key] == pytest.approx(value_of(key, values), abs=1e-5)


def test_the_page_holds_every_method_and_every_comparison(figures):
    whole = judged(
        {
            "command": "deepaid bench",
            "size": "default",
            "settings": TINY.words(),
            "tasks": [figures],
            "skipped": {"hdfs": "HDFS is not here."},
        }
    )
    page = section(whole)
    results = ComparisonResults.of(
        {"measured": "", "commit": "", "machine": {}, "load_before": 0, "figures": whole}
    )
    assert all(f"\n| `{one['method']}`" in page for one in figures["methods"])
    assert page.count("\n| tiny |") == len(results.standings) > 10
    assert "HDFS is not here." in page


def test_data_sets_that_are_absent_are_skipped_with_their_name_and_publisher(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("DEEPAID_SHARED_DATA", str(tmp_path / "data"))
    figures = bench_comparison.measure(only=["nsl-fields", "kdd99", "hdfs"])
    assert figures["tasks"] == []
    assert set(figures["skipped"]) == {"nsl-fields", "kdd99", "hdfs"}
    assert "Canadian Institute for Cybersecurity" in figures["skipped"]["nsl-fields"]
    assert "KDDTest+.txt.gz" in figures["skipped"]["nsl-fields"]
    assert str(tmp_path) not in json.dumps(figures)
    assert capsys.readouterr().out.count("skipped") == 3


def test_the_full_size_measures_at_least_as_much_of_everything():
    for name in ("slow", "again", "slow_again", "draws", "restarts", "steps", "singles"):
        assert getattr(FULL, name) >= getattr(DEFAULT, name)


def test_a_few_positions_are_spread_over_all_from_the_first_to_the_last():
    assert spread(100, 3).tolist() == [0, 50, 99]
    assert spread(2, 30).tolist() == [0, 1]


def test_each_task_names_data_that_is_known():
    needed = {key for one in bench_comparison.KINDS.values() for key in one.data}
    assert needed == set(data_sets.DATA_SETS)
