"""Making reports: what they are of, how files are called, and the log's line about each."""

import json

import pytest

from deepaid_core.domain.actions import NewCase
from deepaid_core.errors import CancelledError, InvalidParameterError, NotFoundError
from deepaid_core.workflow import reporting
from deepaid_core.workflow.reporting import ReportRequest, made, make
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_detector_record, make_finding, make_run

FINDINGS = [make_finding(number) for number in range(8)]


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "workspace"))
    opened.store.add_detector(make_detector_record())
    opened.store.add_run(make_run(), FINDINGS)
    yield opened
    opened.close()


def content(workspace, **asked):
    return json.loads(make(workspace, ReportRequest(format="json", **asked)).data)["content"]


def test_a_pattern_s_report_holds_its_findings_and_is_found_again(workspace):
    pattern_id = FINDINGS[0].pattern_id
    told = content(workspace, pattern_id=pattern_id, author="bo")
    assert {item["finding"]["id"] for item in told["findings"]} == {
        FINDINGS[0].id,
        FINDINGS[4].id,
    }
    assert told["pattern"]["pattern_id"] == told["subject"] == pattern_id
    (line,) = made(workspace, pattern_id)
    assert (line.action.author, line.action.facts["format"]) == ("bo", "json")
    assert made(workspace, FINDINGS[1].pattern_id) == ()


def test_a_case_s_report_takes_its_marking_and_tells_its_activity(workspace):
    desk = workspace.store.desk
    desk.act([NewCase("Odd copies", (FINDINGS[0].id, FINDINGS[1].id), "ana")])
    told = content(workspace, case_number=1, tlp=None)
    assert told["tlp"] == desk.case(1).tlp
    assert told["title"] == "C-1: Odd copies"
    assert any(one["author"] == "ana" and not one["automatic"] for one in told["activity"])
    assert any(one["automatic"] for one in told["activity"])
    assert [head["number"] for head in told["heads"]] == [0, 1]
    assert content(workspace, case_number=1, tlp="red")["tlp"] == "red"


def test_more_findings_than_a_report_shows_are_counted(workspace, monkeypatch):
    monkeypatch.setattr(reporting, "MAX_FINDINGS", 1)
    told = content(workspace, pattern_id=FINDINGS[0].pattern_id)
    assert len(told["findings"]) == 1
    assert told["rest"]["findings"] == 1
    assert told["rest"]["events"] == FINDINGS[0].event_count
    assert sum(count for _, count in told["rest"]["entities"]) == 2


def test_names_of_files_tell_what_is_in_them_but_never_what_is_masked(workspace):
    finding = FINDINGS[0]

    def name(**asked):
        return make(workspace, ReportRequest((finding.id,), format="json", **asked)).name

    assert name() == f"{finding.id}.json"
    assert name(audience="executive") == f"{finding.id}-executive.json"
    assert finding.id not in name(masks=("addresses",))
    assert make(workspace, ReportRequest((finding.id,))).name == f"{finding.id}.html"


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({}, InvalidParameterError),
        ({"finding_ids": ("F-0000000000",)}, NotFoundError),
        ({"pattern_id": "P-0000000000"}, NotFoundError),
        ({"case_number": 9}, NotFoundError),
        ({"pattern_id": FINDINGS[0].pattern_id, "case_number": 1}, InvalidParameterError),
        ({"finding_ids": (FINDINGS[0].id,), "format": "gif"}, InvalidParameterError),
        ({"finding_ids": (FINDINGS[0].id,), "masks": ("faces",)}, InvalidParameterError),
        ({"finding_ids": (FINDINGS[0].id,), "tlp": "purple"}, InvalidParameterError),
    ],
)
def test_what_cannot_be_made_is_refused_and_leaves_no_line(workspace, asked, problem):
    with pytest.raises(problem):
        make(workspace, ReportRequest(**asked))
    assert workspace.store.desk.version() == 0


def test_a_cancelled_report_leaves_no_line(workspace):
    with pytest.raises(CancelledError):
        make(workspace, ReportRequest((FINDINGS[0].id,)), cancelled=lambda: True)
    assert workspace.store.desk.version() == 0
