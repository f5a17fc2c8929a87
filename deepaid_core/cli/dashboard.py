"""`deepaid dashboard` and `deepaid demo`: start the pages as a process of their own."""

import errno
import importlib.util
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from deepaid_core.cli.terminal import interruptible, opened, progress_bar, say
from deepaid_core.errors import DeepAidError, PortInUseError

__all__ = ["check_port", "dashboard", "demo", "serve", "server_script"]

ADDRESS = "127.0.0.1"
STOP_TIMEOUT_S = 10.0
Port = Annotated[int, typer.Option(min=1, max=65535, help="Port to listen on, this machine only.")]
Open = Annotated[bool, typer.Option("--open/--no-open", help="Open a browser.")]


def dashboard(ctx: typer.Context, port: Port = 8501, open_browser: Open = True) -> None:
    """Open the dashboard on the workspace as it is."""
    check_port(port)
    with opened(ctx) as workspace:  # an unusable workspace is told here, not on a page
        home = workspace.home
    raise typer.Exit(serve(port, home=home, open_browser=open_browser))


def demo(
    ctx: typer.Context,
    retrain: Annotated[
        bool, typer.Option("--retrain", help="Train the demo detector anew from the sample data.")
    ] = False,
    prepare_only: Annotated[
        bool, typer.Option("--prepare-only", help="Fill the workspace, start no dashboard.")
    ] = False,
    port: Port = 8501,
    open_browser: Open = True,
) -> None:
    """Fill the workspace from the sample data and open the dashboard on it."""
    from deepaid_core.workflow.demo import demo_is_ready

    if prepare_only:
        _prepare(ctx, retrain)
        return
    check_port(port)
    with opened(ctx) as workspace:
        home = workspace.home
        ready = demo_is_ready(workspace) and not retrain
    # The pages come up while the findings are being made, and show them as they come.
    beside = None if ready else _preparing(home, retrain=retrain)
    raise typer.Exit(serve(port, home=home, open_browser=open_browser, beside=beside))


def _prepare(ctx: typer.Context, retrain: bool) -> None:
    from deepaid_core.workflow.demo import prepare_demo
    from deepaid_core.workflow.preparation import announced

    with (
        opened(ctx) as workspace,
        progress_bar() as progress,
        interruptible() as cancelled,
        announced(workspace.home, progress) as report,
    ):
        results = prepare_demo(workspace, retrain=retrain, progress=report, cancelled=cancelled)
        home = workspace.home
    for result in results:
        run = result.run
        say(
            f"{run.source_name}: {run.events:,} events, {run.anomalies:,} anomalies, "
            f"{run.findings:,} findings ({result.new_findings:,} new)."
        )
    say(f"The demo workspace {home} is ready.")


def _preparing(home: Path, *, retrain: bool) -> "subprocess.Popen[bytes]":
    command = [sys.executable, "-m", "deepaid_core", "--workspace", str(home)]
    command += ["demo", "--prepare-only", *(["--retrain"] if retrain else [])]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - no shell


def check_port(port: int) -> None:
    """Make sure that the dashboard will be able to listen.

    Raises:
        PortInUseError: Somebody else listens there, or this user may not.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        if probe.connect_ex((ADDRESS, port)) == 0:
            raise PortInUseError(
                f"Port {port} is in use by another program; close it or choose another port, "
                f"e.g. --port {port % 65535 + 1}."
            )
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":  # connections that just ended must not count as a listener
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            why = (
                "is in use by another program"
                if error.errno == errno.EADDRINUSE
                else f"cannot be opened ({error.strerror})"
            )
            raise PortInUseError(
                f"Port {port} {why}; choose another one, e.g. --port 8600."
            ) from error


def server_script() -> Path:
    """Where the dashboard's server is defined.

    Raises:
        DeepAidError: The dashboard is not installed beside this package.
    """
    spec = importlib.util.find_spec("deepaid_ui")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        script = Path(folder) / "server.py"
        if script.is_file():
            return script
    raise DeepAidError("The package 'deepaid_ui' is missing; install the whole of deepaid again.")


def _pages_folder() -> Path:
    # Streamlit reads .streamlit/config.toml from the folder it is started in: the checkout, or
    # what the wheel carries.
    core = Path(__file__).resolve().parents[1]
    installed = core / "_dashboard"
    return installed if (installed / "app.py").is_file() else core.parent


def serve(
    port: int,
    *,
    home: Path,
    open_browser: bool,
    beside: "subprocess.Popen[bytes] | None" = None,
) -> int:
    """Run the dashboard until it is stopped.

    Args:
        port: Where it listens.
        home: Folder of the workspace.
        open_browser: Whether to open one.
        beside: Another process, which is stopped with the dashboard.

    Returns:
        0 after Ctrl-C, else its exit code; 128 and the number of the signal when one ended it.
    """
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        open_browser = False  # else a browser of the text terminal may take it over
    # fmt: off
    command = [
        sys.executable, "-m", "streamlit", "run", str(server_script()),
        "--server.port", str(port),
        "--server.address", ADDRESS,
        "--server.headless", str(not open_browser).lower(),
        "--server.showEmailPrompt", "false",
        "--browser.gatherUsageStats", "false",
    ]
    # fmt: on
    # The server runs in another folder, so a relative workspace would mean another one there.
    environment = {**os.environ, "DEEPAID_HOME": str(home.resolve())}
    say(f"DeepAID Studio: http://{ADDRESS}:{port} - Ctrl-C stops it.")
    child = subprocess.Popen(command, cwd=_pages_folder(), env=environment)  # noqa: S603 - no shell
    with _terminate_with_us(child):
        try:
            code = child.wait()
        except KeyboardInterrupt:  # the terminal has sent it to the child as well
            _stop(child)
            code = 0  # the way to stop it; Streamlit itself would call that an error
        finally:
            if beside is not None and beside.poll() is None:
                beside.terminate()
                _stop(beside)
    return 128 - code if code < 0 else code


def _stop(child: "subprocess.Popen[bytes]") -> None:
    try:
        child.wait(STOP_TIMEOUT_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        child.kill()
        child.wait()


@contextmanager
def _terminate_with_us(child: "subprocess.Popen[bytes]") -> Iterator[None]:
    def forward(number: int, frame: FrameType | None) -> None:
        child.terminate()

    before = signal.signal(signal.SIGTERM, forward)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
        if child.poll() is None:
            child.kill()
            child.wait()
