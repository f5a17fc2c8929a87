"""Acting on all that matches: its scope is said, confirmed, and acted on exactly."""

import pytest

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import triage
from tests.pages.test_queue_ticks import QUEUE, press, said


@pytest.fixture
def asked(open_page, findings):
    """The dialog on the fifteen findings of one pattern."""
    return press(open_page(QUEUE, pattern=findings[0].pattern_id), "bulk_open")


@pytest.fixture
def ids(workspace, findings):
    return workspace.store.ids(FindingQuery(pattern_id=findings[0].pattern_id))


def confirm(app):
    return next(box for box in app.checkbox if box.label.startswith("Yes, all")).check().run()


def test_the_scope_is_said_and_must_be_confirmed_first(asked):
    assert "All 15 findings that matched when this was opened" in said(asked)
    assert "Filter: status: open, pattern: P-" in said(asked)
    labels = [button.key for button in asked.button if button.key]
    assert not [key for key in labels if key.startswith(("bulk-all", "bulk_mine"))]
    assert [box.label for box in asked.checkbox] == [
        "Yes, all 15 findings, also those on pages that I have not seen"
    ]


def test_keys_of_the_page_are_dead_while_the_dialog_is_open(asked):
    shortcuts = [button.proto.shortcut for button in asked.button]
    assert not {"j", "k", "o", "a", "e", "z", "t", "f", "b", "u"} & {*map(str.lower, shortcuts)}


def test_a_verdict_on_all_is_one_decision_per_pattern_and_undone_at_once(
    asked, workspace, findings
):
    confirm(asked)
    buttons = [one for one in asked.button if one.key and one.key.startswith("bulk-all")]
    next(one for one in buttons if one.label == "Reject").click().run()
    next(box for box in asked.selectbox if box.label == "Category").set_value("backup-job")
    next(box for box in asked.text_area if box.label == "Reason").set_value("Nightly copy.")
    asked.run()
    next(one for one in asked.button if one.label == "Save" and "bulk-all" in one.key).click()
    asked.run()
    assert not asked.error
    closed = workspace.store.ids(FindingQuery(status=Status.CLOSED))
    assert len(closed) == 15
    assert len(workspace.store.log()) == 1
    press(asked, "banner_undo")
    assert workspace.store.count(FindingQuery(status=Status.CLOSED)) == 0


@pytest.mark.slow
def test_what_a_colleague_judged_meanwhile_is_not_replaced_unasked(asked, workspace, ids):
    triage.give_verdict(
        workspace,
        finding_ids=ids[:1],
        label=VerdictLabel.TRUE_POSITIVE,
        category="port-scan",
        reason="All ports.",
        author="ben",
    )
    confirm(asked)
    buttons = [one for one in asked.button if one.key and one.key.startswith("bulk-all")]
    next(one for one in buttons if one.label == "Undetermined").click().run()
    next(box for box in asked.checkbox if "drafted reason" in box.label).check().run()
    next(one for one in asked.button if one.label == "Save" and "bulk-all" in one.key).click()
    asked.run()
    assert workspace.store.row(ids[0]).verdict == VerdictLabel.TRUE_POSITIVE
    assert workspace.store.row(ids[1]).verdict is None


@pytest.mark.slow
def test_all_can_be_assigned_and_the_dialog_closes(asked, workspace, ids):
    next(one for one in asked.segmented_control if one.label == "What to do").set_value("Assign")
    confirm(asked.run())
    press(asked, "bulk_mine")
    assert "Assigned 15 findings to ana." in said(asked)
    assert workspace.store.ids(FindingQuery(assignees=("ana",))) == ids
    assert not [box for box in asked.checkbox if box.label.startswith("Yes, all")]


@pytest.mark.slow
def test_a_report_on_all_is_asked_for_in_a_dialog_of_its_own(open_page, findings):
    app = press(open_page(QUEUE, pattern=findings[0].pattern_id), "report-all-open")
    assert not app.error
    assert "15 findings" in said(app)
    shortcuts = {button.proto.shortcut.lower() for button in app.button}
    assert not {"j", "k", "o", "a", "e", "t", "f", "b", "u"} & shortcuts
