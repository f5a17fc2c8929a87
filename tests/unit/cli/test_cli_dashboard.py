import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from deepaid_core.cli.dashboard import check_port, server_script
from deepaid_core.cli.main import app
from deepaid_core.errors import PortInUseError

START = [sys.executable, "-c", "from deepaid_core.cli.main import app; app()"]


@contextmanager
def taken_port() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_a_port_in_use_is_named_together_with_the_option_to_change_it():
    with taken_port() as port, pytest.raises(PortInUseError, match=rf"{port}.*--port"):
        check_port(port)


def test_a_free_port_passes():
    check_port(free_port())


def test_a_port_is_free_again_right_after_its_listener_has_gone():
    with taken_port() as port, socket.create_connection(("127.0.0.1", port)):
        pass
    check_port(port)


@pytest.mark.parametrize("command", ["dashboard", "demo"])
def test_a_port_in_use_stops_the_command_before_it_touches_the_workspace(
    command, tmp_path, monkeypatch
):
    home = tmp_path / "workspace"
    monkeypatch.setenv("DEEPAID_HOME", str(home))
    with taken_port() as port:
        result = CliRunner().invoke(app, [command, "--port", str(port)])
    assert result.exit_code == 1
    assert str(port) in result.stderr
    assert not home.exists()


def test_the_server_is_found_without_importing_streamlit():
    code = (
        "import sys; from deepaid_core.cli.dashboard import server_script; "
        "assert server_script().is_file(); print('streamlit' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "False", result.stderr
    assert server_script().name == "server.py"


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_dashboard_serves_and_ends_with_its_parent(number, tmp_path):
    port = free_port()
    environment = {**os.environ, "HOME": str(tmp_path), "DEEPAID_HOME": "desk"}
    command = [*START, "dashboard", "--no-open", "--port", str(port)]
    with (tmp_path / "log").open("wb") as log:
        # A session of its own, as a terminal would give it: a signal reaches the group.
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=environment,
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            assert _answers(port, process), (tmp_path / "log").read_text()
            if number == signal.SIGINT:
                os.killpg(process.pid, number)
            else:
                process.send_signal(number)
            process.wait(timeout=20)
        finally:
            with_children_gone(process)
    assert process.returncode in ((0,) if number == signal.SIGINT else (0, 128 + number))
    with pytest.raises(OSError, match=r".*"):
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    # A relative workspace is meant where the command was typed.
    assert (tmp_path / "desk").is_dir()
    assert "Traceback" not in (tmp_path / "log").read_text()


def with_children_gone(process: "subprocess.Popen[bytes]") -> None:
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        process.wait(timeout=20)


def _answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    address = f"http://127.0.0.1:{port}/_stcore/health"
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(address, timeout=2) as answer:
                return answer.status == 200
        except OSError:
            time.sleep(0.1)
    return False
