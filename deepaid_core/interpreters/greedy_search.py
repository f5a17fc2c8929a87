"""Greedy forward selection of fields, batched over anomalies."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.interpreters.candidates import Candidates
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.greedy_finish import in_order, leave_out, take_normal_values
from deepaid_core.interpreters.search_space import SearchSpace

__all__ = ["SearchResult", "search"]

_EXACT: Final = 12  # moves per step and anomaly that are scored, after the first-order screen
_STARTS: Final = 2  # first fields that are tried where it takes more than two of them
_POINTS: Final = 8192  # trials made at a time where there is no screen


@dataclass(frozen=True, eq=False, slots=True)
class SearchResult:
    """References of n anomalies in the order they were given.

    Attributes:
        z: (n, d), references in model space.
        order: (n, F), changed fields, strongest first, -1 after the last.
        flip_scores: (n, F), score after each of them; not a number after the last.
        accepted: (n,), whether the last of those scores reaches the target.
        unfinished: (n,), whether time ran out before the search was over.
        single_scores: (n, F), lowest score that was found when this field alone changes; None
            where slopes made it needless to try them all.
    """

    z: Tensor
    order: IntArray
    flip_scores: FloatArray
    accepted: np.ndarray
    unfinished: np.ndarray
    single_scores: FloatArray | None


def search(space: SearchSpace, values: FloatArray, deadline: Deadline) -> SearchResult:
    """Change as few fields as possible until the detector accepts.

    Step by step: every field may take the values that `Candidates` names; all moves are ranked
    by first-order gain, the best of them scored for all anomalies in one batch, and the best is
    made. Where there is no gradient, all are scored. Where more than two fields are needed the
    search starts once more with its second choice. Fields that turn out not to be needed are put
    back, and the others take values of a normal event as far as the detector lets them.

    Args:
        space: Where to search.
        values: Anomalies, (n, d), original units.
        deadline: When to stop with what was found.
    """
    state = _Search(space, values, deadline)
    state.select(np.arange(len(values)), start=0)
    for start in range(1, _STARTS):
        again = np.flatnonzero((state.changed.sum(axis=1) > 2) | ~state.accepted)
        if len(again) and not deadline.passed:
            state.select_again(again, start)
    z0, z, changed = state.z0, state.z, state.changed
    rows = np.flatnonzero(state.accepted)
    if deadline.passed:
        state.unfinished[rows] = True
    elif len(rows):
        at = torch.from_numpy(rows)
        found, fields = z[at], changed[rows]
        leave_out(space, z0[at], found, fields)
        take_normal_values(space, z0[at], found, fields, values[rows])
        # With other values one field fewer may do.
        leave_out(space, z0[at], found, fields)
        z[at], changed[rows] = found, fields
    order, flip_scores = in_order(space, z0, z, changed)
    return SearchResult(
        z, order, flip_scores, state.accepted, state.unfinished, state.single_scores
    )


class _Search:
    """Where each anomaly stands."""

    def __init__(self, space: SearchSpace, values: FloatArray, deadline: Deadline) -> None:
        n, f = len(values), len(space.movable)
        self.space, self.deadline = space, deadline
        self.z0 = space.detector.to_model(values)
        self.z = self.z0.clone()
        self.less, self.more = space.around(values)
        self.changed = np.zeros((n, f), dtype=bool)
        self.accepted, self.unfinished = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.single_scores: FloatArray | None = None
        self._candidates = Candidates(space, self.z0)

    def select(self, rows: IntArray, *, start: int) -> None:
        """Add field after field to these anomalies until the detector accepts."""
        first = True
        while len(rows):
            if self.deadline.passed:
                self.unfinished[rows] = True
                return
            at = torch.from_numpy(rows)
            moved, field, score = self._best_move(at, start if first else 0)
            possible = score.isfinite()
            self.z[at[possible]] = moved[possible]
            went = possible.numpy()
            self.changed[rows[went], field.numpy()[went]] = True
            done = (score <= self.space.target).numpy()
            self.accepted[rows[done]] = True
            rows, first = rows[went & ~done], False

    def select_again(self, rows: IntArray, start: int) -> None:
        """The same with another first field; what was found stays unless this is better."""
        at = torch.from_numpy(rows)
        before = self.z[at], self.changed[rows], self.accepted[rows]
        self.z[at], self.changed[rows], self.accepted[rows] = self.z0[at], False, False
        self.select(rows, start=start)
        fewer = self.changed[rows].sum(axis=1) < before[1].sum(axis=1)
        better = self.accepted[rows] & (fewer | ~before[2])
        back = rows[~better]
        self.z[torch.from_numpy(back)] = before[0][torch.from_numpy(~better)]
        self.changed[back], self.accepted[back] = before[1][~better], before[2][~better]

    def _best_move(self, at: Tensor, start: int) -> tuple[Tensor, Tensor, Tensor]:
        """The move that lowers the score most: (points after it, field, score).

        The score is infinite where no move is left.

        Args:
            at: Anomalies, (n,).
            start: How many better fields to pass over.
        """
        space, here = self.space, self.z[at]
        scores, slope = space.slope(here) if space.differentiable else (space.scores(here), None)
        values = self._candidates.of(at, here, scores, slope)
        n, c, _ = values.shape
        f = len(space.movable)
        differs = (values < self.less[at][:, None]) | (values > self.more[at][:, None])
        allowed = (differs.float() @ space.membership > 0) & space.movable
        allowed &= torch.from_numpy(~self.changed[at.numpy()])[:, None]
        allowed = allowed.reshape(n, c * f)
        if slope is None:
            screened = torch.arange(c * f).expand(n, -1)
            after = self._all(here, values, allowed)
            if self.single_scores is None and not self.changed.any():
                self.single_scores = after.reshape(n, c, f).amin(dim=1).double().numpy()
        else:
            gain = -(slope[:, None] * (values - here[:, None])) @ space.membership
            gain = gain.reshape(n, c * f).masked_fill(~allowed, -torch.inf)
            # In the order of their places, so that equal moves are told apart in the same way.
            screened = gain.topk(min(_EXACT, c * f), dim=1).indices.sort(dim=1).values
            chosen = values.gather(1, (screened // f)[:, :, None].expand(-1, -1, here.shape[1]))
            after = space.scores(torch.where(space.columns[screened % f], chosen, here[:, None]))
            after = after.masked_fill(~allowed.gather(1, screened), torch.inf)
        row = torch.arange(n)
        for _ in range(start):
            best = screened[row, space.lowest(after)] % f
            others = after.masked_fill(screened % f == best[:, None], torch.inf)
            # Where there is no other field it has to be this one.
            after = torch.where(others.isfinite().any(dim=1, keepdim=True), others, after)
        best = space.lowest(after)
        move = screened[row, best]
        point = torch.where(space.columns[move % f], values[row, move // f], here)
        return point, move % f, after[row, best]

    def _all(self, here: Tensor, values: Tensor, allowed: Tensor) -> Tensor:
        """Scores of all allowed moves, (n, C F); infinite for the others."""
        space, f = self.space, len(self.space.movable)
        scores = torch.full(allowed.shape, torch.inf)
        rows, moves = torch.nonzero(allowed, as_tuple=True)
        for start in range(0, len(rows), _POINTS):
            row, move = rows[start : start + _POINTS], moves[start : start + _POINTS]
            trial = torch.where(space.columns[move % f], values[row, move // f], here[row])
            scores[row, move] = space.scores(trial)
        return scores
