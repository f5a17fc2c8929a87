"""How states are spelled as text: a JSON array that begins with the name of its symbolizer."""

import json
from typing import Any

from deepaid_core.domain.interpretation import Deviation, Interpretation
from deepaid_core.errors import InvalidParameterError

__all__ = ["check_limit", "parts_of", "spelled", "strongest"]


def spelled(symbolizer: str, *parts: str | int, ascii_only: bool = False) -> str:
    """A state of these parts; changing how one is spelled cuts it off from older verdicts."""
    return json.dumps([symbolizer, *parts], ensure_ascii=ascii_only, separators=(",", ":"))


def parts_of(state: str, symbolizer: str, *types: type[Any]) -> list[Any] | None:
    """The parts that were spelled; None for text that is no such state with parts of these types.

    Args:
        state: Any text.
        symbolizer: Name and version of the spelling.
        types: Of the parts, in their order; true and false count as no numbers.
    """
    try:
        parts = json.loads(state)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parts, list) or not parts or parts.pop(0) != symbolizer:
        return None
    return parts if [type(part) for part in parts] == list(types) else None


def strongest(interpretation: Interpretation, limit: int) -> list[Deviation]:
    """The deviations of largest weight, at most `limit`; those of equal weight keep their order.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    check_limit(limit)
    return sorted(interpretation.deviations, key=lambda one: -one.weight)[:limit]


def check_limit(limit: int) -> None:
    """Refuse a path of no states.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    if limit < 1:
        raise InvalidParameterError(f"A path of {limit} states was asked for; ask for at least 1.")
