"""The dialog that makes reports, on the page of a pattern."""

import json
import time

import pytest

from deepaid_core.workflow import reporting
from deepaid_ui.jobs import registry

PAGE = "pages/knowledge/patterns.py"


@pytest.fixture
def opened(findings, open_page):
    app = open_page(PAGE, pattern=findings[0].pattern_id)
    app.button(key="report-open").click().run()
    assert not app.exception
    return app


def prepared(app):
    app.button(key="report-form-prepare").click().run()
    job = registry().latest("report")
    deadline = time.monotonic() + 20
    while job.is_active and time.monotonic() < deadline:
        time.sleep(0.05)
    assert job.state == "done", job.message
    app.run()
    assert not app.exception
    return job.result


def test_a_report_on_a_pattern_is_made_as_chosen_and_written_to_the_log(
    opened, workspace, findings
):
    opened.selectbox(key="report-form-format").set_value("json").run()
    opened.selectbox(key="report-form-tlp").set_value("red").run()
    opened.pills(key="report-form-masks").set_value(["addresses"]).run()
    file = prepared(opened)
    content = json.loads(file.data)["content"]
    assert (content["tlp"], content["masks"]) == ("red", ["addresses"])
    assert len(content["findings"]) == 15
    assert findings[0].entity not in file.data.decode()
    (line,) = reporting.made(workspace, findings[0].pattern_id)
    assert line.action.facts["sha256"] == file.sha256
    assert line.action.author == "ana"
    assert file.sha256 in " ".join(one.value for one in opened.caption)


def test_nothing_is_made_before_it_is_asked_for(opened, workspace, findings):
    assert registry().latest("report") is None
    assert reporting.made(workspace, findings[0].pattern_id) == ()
    assert opened.selectbox(key="report-form-tlp").value == "amber"
    said = [one.value for one in opened.text]
    assert f"Pattern {findings[0].pattern_id} with 15 findings" in said
