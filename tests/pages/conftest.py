import functools
import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest

from deepaid_core.domain.finding import Finding
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_detector_record, make_finding, make_run

ROOT = Path(__file__).parents[2]
COUNT = 60
HOSTILE = "![x](http://evil.example/a.png) <img src=x onerror=alert(1)> **b** :material/home:"

Open = Callable[..., AppTest]


@pytest.fixture(scope="session", autouse=True)
def _components_found_once() -> Iterator[None]:
    """Each run of AppTest reads the metadata of all installed packages, which takes longest."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", once)
        yield


@pytest.fixture(autouse=True)
def _own_workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("DEEPAID_HOME", str(empty_home(tmp_path / "workspace")))
    monkeypatch.setenv("DEEPAID_USER", "ana")
    monkeypatch.delenv("DEEPAID_DATABASE_URL", raising=False)
    monkeypatch.chdir(tmp_path)
    # AppTest runs a script without a server; that it says so is of no use here.
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    yield
    st.cache_resource.clear()
    st.cache_data.clear()


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    opened = Workspace.open(tmp_path / "workspace")
    yield opened
    opened.close()


@pytest.fixture
def findings(workspace: Workspace) -> list[Finding]:
    """Sixty findings of four patterns; number 5 comes from a host with a hostile name."""
    values = [make_finding(number, verified=number % 10 != 3) for number in range(COUNT)]
    values[5] = make_finding(5, entity=HOSTILE, summary=HOSTILE, peers={HOSTILE: 3, "=1+1": 1})
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(findings=COUNT), values)
    return values


@pytest.fixture
def open_page() -> Open:
    def opened(path: str, **params: str) -> AppTest:
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=30)
        app.switch_page(path)
        for name, value in params.items():
            app.query_params[name] = value
        return app.run()

    return opened
