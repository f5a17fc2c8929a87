"""The wheel, built for real and used from an empty folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSIDE = "deepaid_core/_dashboard"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        str(ROOT),
        "-w",
        str(folder),
    ]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    return folder


def run(unpacked: Path, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    # The unpacked wheel comes before the checkout that this environment has installed.
    environment = {**os.environ, "PYTHONPATH": str(unpacked)}
    return subprocess.run(
        [sys.executable, "-c", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )


def test_the_wheel_carries_every_page_and_all_sample_data(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {
        f"{INSIDE}/{path.relative_to(ROOT).as_posix()}"
        for folder in ("pages", "sample_data", "assets", ".streamlit")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert f"{INSIDE}/pages/triage/queue.py" in wanted
    single = {f"{INSIDE}/app.py", f"{INSIDE}/docs/benchmarks.json", "deepaid_ui/server.py"}
    assert wanted | single <= names


def test_the_wheel_carries_all_modules_and_what_they_read(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    wanted = {
        path.relative_to(ROOT).as_posix()
        for folder in ("deepaid_core", "deepaid_ui")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert wanted <= names


def test_the_wheel_carries_no_tests_caches_or_workspace(wheel):
    with zipfile.ZipFile(wheel) as archive:
        strays = [
            name
            for name in archive.namelist()
            if "__pycache__" in name or name.startswith(("tests/", "benchmarks/", "workspace/"))
        ]
    assert strays == []


def test_the_installed_command_prepares_the_demo_from_an_empty_folder(unpacked, tmp_path):
    code = "import sys; from deepaid_core.cli.main import app; app(sys.argv[1:])"
    done = run(unpacked, tmp_path, code, "demo", "--prepare-only")
    assert done.returncode == 0, done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["workspace"]
    listed = run(unpacked, tmp_path, code, "findings", "--limit", "1")
    assert "F-" in listed.stdout, listed.stderr


def test_the_installed_dashboard_finds_its_own_pages(unpacked, tmp_path):
    code = (
        "from deepaid_core.cli.dashboard import server_script; print(server_script());"
        "from deepaid_ui.server import script_path; print(script_path())"
    )
    done = run(unpacked, tmp_path, code)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [
        str(unpacked / "deepaid_ui" / "server.py"),
        str(unpacked / INSIDE / "app.py"),
    ]
