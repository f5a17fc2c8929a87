from dataclasses import replace

import pytest

from deepaid_core.registry import DETECTORS, load
from deepaid_core.workflow import trainings
from deepaid_core.workflow.registered import registered
from deepaid_core.workflow.training_defaults import chosen_for
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.unit.workflow.test_trainings import PLAN, rows


@pytest.mark.parametrize("source", ["capture", "table", "series", "logins", "log", "keys"])
@pytest.mark.parametrize("name", DETECTORS)
def test_what_is_chosen_for_a_source_are_values_of_that_detector(name, source):
    cls = load(DETECTORS, name)
    chosen = chosen_for(source, name, cls, 500)
    assert cls(**chosen).hyperparameters() == {**cls().hyperparameters(), **chosen}


def test_epochs_and_batches_are_chosen_for_the_autoencoder_only():
    for name in DETECTORS:
        chosen = [
            set(chosen_for(kind, name, load(DETECTORS, name), 500)) for kind in ("capture", "table")
        ]
        tuned = {"epochs", "batch_size"} & (chosen[0] | chosen[1])
        assert tuned == ({"epochs", "batch_size"} if name == "autoencoder" else set()), name


def test_what_is_asked_for_wins(tmp_path):
    workspace = Workspace.open(empty_home(tmp_path / "workspace"))
    plan = replace(PLAN, hyperparameters={"epochs": 2, "scaling": "spread"})
    record = trainings.run(workspace, rows(tmp_path / "normal.csv"), name="a", plan=plan)
    found = registered(workspace, record).detector.hyperparameters()
    workspace.close()
    assert (found["epochs"], found["scaling"], found["batch_size"]) == (2, "spread", 64)
