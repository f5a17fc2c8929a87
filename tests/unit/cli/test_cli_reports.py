"""`deepaid report` of all sorts and `deepaid verify`, as commands."""

import json

import pytest

from deepaid_core.domain.actions import NewCase
from deepaid_core.workspace import Workspace
from tests.factories import make_detector_record, make_finding, make_run
from tests.unit.cli.test_cli_triage import deepaid

FINDINGS = [make_finding(number) for number in range(4)]


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "workspace"
    monkeypatch.setenv("DEEPAID_HOME", str(folder))
    monkeypatch.setenv("DEEPAID_USER", "ana")
    workspace = Workspace.open(folder)
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), FINDINGS)
    workspace.store.desk.act([NewCase("Odd copies", (FINDINGS[0].id,), "ana")])
    workspace.close()
    return folder


def test_a_case_is_reported_as_json_masked_and_for_executives(home, tmp_path):
    file = tmp_path / "case.json"
    deepaid(
        "report", "--case", "C-1", "--format", "json", "--audience", "executive",
        "--tlp", "green", "--mask", "addresses", "--no-defang", "-o", str(file),
    )  # fmt: skip
    content = json.loads(file.read_text())["content"]
    chosen = {name: content[name] for name in ("audience", "tlp", "masks", "defang", "subject")}
    assert chosen == {
        "audience": "executive",
        "tlp": "green",
        "masks": ["addresses"],
        "defang": False,
        "subject": "C-1",
    }
    assert FINDINGS[0].entity not in file.read_text()


def test_a_pattern_goes_to_the_workspace_under_its_id(home):
    pattern = FINDINGS[1].pattern_id
    result = deepaid("report", "--pattern", pattern, "-f", "json")
    assert (home / "reports" / f"{pattern}.json").exists()
    assert "SHA-256" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--case", "twelve"), "'twelve' is no case"),
        (("--case", "C-9"), "C-9"),
        (("--pattern", "P-0000000000"), "P-0000000000"),
        ((FINDINGS[0].id, "--format", "gif"), "'gif' is no format"),
        ((FINDINGS[0].id, "--audience", "cats"), "'cats' is no audience"),
        ((FINDINGS[0].id, "--mask", "faces"), "'faces' is no mask"),
        ((), "none was picked"),
    ],
)
def test_what_cannot_be_reported_is_one_sentence(home, arguments, says):
    result = deepaid("report", *arguments, code=1)
    assert says in result.stderr
    assert result.stderr.count("\n") == 1
    assert list((home / "reports").iterdir()) == []


def test_verify_says_what_it_could_not_confirm_and_ends_with_1(home, tmp_path):
    file = tmp_path / "report.json"
    deepaid("report", FINDINGS[0].id, "-f", "json", "-o", str(file))
    # The detector of this workspace has no files.
    result = deepaid("verify", str(file), code=1)
    assert "not checkable" in result.stdout
    listed = json.loads(deepaid("verify", str(file), "--json", code=1).stdout)
    assert listed["holds"] is False
    assert {"report", FINDINGS[0].id} <= {one["subject"] for one in listed["checks"]}


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"{}"], ids=["gone", "binary", "foreign"])
def test_verify_refuses_other_files_with_one_sentence(home, tmp_path, content):
    file = tmp_path / "report.json"
    if content is not None:
        file.write_bytes(content)
    result = deepaid("verify", str(file), code=1)
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
