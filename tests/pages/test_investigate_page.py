"""The page of a finding: what is typed, who judged meanwhile, notes, and what it warns of."""

import csv
import io
import time
from dataclasses import replace

import pytest

from deepaid_core.domain.actions import NewCase
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import triage
from deepaid_ui.investigate_evidence import evidence_csv
from tests.factories import make_detector_record, make_finding
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown, texts
from tests.pages.test_verdicts import fill_in, press

PAGE = "pages/triage/finding.py"
NEVER = VerdictLabel.BENIGN_POSITIVE


def judge(workspace, finding, *, author="ben"):
    return triage.give_verdict(
        workspace,
        finding_ids=[finding.id],
        label=NEVER,
        category="authorized-scan",
        reason="I started it.",
        author=author,
    )


def said(app):
    return "\n".join(texts(app, "text"))


@pytest.fixture
def browser(workspace, monkeypatch):
    """Makes the pages believe that one browser asks, as its cookie would say."""

    def called(name):
        monkeypatch.setattr("deepaid_ui.drafts.owner", lambda: name)

    called("a" * 32)
    return called


def test_a_colleague_who_was_faster_is_named_and_what_was_typed_waits(
    open_page, findings, workspace
):
    app = open_page(PAGE, id=findings[0].id)
    press(app, "Reject")
    fill_in(app, reason="Mine.")
    judge(workspace, findings[0])
    press(app, "Save")
    assert f"ben set {findings[0].id} to benign positive: authorized-scan" in said(app)
    assert workspace.store.row(findings[0].id).verdict == NEVER
    assert app.text_area[0].value == "Mine."
    press(app, "Save mine anyway")
    assert not app.error
    verdict = workspace.store.verdicts(finding_id=findings[0].id)[0]
    assert (verdict.decision.author, verdict.decision.reason) == ("ana", "Mine.")


def test_theirs_can_be_kept(open_page, findings, workspace, browser):
    app = open_page(PAGE, id=findings[0].id)
    press(app, "Reject")
    fill_in(app, reason="Mine.")
    judge(workspace, findings[0])
    # Even a page that is drawn anew meanwhile, and shows their verdict, does not replace it.
    app.run()
    assert "ben set" in said(app)
    press(app, "Keep theirs")
    assert len(workspace.store.verdicts(finding_id=findings[0].id)) == 1
    assert not app.text_area
    assert "ben set" not in said(open_page(PAGE, id=findings[0].id))


def test_what_is_half_typed_comes_back_in_this_browser_and_in_no_other(
    open_page, findings, workspace, browser
):
    app = open_page(PAGE, id=findings[0].id)
    press(app, "Reject")
    fill_in(app, category="data-import", reason=f"Half {HOSTILE}")
    again = open_page(PAGE, id=findings[0].id)
    assert again.text_area[0].value == f"Half {HOSTILE}"
    assert next(b for b in again.selectbox if b.label == "Category").value == "data-import"
    browser("b" * 32)
    assert not open_page(PAGE, id=findings[0].id).text_area
    browser("a" * 32)
    press(again, "Save")
    assert workspace.store.row(findings[0].id).category == "data-import"
    assert not open_page(PAGE, id=findings[0].id).text_area


def test_the_name_is_asked_once_per_browser(open_page, findings, browser, monkeypatch):
    monkeypatch.delenv("DEEPAID_USER")
    app = open_page(PAGE, id=findings[0].id)
    next(box for box in app.text_input if box.label == "Analyst").set_value("bo").run()
    again = open_page(PAGE, id=findings[1].id)
    assert next(box for box in again.text_input if box.label == "Analyst").value == "bo"
    browser("b" * 32)
    other = open_page(PAGE, id=findings[1].id)
    assert next(box for box in other.text_input if box.label == "Analyst").value == ""


def test_assigning_a_note_and_a_case_are_told_and_taken_back(open_page, findings, workspace):
    finding_id = findings[5].id
    workspace.store.desk.act([NewCase(HOSTILE, (finding_id,), "ben")])
    app = open_page(PAGE, id=finding_id, tab="Activity")
    press(app, "Assign to me")
    assert workspace.store.row(finding_id).assignee == "ana"
    press(app, "Undo")
    assert workspace.store.row(finding_id).assignee is None
    app.text_area[0].set_value(f"Looked at it. {HOSTILE}").run()
    press(app, "Add note")
    assert app.text_area[0].value == ""
    assert f"ana: Looked at it. {HOSTILE}" in said(app)
    told = app.dataframe[-1].value["What happened"].tolist()
    assert [line.split(" ")[0] for line in told] == [
        "Wrote", "Assigned", "Assigned", "Opened", "The",
    ]  # fmt: skip
    press(app, "Withdraw")
    assert workspace.store.desk.notes(finding_id) == ()
    assert "withdrawn by action" in app.dataframe[-1].value["What happened"].tolist()[1]
    assert "](http" not in markdown(app)


def test_an_empty_note_is_refused_in_a_sentence(open_page, findings):
    app = open_page(PAGE, id=findings[0].id, tab="Activity")
    press(app, "Add note")
    assert "note is empty" in app.error[0].value


def test_precedents_show_verdict_reason_and_author(open_page, findings, workspace):
    judge(workspace, findings[4])
    app = open_page(PAGE, id=findings[0].id, tab="Pattern and history")
    row = next(t.value for t in app.dataframe if "Judged (UTC)" in t.value.columns).iloc[0]
    assert (row["Finding"], row["Analyst"], row["Reason"]) == (
        findings[4].id, "ben", "I started it.",
    )  # fmt: skip
    assert row["Verdict"] == "Benign positive: authorized-scan"


def test_a_detector_that_is_missing_or_newer_is_said(open_page, findings, workspace):
    newer = make_detector_record(1, created_time=time.time(), threshold=0.5)
    workspace.store.add_detector(newer)
    app = open_page(PAGE, id=findings[0].id)
    notices = " ".join(one.value for one in app.info).replace("\\", "")
    assert "are missing from the workspace" in notices
    assert f"trained again since: {newer.id}" in notices


def test_a_finding_whose_detector_nobody_knows_still_opens(open_page, findings, workspace):
    from tests.factories import make_run

    lost = make_finding(0, detector_id="D-0000000000")
    workspace.store.add_run(make_run(1), [lost])
    app = open_page(PAGE, id=lost.id)
    assert not app.error
    assert "is not in this workspace any more" in app.info[0].value.replace("\\", "")


def test_evidence_as_csv_is_complete_and_inert():
    finding = make_finding(0)
    rows = [replace(finding.evidence[0], values=("=1+1", "@x\n\ud800", "5")), *finding.evidence[1:]]
    finding = replace(finding, evidence=tuple(rows))
    read = list(csv.DictReader(io.StringIO(evidence_csv(finding).decode())))
    assert [row["destination"] for row in read] == ["'=1+1", *(r.values[0] for r in rows[1:])]
    assert read[0]["protocol"] == "'@x\n\\ud800"
    assert [row["interpreted"] for row in read].count("yes") == 1
