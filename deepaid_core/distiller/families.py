"""Families of states: states that differ in nothing but how far, or in what was expected."""

from functools import lru_cache
from typing import Final

from deepaid_core.distiller import series_states
from deepaid_core.distiller.spelling import parts_of, spelled
from deepaid_core.distiller.states import BIN_EDGES, CATEGORY_SYMBOLIZER

__all__ = ["family_of", "family_pattern"]

_BINS: Final = frozenset(str(place) for place in range(len(BIN_EDGES) + 1))
_DIRECTIONS: Final = frozenset({"up", "down", "mixed", "changed"})


@lru_cache(maxsize=65_536)
def family_of(state: str) -> str:
    """What a state has in common with those that count as the same in another size.

    A number keeps its field and direction and a metric its step too, but not the bin; a category
    keeps what was observed, but not what the reference has instead. Log lines and logins have no
    size, and what was observed there ends in other categories too often: each such state is a
    family of its own. So is text that is no state.
    """
    if state.startswith("["):
        category = parts_of(state, CATEGORY_SYMBOLIZER, str, str, str)
        if category is not None:
            return spelled(CATEGORY_SYMBOLIZER, *category[:2])
        metric = parts_of(state, series_states.SYMBOLIZER, str, int, str, int)
        return state if metric is None else spelled(series_states.SYMBOLIZER, *metric[:3])
    family, _, size_bin = state.rpartition(":")
    field, _, direction = family.rpartition(":")
    return family if field and direction in _DIRECTIONS and size_bin in _BINS else state


def family_pattern(pattern: tuple[str, ...]) -> tuple[str, ...] | None:
    """The sorted families of a pattern; None where each state is a family of its own."""
    families = tuple(sorted(map(family_of, pattern)))
    return None if families == pattern else families
