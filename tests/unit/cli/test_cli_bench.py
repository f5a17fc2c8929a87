import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from deepaid_core.cli import bench
from deepaid_core.cli.main import app

ROOT = Path(__file__).parents[3]
START = [sys.executable, "-c", "from deepaid_core.cli.main import app; app()", "bench"]


def checkout_with(tmp_path: Path, script: str, monkeypatch) -> Path:
    """A folder that has benchmarks, of which `run` is this script."""
    home = tmp_path / "checkout"
    (home / "benchmarks").mkdir(parents=True)
    (home / "benchmarks/__init__.py").write_text("")
    (home / "benchmarks/run.py").write_text(script)
    monkeypatch.setattr(bench, "checkout", lambda: home)
    return home


def test_the_checkout_that_the_package_runs_from_is_found():
    assert bench.checkout() == ROOT


def test_options_reach_the_benchmark_and_its_exit_code_comes_back(tmp_path, monkeypatch):
    home = checkout_with(
        tmp_path,
        "import json, os, sys, pathlib\n"
        "seen = [sys.argv[1:], os.environ['DEEPAID_SHARED_DATA']]\n"
        "pathlib.Path('seen.json').write_text(json.dumps(seen))\n"
        "sys.exit(3)\n",
        monkeypatch,
    )
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    asked = ["bench", "--full", "--only", "comparison", "--only", "links"]
    result = CliRunner().invoke(app, [*asked, "--data", str(data), "--out", str(out)])
    assert result.exit_code == 3
    arguments, folder = json.loads((home / "seen.json").read_text())
    assert arguments == ["--full", "--only", "comparison", "links", "--out", str(out)]
    assert folder == str(data)


def test_a_data_folder_that_is_not_there_is_named(tmp_path):
    result = CliRunner().invoke(app, ["bench", "--data", str(tmp_path / "none")])
    assert result.exit_code == 1
    assert "none" in result.stderr


def test_outside_a_checkout_one_sentence_says_so(tmp_path):
    # The package alone, as an installation holds it.
    alone = shutil.ignore_patterns("__pycache__", "_dashboard")
    shutil.copytree(ROOT / "deepaid_core", tmp_path / "deepaid_core", ignore=alone)
    done = subprocess.run(
        START, cwd=tmp_path, env=os.environ | {"PYTHONPATH": "."}, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "checkout" in done.stderr


@pytest.mark.slow
def test_an_unknown_section_ends_with_the_names_of_all(tmp_path):
    done = subprocess.run([*START, "--only", "poems"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert "comparison" in done.stderr


def test_ctrl_c_ends_the_child_and_says_130(tmp_path):
    home = tmp_path / "checkout"
    (home / "benchmarks").mkdir(parents=True)
    (home / "benchmarks/__init__.py").write_text("")
    (home / "benchmarks/run.py").write_text(
        "import os, pathlib, time\n"
        "pathlib.Path('pid').write_text(str(os.getpid()))\n"
        "time.sleep(60)\n"
    )
    code = (
        # Whoever runs the tests in the background lets them ignore Ctrl-C.
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
        "from pathlib import Path; from deepaid_core.cli import bench; "
        f"bench.checkout = lambda: Path({str(home)!r}); "
        "from deepaid_core.cli.main import app; app()"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", code, "bench"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    pid = home / "pid"
    for _ in range(600):
        if pid.is_file() and pid.read_text():
            break
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    try:
        out, _ = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert "Stopped" in out
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid.read_text()), 0)
