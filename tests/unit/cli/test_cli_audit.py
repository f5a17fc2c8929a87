import csv
import io
import json
import sqlite3

import pytest
from typer.testing import CliRunner

from deepaid_core.cli.main import app
from deepaid_core.domain.actions import NewNote
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_finding, make_run, make_verdict

HOSTILE = "=1+1\x1b[2J[red]x[/]‮gpj"
FINDINGS = [make_finding(number) for number in range(4)]


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A verdict, and a note of a hostile author."""
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "desk")))
    monkeypatch.setenv("DEEPAID_USER", "ana")
    workspace = Workspace.open()
    workspace.store.add_run(make_run(), FINDINGS)
    workspace.store.append([make_verdict(FINDINGS[0], author="ben")])
    workspace.store.desk.act([NewNote(FINDINGS[0].id, HOSTILE, HOSTILE)])
    workspace.close()
    return tmp_path / "desk"


def deepaid(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    assert "‮" not in result.output
    return result


def test_the_list_tells_who_did_what_newest_first(home):
    shown = deepaid("audit").stdout
    assert shown.index("action 1") < shown.index("decision 1")
    assert "2 of 2 lines" in shown
    told = json.loads(deepaid("audit", "--by", "ben", "--json").stdout)
    (line,) = told["lines"]
    assert (told["total"], line["line"], line["author"]) == (1, "decision 1", "ben")
    assert line["changes"][0]["before"] == "none"
    assert json.loads(deepaid("audit", "--kind", "note", "--json").stdout)["total"] == 1
    assert json.loads(deepaid("audit", "--about", FINDINGS[1].id, "--json").stdout)["total"] == 0
    assert "No line matches" in deepaid("audit", "--text", "nothing like it").stdout
    assert json.loads(deepaid("audit", "--until", "2001-01-01", "--json").stdout)["total"] == 0


def test_exports_are_safe_kept_apart_and_written_to_the_log(home, tmp_path):
    table = tmp_path / "log.csv"
    deepaid("audit", "export", str(table))
    rows = list(csv.DictReader(io.StringIO(table.read_bytes().decode())))
    assert [row["line"] for row in rows] == ["action 1", "decision 1"]
    assert rows[0]["author"] == "'" + HOSTILE
    assert "exists already" in deepaid("audit", "export", str(table), code=1).stderr
    whole = tmp_path / "log.json"
    deepaid("audit", "export", str(whole), "--kind", "export")
    (line,) = json.loads(whole.read_text(encoding="utf-8"))["lines"]
    assert (line["author"], line["what"]) == ("ana", "export of audit log")
    missing = tmp_path / "nowhere" / "log.csv"
    assert "cannot be written" in deepaid("audit", "export", str(missing), code=1).stderr


def test_the_check_gives_heads_that_later_checks_compare_with(home):
    heads = [line.strip() for line in deepaid("audit", "check").stdout.splitlines()[-2:]]
    assert [head.split()[:2] for head in heads] == [["decision", "1"], ["action", "1"]]
    given = [part for head in heads for part in ("--head", head)]
    assert json.loads(deepaid("audit", "check", *given, "--json").stdout)["whole"] is True
    assert "no head of a log" in deepaid("audit", "check", "--head", "x", code=1).stderr
    with sqlite3.connect(home / "deepaid.db") as connection:
        connection.execute("DELETE FROM action_findings")
        connection.execute("DELETE FROM actions")
    deepaid("audit", "check")
    told = deepaid("audit", "check", *given, code=1)
    assert "Action 1 is missing: the log ends with action 0" in told.stderr
    with sqlite3.connect(home / "deepaid.db") as connection:
        connection.execute("UPDATE decisions SET label = 'true positive'")
    found = json.loads(deepaid("audit", "check", "--json", code=1).stdout)
    assert (found["whole"], found["logs"][0]["broken"]) == (False, 1)
