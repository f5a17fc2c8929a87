"""Greedy forward selection and backward elimination of fields, batched over anomalies."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.domain.batches import FloatArray
from deepaid_core.interpreters.constraints import Constraints

__all__ = ["GreedySearch", "SearchResult"]

_EXACT = 12  # moves per step and anomaly that are scored exactly, after the first-order screen


@dataclass(frozen=True, eq=False, slots=True)
class SearchResult:
    """References of n anomalies in the order they were given.

    Attributes:
        z: (n, d), references in model space.
        order: (n, F), changed fields, strongest first, -1 after the last.
        flip_scores: (n, F), score after each of them; not a number after the last.
        accepted: (n,), whether the last of those scores reaches the target.
    """

    z: Tensor
    order: np.ndarray
    flip_scores: FloatArray
    accepted: np.ndarray


class GreedySearch:
    """Changes one field after the other until the detector accepts.

    In each step every field may take three values: the detector's reconstruction of the event as
    it stands, the nearest accepted training event to it, and the training median. All moves are
    ranked by first-order gain, the best of them scored exactly for all anomalies in one batch,
    and the best is made. Fields that turn out not to be needed are put back at the end.

    Args:
        detector: Whose score is brought down.
        constraints: What a reference must obey.
        normal: (m, d), accepted training events in model space.
        median: (d,), training medians in model space.
        target: Score to reach.
    """

    def __init__(
        self,
        detector: SearchableDetector,
        constraints: Constraints,
        *,
        normal: Tensor,
        median: Tensor,
        target: float,
    ) -> None:
        self.detector, self.constraints = detector, constraints
        self.normal, self.median, self.target = normal, median, target
        self._membership = torch.from_numpy(constraints.membership.astype(np.float32))
        self._movable = torch.from_numpy(constraints.movable)
        self._normal_norm = normal.square().sum(dim=1)
        self._low = detector.to_model(constraints.low[None])[0]
        self._high = detector.to_model(constraints.high[None])[0]

    def run(self, values: FloatArray) -> SearchResult:
        """Search references of anomalies in original units, (n, d)."""
        z0 = self.detector.to_model(values)
        z, changed, accepted = self._select(z0, values)
        self._eliminate(z0, z, changed, accepted)
        order, flip_scores = self._rank(z0, z, changed)
        return SearchResult(z, order, flip_scores, accepted)

    def _select(self, z0: Tensor, values: FloatArray) -> tuple[Tensor, np.ndarray, np.ndarray]:
        n, f = len(z0), self._membership.shape[1]
        tolerance = self.constraints.tolerance
        barely_less = self.detector.to_model(values - tolerance)
        barely_more = self.detector.to_model(values + tolerance)
        z, changed = z0.clone(), np.zeros((n, f), dtype=bool)
        accepted = np.zeros(n, dtype=bool)
        rows = np.arange(n)
        for _ in range(f):
            if not len(rows):
                break
            at = torch.from_numpy(rows)
            here = z[at]
            candidates = self._candidates(here)
            differs = (candidates < barely_less[at][:, None]) | (
                candidates > barely_more[at][:, None]
            )
            allowed = (differs.float() @ self._membership > 0) & self._movable
            allowed &= torch.from_numpy(~changed[rows])[:, None]
            moved, field, score = self._best_move(here, candidates, allowed)
            possible = allowed.any(dim=(1, 2))
            done = (possible & (score <= self.target)).numpy()
            z[at[possible]] = moved[possible]
            went = possible.numpy()
            changed[rows[went], field.numpy()[went]] = True
            accepted[rows[done]] = True
            rows = rows[went & ~done]
        return z, changed, accepted

    def _candidates(self, here: Tensor) -> Tensor:
        """Values that fields may take, (n, 3, d), made to obey the constraints."""
        with torch.no_grad():
            distance = self._normal_norm - 2.0 * here @ self.normal.T
            nearest = self.normal[distance.argmin(dim=1)]
            rebuilt = self.detector.reconstruct(here)
            if self.constraints.bounds_only:
                obeying = rebuilt.clamp(self._low, self._high)
            else:
                back = self.constraints.apply(self.detector.from_model(rebuilt))
                obeying = self.detector.to_model(back)
            return torch.stack([obeying, nearest, self.median.expand_as(here)], dim=1)

    def _best_move(
        self, here: Tensor, candidates: Tensor, allowed: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The move that lowers the score most: (points after it, field, score)."""
        n, c, f = allowed.shape
        point = here.clone().requires_grad_(True)
        (gradient,) = torch.autograd.grad(self.detector.score_tensor(point).sum(), point)
        with torch.no_grad():
            gain = -(gradient[:, None, :] * (candidates - here[:, None, :])) @ self._membership
            gain = gain.masked_fill(~allowed, -torch.inf).reshape(n, c * f)
            screened = gain.topk(min(_EXACT, c * f), dim=1).indices
            columns = self._membership.T.bool()[screened % f]
            chosen = candidates.gather(1, (screened // f)[:, :, None].expand(-1, -1, here.shape[1]))
            trials = torch.where(columns, chosen, here[:, None, :])
            scores = self._score(trials)
            scores = scores.masked_fill(gain.gather(1, screened) == -torch.inf, torch.inf)
            best = scores.argmin(dim=1)
            row = torch.arange(n)
            return trials[row, best], screened[row, best] % f, scores[row, best]

    def _score(self, trials: Tensor) -> Tensor:
        """Scores of (n, p, d) points, (n, p)."""
        n, p, d = trials.shape
        return self.detector.score_tensor(trials.reshape(n * p, d)).reshape(n, p)

    def _eliminate(self, z0: Tensor, z: Tensor, changed: np.ndarray, accepted: np.ndarray) -> None:
        """Put back fields, one by one, as long as the detector still accepts; in place."""
        rows = np.flatnonzero(accepted & (changed.sum(axis=1) > 1))
        while len(rows):
            scores = self._score_each(z[torch.from_numpy(rows)], z0, changed, rows)
            best = scores.argmin(axis=1)
            free = scores[np.arange(len(rows)), best] <= self.target
            rows, field = rows[free], best[free]
            if not len(rows):
                break
            at = torch.from_numpy(rows)
            back = self._membership.T.bool()[torch.from_numpy(field)]
            z[at] = torch.where(back, z0[at], z[at])
            changed[rows, field] = False
            rows = rows[changed[rows].sum(axis=1) > 1]

    def _rank(self, z0: Tensor, z: Tensor, changed: np.ndarray) -> tuple[np.ndarray, FloatArray]:
        """Order of the changed fields in which the score falls fastest, and the scores."""
        n, f = changed.shape
        order, flip_scores = np.full((n, f), -1), np.full((n, f), np.nan)
        here, left = z0.clone(), changed.copy()
        for place in range(f):
            rows = np.flatnonzero(left.any(axis=1))
            if not len(rows):
                break
            scores = self._score_each(here[torch.from_numpy(rows)], z, left, rows)
            best = scores.argmin(axis=1)
            at = torch.from_numpy(rows)
            step = self._membership.T.bool()[torch.from_numpy(best)]
            here[at] = torch.where(step, z[at], here[at])
            order[rows, place] = best
            flip_scores[rows, place] = scores[np.arange(len(rows)), best]
            left[rows, best] = False
        return order, flip_scores

    def _score_each(
        self, here: Tensor, other: Tensor, which: np.ndarray, rows: np.ndarray
    ) -> FloatArray:
        """Scores when one of `which` fields takes the value of `other`, (rows, F).

        Fields outside `which` get infinity. Only the pairs that exist are scored.
        """
        where, field = np.nonzero(which[rows])
        mask = self._membership.T.bool()[torch.from_numpy(field)]
        at = torch.from_numpy(where)
        scores = np.full((len(rows), which.shape[1]), np.inf)
        with torch.no_grad():
            trials = torch.where(mask, other[torch.from_numpy(rows[where])], here[at])
            scores[where, field] = self.detector.score_tensor(trials).numpy()
        return scores
