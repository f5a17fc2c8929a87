import json

import pytest
from typer.testing import CliRunner

from deepaid_core.cli.main import app
from deepaid_core.domain.log import NewSetting
from deepaid_core.domain.suppression import NewSuppression
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import PATHS, make_finding, make_run
from tests.suppressing import FINDINGS, FIRST, PATTERN, SECOND

HOSTILE = "web01\x1b[2J[red]x[/]\u202egpj"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Forty findings of four patterns and one of a hostile name; no re-surfaced ones."""
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "desk")))
    monkeypatch.setenv("DEEPAID_USER", "ana")
    workspace = Workspace.open()
    hostile = make_finding(44, path=PATHS[0], entity=HOSTILE, max_score=0.3)
    workspace.store.add_run(make_run(), [*FINDINGS, hostile])
    workspace.store.append([NewSetting("resurfaced_share", "0", "ana")])
    workspace.close()
    return tmp_path / "desk"


def deepaid(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output
    return result


def judge(*finding_ids: str) -> None:
    for finding_id in finding_ids:
        given = ("--label", "false positive", "--category", "backup-job", "--reason", "Nightly.")
        deepaid("verdict", finding_id, *given)


def written(home) -> list[NewSuppression]:
    workspace = Workspace.open(home)
    try:
        return [line.entry for line in workspace.store.log() if type(line.entry) is NewSuppression]
    finally:
        workspace.close()


def hidden() -> int:
    return int(json.loads(deepaid("findings", "--status", "suppressed", "--json").stdout)["total"])


def test_a_dry_run_shows_checks_and_reach_and_writes_nothing(home):
    judge(*FIRST[:2])
    shown = deepaid("suppress", PATTERN, "--dry-run", code=1).stdout
    assert "[refused] Only 2 false positive decisions on this pattern, 3 needed" in shown
    assert "It would be refused." in shown
    judge(FIRST[2])
    shown = deepaid("suppress", PATTERN, "--dry-run").stdout
    assert "[refused]" not in shown
    assert "11 findings on 4 entities, 8 open" in shown
    assert "[red]x[/]" in shown
    assert "It would take 8 findings out of the open queue" in shown
    seen = json.loads(deepaid("suppress", PATTERN, "--dry-run", "--json").stdout)
    assert seen["preview"]["allowed"] is True
    assert seen["preview"]["covered"] == 8
    assert seen["suppression"]["reason"] == "Nightly."
    assert written(home) == []
    assert hidden() == 0


def test_a_suppression_is_written_listed_and_taken_back_by_its_name(home):
    judge(*FIRST[:3])
    given = ("--reason", "Copy of the file server.", "--owner", "ben", "--ticket", "OPS-7")
    shown = deepaid("suppress", PATTERN, *given, "--days", "10").stdout
    assert "Suppression S-5: 8 findings left the open queue" in shown
    (decision,) = written(home)
    assert (decision.reason, decision.owner, decision.ticket, decision.author) == (
        "Copy of the file server.",
        "ben",
        "OPS-7",
        "ana",
    )
    assert hidden() == 8
    assert "suppressed by S-5" in deepaid("findings", "--status", "suppressed").stdout
    (listed,) = json.loads(deepaid("suppressions", "--json").stdout)["suppressions"]
    assert (listed["id"], listed["state"]) == ("S-5", "active")
    assert listed["suppression"]["suppressed"] == 8
    assert "Back in the open queue: 8 suppressed findings." in deepaid("undo", "S-5").stdout
    assert hidden() == 0
    assert "There is no suppression" in deepaid("suppressions").stdout
    assert "undone by 6" in deepaid("suppressions", "--all").stdout
    assert "already" in deepaid("undo", "s-5", code=1).stderr


def test_a_scope_of_hosts_and_times_is_taken_from_the_options(home):
    judge(*FIRST[:3])
    hosts = ("--entity", FINDINGS[4].entity, "--entity", HOSTILE)
    times = ("--since", str(FINDINGS[4].first_time), "--until", "2040-01-01")
    outcome = json.loads(deepaid("suppress", PATTERN, *hosts, *times, "--json").stdout)
    scope = written(home)[0].scope
    assert scope.entities == tuple(sorted((FINDINGS[4].entity, HOSTILE)))
    assert (scope.since, scope.until) == (FINDINGS[4].first_time, 2_208_988_800.0)
    assert outcome["suppressed"] == hidden() > 1
    assert "x" in deepaid("suppressions").stdout


def test_a_burst_is_suppressed_by_its_false_positives(home):
    judge(FIRST[0], SECOND[0], FINDINGS[2].id)
    given = [part for one in (FIRST[0], SECOND[0]) for part in ("--burst", one)]
    deepaid("suppress", *given, "--dry-run", code=1)
    given += ["--burst", FINDINGS[2].id]
    assert "any pattern of 'packets' on" in deepaid("suppress", *given, "--dry-run").stdout
    deepaid("suppress", *given)
    assert written(home)[0].scope.pattern_id is None


def test_a_true_positive_says_what_it_brought_back(home):
    judge(*FIRST[:3])
    deepaid("suppress", PATTERN)
    given = ("--label", "true positive", "--category", "port-scan", "--reason", "Many ports.")
    shown = deepaid("verdict", FIRST[5], *given).stdout
    assert "Disabled S-5: an attack is in its scope now." in shown
    assert "Back in the open queue: 7 suppressed findings." in shown
    assert f"disabled by {FIRST[5]}" in deepaid("suppressions").stdout
    refusal = deepaid("suppress", PATTERN, code=1).stderr
    assert "1 finding on this pattern is a confirmed attack" in refusal
    assert FIRST[5] in refusal


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((PATTERN, "--reason", ""), "give a reason"),
        ((PATTERN, "--reason", "a\x1b[2Jb"), "control character U+001B"),
        ((PATTERN, "--owner", " "), "name an owner"),
        ((PATTERN, "--owner", "ben\u202e"), "cannot be seen"),
        ((PATTERN, "--ticket", "t\x1b]0;x"), "cannot be seen"),
        ((PATTERN, "--days", "0"), "in the past"),
        ((PATTERN, "--days", "400"), "within a year"),
        ((PATTERN, "--days", "nan"), "not a date"),
        ((PATTERN, "--since", "yesterday"), "is no time"),
        ((PATTERN, "--basis", "benign positive"), "name both"),
        (("P-nothing",), "P-nothing"),
    ],
)
def test_what_is_wrong_ends_in_one_sentence(home, arguments, words):
    judge(*FIRST[:3])
    assert words in deepaid("suppress", *arguments, code=1).stderr
    assert written(home) == []


def test_wrong_usage_is_told_before_anything_is_opened(home):
    for arguments in (("suppress",), ("suppress", PATTERN, "--burst", FIRST[0])):
        assert "either a pattern or --burst" in deepaid(*arguments, code=2).stderr
    for number in ("x", "S-", "-S", "M-1", "1" * 40, "\x1b[2J"):
        assert "is no entry of the log" in deepaid("undo", "--", number, code=1).stderr
