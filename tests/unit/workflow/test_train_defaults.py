"""Defaults that depend on the source."""

import numpy as np
import pytest

from deepaid_core.domain.settings import TableSettings
from deepaid_core.workflow.train import TrainingPlan, learn


@pytest.fixture
def table(tmp_path):
    rows = np.random.default_rng(0).normal(size=(600, 3))
    path = tmp_path / "rows.csv"
    np.savetxt(path, rows, delimiter=",", header="a,b,c", comments="", fmt="%.3f")
    return path


@pytest.mark.parametrize(("asked", "expected"), [({}, "range"), ({"scaling": "spread"}, "spread")])
def test_columns_of_a_table_are_scaled_by_their_range_unless_told_otherwise(table, asked, expected):
    plan = TrainingPlan(
        source_kind="table",
        settings=TableSettings(numbers=("a", "b", "c")),
        detector_kind="pca",
        hyperparameters=asked,
    )
    assert learn(table, name="rows", plan=plan).detector.scaling == expected
