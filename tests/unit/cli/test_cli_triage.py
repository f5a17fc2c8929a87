import json

import pytest
from typer.testing import CliRunner

from deepaid_core.cli.main import app
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import NewVerdict
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_detector_record, make_finding, make_run

HOSTILE = "web01\x1b[2J[red]x[/]\u202egpj"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A workspace of thirteen findings of four patterns, one named by an attacker."""
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "desk")))
    monkeypatch.setenv("DEEPAID_USER", "ana")
    monkeypatch.chdir(tmp_path)
    workspace = Workspace.open()
    workspace.store.add_detector(make_detector_record())
    findings = [make_finding(number) for number in range(12)]
    workspace.store.add_run(make_run(), [*findings, make_finding(12, entity=HOSTILE)])
    workspace.close()
    return tmp_path / "desk"


def deepaid(*arguments: str, code: int = 0):
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == code, result.output
    assert "Traceback" not in result.output
    assert "\x1b" not in result.output
    return result


def in_store(home, read):
    workspace = Workspace.open(home)
    try:
        return read(workspace.store)
    finally:
        workspace.close()


def decisions(home) -> list[NewVerdict]:
    log = in_store(home, lambda store: store.log())
    return [line.entry for line in log if isinstance(line.entry, NewVerdict)]


def test_findings_are_listed_in_the_order_of_the_queue(home):
    listed = json.loads(deepaid("findings", "--json", "--limit", "100").stdout)
    stored = in_store(home, lambda store: store.page(FindingQuery(status=Status.OPEN), limit=100))
    assert [item["finding"]["id"] for item in listed["findings"]] == [row.id for row in stored]
    assert listed["total"] == 13


def test_a_list_that_was_cut_says_how_many_there_are(home):
    assert "5 of 13 findings" in deepaid("findings", "--limit", "5").stdout


def test_filters_of_the_list_combine(home):
    wanted = make_finding(0)
    arguments = ("--pattern", wanted.pattern_id, "--entity", wanted.entity, "--status", "all")
    listed = json.loads(deepaid("findings", *arguments, "--json").stdout)
    assert wanted.id in [item["finding"]["id"] for item in listed["findings"]]
    assert {item["finding"]["entity"] for item in listed["findings"]} == {wanted.entity}
    assert {item["finding"]["pattern_id"] for item in listed["findings"]} == {wanted.pattern_id}


def test_names_that_attackers_chose_are_shown_and_cannot_steer_the_terminal(home):
    shown = deepaid("findings", "--limit", "100").stdout
    assert "[red]x[/]" in "".join(shown.split())
    assert "\u202e" not in shown
    listed = json.loads(deepaid("findings", "--json", "--limit", "100").stdout)
    assert HOSTILE in {item["finding"]["entity"] for item in listed["findings"]}


def test_an_interpretation_shows_observed_reference_and_proof(home):
    finding = make_finding(0)
    shown = deepaid("interpret", finding.id).stdout
    for deviation in finding.interpretation.deviations:
        assert deviation.cells[0].title in shown
    assert "Verified: the closest normal event scores" in shown
    assert "How firm this interpretation is was not measured" in shown


def test_an_interpretation_as_json_is_the_stored_one(home):
    finding = make_finding(0)
    stored = json.loads(deepaid("interpret", finding.id, "--json").stdout)
    assert stored["interpretation"]["reference"] == list(finding.interpretation.reference)
    assert stored["interpretation"]["diagnostics"]["verified"] is True


def test_an_unverified_interpretation_says_so(home):
    finding = make_finding(40, verified=False)
    in_store(home, lambda store: store.add_run(make_run(1), [finding]))
    assert "Not verified" in deepaid("interpret", finding.id).stdout
    assert "(not verified)" in deepaid("findings", "--limit", "100").stdout


def test_patterns_are_listed_with_an_example(home):
    shown = deepaid("patterns").stdout
    assert make_finding(1).pattern_id in shown
    assert "4 of 4 patterns" in shown


def test_detectors_are_listed(home):
    assert make_detector_record().id in deepaid("detectors").stdout


def test_a_verdict_is_signed_with_a_reason_and_names_its_undo(home):
    finding = make_finding(0)
    arguments = ("--label", "false positive", "--category", "backup-job", "--reason", "Nightly.")
    shown = deepaid("verdict", finding.id, *arguments).stdout
    (decision,) = decisions(home)
    assert decision.finding_ids == (finding.id,)
    assert (decision.label, decision.category) == ("false positive", "backup-job")
    assert (decision.author, decision.reason) == ("ana", "Nightly.")
    assert "deepaid undo 1" in shown


def test_a_verdict_without_a_reason_takes_the_drafted_one_and_shows_it(home):
    finding = make_finding(0)
    shown = deepaid("verdict", finding.id, "--label", "undetermined").stdout
    (decision,) = decisions(home)
    assert decision.reason
    assert decision.reason in shown


def test_a_selection_of_one_pattern_is_one_decision(home):
    chosen = [make_finding(number).id for number in (0, 4, 8)]
    deepaid("verdict", *chosen, "--label", "true positive", "--category", "port-scan")
    (decision,) = decisions(home)
    assert set(decision.finding_ids) == set(chosen)


def test_a_verdict_on_a_pattern_reaches_all_its_open_findings_as_one_decision(home):
    finding = make_finding(1)
    arguments = ("--label", "false positive", "--category", "backup-job", "--pattern")
    deepaid("verdict", finding.id, *arguments)
    (decision,) = decisions(home)
    assert decision.scope == "pattern"
    assert set(decision.finding_ids) == {make_finding(number).id for number in (1, 5, 9)}


def test_after_a_verdict_its_siblings_carry_the_suggestion(home):
    finding = make_finding(1)
    deepaid("verdict", finding.id, "--label", "false positive", "--category", "backup-job")
    listed = json.loads(deepaid("findings", "--json", "--pattern", finding.pattern_id).stdout)
    assert [item["suggestion"]["category"] for item in listed["findings"]] == ["backup-job"] * 2


def test_undo_opens_the_finding_again_and_keeps_both_entries(home):
    finding = make_finding(0)
    deepaid("verdict", finding.id, "--label", "false positive", "--category", "backup-job")
    assert in_store(home, lambda store: store.row(finding.id)).status == "closed"
    deepaid("undo", "1")
    assert in_store(home, lambda store: store.row(finding.id)).status == "open"
    assert len(in_store(home, lambda store: store.log())) == 2


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("interpret", "F-0000000000"), "F-0000000000"),
        (("report", "F-0000000000"), "F-0000000000"),
        (("verdict", "F-0000000000", "--label", "undetermined"), "F-0000000000"),
        (("undo", "99"), "99"),
        (("detect", "gone.pcap", "--detector", "D-0000000000"), "D-0000000000"),
        (("train", "gone.pcap", "--name", "office"), "gone.pcap"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_does_not_exist_is_named_in_one_sentence(home, arguments, says):
    result = deepaid(*arguments, code=1)
    assert result.stdout == ""
    assert says in result.stderr
    assert result.stderr.count("\n") == 1


@pytest.fixture
def trained_home(home):
    """The workspace with a detector that can really be loaded."""
    from deepaid_core.detectors.artifacts import load_trained
    from deepaid_core.workflow.demo import sample_data
    from deepaid_core.workflow.train import register

    workspace = Workspace.open(home)
    register(workspace, load_trained(sample_data() / "detectors" / "packets"))
    workspace.close()
    return home


@pytest.mark.parametrize(
    "content",
    [None, b"", b"PK\x03\x04 a renamed archive", b"\xd4\xc3\xb2\xa1\x02\x00"],
    ids=["gone", "empty", "foreign", "cut off"],
)
def test_a_capture_that_cannot_be_read_is_one_sentence_and_writes_nothing(
    trained_home, tmp_path, content
):
    path = tmp_path / "monday.pcap"
    if content is not None:
        path.write_bytes(content)
    before = in_store(trained_home, lambda store: (store.version(), len(store.runs())))
    result = deepaid("detect", str(path), code=1)
    assert result.stdout == ""
    assert "monday.pcap" in result.stderr
    assert result.stderr.count("\n") == 1
    assert in_store(trained_home, lambda store: (store.version(), len(store.runs()))) == before


def test_a_false_positive_without_a_category_is_refused_and_writes_nothing(home):
    result = deepaid("verdict", make_finding(0).id, "--label", "false positive", code=1)
    assert "category" in result.stderr
    assert decisions(home) == []


def test_a_verdict_of_nobody_is_refused_and_writes_nothing(home, monkeypatch):
    monkeypatch.delenv("DEEPAID_USER")
    result = deepaid("verdict", make_finding(0).id, "--label", "undetermined", code=1)
    assert "--author" in result.stderr
    assert decisions(home) == []


def test_wrong_usage_ends_with_code_2(home):
    deepaid("verdict", make_finding(0).id, "--label", "no such label", code=2)
    two = (make_finding(0).id, make_finding(1).id)
    deepaid("verdict", *two, "--label", "undetermined", "--pattern", code=2)
    assert decisions(home) == []


def test_a_report_goes_to_the_workspace_and_never_replaces_an_earlier_one(home):
    finding = make_finding(0)
    deepaid("report", finding.id)
    deepaid("report", finding.id)
    written = sorted((home / "reports").iterdir())
    assert [path.suffix for path in written] == [".html", ".html"]
    assert all(finding.id in path.read_text(encoding="utf-8") for path in written)


def test_a_named_report_is_replaced_only_when_asked(home, tmp_path):
    path = tmp_path / "report.html"
    path.write_text("mine")
    result = deepaid("report", make_finding(0).id, "-o", str(path), code=1)
    assert "--overwrite" in result.stderr
    assert path.read_text() == "mine"
    deepaid("report", make_finding(0).id, "-o", str(path), "--overwrite")
    assert make_finding(0).id in path.read_text(encoding="utf-8")
    assert list(tmp_path.glob(".*")) == []


def test_a_report_that_cannot_be_written_leaves_nothing_behind(home, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("")
    result = deepaid("report", make_finding(0).id, "-o", str(blocked / "report.html"), code=1)
    assert "--output" in result.stderr


def test_a_workspace_that_cannot_be_made_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    result = deepaid("--workspace", "file/desk", "findings", code=1)
    assert "file/desk" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_file_that_is_no_database_is_one_sentence(tmp_path):
    home = tmp_path / "desk"
    workspace = Workspace.open(home)
    workspace.close()
    (database,) = home.glob("*.db")
    database.write_bytes(b"not a database, but long enough to look like one" * 100)
    result = deepaid("--workspace", str(home), "findings", code=1)
    assert result.stderr.count("\n") == 1
    assert result.stdout == ""


def test_an_empty_workspace_says_what_to_do(tmp_path):
    home = str(tmp_path / "desk")
    assert "No finding" in deepaid("--workspace", home, "findings").stdout
    assert "deepaid demo" in deepaid("--workspace", home, "patterns").stdout
    assert "deepaid demo" in deepaid("--workspace", home, "detectors").stdout
