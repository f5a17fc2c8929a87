"""Hyperparameters of detectors as options of `deepaid train`."""

from collections.abc import Iterator
from typing import Any

from typer.core import TyperCommand

from deepaid_core.domain.params import Param

__all__ = ["TrainCommand"]

_DETECTOR = "--detector"


class TrainCommand(TyperCommand):
    """Takes `--epochs 5` for `--set epochs=5`, for whatever the chosen detector has.

    Which options there are is known from the detector's class, and looking at that takes seconds:
    it is done only where an option is met that all detectors do not share, and for the help text of
    a detector that was named. Where none was named, those of the default detectors are meant.
    """

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the command line."""
        own = {option for one in self.get_params(ctx) for option in one.opts}
        named = _named_in(args)
        if _asks_for_help(args):
            self.epilog = _help_of(named)
        elif any(_is_other(arg, own) for arg in args):
            params = {_option(one.name): one for one in _params(named)}
            args = list(_as_assignments(args, {k: v for k, v in params.items() if k not in own}))
        rest: list[str] = super().parse_args(ctx, args)
        return rest

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write what comes after the options, line by line as it is."""
        for line in (self.epilog or "").splitlines():
            formatter.write(f"{line}\n")


def _is_other(arg: str, own: set[str]) -> bool:
    return arg.startswith("--") and len(arg) > 2 and arg.partition("=")[0] not in own


def _asks_for_help(args: list[str]) -> bool:
    return "--help" in args or "-h" in args


def _named_in(args: list[str]) -> str:
    for place, arg in enumerate(args):
        option, mark, value = arg.partition("=")
        if option == _DETECTOR:
            return value if mark else next(iter(args[place + 1 :]), "")
    return ""


def _params(named: str) -> tuple[Param, ...]:
    from deepaid_core.domain.params import params_of
    from deepaid_core.registry import DEFAULT_DETECTORS, DETECTORS, load

    names = [named] if named else list(DEFAULT_DETECTORS.values())
    return tuple(
        one for name in names if name in DETECTORS for one in params_of(load(DETECTORS, name))
    )


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")


def _as_assignments(args: list[str], params: dict[str, Param]) -> Iterator[str]:
    waiting = iter(args)
    for arg in waiting:
        option, mark, _ = arg.partition("=")
        if arg == "--":
            yield from (arg, *waiting)
        elif option in params:
            # What is missing is left out here, too: reading the assignment says so.
            given = arg[len(option) :] if mark else "".join(f"={one}" for one in _next(waiting))
            yield from ("--set", params[option].name + given)
        else:
            yield arg


def _next(waiting: Iterator[str]) -> tuple[str, ...]:
    return tuple(one for one in (next(waiting, None),) if one is not None)


def _help_of(named: str) -> str:
    params = _params(named) if named else ()
    if not params:
        return (
            "\nHyperparameters of a detector are options, too; `deepaid train --detector NAME "
            "--help`\nlists them."
        )
    wide = max(len(_option(one.name)) for one in params)
    lines = ["", f"Hyperparameters of '{named}':"]
    for one in params:
        lines.append(f"  {_option(one.name):<{wide}}  {one.help}")
        lines.append(f"  {'':<{wide}}  {one.range_text}; default {one.default}")
    return "\n".join(lines)
