import json

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workflow import learning_results, steering, suppress, triage
from tests.factories import make_detector_record, make_finding, make_run
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown
from tests.pages.test_suppressions_page import said
from tests.suppressing import (
    FINDINGS,
    FIRST,
    PATTERN,
    SECOND,
    TRUE,
    judge,
    judge_falsely,
    make_suppression,
)

PAGE = "pages/knowledge/learning.py"


@pytest.fixture
def filled(workspace):
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), FINDINGS)
    return workspace


def table(app, column):
    """The first table that has a column of this name."""
    return next(one.value for one in app.dataframe if column in one.value)


def metrics(app):
    return {metric.label: metric.value for metric in app.metric}


def test_an_empty_workspace_says_what_will_stand_here(open_page):
    app = open_page(PAGE)
    assert not app.error
    assert "Nothing to learn from yet" in said(app)
    assert not app.metric


def test_what_to_judge_next_comes_with_its_gain_and_its_reason(open_page, filled):
    judge_falsely(filled)
    best = steering.next_best(filled, limit=8)
    shown = table(open_page(PAGE), "Expected to leave")
    assert shown["Pattern"].tolist() == [one.pattern.pattern_id for one in best]
    assert shown["Look at"].tolist() == [one.finding_id for one in best]
    assert shown["Expected to leave"].tolist()[0] == f"{best[0].expected:,.1f}"
    assert shown["Why"].tolist()[0] == best[0].reason


def test_the_numbers_on_top_are_those_of_the_store(open_page, filled):
    judge_falsely(filled)
    suppress.suppress(filled, make_suppression())
    numbers = filled.store.overview()
    assert metrics(open_page(PAGE)) == {
        "Decisions": "3",
        "Open findings": f"{numbers.open_findings}",
        "With a suggestion": "0",
        "Suppressed": f"{numbers.suppressed}",
    }
    assert numbers.suppressed > 0


def test_new_patterns_raise_an_alarm_until_they_are_judged(open_page, workspace):
    # All within the quarter of an hour that the latest run covers.
    early = [make_finding(number, max_score=0.3) for number in range(4)]
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), early)
    app = open_page(PAGE)
    assert "4 patterns of the latest runs were never seen before" in said(app)
    assert len(table(app, "First event (UTC)")) == 4
    judge(workspace, *(one.id for one in early), label=TRUE, category="port-scan")
    assert "nothing that was not seen or judged before" in said(open_page(PAGE))


def test_patterns_whose_verdicts_disagree_are_listed_until_it_is_settled(open_page, filled):
    judge(filled, FIRST[0], author="ben")
    wrong = judge(filled, FIRST[1], label=TRUE, category="port-scan", author="cem")
    app = open_page(PAGE)
    row = table(app, "Latest verdict").iloc[0]
    assert row["Pattern"] == PATTERN
    assert row["Verdicts"] == "1 true positive, 1 false positive"
    assert row["Latest verdict"] == "True positive: port-scan by cem"
    triage.undo(filled, entry_numbers=wrong.numbers, author="ana")
    assert "On no pattern do the verdicts in force contradict" in said(open_page(PAGE))


def test_agreement_is_told_as_a_table_too(open_page, filled):
    judge(filled, FIRST[0])
    judge(filled, FIRST[1], label=TRUE, category="port-scan")
    judge(filled, SECOND[0])
    twin = table(open_page(PAGE), "Decisions in force")
    assert twin["Version"].tolist() == ["M-3", "M-2", "M-1"]
    assert twin["Agree"].tolist() == ["66.7 %", "50 %", "100 %"]


def test_a_queue_that_is_done_asks_for_nothing(open_page, filled):
    judge(filled, *filled.store.ids(FindingQuery()))
    app = open_page(PAGE)
    assert not app.error
    assert "No finding is open" in said(app)


@pytest.fixture
def results(tmp_path, monkeypatch):
    """Makes the last benchmark run one with these contents."""
    path = tmp_path / "benchmarks.json"
    read = learning_results.last_learning
    monkeypatch.setattr("deepaid_ui.learning_measured.last_learning", lambda: read(path))
    return path


def run_of(order, *, variant="suppressing", detector=None, ever=0):
    """Four verdicts that take out all but two of ten false positives."""
    return {
        "order": order,
        "variant": variant,
        "detector": detector,
        "seeds": 2,
        "attacks": 30,
        "open_false": [10, 8, 6, 4, 3, 2],
        "open_false_low": [10, 7, 5, 4, 2, 1],
        "open_false_high": [10, 9, 7, 5, 4, 3],
        "silenced": [0, 0, 0, 0, 0, ever],
        "each": [{"silenced_ever": ever}, {"silenced_ever": 0}],
    }


def section(*runs):
    figures = {
        "findings": 50,
        "false_positives": 10,
        "attacks": 30,
        "target": {"verdicts": 5, "share": 0.8},
        "runs": list(runs),
    }
    return {"triage": {"measured": "2026-11-22T10:00:00", "commit": "abcdef1", "figures": figures}}


def test_what_was_never_measured_says_how_to_measure_it(open_page, filled, results):
    app = open_page(PAGE)
    assert "Not measured yet" in said(app)
    assert "deepaid bench --only triage" in [code.value for code in app.code]


def test_the_measured_curve_says_where_it_was_measured(open_page, filled, results):
    runs = (run_of("score", ever=1), run_of("next"), run_of("next", variant="taught", ever=9))
    results.write_text(json.dumps(section(*runs)), encoding="utf-8")
    app = open_page(PAGE)
    assert not app.error
    words = said(app)
    assert "10 of them false positives and 30 of attacks" in words
    assert "measured 2026-11-22 at commit abcdef1" in words
    # What suggestions alone would have cost is no suppression.
    assert "In 4 runs with suppressions 1 attack finding was ever silenced" in words
    rows = table(app, "Silenced ever")
    assert rows["Order"].tolist()[0] == "Next best first"
    assert rows["Open false positives"].tolist()[:2] == ["10 (10 to 10)", "2 (1 to 3)"]
    assert rows["Gone"].tolist()[:2] == ["0 %", "80 %"]


def test_the_curve_of_one_detector_can_be_chosen(open_page, filled, results):
    runs = (run_of("next"), run_of("next", detector="packets"))
    results.write_text(json.dumps(section(*runs)), encoding="utf-8")
    app = open_page(PAGE)
    box = next(one for one in app.selectbox if one.label == "Queue of")
    assert box.options == ["whole queue", "packets"]
    box.set_value("packets").run()
    assert not app.exception
    assert len(table(app, "Silenced ever")) == 2


def test_damaged_results_are_told_in_a_sentence(open_page, filled, results):
    results.write_text('{"triage": {"figures": 3}}', encoding="utf-8")
    app = open_page(PAGE)
    assert not app.exception
    assert "measure again" in app.error[0].value.replace("\\", "")


def test_hostile_texts_never_reach_markdown(open_page, workspace):
    workspace.store.add_detector(make_detector_record())
    hostile = [
        make_finding(number, path=(HOSTILE,), entity=HOSTILE, summary=HOSTILE, max_score=0.3)
        for number in range(3)
    ]
    workspace.store.add_run(make_run(), hostile)
    judge(workspace, hostile[0].id, category=HOSTILE[:60], author=HOSTILE[:60])
    judge(workspace, hostile[1].id, label=TRUE, category=HOSTILE[:60], reason=HOSTILE)
    app = open_page(PAGE)
    assert not app.exception
    assert not app.error
    assert "](http" not in markdown(app)
    assert "<img" not in markdown(app)
