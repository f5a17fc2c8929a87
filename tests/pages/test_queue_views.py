"""Filters of the queue: bound to the address, saved under names, and honest where nothing is."""

import pytest

from deepaid_core.domain.actions import NewCase
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import triage
from deepaid_core.workflow.assign import assign
from deepaid_ui.session import PAGE_SIZE
from tests.pages.conftest import HOSTILE
from tests.pages.test_queue_ticks import QUEUE, press, said

NAME = HOSTILE[:60]


def listed(app):
    return app.dataframe[0].value["Finding"].tolist() if app.dataframe else []


def choose(app, key, value):
    return next(box for box in app.selectbox if box.key == key).set_value(value).run()


@pytest.fixture
def ids(workspace, findings):
    return workspace.store.ids(FindingQuery())


@pytest.mark.parametrize(
    ("wanted", "places"),
    [
        ("mine", [0]),
        ("ben", [1]),
        ("unassigned", range(2, 2 + PAGE_SIZE)),
        ("mine or unassigned", [0, *range(2, 1 + PAGE_SIZE)]),
    ],
)
def test_findings_are_filtered_by_who_looks_at_them(open_page, workspace, ids, wanted, places):
    assign(workspace, ids[:1], "ana", author="ana")
    assign(workspace, ids[1:2], "ben", author="ana")
    app = open_page(QUEUE, assignee=wanted)
    assert listed(app) == [ids[place] for place in places]


def test_a_case_shows_as_a_filter_that_a_click_drops(open_page, workspace, ids):
    workspace.store.desk.act([NewCase(HOSTILE, ids[3:5], "ana")])
    app = open_page(QUEUE, case="C-1")
    assert listed(app) == list(ids[3:5])
    assert app.dataframe[0].value["Case"].tolist() == ["C-1", "C-1"]
    press(app, "chip-case")
    assert len(listed(app)) == PAGE_SIZE
    assert "case" not in app.query_params


@pytest.mark.slow
def test_days_bound_what_is_listed(open_page, workspace, ids):
    inside = open_page(QUEUE, after="2025-10-09", before="2025-10-09")
    assert len(listed(inside)) == PAGE_SIZE
    for days in ({"after": "2025-12-01"}, {"before": "2025-10-08"}):
        assert listed(open_page(QUEUE, **days)) == []


def test_a_view_is_saved_opened_and_dropped_whatever_its_name(open_page, workspace, ids):
    app = open_page(QUEUE, proof="verified", assignee="unassigned", resurfaced="")
    choose(app, "sort", "newest")
    next(box for box in app.text_input if box.key == "view_name").set_value(NAME).run()
    press(app, "view_save")
    assert not app.error
    assert [view.name for view in workspace.store.desk.views()] == [" ".join(NAME.split())]
    other = open_page(QUEUE, severity="critical", after="2025-10-09", case="7")
    choose(other, "view_pick", " ".join(NAME.split()))
    assert not other.error
    state = other.session_state
    assert (state["proof"], state["assignee"], state["sort"]) == (
        *("verified", "unassigned", "newest"),
    )
    assert (state["severity"], state["after"]) == (None, None)
    assert "case" not in other.query_params
    assert "<img" not in said(other)
    choose(other, "view_drop", " ".join(NAME.split()))
    press(other, "view_gone")
    assert workspace.store.desk.views() == ()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["", "  ", "\u202eevil"])
def test_a_view_needs_a_name_that_can_be_read(open_page, workspace, ids, name):
    app = open_page(QUEUE)
    next(box for box in app.text_input if box.key == "view_name").set_value(name).run()
    press(app, "view_save")
    assert len(app.error) == 1
    assert workspace.store.desk.views() == ()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("params", "title", "offer"),
    [
        ({"assignee": "mine"}, "Nothing is assigned to you", "Show what is unassigned"),
        ({"q": "no such host"}, "None of 60 findings matches this filter", "Clear filters"),
        ({"status": "closed"}, "No finding is closed", "Show the open findings"),
        ({"status": "suppressed"}, "No finding is suppressed", "Show the open findings"),
    ],
)
def test_each_kind_of_nothing_has_its_own_words_and_next_step(open_page, ids, params, title, offer):
    app = open_page(QUEUE, **params)
    assert title in said(app)
    next(button for button in app.button if button.label == offer).click().run()
    assert len(listed(app)) == PAGE_SIZE


def test_a_queue_that_is_done_says_so(open_page, workspace, ids):
    triage.give_verdict(
        workspace,
        finding_ids=ids,
        label=VerdictLabel.FALSE_POSITIVE,
        category="background",
        reason="All of it.",
        author="ben",
        scope="selection",
    )
    assert "All clear" in said(open_page(QUEUE))


@pytest.mark.slow
def test_mine_asks_for_a_name_where_nobody_is_known(open_page, ids, monkeypatch):
    monkeypatch.delenv("DEEPAID_USER")
    assert "Nobody knows who you are" in said(open_page(QUEUE, assignee="mine"))


def test_the_preview_can_be_put_away(open_page, ids):
    app = open_page(QUEUE, preview="false")
    assert not [button for button in app.button if button.key == "peek_open"]
    # What is ticked can be acted on all the same.
    app.session_state[app.dataframe[0].key] = {
        "selection": {"rows": [0], "columns": [], "cells": []}
    }
    assert "1 finding ticked" in said(app.run())
