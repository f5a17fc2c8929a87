"""What lies in the folder of an unfinished training may have been damaged, or forged."""

import json
from dataclasses import replace

import pytest

from deepaid_core.domain.settings import CaptureSettings
from deepaid_core.errors import InvalidParameterError, TrainingRefusedError
from deepaid_core.sources.base import file_sha256
from deepaid_core.workflow import trainings
from deepaid_core.workflow.training_folder import TrainingFolder
from deepaid_core.workflow.training_request import Request
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.unit.workflow.test_trainings import PLAN, rows


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "workspace"))
    yield opened
    opened.close()


@pytest.fixture
def normal(tmp_path):
    return rows(tmp_path / "normal.csv")


def asked_for(workspace, path):
    """A training that was killed before it kept anything."""
    request = Request(
        name="office",
        path=str(path),
        sha256=file_sha256(path),
        plan=replace(PLAN, detector_kind="autoencoder"),
        device="cpu",
        author="ana",
        started_time=1_760_000_000.0,
    )
    TrainingFolder.of(workspace, request.id).keep_request(request)
    (one,) = trainings.unfinished(workspace)
    assert not one.problem
    return one


DAMAGES = {
    "nothing": b"",
    "a pickle": b"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x02os\x94.",
    "no UTF-8": b"\xff\xfe{}",
    "a list": b"[1, 2]",
    "deep": b"[" * 100_000,
    "a long number": b'{"format": ' + b"9" * 10_000 + b"}",
    "not a number": b'{"format": NaN, "request": {}}',
    "large": b" " * (1 << 21),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_request_is_listed_as_unusable(workspace, normal, damage):
    one = asked_for(workspace, normal)
    path = workspace.home / "trainings" / one.id / "request.json"
    path.write_bytes(DAMAGES[damage])
    refused(workspace, one.id)
    trainings.discard(workspace, one.id)
    assert trainings.unfinished(workspace) == ()


def refused(workspace, training_id):
    (one,) = trainings.unfinished(workspace)
    assert one == trainings.UnfinishedTraining(training_id, problem=one.problem)
    assert one.problem.endswith("; discard it and train anew.")
    assert one.problem.isprintable()
    assert len(one.problem) < 300
    with pytest.raises(TrainingRefusedError) as told:
        trainings.resume(workspace, training_id)
    assert str(told.value) == one.problem


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "hall"},
        {"name": " office"},
        {"name": "off\nice"},
        {"sha256": "0" * 64},
        {"started_time": "today"},
        {"more": 1},
        {"plan": {}},
        {"path": None},
    ],
)
def test_a_request_that_was_changed_does_not_belong_to_its_checkpoints(workspace, normal, changes):
    one = asked_for(workspace, normal)
    path = workspace.home / "trainings" / one.id / "request.json"
    document = json.loads(path.read_text())
    document["request"] |= changes
    path.write_text(json.dumps(document))
    refused(workspace, one.id)


@pytest.mark.parametrize(
    ("plan", "sentence"),
    [
        (replace(PLAN, settings=CaptureSettings()), "cannot say how to read a table"),
        (replace(PLAN, hyperparameters={"epochs": 10**9}), "cannot be '1000000000'"),
        (replace(PLAN, hyperparameters={"run": "os.system"}), "has no hyperparameter 'run'"),
        (replace(PLAN, detector_kind="lstm-forecast"), "learns from series events"),
    ],
)
def test_a_forged_request_that_agrees_with_itself_still_meets_the_checks(
    workspace, normal, plan, sentence
):
    one = asked_for(workspace, normal)
    request = TrainingFolder.of(workspace, one.id).request()
    forged = replace(request, plan=replace(plan, detector_kind=plan.detector_kind or "autoencoder"))
    TrainingFolder.of(workspace, forged.id).keep_request(forged)
    with pytest.raises(InvalidParameterError, match=sentence):
        trainings.resume(workspace, forged.id)
    assert {found.id for found in trainings.unfinished(workspace)} == {one.id, forged.id}
    assert workspace.store.detectors() == ()


def test_links_in_the_place_of_request_or_file_are_not_followed(workspace, normal, tmp_path):
    one = asked_for(workspace, normal)
    TrainingFolder.of(workspace, one.id).keep_file(normal)
    folder = workspace.home / "trainings" / one.id
    kept = folder / "file" / "normal.csv"
    kept.rename(tmp_path / "secret")
    kept.symlink_to(tmp_path / "secret")
    normal.unlink()
    assert trainings.unfinished(workspace)[0].needs_file
    (folder / "request.json").rename(tmp_path / "request")
    (folder / "request.json").symlink_to(tmp_path / "request")
    refused(workspace, one.id)


@pytest.mark.parametrize("content", [b"", b"NaN", b"1e999", b'"half"', b"[" * 100_000, b"-5"])
def test_a_share_that_is_none_is_nothing(workspace, normal, content):
    one = asked_for(workspace, normal)
    (workspace.home / "trainings" / one.id / "share.json").write_bytes(content)
    assert trainings.unfinished(workspace)[0].share == 0.0
