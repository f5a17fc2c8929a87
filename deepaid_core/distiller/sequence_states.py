"""Symbolizer of log keys: which line, what stood there, and what should have."""

import json
from typing import Final

from deepaid_core.distiller.states import NO_DEVIATION, PATH_LIMIT
from deepaid_core.domain.interpretation import Deviation, Interpretation
from deepaid_core.errors import InvalidParameterError

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
    if limit < 1:
        raise InvalidParameterError(f"A path of {limit} states was asked for; ask for at least 1.")
    strongest = sorted(interpretation.deviations, key=lambda one: -one.weight)[:limit]
    return tuple(_state(one) for one in strongest) or (NO_DEVIATION,)


def describe(state: str) -> str | None:
    """A state in words, e.g. 'flagged line: "Failed password" instead of "Accepted password"'.

    Plain text that may hold what an attacker wrote: escape it where it is shown.

    Returns:
        None for text that is no such state.
    """
    try:
        parts = json.loads(state)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, list) or len(parts) != 4 or parts[0] != SYMBOLIZER:
        return None
    _, position, observed, reference = parts
    if type(position) is not int or position > 0:
        return None
    if not isinstance(observed, str) or not isinstance(reference, str):
        return None
    where = (
        f"{-position} line{'s' if position < -1 else ''} before the flagged line"
        if position
        else "flagged line"
    )
    return f'{where}: "{observed}" instead of "{reference}"'


def _state(deviation: Deviation) -> str:
    cell = deviation.cells[0]
    position = int(deviation.field.rpartition(":")[2])
    parts = [SYMBOLIZER, position, str(cell.observed), str(cell.reference)]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
