"""A workspace with a detector of planted rows, a file with labels, and a run over it."""

import shutil
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import pandas as pd

from deepaid_core.domain.settings import TableSettings
from deepaid_core.workflow.detect import detect
from deepaid_core.workflow.train import TrainingPlan, train
from deepaid_core.workspace import Workspace
from tests.empty import empty_home

__all__ = ["ODD", "ROWS", "START", "Judged", "judged"]

START, ROWS = 1_760_000_000.0, 400
ODD = {100: ("scan", 30), 200: ("flood", 20)}
"""First rows of what is planted, what it is called, and how many rows it has."""


@dataclass(frozen=True, slots=True)
class Judged:
    """Where everything is.

    Attributes:
        home: The workspace's folder.
        detector_id: A detector of distance along and beside principal components.
        mixed: Rows a minute apart of two hosts in turn, each labelled in "truth".
        normal: What the detector learned from.
    """

    home: Path
    detector_id: str
    mixed: Path
    normal: Path


def judged(folder: Path) -> Judged:
    """A copy of that workspace, to be changed at will."""
    made, detector_id = _made()
    shutil.copytree(made, folder, dirs_exist_ok=True)
    return Judged(folder / "home", detector_id, folder / "mixed.csv", folder / "normal.csv")


@lru_cache(maxsize=1)
def _made() -> tuple[Path, str]:
    import atexit
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="judged-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    normal, mixed = folder / "normal.csv", folder / "mixed.csv"
    rows(2000, 1).to_csv(normal, index=False)
    frame = rows(ROWS, 2)
    for first, (name, count) in ODD.items():
        frame.loc[first : first + count - 1, ["a", "b"]] += 40.0
        frame.loc[first : first + count - 1, "truth"] = name
    frame.to_csv(mixed, index=False)
    workspace = Workspace.open(empty_home(folder / "home"))
    plan = TrainingPlan(
        source_kind="table",
        settings=TableSettings(numbers=("a", "b", "c"), time="time", entity="host"),
        detector_kind="pca",
    )
    record = train(workspace, normal, name="rows", plan=plan, author="ana")
    detect(workspace, mixed, author="ana")
    workspace.close()
    return folder, record.id


def rows(count: int, seed: int) -> pd.DataFrame:
    """Normal rows of two hosts in turn, a minute apart, where c follows a and b."""
    values = np.random.default_rng(seed).normal(50.0, 2.0, (count, 2))
    frame = pd.DataFrame(values, columns=["a", "b"])
    frame["c"] = values.sum(axis=1) + np.random.default_rng(seed + 9).normal(0, 0.5, count)
    frame.insert(0, "time", START + 60.0 * np.arange(count))
    frame.insert(1, "host", np.where(np.arange(count) % 2 == 0, "h0", "h1"))
    frame["truth"] = "normal"
    return frame
