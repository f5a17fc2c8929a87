"""The dialog "Add to case"."""

import pytest
from streamlit.testing.v1 import AppTest

from deepaid_core.workflow import cases
from tests.pages.conftest import HOSTILE
from tests.pages.test_cases_page import field, press, said


def script():
    """A page with the banner and a button that opens the dialog, as the queue has them."""
    import os

    import streamlit as st

    from deepaid_ui import case_form, panels

    panels.banner()
    case_form.dialog()
    ids = tuple(os.environ["CASE_FORM_IDS"].split())
    st.button("Add", on_click=case_form.open_dialog, args=(ids,))


@pytest.fixture
def ids(findings):
    return [finding.id for finding in findings[4:7]]


@pytest.fixture
def asked(ids, monkeypatch):
    """The dialog, asked about three findings, one of them of a hostile name."""

    def opened():
        monkeypatch.setenv("CASE_FORM_IDS", " ".join(ids))
        app = AppTest.from_function(script, default_timeout=30).run()
        return press(app, "Add")

    return opened


def test_a_new_case_starts_with_a_title_drafted_from_its_findings(asked, ids, workspace):
    app = asked()
    assert field(app, "Title").value.startswith("Unusual packets of ")
    field(app, "Title").set_value("Scan of the office")
    press(app, "Open the case")
    assert not app.error
    case = workspace.store.desk.case(1)
    assert (case.title, set(case.finding_ids)) == ("Scan of the office", set(ids))
    assert "Opened C-1 with 3 findings." in said(app)
    # It is over: neither the dialog nor its words are there any more.
    assert not any(button.label == "Open the case" for button in app.button)
    press(app, "Undo")
    assert workspace.store.desk.count_cases() == 0


def test_findings_go_into_a_case_that_is_found_by_its_text(asked, ids, workspace):
    cases.open_case(workspace, title=HOSTILE, finding_ids=ids[:1], author="ben")
    cases.open_case(workspace, title="Newer", author="ben")
    cases.open_case(workspace, title="Closed", author="ben")
    cases.change(workspace, 3, {"status": "closed"}, author="ben")
    app = asked()
    assert "1 finding of these is in a case already: C-1." in said(app)
    assert len(field(app, "Case").options) == 2
    field(app, "Search cases").set_value("evil.example").run()
    assert len(field(app, "Case").options) == 1
    press(app, "Add to the case")
    assert set(workspace.store.desk.case(1).finding_ids) == set(ids)
    assert "2 findings are in C-1 now; 1 was already." in said(app)
    press(app, "Undo")
    assert workspace.store.desk.case(1).finding_ids == (ids[0],)


def test_what_cannot_be_saved_is_said_in_the_dialog_and_nothing_typed_is_lost(asked, workspace):
    app = asked()
    field(app, "Title").set_value("  ")
    field(app, "What is known so far (optional)").set_value("Much.")
    press(app, "Open the case")
    assert "has no title" in app.error[0].value
    assert field(app, "What is known so far (optional)").value == "Much."
    assert workspace.store.desk.count_cases() == 0


def test_who_is_not_known_is_asked_for_a_name(asked, workspace, monkeypatch):
    monkeypatch.delenv("DEEPAID_USER")
    app = asked()
    press(app, "Open the case")
    assert "give your name" in app.error[0].value
    field(app, "Your name (asked once)").set_value("cem")
    press(app, "Open the case")
    assert workspace.store.desk.case(1).author == "cem"
