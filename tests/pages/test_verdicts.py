import pytest

from deepaid_core.domain.finding import Status
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import distill, triage


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def fill_in(app, *, category="backup-job", reason="Nightly copy to the file server."):
    next(box for box in app.selectbox if box.label == "Category").set_value(category)
    app.text_area[0].set_value(reason)
    return app.run()


def banner(app):
    return " ".join(text.value for text in app.text)


def problems(app):
    return [error.value.replace("\\", "") for error in app.error]


def test_a_verdict_closes_the_finding_and_says_what_it_changed(open_page, findings, workspace):
    app = open_page("pages/triage/finding.py", id=findings[0].id)
    press(app, "Reject")
    fill_in(app)
    press(app, "Save")
    row = workspace.store.row(findings[0].id)
    assert (row.status, row.verdict, row.category) == (
        Status.CLOSED,
        VerdictLabel.FALSE_POSITIVE,
        "backup-job",
    )
    # Every fourth of the sixty findings is of this pattern, and one of them is closed now.
    assert "now explains 14 open findings, 0 before" in banner(app)


def test_save_and_next_opens_the_next_finding_of_the_queue(open_page, findings, workspace):
    from deepaid_core.domain.queries import FindingQuery

    queue = workspace.store.ids(FindingQuery(status=Status.OPEN))
    app = open_page("pages/triage/finding.py", id=queue[0])
    press(app, "Undetermined")
    fill_in(app, category=None)
    press(app, "Save & next")
    assert app.query_params["id"] == queue[1]


def test_undo_brings_the_finding_and_the_machine_back(open_page, findings, workspace):
    before = distill.machine(workspace)
    app = open_page("pages/triage/finding.py", id=findings[0].id)
    press(app, "Accept")
    fill_in(app, category="port-scan")
    press(app, "Save")
    assert distill.machine(workspace) != before
    press(app, "Undo")
    assert not app.error
    assert distill.machine(workspace) == before
    assert workspace.store.row(findings[0].id).status == Status.OPEN


def test_a_verdict_on_the_pattern_closes_all_its_findings_as_one_decision(
    open_page, findings, workspace
):
    app = open_page("pages/triage/finding.py", id=findings[0].id)
    press(app, "Reject")
    next(one for one in app.radio if one.label == "Applies to").set_value("pattern")
    fill_in(app)
    press(app, "Save")
    assert workspace.store.overview().open_findings == 45
    assert workspace.store.overview().decisions == 1


def test_a_drafted_reason_must_be_touched_or_confirmed(open_page, findings, workspace):
    app = open_page("pages/triage/finding.py", id=findings[0].id)
    press(app, "Reject")
    fill_in(app, reason=triage.drafted_reason(findings[0]))
    press(app, "Save")
    assert "neither changed nor confirmed" in problems(app)[0]
    assert workspace.store.row(findings[0].id).status == Status.OPEN
    next(box for box in app.checkbox if box.label == "The drafted reason is right").check().run()
    press(app, "Save")
    assert not app.error
    assert workspace.store.row(findings[0].id).status == Status.CLOSED


def test_a_false_positive_without_a_category_is_refused_in_a_sentence(
    open_page, findings, workspace
):
    app = open_page("pages/triage/finding.py", id=findings[0].id)
    press(app, "Reject")
    app.text_area[0].set_value("I looked.").run()
    press(app, "Save")
    assert "category" in problems(app)[0]
    assert workspace.store.row(findings[0].id).status == Status.OPEN


def test_the_author_is_asked_once_where_the_environment_is_silent(
    open_page, findings, workspace, monkeypatch
):
    monkeypatch.delenv("DEEPAID_USER")
    app = open_page("pages/triage/finding.py", id=findings[0].id)
    press(app, "Undetermined")
    next(one for one in app.text_input if one.label.startswith("Your name")).set_value("bo")
    fill_in(app, category=None)
    press(app, "Save")
    assert workspace.store.verdicts()[0].decision.author == "bo"
    app.query_params["id"] = findings[1].id
    app.run()
    press(app, "Undetermined")
    assert not [one for one in app.text_input if one.label.startswith("Your name")]


@pytest.mark.parametrize("ticked", [[0, 1, 2]])
def test_ticked_findings_are_judged_together(open_page, findings, workspace, ticked):
    app = open_page("pages/triage/queue.py", pattern=findings[0].pattern_id)
    shown = app.dataframe[0].value["Finding"].tolist()
    app.session_state[app.dataframe[0].key] = {
        "selection": {"rows": ticked, "columns": [], "cells": []}
    }
    app.run()
    assert "3 findings you ticked" not in banner(app)  # said once a label is chosen
    press(app, "Reject")
    assert "3 findings you ticked, of 1 pattern" in banner(app)
    fill_in(app)
    press(app, "Save")
    assert {workspace.store.row(shown[at]).status for at in ticked} == {Status.CLOSED}
    assert workspace.store.overview().decisions == 1


def test_siblings_carry_the_suggestion_after_a_verdict(open_page, findings, workspace):
    triage.give_verdict(
        workspace,
        finding_ids=[findings[0].id],
        label=VerdictLabel.FALSE_POSITIVE,
        category="backup-job",
        reason="Nightly copy.",
        author="ana",
    )
    app = open_page("pages/triage/queue.py", pattern=findings[0].pattern_id)
    assert app.dataframe[0].value["Suggestion"].str.startswith("backup-job ").all()
    unknown = open_page("pages/triage/queue.py", suggestion="unknown")
    assert set(unknown.dataframe[0].value["Suggestion"]) == {"unknown"}
