import json

import pandas as pd
import pytest

from deepaid_core.domain.settings import TableSettings
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.unit.cli.test_cli_triage import deepaid
from tests.unit.sources.table_files import connections, connections_csv

HOSTILE = "x\x1b[2J[red]"


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "desk")))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "desk"


@pytest.fixture
def table(home, tmp_path):
    return connections_csv(tmp_path / "normal.csv", 800)


def records(home):
    workspace = Workspace.open(home)
    try:
        return workspace.store.detectors()
    finally:
        workspace.close()


def test_a_preview_says_what_a_file_is_and_how_it_would_be_read(table):
    shown = json.loads(deepaid("data", "preview", str(table), "--json", "--rows", "3").stdout)
    assert shown["kind"] == "table"
    assert shown["settings"]["categories"] == ["protocol", "service"]
    assert len(shown["rows"]) == 3
    text = deepaid("data", "preview", str(table)).stdout
    assert "Table: one event per row" in text
    assert "10.1.0." in text


def test_what_a_preview_prints_is_what_settings_read(table, tmp_path, home):
    (tmp_path / "read.json").write_text(
        deepaid("data", "preview", str(table), "--json").stdout, encoding="utf-8"
    )
    deepaid("train", str(table), "--name", "a", "--settings", "read.json", "--set", "epochs=1")
    deepaid("train", str(table), "--name", "b", "--set", "epochs=1")
    one, other = records(home)
    assert one.source_settings == other.source_settings
    assert one.threshold == other.threshold


def test_some_settings_change_the_proposal_only_there(table, tmp_path, home):
    (tmp_path / "part.json").write_text('{"numbers": ["sent"], "categories": []}')
    deepaid(
        "train", str(table), "--name", "a", "--settings", "part.json", "--set", "epochs=1",
        "--ignore", "host",
    )  # fmt: skip
    (record,) = records(home)
    assert record.source_settings == TableSettings(numbers=("sent",), time="time")


def test_options_give_columns_their_roles_and_take_them_from_others(table, home):
    deepaid(
        "train", str(table), "--name", "a", "--set", "epochs=1", "--numbers", "sent, received",
        "--categories", "service", "--context", "protocol", "--entity", "protocol",
    )  # fmt: skip
    (record,) = records(home)
    assert record.source_settings == TableSettings(
        numbers=("sent", "received"),
        categories=("service",),
        time="time",
        entity="protocol",
        context=("protocol",),
    )


def test_from_training_to_detection_with_the_detector_that_fits(table, home, tmp_path):
    trained = deepaid("train", str(table), "--name", "office", "--set", "epochs=2").stdout
    assert '"kind": "table"' in trained
    evening = connections_csv(tmp_path / "evening.csv", 300, seed=3, attacks=10)
    result = json.loads(deepaid("detect", str(evening), "--json").stdout)
    assert result["run"]["events"] == 300
    half = json.loads(deepaid("detect", str(evening), "--json", "--until", "1770000500").stdout)
    assert half["run"]["events"] == 100
    from_iso = deepaid("detect", str(evening), "--json", "--until", "2026-02-02T02:48:20").stdout
    assert json.loads(from_iso)["run"]["events"] == 100


def test_a_file_that_no_detector_reads_is_told(table, home, tmp_path):
    deepaid("train", str(table), "--name", "office", "--set", "epochs=1")
    (tmp_path / "other.csv").write_text("a,b,c\n" + "1,2,3\n" * 20)
    assert "No detector of this workspace can read" in deepaid("detect", "other.csv", code=1).stderr
    assert "no column" in deepaid("detect", "other.csv", "--detector", "office", code=1).stderr


def test_a_check_lists_cells_and_ends_with_one(home, tmp_path):
    frame = connections(800).astype({"sent": object})
    frame.loc[4, "sent"] = HOSTILE
    frame.to_csv(tmp_path / "bad.csv", index=False)
    result = deepaid("data", "check", "bad.csv", code=1)
    assert "row 5, column 'sent'" in result.stdout
    report = json.loads(deepaid("data", "check", "bad.csv", "--json", code=1).stdout)
    assert [(one["row"], one["column"]) for one in report["problems"]] == [(5, "sent")]
    assert "799 events of 800 read" in deepaid("data", "check", "bad.csv", "--skip-bad-rows").stdout


def test_a_check_for_a_detector_reads_as_it_does(table, home, tmp_path):
    deepaid("train", str(table), "--name", "office", "--set", "epochs=1")
    strange = connections(700, seed=4).assign(service="gopher")
    strange.to_csv(tmp_path / "strange.csv", index=False)
    said = deepaid("data", "check", "strange.csv", "--detector", "office").stdout
    assert "100% of the events have a 'service' that training did not show" in said


def test_the_default_of_a_hyperparameter_changes_with_set(table, home):
    deepaid("train", str(table), "--name", "a", "--set", "epochs=1", "--quantile", "0.9")
    (record,) = records(home)
    assert record.threshold_method.startswith("0.9 ")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--set", "epoks=3"), "has no hyperparameter 'epoks'"),
        (("--set", "epochs"), "write it like --set epochs=5"),
        (("--kind", "tabel"), "There is no kind 'tabel'"),
        (("--since", "yesterday"), "'yesterday' is no time"),
        (("--since", "2050-01-01"), "no row in the chosen period"),
        (("--settings", "none.json"), "cannot be read"),
        (("--settings", "normal.csv"), "is no JSON"),
        (("--settings", "odd.json"), "do not fit 'table'"),
        (("--numbers", "nothing"), "has no column 'nothing'"),
        (("--kind", "series", "--categories", "service"), "--categories means nothing"),
        (("--detector", "lstm-forecast"), "learns from"),
    ],
)
def test_a_wrong_option_is_told_in_a_sentence(table, home, tmp_path, arguments, sentence):
    (tmp_path / "odd.json").write_text('{"number": 5}')
    result = deepaid("train", str(table), "--name", "x", *arguments, code=1)
    assert sentence in result.stderr
    assert records(home) == ()


def test_a_hostile_file_cannot_steer_the_terminal(home, tmp_path):
    pd.DataFrame({HOSTILE: [HOSTILE] * 30, "n": range(30)}).to_csv(
        tmp_path / "hostile.csv", index=False
    )
    deepaid("data", "preview", "hostile.csv")
    deepaid("data", "check", "hostile.csv")
    deepaid("data", "check", "hostile.csv", "--numbers", HOSTILE, code=1)
