"""`deepaid bench`: measure everything again, in a process of its own."""

import importlib.util
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from deepaid_core.cli.terminal import INTERRUPTED, say
from deepaid_core.errors import DeepAidError, InvalidParameterError

__all__ = ["bench", "checkout"]

STOP_TIMEOUT_S = 10.0


def bench(
    ctx: typer.Context,
    full: Annotated[
        bool, typer.Option("--full", help="Draw more, slow methods on all anomalies.")
    ] = False,
    only: Annotated[
        list[str] | None,
        typer.Option("--only", help="A section, e.g. comparison; may be given again."),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Folder of the public data sets. Else DEEPAID_SHARED_DATA."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for benchmarks.json and benchmarks.md. Else docs/."),
    ] = None,
) -> None:
    """Measure detection, interpretation and speed; write the figures and their page.

    Works in a checkout, where the benchmark's code is. Data sets that are absent are left out,
    each with a line that says what is missing and who publishes it.
    """
    home = checkout()
    command = [sys.executable, "-u", "-m", "benchmarks.run"]
    if full:
        command.append("--full")
    if only:
        command += ["--only", *only]
    if out is not None:
        command += ["--out", str(out.resolve())]
    environment = dict(os.environ)
    if data is not None:
        if not data.is_dir():
            raise InvalidParameterError(
                f"There is no folder '{data}'; name the one that holds the public data sets."
            )
        environment["DEEPAID_SHARED_DATA"] = str(data.resolve())
    raise typer.Exit(_run(command, home, environment))


def checkout() -> Path:
    """Folder of the checkout that this package runs from.

    Raises:
        DeepAidError: It runs from an installation, which carries no benchmarks.
    """
    core = importlib.util.find_spec("deepaid_core")
    for folder in (core.submodule_search_locations or ()) if core else ():
        home = Path(folder).resolve().parent
        if (home / "benchmarks/run.py").is_file():
            return home
    raise DeepAidError(
        "The benchmarks are not part of the installed package; run `deepaid bench` in a checkout "
        "of the source."
    )


def _run(command: list[str], home: Path, environment: dict[str, str]) -> int:
    """Wait for the child; its lines go straight to the terminal.

    Returns:
        Its exit code; 130 after Ctrl-C, 128 and the number of the signal when one ended it.
    """
    child = subprocess.Popen(command, cwd=home, env=environment)  # noqa: S603 - no shell
    try:
        code = child.wait()
    except KeyboardInterrupt:
        # The terminal has sent it to the child as well; a child started otherwise has not seen it.
        child.send_signal(signal.SIGINT)
        try:
            child.wait(STOP_TIMEOUT_S)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            child.kill()
            child.wait()
        say("Stopped; sections that were through are kept.")
        return INTERRUPTED
    finally:
        if child.poll() is None:
            child.kill()
            child.wait()
    return 128 - code if code < 0 else code
