"""What is ticked in the queue stays ticked, or the page says why it is not."""

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import triage
from deepaid_core.workflow.assign import assign
from deepaid_ui.session import PAGE_SIZE

QUEUE = "pages/triage/queue.py"


def tick(app, *places):
    app.session_state[app.dataframe[0].key] = {
        "selection": {"rows": list(places), "columns": [], "cells": []}
    }
    return app.run()


def said(app):
    kinds = (app.markdown, app.caption, app.text, app.warning, app.button)
    found = [getattr(one, "value", None) or one.label for kind in kinds for one in kind]
    return "\n".join(str(text).replace("\\", "") for text in found)


def press(app, key):
    return next(button for button in app.button if button.key == key).click().run()


def judge(workspace, *finding_ids):
    triage.give_verdict(
        workspace,
        finding_ids=finding_ids,
        label=VerdictLabel.FALSE_POSITIVE,
        category="backup-job",
        reason="Nightly copy.",
        author="ben",
        scope="selection",
    )


@pytest.fixture
def ids(workspace, findings):
    return workspace.store.ids(FindingQuery())


def test_ticks_of_several_pages_are_acted_on_together(open_page, workspace, ids):
    app = tick(open_page(QUEUE), 0, 2)
    app.session_state["page"] = 2
    app.run()
    assert "2 of them on other pages" in said(app)
    app = tick(app, 1)
    assert "3 findings ticked" in said(app)
    press(app, "ticked-mine")
    assert {one for one in ids if workspace.store.row(one).assignee == "ana"} == {
        *(ids[0], ids[2], ids[PAGE_SIZE + 1])
    }


def test_ticks_move_with_their_findings_when_a_colleague_judges_others(open_page, workspace, ids):
    app = tick(open_page(QUEUE), 3)
    judge(workspace, ids[0], ids[1])
    app.run()
    assert "1 finding ticked" in said(app)
    assert not app.warning
    press(app, "ticked-mine")
    assert workspace.store.row(ids[3]).assignee == "ana"


def test_a_finding_that_a_colleague_judged_is_unticked_aloud(open_page, workspace, ids):
    app = tick(open_page(QUEUE), 0, 1)
    judge(workspace, ids[0])
    app.run()
    assert f"1 ticked finding changed meanwhile ({ids[0]}, by ben)" in said(app)
    assert "1 finding ticked" in said(app)
    app.run()
    assert not app.warning


@pytest.mark.slow
def test_another_filter_starts_with_nothing_ticked(open_page, ids):
    app = tick(open_page(QUEUE), 0, 1)
    next(one for one in app.selectbox if one.key == "sort").set_value("newest").run()
    assert "2 findings ticked" in said(app)
    next(one for one in app.selectbox if one.key == "proof").set_value("verified").run()
    assert "findings ticked" not in said(app)


@pytest.mark.slow
def test_unticking_all_leaves_none_on_any_page(open_page, ids):
    app = tick(open_page(QUEUE), 0, 1)
    app.session_state["page"] = 2
    press(app.run(), "untick")
    app.session_state["page"] = 1
    app.run()
    assert "findings ticked" not in said(app)


def test_what_was_assigned_is_given_back_by_undo(open_page, workspace, ids):
    assign(workspace, ids[:1], "ben", author="ben")
    app = press(tick(open_page(QUEUE), 0, 1), "ticked-mine")
    assert "Assigned 2 findings to ana." in said(app)
    assert workspace.store.row(ids[0]).assignee == "ana"
    press(app, "banner_undo")
    assert not app.error
    assert workspace.store.row(ids[0]).assignee == "ben"
    assert workspace.store.row(ids[1]).assignee is None


def test_keys_step_through_pages_and_the_address_follows(open_page, ids):
    last = PAGE_SIZE - 1
    app = press(open_page(QUEUE, peek=ids[last - 1]), "step-J")
    assert (app.query_params["peek"], app.session_state["page"]) == (ids[last], 1)
    press(app, "step-J")
    assert (app.query_params["peek"], app.session_state["page"]) == (ids[last + 1], 2)
    assert app.dataframe[0].value["Finding"].tolist()[0] == ids[last + 1]
    press(app, "step-K")
    assert (app.query_params["peek"], app.session_state["page"]) == (ids[last], 1)


@pytest.mark.slow
def test_save_and_next_goes_on_with_the_next_line(open_page, workspace, ids):
    app = open_page(QUEUE, peek=ids[4])
    next(button for button in app.button if button.label == "Undetermined").click().run()
    next(box for box in app.checkbox if "drafted reason" in box.label).check().run()
    next(button for button in app.button if button.label == "Save & next").click().run()
    assert not app.error
    assert workspace.store.row(ids[4]).verdict == VerdictLabel.UNDETERMINED
    assert app.query_params["peek"] == ids[5]
