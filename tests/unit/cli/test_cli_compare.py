"""`deepaid compare`."""

import json

import pytest
from typer.testing import CliRunner

from deepaid_core.cli.main import app
from deepaid_core.workspace import Workspace
from tests.comparisons import planted_finding
from tests.empty import empty_home
from tests.factories import make_finding, make_run

HOSTILE = "web01\x1b[2J[red]x[/]\u202egpj"


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "desk")))
    opened = Workspace.open()
    yield opened
    opened.close()


def deepaid(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    return result


def test_methods_are_set_side_by_side_with_whether_they_flip_the_label(workspace):
    finding = planted_finding(workspace)
    shown = deepaid("compare", finding.id, "--with", "largest-error", "--with", "lime").stdout
    for word in ("Greedy search (stored)", "Largest error", "Flips the label", finding.entity):
        assert word in shown
    assert finding.interpretation.deviations[0].title in shown


def test_as_json_every_answer_comes_with_its_score_and_its_time(workspace):
    finding = planted_finding(workspace)
    printed = deepaid("compare", finding.id, "--with", "largest-error", "--json").stdout
    stored, other = json.loads(printed)["answers"]
    assert stored["is_stored"]
    assert stored["elapsed_ms"] is None
    assert other["interpreter"] == "largest-error"
    assert other["elapsed_ms"] > 0
    assert other["rescored"] == pytest.approx(
        other["interpretation"]["diagnostics"]["reference_score"], rel=1e-5
    )


def test_a_method_that_reads_other_events_says_so_below(workspace):
    finding = planted_finding(workspace)
    shown = deepaid("compare", finding.id, "--with", "key-substitution").stdout
    assert "key-substitution: It reads windows of log keys" in shown


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("F-0000000000",), "F-0000000000"),
        (("FOUND", "--with", "tarot"), "There is no interpreter 'tarot'"),
        (("FOUND", "--budget-ms", "-1"), "budget"),
        (("FOUND", "--with", "largest-error"), "is not in this workspace any more"),
    ],
)
def test_what_cannot_be_compared_ends_with_one_sentence(workspace, arguments, words):
    if "--budget-ms" in arguments:
        finding = planted_finding(workspace)
    else:
        finding = make_finding(0)
        workspace.store.add_run(make_run(), [finding])
    given = [finding.id if one == "FOUND" else one for one in arguments]
    result = deepaid("compare", *given, code=1)
    assert words in result.stderr
    assert result.stderr.count("Error:") == 1


def test_names_that_attackers_chose_are_shown_and_cannot_steer_the_terminal(workspace):
    finding = planted_finding(workspace, entity=HOSTILE)
    shown = deepaid("compare", finding.id, "--with", "largest-error").stdout
    assert "[red]x[/]" in shown
    assert "\u202e" not in shown
