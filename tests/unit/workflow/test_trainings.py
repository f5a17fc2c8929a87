"""Trainings that are cancelled, killed and resumed end as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import deepaid_core
from deepaid_core.detectors.artifacts import artifact_digest
from deepaid_core.domain.settings import Period, TableSettings
from deepaid_core.domain.threshold_choice import ThresholdChoice
from deepaid_core.errors import (
    CancelledError,
    InvalidEventsError,
    InvalidParameterError,
    NotFoundError,
    TrainingRefusedError,
)
from deepaid_core.workflow import audit, trainings
from deepaid_core.workflow.train import TrainingPlan, train
from deepaid_core.workflow.training_folder import TrainingFolder
from deepaid_core.workflow.training_lock import held
from deepaid_core.workspace import Workspace
from tests.empty import empty_home

PLAN = TrainingPlan(
    source_kind="table",
    settings=TableSettings(numbers=("a", "b", "c"), time="time"),
    hyperparameters={"epochs": 4, "batch_size": 64, "learning_rate": 2e-3},
)
LONG = replace(PLAN, hyperparameters={"epochs": 16, "patience": 16, "batch_size": 64})


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "workspace"))
    yield opened
    opened.close()


@pytest.fixture
def normal(tmp_path):
    return rows(tmp_path / "normal.csv")


def rows(path, count=600, seed=1):
    values = np.random.default_rng(seed).normal(50.0, 2.0, (count, 3))
    frame = pd.DataFrame(values, columns=["a", "b", "c"])
    frame.insert(0, "time", np.arange(count) + 1_760_000_000.0)
    frame.to_csv(path, index=False)
    return path


class Cut:
    """Cancels once a loop has finished so many epochs."""

    def __init__(self, epochs):
        self.left = epochs

    def progress(self, share, text):
        self.left -= text.startswith("Epoch")

    def cancelled(self):
        return self.left <= 0


def cut_off(workspace, path, epochs=2, **changes):
    cut = Cut(epochs)
    asked = {"name": "office", "plan": PLAN, **changes}
    with pytest.raises(CancelledError) as told:
        trainings.run(workspace, path, progress=cut.progress, cancelled=cut.cancelled, **asked)
    return str(told.value)


def uninterrupted(path, tmp_path, name="office", plan=PLAN):
    other = Workspace.open(empty_home(tmp_path / "other"))
    try:
        return train(other, path, name=name, plan=plan)
    finally:
        other.close()


def traces(workspace):
    """Whatever lies in the folders of detectors and trainings, locks left out."""
    home = workspace.home / "trainings"
    left = [path.name for path in home.iterdir()] if home.is_dir() else []
    return [*(path.name for path in workspace.artifacts.iterdir()), *sorted({*left} - {".locks"})]


def test_a_training_that_is_not_cut_off_leaves_nothing_but_its_detector(
    workspace, normal, tmp_path
):
    record = trainings.run(workspace, normal, name=" office  ", plan=PLAN, author="ana")
    assert record.sha256 == uninterrupted(normal, tmp_path).sha256
    assert record.name == "office"
    assert traces(workspace) == [record.id]
    assert trainings.unfinished(workspace) == ()
    (line,) = audit.lines(workspace)
    assert (line.kind, line.author, line.about) == ("training", "ana", (record.id,))


def test_a_cancelled_training_is_listed_with_what_it_was_asked_for(workspace, normal):
    told = cut_off(workspace, normal, author="ana")
    (one,) = trainings.unfinished(workspace)
    assert f"training {one.id} is kept at" in told
    assert f"training {one.id} is kept" in told
    assert (one.name, one.kind, one.file) == ("office", "autoencoder", "normal.csv")
    assert (one.author, one.device, one.problem) == ("ana", "cpu", "")
    assert one.hyperparameters == PLAN.hyperparameters
    assert one.id == trainings.id_of(normal, name="office", plan=PLAN)
    assert one.curves == trainings.curves(workspace, one.id)
    ((curve),) = one.curves.values()
    assert len(curve) == 2
    assert one.share == pytest.approx(0.1 + 0.9 * 2 / 4)
    assert f"kept at {100 * one.share:.0f} %" in told
    assert not one.is_running
    assert not one.needs_file
    assert workspace.store.detectors() == ()
    assert not list(workspace.artifacts.iterdir())


@pytest.mark.parametrize("again", ["resume", "run"])
def test_a_cancelled_training_ends_as_one_that_was_not_cut_off(workspace, normal, tmp_path, again):
    cut_off(workspace, normal, author="ana")
    (one,) = trainings.unfinished(workspace)
    texts = []
    hear = {"progress": lambda share, text: texts.append(text)}
    if again == "resume":
        record = trainings.resume(workspace, one.id, **hear)
    else:
        record = trainings.run(workspace, normal, name="office", plan=PLAN, author="ana", **hear)
    whole = uninterrupted(normal, tmp_path)
    assert (record.id, record.sha256) == (whole.id, whole.sha256)
    assert [text for text in texts if text.startswith("Epoch 1 ")] == [], "it began anew"
    assert traces(workspace) == [record.id]
    assert audit.lines(workspace)[0].author == "ana"


def test_what_is_cancelled_before_anything_was_learned_leaves_nothing(workspace, normal):
    told = cut_off(workspace, normal, epochs=0)
    assert "nothing" in told
    assert traces(workspace) == []


def test_what_can_never_be_trained_leaves_nothing(workspace, tmp_path):
    with pytest.raises(InvalidEventsError, match="to choose a threshold on"):
        trainings.run(workspace, rows(tmp_path / "few.csv", 60), name="office", plan=PLAN)
    with pytest.raises(InvalidParameterError, match="learns from sequence events"):
        trainings.run(
            workspace,
            rows(tmp_path / "n.csv"),
            name="office",
            plan=replace(PLAN, detector_kind="deeplog", hyperparameters={}),
        )
    assert traces(workspace) == []


def test_other_requests_have_other_checkpoints(normal, tmp_path):
    other = rows(tmp_path / "other.csv", seed=2)
    plans = [
        PLAN,
        replace(PLAN, hyperparameters={**PLAN.hyperparameters, "epochs": 5}),
        replace(PLAN, hyperparameters={}),
        replace(PLAN, period=Period(since=1_760_000_010.0)),
        replace(PLAN, settings=TableSettings(numbers=("a", "b"), time="time")),
        replace(PLAN, quantile=0.9),
        replace(PLAN, threshold=ThresholdChoice("peaks-over-threshold", 0.01)),
    ]
    ids = [trainings.id_of(normal, name="office", plan=plan) for plan in plans]
    ids += [trainings.id_of(other, name="office", plan=PLAN)]
    ids += [trainings.id_of(normal, name="hall", plan=PLAN)]
    assert len(set(ids)) == len(ids)
    # The default by its name is the same request.
    named = replace(PLAN, detector_kind="autoencoder")
    assert trainings.id_of(normal, name="office", plan=named) == ids[0]


def test_a_kept_file_is_used_once_the_upload_has_gone(workspace, normal, tmp_path):
    whole = uninterrupted(normal, tmp_path)
    cut_off(workspace, normal, keep_file=True)
    normal.unlink()
    (one,) = trainings.unfinished(workspace)
    assert not one.needs_file
    assert trainings.resume(workspace, one.id).sha256 == whole.sha256
    assert traces(workspace) == [whole.id]


def test_a_file_that_has_gone_is_given_again_and_must_be_the_same(workspace, normal, tmp_path):
    whole = uninterrupted(normal, tmp_path)
    cut_off(workspace, normal)
    elsewhere = normal.rename(tmp_path / "elsewhere.csv")
    (one,) = trainings.unfinished(workspace)
    assert one.needs_file
    with pytest.raises(TrainingRefusedError, match="has gone; give it again"):
        trainings.resume(workspace, one.id)
    with pytest.raises(TrainingRefusedError, match="is not what training"):
        trainings.resume(workspace, one.id, path=rows(tmp_path / "another.csv", seed=9))
    assert trainings.resume(workspace, one.id, path=elsewhere).sha256 == whole.sha256


def test_a_training_is_discarded(workspace, normal):
    cut_off(workspace, normal, keep_file=True)
    (one,) = trainings.unfinished(workspace)
    trainings.discard(workspace, one.id)
    assert traces(workspace) == []
    for act in (trainings.discard, trainings.resume, trainings.curves):
        with pytest.raises(NotFoundError, match="no unfinished training"):
            act(workspace, one.id)


@pytest.mark.parametrize("text", ["", "..", "T-../../detectors", "T-0123456789/", "T-ABCDEF0123"])
def test_no_text_that_poses_as_an_id_reaches_another_folder(workspace, text):
    for act in (trainings.discard, trainings.resume, trainings.curves):
        with pytest.raises(NotFoundError, match="no unfinished training"):
            act(workspace, text)
    assert workspace.artifacts.is_dir()


def test_only_one_process_is_at_a_training(workspace, normal):
    cut_off(workspace, normal)
    (one,) = trainings.unfinished(workspace)
    with TrainingFolder.of(workspace, one.id).ours():
        assert trainings.unfinished(workspace)[0].is_running
        for act in (trainings.resume, trainings.discard):
            with pytest.raises(TrainingRefusedError, match=rf"running \(process {os.getpid()}\)"):
                act(workspace, one.id)
        with pytest.raises(TrainingRefusedError, match="is running"):
            trainings.run(workspace, normal, name="office", plan=PLAN)
    assert not trainings.unfinished(workspace)[0].is_running
    assert trainings.resume(workspace, one.id).name == "office"


def test_the_lock_of_a_process_that_was_killed_is_nobodys(tmp_path):
    code = (
        "import sys, time; from pathlib import Path\n"
        "from deepaid_core.workflow.training_lock import held\n"
        "with held(Path(sys.argv[1])):\n    print('held', flush=True); time.sleep(60)\n"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "lock")], stdout=subprocess.PIPE, env=_env()
    )
    assert other.stdout.readline() == b"held\n"
    with held(tmp_path / "lock") as holder:
        assert holder == other.pid
    other.kill()
    other.communicate()
    with held(tmp_path / "lock") as holder:
        assert holder is None


def test_the_device_is_checked_before_anything_is_read(workspace, normal):
    import torch

    with pytest.raises(InvalidParameterError, match="'tpu' is no device; choose one of: cpu"):
        trainings.run(workspace, normal, name="office", plan=PLAN, device="tpu")
    if not torch.cuda.is_available():
        with pytest.raises(InvalidParameterError, match=r"finds no CUDA .* train on 'cpu'"):
            trainings.run(workspace, normal, name="office", plan=PLAN, device="cuda")
    assert traces(workspace) == []


def test_the_threshold_is_chosen_as_the_plan_says(workspace, normal):
    plan = replace(PLAN, threshold=ThresholdChoice("by-hand", 0.25))
    assert trainings.run(workspace, normal, name="office", plan=plan).threshold == 0.25
    unlabelled = replace(PLAN, threshold=ThresholdChoice("best-f1"))
    with pytest.raises(InvalidParameterError, match="needs labelled events"):
        trainings.run(workspace, normal, name="office", plan=unlabelled)


KILLED = """
import sys, time
from pathlib import Path
from deepaid_core.workflow import trainings
from deepaid_core.workspace import Workspace
from tests.unit.workflow.test_trainings import LONG
trainings.run(
    Workspace.open(Path(sys.argv[1])), Path(sys.argv[2]), name="office", plan=LONG,
    progress=lambda share, text: time.sleep(0.05 * text.startswith("Epoch")),
)
"""


def begun(workspace, path, beyond=0.2):
    """A process that trains, once it has kept more than a share."""
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(workspace.home), str(path)], env=_env()
    )
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        if any(one.share > beyond for one in trainings.unfinished(workspace)):
            return process
        time.sleep(0.01)
    raise AssertionError("nothing was kept")


@pytest.mark.slow
def test_a_killed_training_is_resumed_and_ends_as_one_that_was_not(workspace, normal, tmp_path):
    process = begun(workspace, normal)
    (one,) = trainings.unfinished(workspace)
    assert one.is_running
    process.kill()
    assert process.wait() == -signal.SIGKILL
    (one,) = trainings.unfinished(workspace)
    assert not one.is_running
    assert workspace.store.detectors() == ()
    assert not list(workspace.artifacts.iterdir())
    texts = []
    record = trainings.resume(workspace, one.id, progress=lambda _, text: texts.append(text))
    assert record.sha256 == uninterrupted(normal, tmp_path, plan=LONG).sha256
    assert [text for text in texts if text.startswith("Epoch 1 ")] == [], "it began anew"
    assert traces(workspace) == [record.id]


@pytest.mark.slow
def test_wherever_a_training_is_killed_nothing_half_written_is_listed(workspace, normal, tmp_path):
    whole = uninterrupted(normal, tmp_path, plan=LONG)
    random, kept = np.random.default_rng(0), 0.0
    for _ in range(5):
        process = begun(workspace, normal, kept)
        time.sleep(random.uniform(0.0, 0.2))
        process.kill()
        process.wait()
        for record in workspace.store.detectors():
            assert artifact_digest(workspace.artifacts / record.artifact) == record.sha256
        if not (left := trainings.unfinished(workspace)):
            break
        assert left[0].share > kept
        kept = left[0].share
        if kept > 0.8:
            break
    trainings.run(workspace, normal, name="office", plan=LONG)
    (record,) = workspace.store.detectors()
    assert record.sha256 == whole.sha256
    assert traces(workspace) == [record.id]


def _env():
    return {**os.environ, "PYTHONPATH": str(Path(deepaid_core.__file__).parents[1])}
