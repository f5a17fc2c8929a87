"""The page of cases."""

import pytest

from deepaid_core.domain.case import CaseStatus
from deepaid_core.workflow import case_merging, cases
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown, texts

PAGE = "pages/triage/cases.py"
TABS = ("Story", "Findings", "Timeline", "Entities", "Techniques", "Notes and activity")


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def field(app, label):
    every = [*app.text_input, *app.text_area, *app.selectbox]
    return next(widget for widget in every if widget.label == label)


def said(app):
    """All that a reader sees, with Markdown's escapes taken out."""
    return (markdown(app) + "\n" + "\n".join(texts(app, "text"))).replace("\\", "")


def change(workspace, changes, author="ben"):
    return cases.change(workspace, 1, changes, author=author)


def read(workspace, number=1):
    return workspace.store.desk.case(number)


@pytest.fixture
def ids(findings):
    return [finding.id for finding in findings]


@pytest.fixture
def case(workspace, ids):
    """C-1 of ana with eight findings, one of them of a host with a hostile name."""
    cases.open_case(
        workspace, title="Scan of the office", finding_ids=ids[:8], author="ana",
        summary="Early.",
    )  # fmt: skip
    return workspace


def test_without_any_it_says_how_to_make_one(open_page, findings, workspace):
    app = open_page(PAGE)
    assert not app.error
    assert "Select findings in the Queue and press *E*" in said(app)
    field(app, "Title").set_value("By hand")
    press(app, "Open it")
    assert read(workspace).title == "By hand"
    assert "Opened C-1" in said(app)


def test_cases_are_listed_with_where_they_stand_and_filtered_by_the_address(
    open_page, case, workspace, ids
):
    cases.open_case(workspace, title=HOSTILE, finding_ids=ids[20:21], author="ben")
    cases.open_case(workspace, title="Old one", author="ana")
    cases.change(workspace, 3, {"status": "closed"}, author="ana")
    table = open_page(PAGE).dataframe[0].value.set_index("Case")
    assert sorted(table.index) == ["C-1", "C-2"]
    row = table.loc["C-1"]
    assert (list(row["Status"]), row["Findings"], row["To judge"]) == (["○ open"], 8, 8)
    assert list(row["Severity"]) == ["C 2.6"]
    assert row["TLP"] == "TLP:AMBER"
    assert table.loc["C-2"]["Title"] == HOSTILE
    app = open_page(PAGE, mine="true")
    assert app.dataframe[0].value["Case"].tolist() == ["C-1"]
    app.toggle[0].set_value(False).run()
    field(app, "Search").set_value("EARLY").run()
    assert app.dataframe[0].value["Case"].tolist() == ["C-1"]
    assert open_page(PAGE, status="closed").dataframe[0].value["Case"].tolist() == ["C-3"]
    narrow = open_page(PAGE, q="nothing of this")
    assert "0 of 3 cases" in said(narrow)
    press(narrow, "Clear filters")
    assert len(narrow.dataframe[0].value) == 2


@pytest.mark.slow
def test_an_empty_list_of_open_cases_is_told_from_a_narrow_filter(open_page, case, workspace):
    change(workspace, {"status": "closed"})
    app = open_page(PAGE)
    assert "No open case" in said(app)
    assert not any(button.label == "Clear filters" for button in app.button)


@pytest.mark.parametrize("asked", ["C-1", "1"])
def test_a_case_has_its_own_address(open_page, case, asked):
    app = open_page(PAGE, case=asked)
    assert not app.error
    assert "C-1 Scan of the office" in app.subheader[0].value
    assert "8 findings" in said(app)
    assert field(app, "Summary").value == "Early."


@pytest.mark.slow
@pytest.mark.parametrize("asked", ["C-99", "9" * 40])
def test_an_unknown_case_shows_the_list_and_says_so(open_page, case, asked):
    app = open_page(PAGE, case=asked)
    assert "There is no such case" in app.warning[0].value
    assert len(app.dataframe[0].value) == 1


@pytest.mark.slow
def test_hostile_text_is_shown_as_text_on_every_tab(open_page, case, workspace):
    change(workspace, {"title": HOSTILE, "summary": HOSTILE})
    cases.take_note(workspace, 1, HOSTILE, author=HOSTILE)
    cases.add_technique(workspace, 1, "T1046", HOSTILE, author="ben")
    app = open_page(PAGE, case="C-1")
    for tab in TABS:
        app.session_state["tab"] = tab
        app.run()
        assert not app.error
        assert not app.exception
        for value in (one.value for one in (*app.markdown, *app.caption, *app.subheader)):
            assert "![" not in value
            assert "<img" not in value.replace("\\<", "")


def test_what_is_typed_is_a_draft_until_it_is_saved(open_page, case, workspace):
    app = open_page(PAGE, case="C-1")
    field(app, "Impact").set_value("Two servers were reached.").run()
    assert "Not saved yet, kept as your draft: impact." in said(app)
    assert read(workspace).impact == ""
    press(app, "Save")
    assert read(workspace).impact == "Two servers were reached."
    assert "Saved the impact of C-1." in said(app)
    assert "Not saved yet" not in said(app)
    press(app, "Undo")
    assert read(workspace).impact == ""
    assert field(app, "Impact").value == ""


@pytest.mark.slow
def test_a_draft_can_be_dropped(open_page, case, workspace):
    app = open_page(PAGE, case="C-1")
    field(app, "Summary").set_value("Wrong.").run()
    press(app, "Drop my changes")
    assert field(app, "Summary").value == "Early."
    assert read(workspace).summary == "Early."


def conflicting(open_page, workspace):
    app = open_page(PAGE, case="C-1")
    field(app, "Summary").set_value("Mine.").run()
    change(workspace, {"summary": "Theirs."})
    return app.run()


def test_a_colleagues_change_is_shown_beside_the_draft_and_neither_is_lost(
    open_page, case, workspace
):
    app = conflicting(open_page, workspace)
    assert "ben changed" in app.warning[0].value
    assert field(app, "Summary").value == "Mine."
    assert "Theirs." in said(app)
    # Saving the rest does not write over what was not seen.
    field(app, "Impact").set_value("None.").run()
    press(app, "Save")
    assert (read(workspace).summary, read(workspace).impact) == ("Theirs.", "None.")
    assert field(app, "Summary").value == "Mine."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("button", "saved", "shown"),
    [
        ("Save mine", "Mine.", "Mine."),
        ("Take theirs", "Theirs.", "Theirs."),
        ("Put both together", "Theirs.", "Theirs.\n\nMine."),
    ],
)
def test_a_conflict_is_settled_in_one_of_three_ways(
    open_page, case, workspace, button, saved, shown
):
    app = press(conflicting(open_page, workspace), button)
    assert not app.warning
    assert read(workspace).summary == saved
    assert field(app, "Summary").value == shown


def test_status_marking_and_assignee_are_saved_at_once_and_undone(open_page, case, workspace):
    app = open_page(PAGE, case="C-1")
    field(app, "Status").set_value("in progress").run()
    assert read(workspace).status is CaseStatus.IN_PROGRESS
    field(app, "May be shown to").set_value("red").run()
    assert read(workspace).tlp == "red"
    assert "C-1 may be shown as TLP:RED now." in said(app)
    press(app, "Undo")
    assert read(workspace).tlp == "amber"
    field(app, "Assigned to").set_value("nobody").run()
    assert read(workspace).assignee == ""
    press(app, "Assign to me")
    assert read(workspace).assignee == "ana"


@pytest.mark.slow
def test_a_choice_made_on_an_old_page_is_refused(open_page, case, workspace):
    app = open_page(PAGE, case="C-1")
    change(workspace, {"tlp": "green"})
    field(app, "Status").set_value("closed").run()
    assert "changed by somebody else" in app.error[0].value
    assert read(workspace).status is CaseStatus.OPEN


def test_a_case_is_merged_unmerged_discarded_and_reopened(open_page, case, workspace, ids):
    cases.open_case(workspace, title="Other", finding_ids=ids[7:10], author="ben")
    app = open_page(PAGE, case="C-1")
    assert field(app, "Into").options == ["C-2 Other"]
    press(app, "Merge")
    assert read(workspace).merged_into == 2
    assert len(read(workspace, 2).finding_ids) == 10
    assert "C-1 was merged into C-2" in app.info[0].value
    press(app, "Unmerge it from C-2")
    assert len(read(workspace, 2).finding_ids) == 3
    press(app, "Discard")
    assert read(workspace).status is CaseStatus.DISCARDED
    press(app, "Reopen it")
    assert read(workspace).status is CaseStatus.OPEN
    press(app, "Undo")
    assert read(workspace).status is CaseStatus.DISCARDED


@pytest.mark.slow
def test_a_merged_case_is_read_only(open_page, case, workspace):
    cases.open_case(workspace, title="Other", author="ben")
    case_merging.merge(workspace, 1, 2, author="ben")
    app = open_page(PAGE, case="C-1")
    assert not app.text_area
    assert "Early." in said(app)


def test_ticked_findings_are_taken_out_and_the_rest_can_be_judged(open_page, case, workspace):
    app = open_page(PAGE, case="C-1", tab="Findings")
    table = app.dataframe[0]
    assert len(table.value) == 8
    assert any("all open findings of the case (8)" in one.label for one in app.expander)
    app.session_state[table.key] = {"selection": {"rows": [0, 1], "columns": [], "cells": []}}
    app.run()
    gone = table.value["Finding"].tolist()[:2]
    press(app, "Take 2 findings out of C-1")
    assert len(read(workspace).finding_ids) == 6
    assert not set(gone) & set(read(workspace).finding_ids)


def test_techniques_are_noted_with_a_reason_and_taken_off(open_page, case, workspace):
    app = open_page(PAGE, case="C-1", tab="Techniques")
    assert "No technique is noted" in said(app)
    field(app, "Technique").set_value("T1046")
    press(app, "Add technique")
    assert "no reason" in app.error[0].value
    field(app, "Why").set_value("Hundreds of ports.")
    press(app, "Add technique")
    row = app.dataframe[0].value.iloc[0]
    assert (row["Technique"], row["Name"]) == ("T1046", "Network Service Discovery")
    assert row["Why"] == "Hundreds of ports."
    press(app, "Take T1046 off")
    assert read(workspace).techniques == ()


def test_a_note_is_a_draft_then_kept_then_withdrawn(open_page, case, workspace):
    app = open_page(PAGE, case="C-1", tab="Notes and activity")
    field(app, "New note").set_value("Called the owner.\nNo answer.").run()
    assert workspace.store.desk.notes("C-1") == ()
    press(app, "Add note")
    assert [one.text for one in workspace.store.desk.notes("C-1")] == [
        "Called the owner.\nNo answer."
    ]
    assert field(app, "New note").value == ""
    activity = app.dataframe[0].value
    assert activity["What"].iloc[0].startswith("Wrote note")
    press(app, "Withdraw")
    assert workspace.store.desk.notes("C-1") == ()
