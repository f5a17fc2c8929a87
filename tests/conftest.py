"""What every test starts from: fixed seeds, a folder of its own, no settings of the user."""

import os

import numpy as np
import pytest


@pytest.fixture(autouse=True)
def _clean_start(monkeypatch, tmp_path_factory):
    for name in [name for name in os.environ if name.startswith("DEEPAID_")]:
        if name not in {"DEEPAID_REQUIRE_BROWSER", "DEEPAID_SHARED_DATA"}:
            monkeypatch.delenv(name)
    # Whatever writes into the current folder writes into one that is thrown away.
    monkeypatch.chdir(tmp_path_factory.mktemp("here"))
    np.random.seed(0)
