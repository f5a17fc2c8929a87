"""The Patterns page: list, search, filters, map, a pattern's page and a verdict on all of it."""

import pytest

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workflow import distill, steering
from deepaid_ui.pattern_map import found_nodes, through
from tests.factories import make_detector_record, make_finding, make_run
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown, texts
from tests.pages.test_verdicts import banner, fill_in, press
from tests.suppressing import (
    BENIGN,
    FINDINGS,
    FIRST,
    PATTERN,
    SECOND,
    TRUE,
    judge,
    judge_falsely,
    make_suppression,
)

PAGE = "pages/knowledge/patterns.py"


@pytest.fixture
def stored(workspace):
    """Forty findings of four patterns, none of them critical."""
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(findings=len(FINDINGS)), FINDINGS)
    return FINDINGS


def listed(app):
    """Ids of the patterns in the table of all of them, which stands last."""
    return set(app.dataframe[-1].value["Pattern"])


def labels(app):
    return [button.label for button in app.button]


def test_all_patterns_are_listed_with_where_their_findings_stand(open_page, stored, workspace):
    judge_falsely(workspace)
    workspace.store.append([make_suppression()])
    row = open_page(PAGE).dataframe[-1].value.set_index("Pattern").loc[PATTERN]
    assert row["Open"] + row["Suppressed"] + 3 == row["Findings"] == 10
    assert row["Suppressed"] >= 6
    assert row["Verdicts"] == "3 FP"
    assert row["Suggestion"].startswith("backup-job ")


@pytest.mark.parametrize(
    "text",
    [PATTERN, PATTERN.upper(), "spread: FAR above", FINDINGS[0].id, "backup", "HH_std:up"],
)
def test_a_pattern_is_found_by_what_an_analyst_may_remember_of_it(
    open_page, stored, workspace, text
):
    judge_falsely(workspace)
    app = open_page(PAGE, q=text)
    assert PATTERN in listed(app)
    assert len(listed(app)) < 4
    assert not app.error


def test_a_pattern_is_found_by_an_entity(open_page, workspace):
    values = [make_finding(0, entity="printer-7"), make_finding(1)]
    workspace.store.add_run(make_run(), values)
    assert listed(open_page(PAGE, q="printer-7")) == {values[0].pattern_id}


def test_a_search_that_finds_nothing_says_so_and_is_cleared(open_page, stored):
    app = open_page(PAGE, q="no such thing", detector="packets")
    assert "None of 4 patterns matches" in markdown(app)
    press(app, "Clear filters")
    assert len(listed(app)) == 4


def test_each_standing_lists_its_patterns(open_page, stored, workspace):
    second, third = FINDINGS[1].pattern_id, FINDINGS[2].pattern_id
    judge_falsely(workspace)
    judge(workspace, SECOND[0], label=TRUE, category="port-scan")
    judge(workspace, FINDINGS[2].id, label=BENIGN, category="authorized-scan")
    workspace.store.append([make_suppression()])
    assert listed(open_page(PAGE, standing="called false positive")) == {PATTERN, third}
    assert listed(open_page(PAGE, standing="attack")) == {second}
    assert listed(open_page(PAGE, standing="suppressed")) == {PATTERN}
    assert listed(open_page(PAGE, standing="unjudged")) == {FINDINGS[3].pattern_id}


def test_what_to_judge_next_stands_on_top_with_its_reason(open_page, stored, workspace):
    judge_falsely(workspace)
    app = open_page(PAGE)
    best = steering.next_best(workspace, limit=5)
    top = app.dataframe[0].value
    assert top["Pattern"].tolist() == [one.pattern.pattern_id for one in best]
    assert top["Why"].tolist() == [one.reason for one in best]
    assert set(top["Look at"]) <= {finding.id for finding in stored}
    assert f"Open {best[0].pattern.pattern_id}" in labels(app)
    shown = open_page("pages/triage/overview.py")
    assert best[0].reason in " ".join(texts(shown, "text"))


def test_nothing_to_judge_next_leaves_no_empty_box(open_page, stored, workspace):
    for pattern in {finding.pattern_id: finding.id for finding in stored}.values():
        judge(workspace, pattern, scope="pattern")
    app = open_page(PAGE)
    assert "Judge next" not in markdown(app)
    assert len(listed(app)) == 4
    assert "has a verdict already" in " ".join(texts(open_page("pages/triage/overview.py"), "text"))


def test_new_and_disagreeing_patterns_are_listed(open_page, stored, workspace):
    judge(workspace, FIRST[0])
    judge(workspace, FIRST[1], label=TRUE, category="port-scan")
    assert listed(open_page(PAGE, standing="disagreeing")) == {PATTERN}
    late = make_finding(9, path=("HpHp_weight:up:4",), source_sha256="ab" * 32)
    workspace.store.add_run(make_run(1, source_sha256="ab" * 32), [late])
    assert listed(open_page(PAGE, standing="new")) == {late.pattern_id}


@pytest.mark.parametrize("standing", ["attack", "suppressed", "called false positive"])
def test_an_empty_standing_says_what_to_do(open_page, stored, standing):
    app = open_page(PAGE, standing=standing)
    assert "None of 4 patterns matches" in markdown(app)
    assert "too narrow" not in markdown(app)


def test_more_patterns_than_fit_are_paged(open_page, workspace, monkeypatch):
    monkeypatch.setattr("deepaid_ui.pattern_list.PAGE", 3)
    workspace.store.add_run(make_run(), FINDINGS[:4])
    first, second = open_page(PAGE), open_page(PAGE, page="2")
    assert len(listed(first)) == 3
    assert len(listed(second)) == 1
    assert "1 to 3 of 4 patterns" in markdown(first)
    assert not listed(first) & listed(second)


def test_the_map_says_what_to_do_while_nothing_was_learned(open_page, stored):
    assert "learned nothing yet" in markdown(open_page(PAGE, tab="Map"))


def test_the_map_has_a_title_a_legend_and_the_same_as_a_list(open_page, stored, workspace):
    judge_falsely(workspace)
    app = open_page(PAGE, tab="Map")
    assert "How verdicts were reached, from the strongest deviation" in markdown(app)
    assert "only in attacks" in markdown(app)
    nodes = app.dataframe[0].value
    assert "false positive / backup-job" in set(nodes["State or category"])
    assert nodes["False positive"].max() == 3


def test_a_search_of_the_map_marks_what_it_found_first(open_page, stored, workspace):
    judge_falsely(workspace)
    nodes = open_page(PAGE, tab="Map", find="BACKUP").dataframe[0].value
    assert nodes["Found"].tolist() == ["▶"] + [""] * (len(nodes) - 1)
    assert nodes["State or category"][0] == "false positive / backup-job"


def test_a_row_of_the_map_s_list_shows_the_patterns_through_it(open_page, stored, workspace):
    judge_falsely(workspace)
    app = open_page(PAGE, tab="Map", find="backup")
    app.session_state[app.dataframe[0].key] = {
        "selection": {"rows": [], "columns": [], "cells": [(0, "Kind")]}
    }
    app.run()
    assert "Patterns through it" in markdown(app)
    assert listed(app) == {PATTERN}


def test_patterns_through_a_node_are_those_with_its_state_or_category(stored, workspace):
    judge_falsely(workspace)
    everything = workspace.store.patterns()
    graph = distill.state_graph(workspace, "packets")
    (category,) = found_nodes(graph, "backup-job")
    assert {one.pattern_id for one in through(everything, "packets", category)} == {PATTERN}
    state = through(everything, "packets", "state:MI_weight:up:1")
    assert {one.pattern_id for one in state} == {PATTERN}
    assert through(everything, "logins", category) == ()


def test_a_pattern_says_in_words_why_its_findings_were_flagged(open_page, stored):
    app = open_page(PAGE, pattern=PATTERN)
    assert any(text.startswith("1. ") for text in texts(app, "text"))
    assert "Unknown" in banner(app)
    assert "Label all 10 open findings…" in labels(app)


def test_a_suggestion_is_explained_by_its_steps_and_its_verdicts(open_page, stored, workspace):
    judge_falsely(workspace)
    app = open_page(PAGE, pattern=PATTERN)
    steps = app.dataframe[0].value
    # Three states and the category.
    assert len(steps) == 4
    assert set(steps["Taken by verdicts"]) == {"3 × false positive / backup-job"}
    assert "quite sure (80 %)" in banner(app)
    links = [one.proto.label for one in app.get("page_link")]
    assert sum("false positive" in label for label in links) == 3


def test_a_pattern_with_a_confirmed_attack_says_so(open_page, stored, workspace):
    judge(workspace, FIRST[0], label=TRUE, category="port-scan")
    assert "Confirmed attack: protected" in markdown(open_page(PAGE, pattern=PATTERN))
    history = open_page("pages/triage/finding.py", id=FIRST[1], tab="Pattern and history")
    assert "Confirmed attack: protected" in markdown(history)


def test_the_reach_is_shown_before_the_verdict(open_page, stored, workspace):
    judge(workspace, FIRST[0])
    app = open_page(PAGE, pattern=PATTERN, act="label")
    assert not app.error
    assert "Reaches 9 open findings (1 judged before)" in banner(app)
    drawn = [frame.value for frame in app.dataframe if "Finding" in frame.value]
    assert any(len(frame) == 5 for frame in drawn)
    entities = next(f.value for f in app.dataframe if "Entity" in f.value and "Open" in f.value)
    assert entities["Findings"].sum() == 10
    assert "Accept" in labels(app)


def test_other_examples_are_drawn_when_asked_for(open_page, stored, workspace):
    app = open_page(PAGE, pattern=PATTERN, act="label")

    def examples():
        return next(
            f.value["Finding"].tolist()
            for f in app.dataframe
            if "Finding" in f.value and "Verdict" not in f.value
        )

    before = examples()
    press(app, "Show other examples")
    assert set(examples()) != set(before)
    assert set(examples()) <= set(FIRST)


def test_an_attack_one_state_away_is_warned_of(open_page, workspace):
    near = [
        make_finding(0, path=("MI_weight:up:1", "HH_mean:up:3", "HH_std:up:2")),
        make_finding(1, path=("MI_weight:up:1", "HH_mean:up:3", "HpHp_weight:down:2")),
    ]
    workspace.store.add_run(make_run(), near)
    judge(workspace, near[1].id, label=TRUE, category="port-scan")
    app = open_page(PAGE, pattern=near[0].pattern_id, act="label")
    assert "one state away" in " ".join(texts(app, "warning"))


def test_a_verdict_on_the_pattern_closes_the_dialog_and_is_undone(open_page, stored, workspace):
    app = open_page(PAGE, pattern=PATTERN)
    press(app, "Label all 10 open findings…")
    assert app.query_params["act"] in ("label", ["label"])
    press(app, "Reject")
    fill_in(app)
    press(app, "Save")
    assert not app.error
    assert "act" not in app.query_params
    assert workspace.store.count(FindingQuery(status=Status.OPEN)) == 30
    assert workspace.store.overview().decisions == 1
    assert "10 findings" in banner(app)
    press(app, "Undo")
    assert workspace.store.count(FindingQuery(status=Status.OPEN)) == 40


def test_a_pattern_without_open_findings_offers_no_verdict_on_all(open_page, stored, workspace):
    judge(workspace, FIRST[0], scope="pattern")
    app = open_page(PAGE, pattern=PATTERN, act="label")
    assert "Accept" not in labels(app)
    button = next(one for one in app.button if one.label.startswith("Label"))
    assert button.disabled


def test_hostile_texts_stay_text_on_every_part_of_the_page(open_page, workspace):
    path = (HOSTILE, "HH_std:up:2", "MI_weight:up:1")
    values = [
        make_finding(number, path=path, entity=HOSTILE, summary=HOSTILE, max_score=0.3)
        for number in range(4)
    ]
    workspace.store.add_run(make_run(), values)
    judge(workspace, values[0].id, category="![x](http://evil.example)", reason=HOSTILE)
    pattern = values[0].pattern_id
    for params in (
        {},
        {"q": HOSTILE},
        {"tab": "Map", "find": HOSTILE},
        {"pattern": pattern},
        {"pattern": pattern, "act": "label"},
        {"pattern": pattern, "act": "suppress"},
    ):
        app = open_page(PAGE, **params)
        assert not app.exception, params
        assert not app.error, params
        assert "](http" not in markdown(app), params
        assert "<img" not in markdown(app), params
        assert not any("](http" in one.proto.label for one in app.get("page_link")), params
