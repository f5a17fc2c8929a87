"""`deepaid machine` and `deepaid settings`, as a user types them."""

import json

import pytest
from typer.testing import CliRunner

from deepaid_core.cli.main import app
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow import distill
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import (
    make_detector_record,
    make_finding,
    make_run,
    make_suppression,
    make_verdict,
)

FINDINGS = [make_finding(number, max_score=0.3) for number in range(12)]
FIRST, SECOND = FINDINGS[::4], FINDINGS[1::4]
HOSTILE = "web01\x1b[2J[red]x[/]\u202egpj"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A workspace with a false positive, an attack and a suppression."""
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "desk")))
    monkeypatch.setenv("DEEPAID_USER", "ana")
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.open()
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), FINDINGS)
    workspace.store.append([make_verdict(FIRST[0])])
    workspace.store.append(
        [make_verdict(SECOND[0], label=VerdictLabel.TRUE_POSITIVE, category="port-scan")]
    )
    workspace.store.append([make_suppression(FIRST[0], entities=(HOSTILE,))])
    workspace.close()
    return tmp_path / "desk"


def deepaid(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    return result


def as_json(*arguments: str):
    return json.loads(deepaid(*arguments, "--json").stdout)


def digest(home, version=None):
    workspace = Workspace.open(home)
    try:
        return distill.machine(workspace, version).digest()
    finally:
        workspace.close()


def test_the_machine_is_shown_with_its_counts_and_digest(home):
    shown = deepaid("machine").stdout
    assert "Machine M-3: 2 lessons about 1 detector; 1 suppression in force." in shown
    assert "false positive / backup-job" in shown
    assert digest(home) in shown
    told = as_json("machine")
    assert (told["version"], told["lessons"], told["suppressions"]) == ("M-3", 2, [3])
    assert told["settings"]["least_verdicts"] == "3"
    assert [one["category"] for one in told["outcomes"]] == ["backup-job", "port-scan"]
    assert told["verified"] is None


def test_verifying_replays_the_log(home):
    assert (
        "Replaying the 3 entries of the log gives the same."
        in deepaid("machine", "--verify").stdout
    )
    assert as_json("machine", "--verify")["verified"] is True


def test_the_history_is_listed_newest_first_and_paged(home):
    shown = deepaid("machine", "history").stdout
    assert shown.index("M-3") < shown.index("M-2") < shown.index("M-1")
    assert "false positive / backup-job on 1 finding" in shown
    assert "[red]x[/]" in shown
    assert "\u202e" not in shown
    shown = deepaid("machine", "history", "--limit", "1").stdout
    assert "deepaid machine history --before 3" in shown
    (row,) = as_json("machine", "history", "--before", "M-2")["versions"]
    assert (row["number"], row["in_force"]) == (1, True)
    assert "no such entry" in deepaid("machine", "history", "--before", "1").stdout


def test_two_versions_are_compared(home):
    shown = deepaid("machine", "diff", "M-0").stdout
    assert "From M-0 to M-3: 7 transitions changed" in shown
    assert "Put into force: S-3" in shown
    assert "unknown" in shown
    found = as_json("machine", "diff", "3", "1")
    assert (found["before"], found["after"]) == (3, 1)
    assert found["suppressions_removed"] == [3]
    assert {one["category"] for one in found["transitions"]} == {"port-scan"}


def test_a_roll_back_is_tried_done_and_taken_back(home):
    tried = deepaid("machine", "roll-back", "M-1", "--dry-run").stdout
    assert "Would take 2 decisions back and would put 0 decisions into force again" in tried
    assert SECOND[0].pattern_id in tried
    assert as_json("machine")["version"] == "M-3"
    newest, first = digest(home), digest(home, 1)
    done = deepaid("machine", "roll-back", "M-1", "--reason", "Wrong day.").stdout
    assert "Took 2 decisions back" in done
    assert "No attack protects any more" in done
    assert digest(home) == first
    assert "deepaid machine roll-back M-3" in done
    deepaid("machine", "roll-back", "M-3")
    assert digest(home) == newest
    rows = as_json("machine", "history")["versions"]
    assert {row["kind"] for row in rows[:4]} == {"undo", "restore"}
    assert rows[-4]["reason"] == "Roll-back to M-1. Wrong day."


def test_a_roll_back_as_json_tells_what_was_done(home):
    told = as_json("machine", "roll-back", "0", "--dry-run")
    assert told["done"] is None
    assert [row["number"] for row in told["preview"]["undone"]] == [3, 2, 1]
    told = as_json("machine", "roll-back", "0")
    assert told["done"]["numbers"] == [4, 5, 6]
    assert told["done"]["protected_lost"] == [SECOND[0].pattern_id]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("roll-back", "M-3"), "nothing to roll back"),
        (("roll-back", "M-9"), "There is no machine M-9"),
        (("roll-back", "yesterday"), "'yesterday' is no version"),
        (("diff", "1", "9"), "There is no machine M-9"),
        (("diff", "-1"), "No such option"),
        (("history", "--before", "\u0663"), "is no version"),
        (("import", "nothing.json"), "cannot be read"),
        (("export", "--at", "9"), "There is no machine M-9"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(home, arguments, words):
    result = CliRunner().invoke(app, ["machine", *arguments])
    assert result.exit_code in (1, 2)
    assert words in " ".join(result.output.split())
    assert "Traceback" not in result.output


def test_lessons_travel_from_one_workspace_to_another(home, tmp_path, monkeypatch):
    text = deepaid("machine", "export").stdout
    assert json.loads(text)["format"] == "deepaid-lessons"
    deepaid("machine", "export", "graph.graphml")
    deepaid("machine", "export", "first.json", "--at", "M-1")
    assert (tmp_path / "graph.graphml").read_text(encoding="utf-8").startswith("<?xml")
    assert len(json.loads((tmp_path / "first.json").read_text(encoding="utf-8"))["lessons"]) == 1
    assert "exists already" in deepaid("machine", "export", "first.json", code=1).output
    deepaid("machine", "export", "first.json", "--overwrite")
    taught = digest(home)
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "elsewhere")))
    tried = deepaid("machine", "import", "graph.graphml", "--dry-run").stdout
    assert "2 lessons on 2 paths; 1 lesson of attacks" in tried
    assert "Not known here: packets" in tried
    assert as_json("machine")["version"] == "M-0"
    done = deepaid("machine", "import", "graph.graphml", "--reason", "From the other site.").stdout
    assert "To take it back: deepaid undo 1" in done
    assert digest(tmp_path / "elsewhere") == taught
    again = deepaid("machine", "import", "first.json", code=1).output
    assert "imported as entry 1 already" in again
    assert as_json("machine", "import", "first.json", "--dry-run")["preview"]["imported_as"] == 1
    deepaid("undo", "1")
    assert as_json("machine", "import", "first.json")["number"] == 3


def test_an_import_that_contradicts_what_was_taught_here_says_where(home, tmp_path):
    text = deepaid("machine", "export").stdout.replace("backup-job", "data-import")
    (tmp_path / "theirs.json").write_text(text, encoding="utf-8")
    shown = deepaid("machine", "import", "theirs.json", "--dry-run").stdout
    assert f"Contradiction on {FIRST[0].pattern_id}: here false positive / backup-job (1)" in shown
    assert "in the file false positive / data-import (1)" in shown


def test_settings_are_shown_and_changed_with_an_entry_of_the_log(home):
    assert "resurfaced_share" in deepaid("settings").stdout
    shown = deepaid("settings", "least_verdicts", "5", "--reason", "Be careful.").stdout
    assert "To take it back: deepaid undo 4" in shown
    told = as_json("settings")
    assert told["settings"]["least_verdicts"] == "5"
    assert told["number"] is None
    (row,) = as_json("machine", "history", "--limit", "1")["versions"]
    assert (row["kind"], row["author"], row["reason"]) == ("setting", "ana", "Be careful.")
    assert "is '5' already" in deepaid("settings", "least_verdicts", "5", code=1).output
    assert "no value of" in deepaid("settings", "least_verdicts", "0", code=1).output
    assert "no setting" in deepaid("settings", HOSTILE, "0", code=1).output
    deepaid("settings", "least_verdicts", code=2)
    deepaid("undo", "4")
    assert as_json("settings")["settings"]["least_verdicts"] == "3"


def test_what_is_written_is_signed(home, monkeypatch):
    monkeypatch.delenv("DEEPAID_USER")
    for arguments in (("machine", "roll-back", "1"), ("settings", "least_verdicts", "5")):
        assert "Nobody is named" in deepaid(*arguments, code=1).output
    assert as_json("machine")["version"] == "M-3"
    deepaid("settings", "least_verdicts", "5", "--author", "ben")
    assert as_json("machine", "history")["versions"][0]["author"] == "ben"
