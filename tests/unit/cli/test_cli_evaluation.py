import json
import zipfile

import pytest

from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.judged import judged
from tests.unit.cli.test_cli_triage import deepaid


@pytest.fixture
def data(tmp_path, monkeypatch):
    found = judged(tmp_path / "judged")
    monkeypatch.setenv("DEEPAID_HOME", str(found.home))
    monkeypatch.setenv("DEEPAID_USER", "ana")
    monkeypatch.chdir(tmp_path)
    return found


def test_detectors_are_listed_with_their_threshold_and_how_much_they_flag(data):
    shown = deepaid("detectors").stdout
    for word in (data.detector_id, "0.98 quantile of 400 held-back events", "a day"):
        assert word in shown
    (listed,) = json.loads(deepaid("detectors", "--json").stdout)
    assert (listed["id"], listed["versions_of_name"]) == (data.detector_id, 1)
    workspace = Workspace.open(data.home)
    (run,) = workspace.store.runs()
    workspace.close()
    days = (run.last_time - run.first_time) / 86_400
    assert listed["anomalies_per_day"] == pytest.approx(run.anomalies / days)


def test_a_detector_is_evaluated_on_the_terminal_as_json_and_as_markdown(data, tmp_path):
    asked = ("evaluate", "rows", str(data.mixed), "--labels", "truth")
    shown = deepaid(*asked, "--markdown", "page.md").stdout
    for word in ("50 of them to be found", "ROC AUC 1.000", "the detector's own", "scan", "flood"):
        assert word in shown
    assert (tmp_path / "page.md").read_text().startswith("# Evaluation E")
    told = json.loads(deepaid(*asked, "--json").stdout)
    assert told["measures"]["at_threshold"]["recall"] == 1.0
    refused = deepaid(*asked, "--markdown", "page.md", code=1)
    assert "exists already" in refused.stderr
    deepaid(*asked, "--markdown", "page.md", "--overwrite")
    assert told["id"] in deepaid("detectors", "show", "rows").stdout


def test_labels_beside_the_file_and_wrong_combinations(data, tmp_path):
    (tmp_path / "labels.csv").write_text("row,type\n100,scan\n101,scan\n")
    asked = ("evaluate", "rows", str(data.mixed), "--labels", "labels.csv")
    assert json.loads(deepaid(*asked, "--json").stdout)["measures"]["wanted"] == 2
    for wrong, sentence in (
        (("evaluate", "rows"), "--verdicts"),
        (("evaluate", "rows", str(data.mixed)), "--labels"),
        ((*asked, "--verdicts"), "not both"),
        ((*asked, "--category", "type"), "is a table of labels"),
        (("evaluate", "rows", "--verdicts"), "judge some first"),
        (("evaluate", "cats", str(data.mixed), "--labels", "truth"), "choose one of: rows"),
        (("evaluate", "rows", str(data.mixed), "--labels", "lost.csv"), "no column 'lost.csv'"),
    ):
        assert sentence in deepaid(*wrong, code=1).stderr


def test_a_threshold_is_looked_at_before_it_is_applied(data):
    asked = ("detectors", "threshold", "rows", "--method", "false-positive-rate", "--level", "0.1")
    shown = deepaid(*asked).stdout
    for word in ("Nothing was changed", "findings a day", "held back from training"):
        assert word in shown
    told = json.loads(deepaid(*asked, "--json").stdout)
    assert told["made"] is None
    assert told["after"]["anomalies"] >= told["before"]["anomalies"]
    assert len(json.loads(deepaid("detectors", "--json").stdout)) == 1
    made = json.loads(deepaid(*asked, "--apply", "--json").stdout)["made"]
    assert made["threshold"] == told["threshold"]["value"]
    listed = json.loads(deepaid("detectors", "--json").stdout)
    assert [one["id"] for one in listed] == [made["id"], data.detector_id]
    shown = deepaid("detectors", "show", "rows").stdout
    for word in (f"{made['id']} (this one)", data.detector_id):
        assert word in shown
    facts = json.loads(deepaid("detectors", "show", data.detector_id, "--json").stdout)
    assert [one["id"] for one in facts["versions"]] == [made["id"], data.detector_id]
    assert facts["effect"]["events"] == 400
    # Where that version stood is one command away.
    back = ("--level", repr(facts["threshold"]), "--apply", "--json")
    again = json.loads(deepaid("detectors", "threshold", "rows", *back).stdout)["made"]
    assert again["threshold"] == facts["threshold"]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "give --level"),
        (("--method", "guess"), "There is no way 'guess'"),
        (("--method", "quantile", "--level", "2"), "between 0 and 1"),
        (("--method", "best-f1"), "evaluate it on labelled events first"),
        (("--method", "false-positive-rate", "--level", "0.0001"), "at least 29,956"),
    ],
)
def test_a_threshold_that_cannot_be_chosen_is_a_sentence(data, options, sentence):
    assert sentence in deepaid("detectors", "threshold", "rows", *options, code=1).stderr


def test_a_detector_is_written_to_a_file_and_registered_elsewhere(data, tmp_path, monkeypatch):
    assert data.detector_id in deepaid("detectors", "export", "rows", "rows.zip").stdout
    assert "exists already" in deepaid("detectors", "export", "rows", "rows.zip", code=1).stderr
    deepaid("detectors", "export", "rows", "rows.zip", "--overwrite")
    assert "another place" in deepaid("detectors", "export", "rows", "no/r.zip", code=1).stderr
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "elsewhere")))
    assert data.detector_id in deepaid("detectors", "register", "rows.zip").stdout
    again = json.loads(deepaid("detectors", "register", "rows.zip", "--json").stdout)
    assert again["id"] == data.detector_id
    (listed,) = json.loads(deepaid("detectors", "--json").stdout)
    assert (listed["id"], listed["name"]) == (data.detector_id, "rows")
    assert "no zip file" in deepaid("detectors", "register", str(data.mixed), code=1).stderr
    shown = deepaid("detect", str(data.mixed), "--detector", "rows").stdout
    assert "findings" in shown


@pytest.mark.parametrize("earlier", [None, b"an earlier detector"])
def test_a_detector_that_is_damaged_leaves_no_file_and_keeps_an_earlier_one(
    data, tmp_path, earlier
):
    (data.home / "detectors" / data.detector_id / "detector.json").write_text("{}")
    file = tmp_path / "out" / "rows.zip"
    file.parent.mkdir()
    if earlier:
        file.write_bytes(earlier)
    asked = ["detectors", "export", "rows", str(file), *(["--overwrite"] if earlier else [])]
    assert "not those that were registered" in deepaid(*asked, code=1).stderr
    assert [one.read_bytes() for one in file.parent.iterdir()] == ([earlier] if earlier else [])


def test_a_link_is_kept_and_what_is_no_file_is_not_replaced(data, tmp_path):
    (tmp_path / "real.zip").write_bytes(b"an earlier detector")
    (tmp_path / "link.zip").symlink_to(tmp_path / "real.zip")
    deepaid("detectors", "export", "rows", str(tmp_path / "link.zip"), "--overwrite")
    assert (tmp_path / "link.zip").is_symlink()
    assert zipfile.is_zipfile(tmp_path / "real.zip")
    told = deepaid("detectors", "export", "rows", str(tmp_path), "--overwrite", code=1).stderr
    assert "no ordinary file" in told
