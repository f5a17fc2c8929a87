"""Sorted sets of entry numbers that never change, cheap to add to however many they hold."""

from bisect import bisect_left
from collections.abc import Collection
from itertools import chain, pairwise
from typing import Final, TypeAlias

__all__ = ["Numbers", "changed", "newest"]

Numbers: TypeAlias = tuple[tuple[int, ...], ...]
"""Numbers in rising order, cut into pieces of some hundreds.

Where a piece ends depends on the number alone, so that equal sets are equal however they came
about, and a change copies one piece and the list of pieces.
"""

_MANY: Final = 32


def changed(numbers: Numbers, added: Collection[int], removed: Collection[int] = ()) -> Numbers:
    """The set with numbers more and others less; what is in both goes."""
    if not numbers and not removed and len(added) == 1:
        return (tuple(added),)
    if not numbers or len(added) + len(removed) > _MANY:
        return _cut(sorted({*chain.from_iterable(numbers), *added}.difference(removed)))
    for number in added:
        numbers = _with(numbers, number)
    for number in removed:
        numbers = _without(numbers, number)
    return numbers


def newest(numbers: Numbers, count: int) -> list[int]:
    """The highest numbers, highest first."""
    found: list[int] = []
    for piece in reversed(numbers):
        if len(found) >= count:
            break
        found.extend(reversed(piece[-count:]))
    return found[:count]


def _ends_piece(number: int) -> bool:
    # Spread by multiplication: logs have rhythms (each verdict followed by its undo) that would
    # otherwise keep a number of this kind from ever standing here.
    return (number * 2_654_435_761 >> 16) & 0xFF == 0


def _cut(numbers: list[int]) -> Numbers:
    ends = [place for place, number in enumerate(numbers, 1) if _ends_piece(number)]
    if not ends:
        return (tuple(numbers),) if numbers else ()
    pieces = [tuple(numbers[start:end]) for start, end in pairwise((0, *ends))]
    if ends[-1] < len(numbers):
        pieces.append(tuple(numbers[ends[-1] :]))
    return tuple(pieces)


def _place(numbers: Numbers, number: int) -> int:
    # The piece that the number belongs to: the last one when it is the highest of all.
    place = bisect_left(numbers, number, key=lambda piece: piece[-1])
    if place == len(numbers) and not _ends_piece(numbers[-1][-1]):
        place -= 1
    return place


def _with(numbers: Numbers, number: int) -> Numbers:
    place = _place(numbers, number) if numbers else 0
    piece = numbers[place] if place < len(numbers) else ()
    at = bisect_left(piece, number)
    if piece[at : at + 1] == (number,):
        return numbers
    left, right = (*piece[:at], number), piece[at:]
    if right and not _ends_piece(number):
        left, right = (*left, *right), ()
    return (*numbers[:place], left, *((right,) if right else ()), *numbers[place + 1 :])


def _without(numbers: Numbers, number: int) -> Numbers:
    place = _place(numbers, number) if numbers else 0
    piece = numbers[place] if place < len(numbers) else ()
    at = bisect_left(piece, number)
    if piece[at : at + 1] != (number,):
        return numbers
    rest = piece[:at] + piece[at + 1 :]
    after = place + 1
    if at == len(rest) and after < len(numbers) and _ends_piece(number):
        # The number ended its piece: the next one begins where this one did.
        rest, after = rest + numbers[after], after + 1
    return (*numbers[:place], *((rest,) if rest else ()), *numbers[after:])
