import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workflow import steering, suppress, triage
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
