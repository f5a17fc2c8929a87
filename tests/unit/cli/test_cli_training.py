"""`deepaid train`: hyperparameters as options, and trainings that were cut off."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

import deepaid_core
from deepaid_core.domain.params import params_of
from deepaid_core.registry import DETECTORS, load
from deepaid_core.workflow import trainings
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.unit.cli.test_cli_triage import deepaid
from tests.unit.workflow.test_trainings import PLAN, cut_off, rows


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "desk")))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "desk"


@pytest.fixture
def table(tmp_path):
    return str(rows(tmp_path / "normal.csv"))


def at(home, ask):
    workspace = Workspace.open(home)
    try:
        return ask(workspace)
    finally:
        workspace.close()


def registered(home):
    return at(home, lambda workspace: workspace.store.detectors())


def half_done(home, table):
    def cut(workspace):
        cut_off(workspace, Path(table), plan=replace(PLAN, quantile=0.9))
        return trainings.unfinished(workspace)[0].id

    return at(home, cut)


@pytest.mark.parametrize("detector", DETECTORS)
def test_the_help_of_a_detector_names_every_hyperparameter(detector):
    shown = deepaid("train", "--detector", detector, "--help").stdout
    for one in params_of(load(DETECTORS, detector)):
        assert f"--{one.name.replace('_', '-')} " in shown
        assert f"{one.range_text}; default {one.default}" in shown


def test_the_help_says_where_the_hyperparameters_are():
    shown = deepaid("train", "--help").stdout
    assert "--detector NAME --help" in " ".join(shown.split())
    assert "Hyperparameters of 'autoencoder'" not in shown


def test_no_hyperparameter_is_called_as_another_option_of_the_command():
    from typer.main import get_command

    from deepaid_core.cli.main import app

    taken = {option for one in get_command(app).commands["train"].params for option in one.opts}
    for detector in DETECTORS:
        options = {
            f"--{one.name.replace('_', '-')}" for one in params_of(load(DETECTORS, detector))
        }
        assert not options & taken, detector


def test_a_hyperparameter_is_an_option_and_the_same_as_an_assignment(home, table):
    deepaid("train", table, "--name", "a", "--set", "epochs=2", "--set", "batch_size=64")
    deepaid("train", "--epochs=2", table, "--batch-size", "64", "--name", "a")
    assert len(registered(home)) == 1
    deepaid("train", table, "--name", "a", "--epochs", "3", "--batch-size", "64")
    assert len(registered(home)) == 2


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("--epochs", "0"), 1, "'epochs' cannot be '0'; it is 1 to 2000."),
        (("--epochs", "many"), 1, "'epochs' cannot be 'many'; it is 1 to 2000."),
        (("--epochs",), 1, "'epochs' sets nothing"),
        (("--walks", "5"), 1, "has no hyperparameter 'walks'"),
        (("--detector", "autoencoder", "--walks", "5"), 2, "No such option"),
        (("--bogus", "5"), 2, "No such option"),
        (("--device", "tpu"), 1, "'tpu' is no device; choose one of: cpu, cuda."),
        (("--threshold", "magic"), 1, "no way 'magic' to choose a threshold"),
        (("--threshold", "quantile", "--level", "7"), 1, "choose one between 0 and 1"),
        (("--level", "0.5"), 1, "give --threshold too."),
        (("--threshold", "by-hand", "--quantile", "0.9"), 1, "two ways to choose the threshold"),
        (("--resume", "T-0123456789"), 1, "leave --name out"),
    ],
)
def test_a_wrong_option_is_told_in_a_sentence(home, table, arguments, code, sentence):
    result = deepaid("train", table, "--name", "x", *arguments, code=code)
    assert sentence in " ".join(result.stderr.replace("│", " ").split())
    assert registered(home) == ()
    assert deepaid("train", "--unfinished").stdout == "Every training is finished.\n"


def test_file_and_name_are_asked_for(home, table):
    assert "FILE" in deepaid("train", "--name", "x", code=2).stderr
    assert "--name" in deepaid("train", table, code=2).stderr


def test_the_threshold_can_be_chosen_otherwise(home, table):
    deepaid(
        "train", table, "--name", "x", "--epochs", "2", "--threshold", "by-hand", "--level", "3"
    )
    assert registered(home)[0].threshold == 3.0


def test_what_was_cut_off_is_listed_and_resumed(home, table):
    training = half_done(home, table)
    shown = " ".join(deepaid("train", "--unfinished").stdout.split())
    for word in (training, "office", "autoencoder", "normal.csv", "55 %", "cut off"):
        assert word in shown
    (listed,) = json.loads(deepaid("train", "--unfinished", "--json").stdout)
    assert listed["id"] == training
    assert "learned from 600 events" in deepaid("train", "--resume", training).stdout
    assert [one.name for one in registered(home)] == ["office"]
    assert deepaid("train", "--unfinished").stdout == "Every training is finished.\n"


def test_what_was_cut_off_is_forgotten(home, table):
    training = half_done(home, table)
    assert training in deepaid("train", "--discard", training).stdout
    assert "no unfinished training" in deepaid("train", "--resume", training, code=1).stderr


def test_a_damaged_training_is_listed_with_its_problem(home, table):
    training = half_done(home, table)
    (home / "trainings" / training / "request.json").write_text("{")
    shown = " ".join(deepaid("train", "--unfinished").stdout.split())
    assert training in shown
    assert "is damaged" in shown


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_learned_and_says_how_to_go_on(home, table):
    command = (sys.executable, "-m", "deepaid_core", "train", table, "--name", "office")
    wide = ("--epochs", "2000", "--patience", "2000", "--batch-size", "8")
    root = str(Path(deepaid_core.__file__).parents[1])
    process = subprocess.Popen(
        [*command, *wide],
        env={**os.environ, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    until = time.monotonic() + 120
    while not any(one.share for one in at(home, trainings.unfinished)):
        assert process.poll() is None
        assert time.monotonic() < until
        time.sleep(0.1)
    (one,) = at(home, trainings.unfinished)
    assert "running" in deepaid("train", "--unfinished").stdout
    assert "is running" in deepaid("train", "--discard", one.id, code=1).stderr
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert told.rstrip().endswith(f"deepaid train --resume {one.id}")
    assert registered(home) == ()
