"""What was read, learned and taken away is written to the audit log, with who did it."""

import numpy as np
import pandas as pd
import pytest

from deepaid_core.domain.settings import TableSettings
from deepaid_core.workflow import audit, exchange
from deepaid_core.workflow.detect import detect
from deepaid_core.workflow.train import TrainingPlan, train
from deepaid_core.workspace import Workspace
from tests.empty import empty_home


@pytest.fixture
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv("DEEPAID_USER", "ana")
    opened = Workspace.open(empty_home(tmp_path / "workspace"))
    yield opened
    opened.close()


def _rows(path, count, seed, odd=0):
    values = np.random.default_rng(seed).normal(50.0, 2.0, (count, 3))
    values[:odd] *= 40.0
    frame = pd.DataFrame(values, columns=["a", "b", "c"])
    frame.insert(0, "time", np.arange(count) + 1_760_000_000.0)
    frame.to_csv(path, index=False)
    return path


@pytest.mark.slow
def test_training_detection_and_exports_are_records_with_their_author(workspace, tmp_path):
    plan = TrainingPlan(
        source_kind="table",
        settings=TableSettings(numbers=("a", "b", "c"), time="time"),
        hyperparameters={"epochs": 2},
    )
    record = train(workspace, _rows(tmp_path / "normal.csv", 600, 1), name="office", plan=plan)
    found = detect(workspace, _rows(tmp_path / "odd.csv", 60, 2, odd=3), author="ben")
    exchange.export(workspace, "json", author="")
    export, detection, training = audit.lines(workspace)
    assert [(one.kind, one.author) for one in (export, detection, training)] == [
        ("export", ""),
        ("detection", "ben"),
        ("training", "ana"),
    ]
    assert training.about == detection.about == (record.id,)
    said = {change.what: change.after for change in detection.changes}
    assert (said["file"], said["sha256"]) == ("odd.csv", found.run.source_sha256)
    assert said["anomalies"] == str(found.run.anomalies)
    assert {change.what: change.after for change in training.changes}["sha256"] == record.sha256
    assert export.about == ("M-0",)
