"""A detector whose files were exchanged since it was registered is never used."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from deepaid_core.detectors.artifacts import load_trained, save_trained
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.errors import ArtifactError
from deepaid_core.workflow.detect import detect
from deepaid_core.workflow.registered import known_schema, registered, registered_scores
from deepaid_core.workflow.thresholds import apply
from deepaid_core.workflow.train import learn, register, train
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.unit.workflow.test_trainings import PLAN, rows


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "workspace"))
    yield opened
    opened.close()


@pytest.fixture
def record(workspace, tmp_path):
    return train(workspace, rows(tmp_path / "normal.csv"), name="office", plan=PLAN)


def exchange(workspace, record):
    """Another bound, in files that agree with each other and load."""
    folder = workspace.artifacts / record.artifact
    trained = load_trained(folder)
    save_trained(replace(trained, threshold=Threshold(1e9, trained.threshold.method)), folder)
    assert load_trained(folder).threshold.value == 1e9


def test_no_use_is_made_of_a_detector_that_was_exchanged(workspace, record, tmp_path):
    path = rows(tmp_path / "more.csv", 60, seed=3)
    detect(workspace, path, detector_id=record.id)
    runs = workspace.store.runs()
    exchange(workspace, record)
    for use in (
        lambda: detect(workspace, path, detector_id=record.id),
        lambda: registered(workspace, record),
        lambda: registered_scores(workspace, record),
        lambda: known_schema(workspace, record),
        lambda: apply(workspace, record.id, Threshold(2.0, "set by hand")),
    ):
        with pytest.raises(ArtifactError, match="its files are not those that were registered"):
            use()
    assert workspace.store.runs() == runs
    assert workspace.store.detectors() == (record,)


def test_registering_the_same_detector_again_restores_its_files(workspace, record):
    trained = registered(workspace, record)
    exchange(workspace, record)
    assert register(workspace, trained).id == record.id
    assert registered(workspace, record).threshold == trained.threshold
    shutil.rmtree(workspace.artifacts / record.artifact)
    register(workspace, trained)
    np.testing.assert_array_equal(
        registered(workspace, record).profile.events, trained.profile.events
    )


def test_files_of_a_process_that_was_killed_before_it_registered_them_are_no_detector(
    workspace, tmp_path
):
    trained = learn(rows(tmp_path / "normal.csv"), name="office", plan=PLAN)
    sha256 = save_trained(trained, workspace.artifacts / "left")
    left = (workspace.artifacts / "left").rename(workspace.artifacts / f"D-{sha256[:10]}")
    assert workspace.store.detectors() == ()
    record = register(workspace, trained)
    assert workspace.store.detectors() == (record,)
    assert record.artifact == left.name
    assert registered(workspace, record).name == "office"
