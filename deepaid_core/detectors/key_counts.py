"""How likely each key of a window is, counted: after the key before it, and the two before it."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from deepaid_core.detectors.base import Arrays
from deepaid_core.domain.batches import FloatArray, IntArray

__all__ = ["KeyCounts"]

_LONGER: Final = (0.95, 0.9)  # weight of what was counted after one key, and after two
_NAMES: Final = (
    "counts.one",
    "counts.two",
    "counts.two_codes",
    "counts.three",
    "counts.three_codes",
)


@dataclass(frozen=True, eq=False, slots=True)
class KeyCounts:
    """Counts of one, two and three keys in a row, in the training events.

    Padding and lines of no known template are symbols of their own, v + 1 and v.

    Attributes:
        keys: Size of the vocabulary, v.
        one: (v + 2,), how often each symbol occurred as the key of an event.
        two: Counts of the pairs that occurred.
        two_codes: Which pairs those are, rising.
        three: Counts of the triples that occurred.
        three_codes: Which triples those are, rising.
    """

    keys: int
    one: IntArray
    two: IntArray
    two_codes: IntArray
    three: IntArray
    three_codes: IntArray

    @classmethod
    def of(cls, windows: IntArray, keys: int) -> "KeyCounts":
        """Count the last key of each window, (n, h + 1), with the ones before it."""
        symbols = _symbols(windows[:, -3:], keys)
        if symbols.shape[1] < 3:
            symbols = np.pad(symbols, ((0, 0), (1, 0)), constant_values=keys + 1)
        before, previous, last = symbols.T
        size = keys + 2
        two_codes, two = np.unique(previous * size + last, return_counts=True)
        three_codes, three = np.unique((before * size + previous) * size + last, return_counts=True)
        one = np.bincount(last, minlength=size)
        return cls(keys, one, two, two_codes, three, three_codes)

    def log_probabilities(self, windows: IntArray) -> FloatArray:
        """(n, t): of each key of some windows, given the two before it; not a number at padding.

        The first key of a window in the middle of a session is as likely as it is frequent, the
        second one as it is after the first.
        """
        symbols, size = _symbols(windows, self.keys), self.keys + 2
        begun = windows[:, 0] >= 0
        beyond = np.full((len(windows), 1), self.keys + 1)
        previous = np.concatenate([beyond, symbols[:, :-1]], axis=1)
        before = np.concatenate([beyond, previous[:, :-1]], axis=1)
        answer = (self.one[symbols] + 0.5) / (self.one.sum() + 0.5 * size)
        pair, pair_before = previous * size + symbols, before * size + previous
        contexts = (
            (
                _counted(self.two_codes, self.two, pair),
                _beginning(self.two_codes // size, self.two, previous),
            ),
            (
                _counted(self.three_codes, self.three, pair_before * size + symbols),
                _beginning(self.three_codes // size, self.three, pair_before),
            ),
        )
        for order, (weight, (together, alone)) in enumerate(zip(_LONGER, contexts, strict=True)):
            usable = alone > 0
            usable[begun, : order + 1] = False
            share = together / np.maximum(alone, 1)
            answer = np.where(usable, weight * share + (1 - weight) * answer, answer)
        return np.where(windows < 0, np.nan, np.log(answer))

    def arrays(self) -> Arrays:
        """The counts by name."""
        values = (self.one, self.two, self.two_codes, self.three, self.three_codes)
        return dict(zip(_NAMES, values, strict=True))

    @classmethod
    def restored(cls, arrays: Arrays, keys: int) -> "KeyCounts":
        """The counts that `arrays` gave.

        Raises:
            KeyError: An array is missing.
            ValueError: The arrays do not fit together.
        """
        one, two, two_codes, three, three_codes = (
            np.asarray(arrays[name], dtype=np.int64) for name in _NAMES
        )
        if one.shape != (keys + 2,) or two.shape != two_codes.shape:
            raise ValueError("the counts of keys do not fit the vocabulary")
        if three.shape != three_codes.shape:
            raise ValueError("the counts of keys do not fit together")
        return cls(keys, one, two, two_codes, three, three_codes)


def _symbols(windows: IntArray, keys: int) -> IntArray:
    return np.where(windows < 0, keys + 1, windows)


def _counted(codes: IntArray, counts: IntArray, wanted: IntArray) -> IntArray:
    place = np.minimum(np.searchsorted(codes, wanted), len(codes) - 1)
    return np.where(codes[place] == wanted, counts[place], 0)


def _beginning(codes: IntArray, counts: IntArray, wanted: IntArray) -> IntArray:
    """How often what was counted began with what is wanted."""
    total = np.concatenate([[0], np.cumsum(counts)])
    began: IntArray = (
        total[np.searchsorted(codes, wanted, side="right")] - total[np.searchsorted(codes, wanted)]
    )
    return began
