"""Search for the keys of a history whose replacement makes the flagged key expected."""

from dataclasses import dataclass
from itertools import combinations
from typing import Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.interpreters.deadline import Deadline

__all__ = ["DEPTH", "HistoryEdits", "HistorySearch", "KeyPredictor"]

DEPTH: Final = 3
"""The most keys of a history that are replaced at once."""

_CHUNK: Final = 64  # windows at a time
_BRANCHES: Final = 32  # single replacements of a window that pairs and triples are made of
_BEAM: Final = 8  # pairs of a window that triples grow from
_TRIES: Final = 4  # next best answers, should rounding undo one


@runtime_checkable
class KeyPredictor(Protocol):
    """What this search needs of a detector of sequences; windows are (n, h + 1) keys."""

    def accepted_keys(self) -> int:
        """How many likeliest keys are accepted."""
        ...

    def next_log_probabilities(self, histories: IntArray) -> FloatArray:
        """(n, h) to (n, v): log-probabilities of the key that follows each history."""
        ...

    def log_probability(self, log_probabilities: FloatArray, keys: IntArray) -> FloatArray:
        """(n, v), (n,) to (n,): of next keys; an unknown one is less likely than any other."""
        ...

    def scores_after(self, log_probabilities: FloatArray, keys: IntArray) -> FloatArray:
        """Scores of next keys, likewise."""
        ...

    def substitution_scores(self, windows: IntArray) -> FloatArray:
        """(n, h, v): scores with each key at each position of the history; nan at padding."""
        ...

    def log_likelihood(self, windows: IntArray) -> FloatArray:
        """(n,): how likely each window is as a whole."""
        ...

    def plausibility(self, windows: IntArray) -> FloatArray:
        """(n,): percentile of that among normal windows, 0 the likeliest."""
        ...


@dataclass(frozen=True, eq=False, slots=True)
class HistoryEdits:
    """The best accepted replacement of keys in the history of n windows.

    Attributes:
        windows: (n, h + 1), with the keys replaced; as given where nothing was found.
        edits: (n,), how many keys were replaced; 0 where nothing was found.
        stopped: (n,), where nothing was found because time ran out.
    """

    windows: IntArray
    edits: IntArray
    stopped: NDArray[np.bool_]


class HistorySearch:
    """Fewest replacements first; among equally many the window that is likeliest as a whole.

    Every replacement of one key is tried, so that one is found wherever there is one. Two and
    three keys are sought by a beam over the single replacements that lower the score most:
    there an answer may be missed. Padding stays: that a session begins is a fact.

    Args:
        detector: Scores windows.
        threshold: A window with a score up to this is accepted.
        unknown: The key of lines of no known template.
        locked: Positions of the history that may not change.
        depth: The most keys to replace.
        deadline: When to give what was found until then.
    """

    def __init__(
        self,
        detector: KeyPredictor,
        threshold: float,
        *,
        unknown: int,
        locked: frozenset[int],
        depth: int,
        deadline: Deadline,
    ) -> None:
        self._detector, self._threshold, self._unknown = detector, threshold, unknown
        self._locked, self._depth = sorted(locked), min(depth, DEPTH)
        self._deadline = deadline

    def run(self, windows: IntArray) -> HistoryEdits:
        """Search for windows that are all flagged."""
        found, edits = windows.copy(), np.zeros(len(windows), dtype=np.int64)
        stopped = np.zeros(len(windows), dtype=bool)
        # An unknown key is less likely than any other one after whatever history.
        hopeful = np.flatnonzero(windows[:, -1] < self._unknown)
        for start in range(0, len(hopeful), _CHUNK):
            part = hopeful[start : start + _CHUNK]
            if self._deadline.passed:
                stopped[part] = True
            else:
                found[part], edits[part], stopped[part] = self._chunk(windows[part])
        return HistoryEdits(found, edits, stopped)

    def scores(self, windows: IntArray) -> FloatArray:
        """Scores of whole windows, (n,)."""
        after = self._detector.next_log_probabilities(windows[:, :-1])
        return self._detector.scores_after(after, windows[:, -1])

    def _chunk(self, windows: IntArray) -> tuple[IntArray, IntArray, NDArray[np.bool_]]:
        scores = self._detector.substitution_scores(windows)
        scores[:, self._locked] = np.nan
        best, edits = windows.copy(), np.zeros(len(windows), dtype=np.int64)
        owners, places, keys = np.nonzero(scores <= self._threshold)
        candidates = _replaced(windows[owners], places, keys)
        self._settle(owners, candidates, 1, best, edits)
        late = self._deadline.passed
        if self._depth > 1 and (edits == 0).any() and not late:
            late = self._several(windows, _Singles.of(scores), best, edits)
        return best, edits, (edits == 0) & late & (self._depth > 1)

    def _several(
        self, windows: IntArray, singles: "_Singles", best: IntArray, edits: IntArray
    ) -> bool:
        """Pairs and triples of the best single replacements, for windows without an answer.

        Returns whether time ran out before the triples.
        """
        branches = singles.places.shape[1]
        first, second = np.array(list(combinations(range(branches), 2))).reshape(-1, 2).T
        owners = np.repeat(np.flatnonzero(edits == 0), len(first))
        first, second = (np.tile(one, int((edits == 0).sum())) for one in (first, second))
        apart = singles.places[owners, first] != singles.places[owners, second]
        apart &= singles.usable[owners, first] & singles.usable[owners, second]
        owners, first, second = owners[apart], first[apart], second[apart]
        pairs = singles.apply(singles.apply(windows[owners], owners, first), owners, second)
        scores = self.scores(pairs)
        accepted = scores <= self._threshold
        self._settle(owners[accepted], pairs[accepted], 2, best, edits)
        if self._depth < DEPTH or self._deadline.passed:
            return self._depth == DEPTH
        beam = _lowest(owners, scores, _BEAM)
        beam = np.repeat(beam[edits[owners[beam]] == 0], branches)
        owners, pairs, third = owners[beam], pairs[beam], np.arange(len(beam)) % branches
        rows, places = np.arange(len(owners)), singles.places[owners, third]
        free = (pairs[rows, places] == windows[owners, places]) & singles.usable[owners, third]
        owners, third = owners[free], third[free]
        triples = singles.apply(pairs[free], owners, third)
        accepted = self.scores(triples) <= self._threshold
        self._settle(owners[accepted], triples[accepted], 3, best, edits)
        return False

    def _settle(
        self, owners: IntArray, candidates: IntArray, count: int, best: IntArray, edits: IntArray
    ) -> None:
        """Give each owner its likeliest candidate, in place."""
        if not len(owners):
            return
        likelihood = self._detector.log_likelihood(candidates)
        order = np.lexsort((-likelihood, owners))
        for attempt in range(_TRIES):
            starts = np.flatnonzero(np.r_[True, owners[order][1:] != owners[order][:-1]])
            sizes = np.diff(np.r_[starts, len(order)])
            chosen = order[
                (starts + attempt)[(sizes > attempt) & (edits[owners[order[starts]]] == 0)]
            ]
            if not len(chosen):
                return
            good = chosen[self.scores(candidates[chosen]) <= self._threshold]
            best[owners[good]], edits[owners[good]] = candidates[good], count


@dataclass(frozen=True, eq=False, slots=True)
class _Singles:
    """The single replacements of each window that lower its score most, (n, b)."""

    places: IntArray
    keys: IntArray
    usable: NDArray[np.bool_]

    @classmethod
    def of(cls, scores: FloatArray) -> "_Singles":
        n, _, v = scores.shape
        flat = scores.reshape(n, -1)
        order = np.argsort(flat, axis=1, kind="stable")[:, :_BRANCHES]
        return cls(order // v, order % v, np.isfinite(np.take_along_axis(flat, order, axis=1)))

    def apply(self, windows: IntArray, owners: IntArray, branches: IntArray) -> IntArray:
        """The windows with one more replacement each."""
        return _replaced(windows, self.places[owners, branches], self.keys[owners, branches])


def _replaced(windows: IntArray, places: IntArray, keys: IntArray) -> IntArray:
    changed = windows.copy()
    changed[np.arange(len(windows)), places] = keys
    return changed


def _lowest(owners: IntArray, scores: FloatArray, most: int) -> IntArray:
    """Positions of the lowest scores of each owner, at most so many."""
    order = np.lexsort((scores, owners))
    sorted_owners = owners[order]
    starts = np.flatnonzero(np.r_[True, sorted_owners[1:] != sorted_owners[:-1]])
    rank = np.arange(len(order)) - np.repeat(starts, np.diff(np.r_[starts, len(order)]))
    return order[rank < most]
