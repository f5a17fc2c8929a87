"""Symbolizer of log keys: which line, what stood there, and what should have."""

from typing import Final

from deepaid_core.distiller.spelling import parts_of, spelled, strongest
from deepaid_core.distiller.states import NO_DEVIATION, PATH_LIMIT
from deepaid_core.domain.interpretation import Deviation, Interpretation

__all__ = ["SYMBOLIZER", "describe", "states_of"]

SYMBOLIZER: Final = "sequence-1"
"""Version of the text form below; a version that spells states differently has another name, so
that old verdicts never match new states by accident."""


def states_of(interpretation: Interpretation, limit: int = PATH_LIMIT) -> tuple[str, ...]:
    """The path of a window: a state per replaced key, strongest first.

    A state is '["sequence-1", position, observed template, template of the reference]', the
    position being 0 for the flagged line and negative before it.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    return tuple(_state(one) for one in strongest(interpretation, limit)) or (NO_DEVIATION,)


def describe(state: str) -> str | None:
    """A state in words, e.g. 'flagged line: "Failed password" instead of "Accepted password"'.

    Plain text that may hold what an attacker wrote: escape it where it is shown.

    Returns:
        None for text that is no such state.
    """
    parts = parts_of(state, SYMBOLIZER, int, str, str)
    if parts is None or parts[0] > 0:
        return None
    position, observed, reference = parts
    where = (
        f"{-position} line{'s' if position < -1 else ''} before the flagged line"
        if position
        else "flagged line"
    )
    return f'{where}: "{observed}" instead of "{reference}"'


def _state(deviation: Deviation) -> str:
    cell = deviation.cells[0]
    position = int(deviation.field.rpartition(":")[2])
    return spelled(SYMBOLIZER, position, str(cell.observed), str(cell.reference))
