"""The `deepaid` command: one table of its subcommands."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from deepaid_core import __version__
from deepaid_core.cli import (
    audit,
    bench,
    cases,
    compare,
    dashboard,
    data,
    detection,
    detectors,
    evaluation,
    findings,
    machine,
    reporting,
    suppressions,
    training,
    verdicts,
    verify,
)
from deepaid_core.cli.hyperparameters import TrainCommand
from deepaid_core.cli.terminal import Settings, guarded, say

__all__ = ["COMMANDS", "app"]

COMMANDS: dict[str, Callable[..., None]] = {
    "demo": dashboard.demo,
    "dashboard": dashboard.dashboard,
    "train": training.train,
    "detect": detection.detect,
    "evaluate": evaluation.evaluate,
    "findings": findings.findings,
    "interpret": findings.interpret,
    "compare": compare.compare,
    "patterns": findings.patterns,
    "verdict": verdicts.verdict,
    "undo": verdicts.undo,
    "suppress": suppressions.suppress,
    "suppressions": suppressions.suppressions,
    "settings": machine.settings,
    "report": reporting.report,
    "verify": verify.verify,
    "bench": bench.bench,
}

app = typer.Typer(
    name="deepaid",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        say(f"deepaid {__version__}")
        raise typer.Exit


@app.callback()
def options(
    ctx: typer.Context,
    workspace: Annotated[
        Path | None,
        typer.Option(
            help="Workspace folder: database, detectors, reports. "
            "Else DEEPAID_HOME, else ./workspace.",
            show_default=False,
        ),
    ] = None,
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Interpret, triage and learn from the anomalies that unsupervised detectors find."""
    ctx.obj = Settings(workspace, debug)


for _name, _command in COMMANDS.items():
    app.command(_name, cls=TrainCommand if _name == "train" else None)(guarded(_command))

_data = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Look into a file before it is used."
)
for _name, _command in data.COMMANDS.items():
    _data.command(_name)(guarded(_command))
app.add_typer(_data, name="data")

_detectors = typer.Typer(
    rich_markup_mode=None, help="List the detectors, or work with one: threshold, export, register."
)
_detectors.callback(invoke_without_command=True)(guarded(detectors.detectors))
for _name, _command in detectors.COMMANDS.items():
    _detectors.command(_name)(guarded(_command))
app.add_typer(_detectors, name="detectors")

_machine = typer.Typer(
    rich_markup_mode=None, help="Show what the Distiller has learned, or work with its versions."
)
_machine.callback(invoke_without_command=True)(guarded(machine.machine))
for _name, _command in machine.COMMANDS.items():
    _machine.command(_name)(guarded(_command))
app.add_typer(_machine, name="machine")

_audit = typer.Typer(rich_markup_mode=None, help="List, export or check who did what and when.")
_audit.callback(invoke_without_command=True)(guarded(audit.audit))
for _name, _command in audit.COMMANDS.items():
    _audit.command(_name)(guarded(_command))
app.add_typer(_audit, name="audit")

_cases = typer.Typer(
    rich_markup_mode=None, help="List cases, or work with one: findings that belong together."
)
_cases.callback(invoke_without_command=True)(guarded(cases.cases))
for _name, _command in cases.COMMANDS.items():
    _cases.command(_name)(guarded(_command))
app.add_typer(_cases, name="cases")
