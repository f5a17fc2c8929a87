"""Symbolizer of series: which metric, at which step, in which direction and how far."""

import math
from bisect import bisect_right
from typing import Final

from deepaid_core.distiller.spelling import parts_of, spelled, strongest
from deepaid_core.distiller.states import BIN_EDGES, NO_DEVIATION, PATH_LIMIT
from deepaid_core.domain.interpretation import Deviation, Interpretation

__all__ = ["SYMBOLIZER", "describe", "states_of"]

SYMBOLIZER: Final = "series-1"
"""Version of the text form below; a version that spells states differently has another name, so
that old verdicts never match new states by accident."""

_EXTENTS: Final = ("slightly ", "", "far ", "extremely far ")
_SIDES: Final = {"up": "above", "down": "below"}


def states_of(interpretation: Interpretation, limit: int = PATH_LIMIT) -> tuple[str, ...]:
    """The path of a window: a state per metric that deviates, strongest first.

    A state is '["series-1", metric, step, direction, bin]', with the step of the cell that moved
    most, 0 for the scored one and negative before it; bins are those of tabular data.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    return tuple(_state(one) for one in strongest(interpretation, limit)) or (NO_DEVIATION,)


def describe(state: str) -> str | None:
    """A state in words, e.g. "web01.pkts_out 2 steps before: far above normal".

    Plain text that may hold what an attacker wrote: escape it where it is shown.

    Returns:
        None for text that is no such state.
    """
    parts = parts_of(state, SYMBOLIZER, str, int, str, int)
    if parts is None:
        return None
    metric, step, direction, size_bin = parts
    if step > 0 or direction not in _SIDES or not 0 <= size_bin < len(_EXTENTS):
        return None
    when = "" if step == 0 else f" {-step} step{'s' if step < -1 else ''} before"
    return f"{metric}{when}: {_EXTENTS[size_bin]}{_SIDES[direction]} normal"


def _state(deviation: Deviation) -> str:
    # A metric may have an "@" in its name: the step stands behind the last one.
    step = int(deviation.cells[0].name.rpartition("@")[2])
    size = 0.0 if math.isnan(deviation.size) else deviation.size
    size_bin = bisect_right(BIN_EDGES, size)
    return spelled(SYMBOLIZER, deviation.field, step, deviation.direction, size_bin)
