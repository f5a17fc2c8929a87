import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.accepted import ACCEPTED, judged, outlived, unexplained
from benchmarks.detector_targets import needless, rows_of
from benchmarks.detector_targets import unexplained as unexplained_rows
from benchmarks.quote import quoted
from benchmarks.render import render
from deepaid_core.workflow.benchmark_results import ComparisonResults, last_results

ROOT = Path(__file__).parents[2]
RESULTS = json.loads((ROOT / "docs/benchmarks.json").read_text(encoding="utf-8"))
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


@pytest.fixture
def compared() -> ComparisonResults:
    results = last_results(ROOT / "docs/benchmarks.json")
    assert results is not None, "run `deepaid bench --only comparison`"
    return results


def test_the_benchmark_page_is_what_its_figures_give():
    assert (ROOT / "docs/benchmarks.md").read_text(encoding="utf-8") == render(RESULTS)


@pytest.mark.slow
def test_the_page_can_be_written_anew_without_measuring(tmp_path):
    command = [sys.executable, "-m", "benchmarks.run", "--render", "--out", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    for name in ("benchmarks.json", "benchmarks.md"):
        assert (tmp_path / name).read_bytes() == (ROOT / "docs" / name).read_bytes()


def test_the_readme_quotes_the_measured_figures():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    detection = RESULTS["detection"]["figures"]
    search = RESULTS["interpretation"]["figures"]["demos"]["packets"]
    found = [row["attack"] for row in detection["events"] if row["flagged"] >= 0.01]
    assert f"all {sum(found)} attacks and {len(found) - sum(found)} of the 6" in readme
    assert f"at {detection['false_alarm_rate'] * 100:.1f} %\nfalse alarms" in readme
    assert f"each of the {search['anomalies']:,} anomalies" in readme
    assert search["not_verified"] == 0
    few = search["needed"]["1"] + search["needed"]["2"]
    assert few / search["anomalies"] == pytest.approx(0.9, abs=0.02)
    others = {
        "log sessions": RESULTS["sequences"]["figures"]["logins"]["auc"],
        "logins": RESULTS["links"]["figures"]["rankings"][0]["auc"],
        "seconds of\nhost rates": RESULTS["series"]["figures"]["rates"]["auc"],
    }
    for name, auc in others.items():
        assert f"{name} {auc:.2f}" in readme


def test_the_shipped_detector_meets_what_it_promises():
    detection = RESULTS["detection"]["figures"]
    attacks = [row["flagged"] for row in detection["events"] if row["attack"]]
    benign = [row["flagged"] for row in detection["events"] if not row["attack"]]
    assert detection["false_alarm_rate"] <= 0.02
    assert sum(share >= 0.01 for share in attacks) >= 8
    assert sum(share >= 0.01 for share in benign) >= 4
    for demo in RESULTS["interpretation"]["figures"]["demos"].values():
        assert demo["rescored"] == 1.0


def test_no_detector_is_worse_than_the_simple_models_of_the_sample_data():
    assert RESULTS["sequences"]["figures"]["logins"]["auc"] >= 0.98
    assert RESULTS["series"]["figures"]["rates"]["auc"] >= 0.86
    assert RESULTS["links"]["figures"]["rankings"][0]["auc"] >= 0.93


def test_every_measure_that_ours_is_behind_on_or_short_of_says_why(compared):
    assert unexplained(compared) == []


def test_every_detector_that_is_behind_what_was_asked_says_why_and_no_other_does():
    rows = rows_of(RESULTS["detectors"]["figures"])
    assert unexplained_rows(rows) == []
    assert needless(rows) == []


def test_no_reason_has_outlived_the_row_it_was_written_for(compared):
    assert outlived(compared) == []


def test_the_figures_carry_the_reasons_as_they_stand(compared):
    figures = RESULTS["comparison"]["figures"]
    assert json.loads(json.dumps(judged(figures))) == figures
    assert len(figures["reasons"]) == len(ACCEPTED)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_figures_between_marks_are_those_measured_last(page, compared):
    text = page.read_text(encoding="utf-8")
    assert quoted(text, compared) == text
