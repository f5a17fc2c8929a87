"""`deepaid cases`, as a user types it."""

import json

import pytest
from typer.testing import CliRunner

from deepaid_core.cli.main import app
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_finding, make_run
from tests.suppressing import FINDINGS, FIRST, SECOND, TRUE, judge

HOSTILE = "web01\x1b[2J[red]x[/]"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Twelve findings and one of a hostile name."""
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "desk")))
    monkeypatch.setenv("DEEPAID_USER", "ana")
    workspace = Workspace.open()
    workspace.store.add_run(make_run(), [*FINDINGS[:12], make_finding(44, entity=HOSTILE)])
    workspace.close()
    return tmp_path / "desk"


def deepaid(*arguments: str, code: int = 0, typed: str | None = None):
    result = CliRunner().invoke(app, list(arguments), input=typed)
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    return result


def answer(*arguments: str):
    return json.loads(deepaid("cases", *arguments, "--json").stdout)


def test_a_case_is_opened_filled_shown_and_closed(home):
    hostile = make_finding(44, entity=HOSTILE).id
    shown = deepaid("cases", "open", "Scan of the office", *FIRST[:2], "--summary", "Early.")
    assert "Opened C-1 with 2 findings." in shown.stdout
    assert "1 finding came into C-1." in deepaid("cases", "add", "C-1", hostile).stdout
    assert "1 finding left C-1." in deepaid("cases", "add", "1", FIRST[1], "--remove").stdout
    deepaid("cases", "note", "C-1", "-", typed="Called them.\nNo answer.\n")
    given = ("technique", "C-1", "t1046", "--reason", "Many ports.")
    assert "T1046 is on C-1 now." in deepaid("cases", *given).stdout
    assert "nothing was written" in deepaid("cases", *given).stdout
    shown = deepaid("cases", "show", "c-1").stdout
    for words in (
        "C-1 Scan of the office", "TLP:AMBER, assigned to ana", "  Early.", "  No answer.",
        "T1046 Network Service Discovery (ana): Many ports.", FIRST[0], hostile,
        "ana: Opened the case with 2 findings",
    ):  # fmt: skip
        assert words in shown
    assert FIRST[1] not in shown
    assert "C-1 is closed." in deepaid("cases", "close", "C-1").stdout
    assert "C-1 is closed already." in deepaid("cases", "close", "C-1").stdout
    assert "No case matches" in deepaid("cases").stdout
    assert "closed" in deepaid("cases", "--status", "all").stdout


def test_lists_are_filtered_and_given_as_json(home):
    answer("open", "First", FIRST[0])
    answer("open", "Second", SECOND[0], "--author", "ben")
    answer("close", "C-1", "--status", "discarded")
    listed = answer()
    assert (listed["total"], [one["id"] for one in listed["cases"]]) == (1, ["C-2"])
    assert answer("--assignee", "ana")["total"] == 0
    assert [one["id"] for one in answer("--status", "discarded")["cases"]] == ["C-1"]
    assert answer("--text", "SECO", "--status", "all")["total"] == 1


def test_a_case_as_json_holds_its_timeline_and_entities(home):
    answer("open", "First", *FIRST[:2])
    answer("note", "C-1", "A note.")
    shown = answer("show", "C-1")
    assert shown["case"]["finding_ids"] == FIRST[:2]
    assert shown["notes"][0]["text"] == "A note."
    assert [one["lane"] for one in shown["timeline"]["entries"]][:3] == [
        "events", "events", "detection",
    ]  # fmt: skip
    assert FINDINGS[0].entity in {one["name"] for one in shown["entities"]["entities"]}


def test_cases_are_merged_and_taken_apart(home):
    answer("open", "First", *FIRST[:2])
    answer("open", "Second", SECOND[0])
    assert "C-1 is merged into C-2, which got 2 findings more." in (
        deepaid("cases", "merge", "C-1", "C-2").stdout
    )
    assert "merged into C-2" in deepaid("cases", "show", "C-1").stdout
    assert "was merged into C-2" in deepaid("cases", "add", "C-1", FIRST[2], code=1).stderr
    assert "stands alone again" in deepaid("cases", "merge", "C-1", "--undo").stdout
    deepaid("cases", "merge", "C-1", code=2)
    deepaid("cases", "merge", "C-1", "C-2", "--undo", code=2)


def test_the_layer_is_printed_whole(home):
    answer("open", "First", *FIRST[:2])
    answer("technique", "C-1", "T1046", "--reason", "Many ports.")
    workspace = Workspace.open(home)
    judge(workspace, FIRST[0], label=TRUE, category="port-scan")
    workspace.close()
    layer = json.loads(deepaid("cases", "navigator").stdout)
    assert [(one["techniqueID"], one["score"]) for one in layer["techniques"]] == [("T1046", 1)]
    assert json.loads(deepaid("cases", "navigator", "C-1").stdout)["name"] == "C-1 First"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "F-1"), "is no id of a case"),
        (("show", "C-9"), "no case 'C-9'"),
        (("open", " "), "has no title"),
        (("open", "A", "F-nowhere"), "F-nowhere"),
        (("navigator", "C-9"), "no case 'C-9'"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(home, arguments, words):
    assert words in deepaid("cases", *arguments, code=1).stderr


def test_who_writes_must_be_named(home, monkeypatch):
    monkeypatch.delenv("DEEPAID_USER")
    assert "--author" in deepaid("cases", "open", "A", code=1).stderr
