"""Symbolizer of tabular data: an interpretation becomes a short path of states."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import numpy as np

from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.errors import InvalidParameterError

__all__ = [
    "BIN_EDGES",
    "NO_DEVIATION",
    "PATH_LIMIT",
    "SYMBOLIZER",
    "describe_state",
    "paths_in_bulk",
    "states_of",
]

SYMBOLIZER: Final = "tabular-1"
"""Version of the text form below; a version with other bins spells them differently, so that old
verdicts never match new states by accident."""

PATH_LIMIT: Final = 3
"""The most states of a path, as the method has it."""

# In units of the training spread. Decades, cut where the events of one burst rarely fall on both
# sides: measured on recorded traffic, cuts at 3, 30 and 300 put more events of one cause into one
# pattern (89 %) than cuts at 1, 10, 100, 1000 (86 %), one cut at 3 (85 %) or at 10 (86 %).
BIN_EDGES: Final = (3.0, 30.0, 300.0)

NO_DEVIATION: Final = "none"
"""The single state of an interpretation without a deviation."""

_EXTENTS: Final = ("slightly ", "", "far ", "extremely far ")
_SIDES: Final = {"up": "above", "down": "below"}
_CHANGES: Final = ("slightly changed", "changed", "much changed", "replaced")


def states_of(interpretation: Interpretation, limit: int = PATH_LIMIT) -> tuple[str, ...]:
    """The path of an interpretation: a state per strong deviation, strongest first.

    A state is "<field>:<direction>:<bin>". Deviations of equal weight keep their order.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    _check(limit)
    strongest = sorted(interpretation.deviations, key=lambda one: -one.weight)[:limit]
    if not strongest:
        return (NO_DEVIATION,)
    sizes = np.array([one.size for one in strongest])
    return tuple(
        f"{one.field}:{one.direction}:{size_bin}"
        for one, size_bin in zip(strongest, _bins(sizes).tolist(), strict=True)
    )


def paths_in_bulk(
    names: Sequence[str],
    fields: IntArray,
    *,
    sizes: FloatArray,
    weights: FloatArray,
    categorical: Collection[int] = (),
    limit: int = PATH_LIMIT,
) -> list[tuple[str, ...]]:
    """What `states_of` gives, for n interpretations held as columns.

    Args:
        names: Field names by position.
        fields: (n, k), positions of the deviating fields, -1 where there is none.
        sizes: (n, k), signed distances in training spreads, positive above the reference.
        weights: (n, k).
        categorical: Positions of fields whose direction is "changed".
        limit: The most states of a path.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    _check(limit)
    order = np.argsort(np.where(fields < 0, np.inf, -weights), axis=1, kind="stable")[:, :limit]
    chosen = np.take_along_axis(fields, order, axis=1)
    size = np.take_along_axis(sizes, order, axis=1)
    direction = np.where(size > 0, 0, 1)
    direction[np.isin(chosen, list(categorical))] = 2
    bins = len(BIN_EDGES) + 1
    codes = (chosen * 3 + direction) * bins + _bins(np.abs(size))
    codes[chosen < 0] = -1
    texts = [
        f"{name}:{way}:{size_bin}"
        for name in names
        for way in ("up", "down", "changed")
        for size_bin in range(bins)
    ]
    # Bursts repeat few paths many times: each is spelled once and then shared.
    spelled: dict[tuple[int, ...], tuple[str, ...]] = {}
    paths: list[tuple[str, ...]] = []
    for row in map(tuple, codes.tolist()):
        if row not in spelled:
            spelled[row] = tuple(texts[code] for code in row if code >= 0) or (NO_DEVIATION,)
        paths.append(spelled[row])
    return paths


def describe_state(state: str, titles: Mapping[str, str]) -> str:
    """A state in words, e.g. "packets on this connection: far above normal".

    Plain text that may hold what an attacker wrote: escape it where it is shown. Text that is no
    state comes back as it is.

    Args:
        state: Any text.
        titles: Title of each field.
    """
    if state == NO_DEVIATION:
        return "no deviation found"
    field, _, rest = state.rpartition(":")
    field, _, direction = field.rpartition(":")
    if not field or rest not in {str(place) for place in range(len(BIN_EDGES) + 1)}:
        return state
    title, size_bin = titles.get(field, field), int(rest)
    if direction in _SIDES:
        return f"{title}: {_EXTENTS[size_bin]}{_SIDES[direction]} normal"
    if direction in {"mixed", "changed"}:
        return f"{title}: {_CHANGES[size_bin]}"
    return state


def _bins(sizes: FloatArray) -> IntArray:
    # Position of the size among the edges; what is not a number counts as no distance.
    return np.searchsorted(BIN_EDGES, np.nan_to_num(sizes, nan=0.0, posinf=np.inf), side="right")


def _check(limit: int) -> None:
    if limit < 1:
        raise InvalidParameterError(f"A path of {limit} states was asked for; ask for at least 1.")
