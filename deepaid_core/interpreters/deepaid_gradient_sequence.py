"""The paper's search for log keys: a saliency test, then the gradient through the history."""

from functools import partial
from typing import Any, Final, Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from deepaid_core.domain.batches import FloatArray, IntArray, SequenceBatch
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.interpreters.base import Context, InterpretationList
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.key_search import HistoryEdits, HistorySearch, KeyPredictor
from deepaid_core.interpreters.sequence import interpret_keys

__all__ = ["DifferentiableKeyPredictor", "GradientHistorySearch", "descend_sequence"]

_DRAWS: Final = 8  # points of the random neighborhood, the window itself among them
_CHUNK: Final = 128  # windows at a time
_CONFIDENT: Final = 0.5  # probability of another next key from which the history is not blamed
_LITTLE: Final = 0.02  # share of the score that the gradient must promise to put right


@runtime_checkable
class DifferentiableKeyPredictor(KeyPredictor, Protocol):
    """A predictor of keys with a gradient through the history."""

    def substitution_gains(self, windows: IntArray, noise: Tensor) -> FloatArray:
        """First-order fall of the score for each replacement of one key, (n, h, v)."""
        ...


class GradientHistorySearch(HistorySearch):
    """Replaces the key whose replacement the gradient promises most of, again and again.

    First the saliency test: where the detector is confident of another next key and the gradient
    through the history promises little, the history is left alone and the flagged key is to
    blame. Else, in each round, the replacements are ordered by effectiveness, gradient x
    difference of the one-hot keys averaged over a random neighborhood; the first of them are
    scored. Of those that are accepted the likeliest window is taken; where none is, the best one
    is kept and the next round replaces another key.

    Args:
        detector: Scores windows.
        threshold: A window with a score up to this is accepted.
        unknown: The key of lines of no known template.
        locked: Positions of the history that may not change.
        depth: The most keys to replace.
        deadline: When to give what was found until then.
        steps: Replacements that are scored in each round.
        radius: Standard deviation of the neighborhood, in one-hot units.
        seed: Of its draws.
    """

    def __init__(
        self,
        detector: DifferentiableKeyPredictor,
        threshold: float,
        *,
        unknown: int,
        locked: frozenset[int],
        depth: int,
        deadline: Deadline,
        steps: int,
        radius: float,
        seed: int,
    ) -> None:
        super().__init__(
            detector, threshold, unknown=unknown, locked=locked, depth=depth, deadline=deadline
        )
        self._gradients, self._steps, self._radius, self._seed = detector, steps, radius, seed

    def run(self, windows: IntArray) -> HistoryEdits:
        """Search for windows that are all flagged."""
        found, edits = windows.copy(), np.zeros(len(windows), dtype=np.int64)
        stopped = np.zeros(len(windows), dtype=bool)
        hopeful = np.flatnonzero(windows[:, -1] < self._unknown)
        for start in range(0, len(hopeful), _CHUNK):
            rows = hopeful[start : start + _CHUNK]
            now = windows[rows]
            for count in range(1, self._depth + 1):
                if self._deadline.passed:
                    stopped[rows] = True
                    break
                gains = self._gains(now, windows[rows])
                if count == 1:
                    kept = ~self._flagged_key_is_wrong(now, gains)
                    rows, now, gains = rows[kept], now[kept], gains[kept]
                if not len(rows):
                    break
                now, accepted = self._round(now, gains)
                found[rows[accepted]], edits[rows[accepted]] = now[accepted], count
                rows, now = rows[~accepted], now[~accepted]
        return HistoryEdits(found, edits, stopped)

    def _gains(self, now: IntArray, windows: IntArray) -> FloatArray:
        """What replacing each key that is still the anomaly's promises, (n, h, v)."""
        random = torch.Generator().manual_seed(self._seed)
        shape = (_DRAWS, windows.shape[1] - 1, self._unknown + 2)
        noise = torch.randn(shape, generator=random) * self._radius
        noise[0] = 0.0
        gains = self._gradients.substitution_gains(now, noise)
        gains[:, self._locked] = np.nan
        gains[now[:, :-1] != windows[:, :-1]] = np.nan
        return np.nan_to_num(gains, nan=-np.inf)

    def _flagged_key_is_wrong(self, windows: IntArray, gains: FloatArray) -> Any:
        after = self._detector.next_log_probabilities(windows[:, :-1])
        confident = after.max(axis=1) >= np.log(_CONFIDENT)
        best = np.sort(gains.max(axis=2), axis=1)[:, -self._depth :]
        promised = np.maximum(best, 0.0).sum(axis=1)
        missing = self._detector.scores_after(after, windows[:, -1]) - self._threshold
        return confident & (promised < _LITTLE * missing)

    def _round(self, now: IntArray, gains: FloatArray) -> tuple[IntArray, Any]:
        """(n, h + 1) windows with one more key replaced, and which of them are accepted."""
        n, _, v = gains.shape
        flat = gains.reshape(n, -1)
        order = np.argsort(-flat, axis=1, kind="stable")[:, : self._steps]
        usable = np.isfinite(np.take_along_axis(flat, order, axis=1))
        trials = np.repeat(now[:, None], order.shape[1], axis=1)
        row, which = np.indices(order.shape)
        trials[row, which, order // v] = np.where(usable, order % v, trials[row, which, order // v])
        each = trials.reshape(-1, now.shape[1])
        scores = self.scores(each).reshape(order.shape)
        scores[~usable] = np.inf
        likelihood = self._detector.log_likelihood(each).reshape(order.shape)
        good = scores <= self._threshold
        best = np.where(
            good.any(axis=1),
            np.where(good, likelihood, -np.inf).argmax(axis=1),
            scores.argmin(axis=1),
        )
        rows = np.arange(n)
        chosen = trials[rows, best]
        # A score may round differently in a smaller batch.
        return chosen, self.scores(chosen) <= self._threshold


def descend_sequence(
    anomalies: SequenceBatch,
    context: Context,
    progress: Progress,
    cancelled: Cancelled,
    *,
    name: str,
    steps: int,
    radius: float,
) -> InterpretationList:
    """Interpret windows of log keys; `GradientHistorySearch` says what the settings are."""
    search = partial(GradientHistorySearch, steps=steps, radius=radius, seed=context.seed)
    return interpret_keys(anomalies, context, progress, cancelled, name=name, search=search)
