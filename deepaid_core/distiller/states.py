"""Symbolizer of tabular data: an interpretation becomes a short path of states."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from deepaid_core.distiller.spelling import check_limit, parts_of, spelled, strongest
from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.domain.interpretation import Deviation, Interpretation

__all__ = [
    "BIN_EDGES",
    "CATEGORY_SYMBOLIZER",
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

CATEGORY_SYMBOLIZER: Final = "category-1"
"""Version of the text form of categories, where no distance is to be told."""

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

    A state is "<field>:<direction>:<bin>"; that of a category is a JSON array of the symbolizer,
    the field, the observed and the reference category. Deviations of equal weight keep their
    order.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    chosen = strongest(interpretation, limit)
    if not chosen:
        return (NO_DEVIATION,)
    sizes = np.array([one.size for one in chosen])
    return tuple(
        _category_state(one) or f"{one.field}:{one.direction}:{size_bin}"
        for one, size_bin in zip(chosen, _bins(sizes).tolist(), strict=True)
    )


def paths_in_bulk(
    names: Sequence[str],
    fields: IntArray,
    *,
    sizes: FloatArray,
    weights: FloatArray,
    categories: Mapping[int, tuple[IntArray, IntArray, Sequence[str]]] | None = None,
    limit: int = PATH_LIMIT,
) -> list[tuple[str, ...]]:
    """What `states_of` gives, for n interpretations held as columns.

    Args:
        names: Field names by position.
        fields: (n, k), positions of the deviating fields, -1 where there is none.
        sizes: (n, k), signed distances in training spreads, positive above the reference.
        weights: (n, k).
        categories: For the position of each field of categories: (n,) the observed one, (n,) that
            of the reference, and what the two count.
        limit: The most states of a path.

    Raises:
        InvalidParameterError: `limit` is under 1.
    """
    check_limit(limit)
    order = np.argsort(np.where(fields < 0, np.inf, -weights), axis=1, kind="stable")[:, :limit]
    chosen = np.take_along_axis(fields, order, axis=1)
    size = np.take_along_axis(sizes, order, axis=1)
    bins = len(BIN_EDGES) + 1
    codes = (chosen * 2 + np.where(size > 0, 0, 1)) * bins + _bins(np.abs(size))
    codes[chosen < 0] = -1
    texts = [
        f"{name}:{way}:{size_bin}"
        for name in names
        for way in ("up", "down")
        for size_bin in range(bins)
    ]
    for position, (observed, reference, words) in (categories or {}).items():
        rows, places = np.nonzero(chosen == position)
        pairs, which = np.unique(observed[rows] * len(words) + reference[rows], return_inverse=True)
        codes[rows, places] = len(texts) + which
        texts += [
            spelled(
                CATEGORY_SYMBOLIZER,
                names[position],
                words[pair // len(words)],
                words[pair % len(words)],
            )
            for pair in pairs.tolist()
        ]
    # Bursts repeat few paths many times: each is spelled once and then shared.
    made: dict[tuple[int, ...], tuple[str, ...]] = {}
    paths: list[tuple[str, ...]] = []
    for row in map(tuple, codes.tolist()):
        if row not in made:
            made[row] = tuple(texts[code] for code in row if code >= 0) or (NO_DEVIATION,)
        paths.append(made[row])
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
    if state.startswith(f'["{CATEGORY_SYMBOLIZER}"'):
        return _described(state, titles)
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


def _category_state(deviation: Deviation) -> str | None:
    if deviation.direction != "changed" or not deviation.cells:
        return None
    observed, reference = deviation.cells[0].observed, deviation.cells[0].reference
    if not (isinstance(observed, str) and isinstance(reference, str)):
        return None
    return spelled(CATEGORY_SYMBOLIZER, deviation.field, observed, reference)


def _described(state: str, titles: Mapping[str, str]) -> str:
    parts = parts_of(state, CATEGORY_SYMBOLIZER, str, str, str)
    if parts is None:
        return state
    field, observed, reference = parts
    return f'{titles.get(field, field)}: "{observed}" instead of "{reference}"'


def _bins(sizes: FloatArray) -> IntArray:
    # Position of the size among the edges; what is not a number counts as no distance.
    return np.searchsorted(BIN_EDGES, np.nan_to_num(sizes, nan=0.0, posinf=np.inf), side="right")
