"""Greedy forward selection of fields, batched over anomalies."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import Tensor

from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.interpreters.candidates import CATEGORIES, NEAREST, REBUILT, STRAIGHT, Candidates
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.greedy_finish import in_order, leave_out, take_normal_values
from deepaid_core.interpreters.search_space import SearchSpace

__all__ = ["SearchResult", "search"]

# Moves per step and anomaly that are scored: those that gain most to first order, straight lines
# along the steepest fields, the longest ways to the reconstruction and to the nearest event, and
# other categories. Slopes mislead about long ways, and from one category to another is a long one:
# a few of those are tried whatever the slope says.
_BY_GAIN: Final = 6
_BY_SLOPE: Final = 3
_BY_LENGTH: Final = 4
_BY_CATEGORY: Final = 4
_STARTS: Final = 2  # first fields that are tried where it takes more than two of them
_CLOSE: Final = 0.1  # share of the way to the target that polishing of values may bridge
_POLISHING: Final = 3  # its steps
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

    Step by step: every field may take the values that `Candidates` names; the moves that promise
    most are scored for all anomalies in one batch, and the best is made. Where it almost reaches
    the target, its values are polished along the slope. Where there is no gradient, all moves are
    scored. Where more than two fields are needed the search starts once more with its second
    choice. Fields that turn out not to be needed are put back, and the others take values of a
    normal event as far as the detector lets them.

    Args:
        space: Where to search.
        values: Anomalies, (n, d), original units.
        deadline: When to stop with what was found.
    """
    state = _Search(space, values, deadline)
    state.select(np.arange(len(values)))
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
        self.scores = space.scores(self.z0)
        self._candidates = Candidates(space, self.z0)

    def select(self, rows: IntArray, *, start: int = 0, fewer: IntArray | None = None) -> None:
        """Add field after field to these anomalies until the detector accepts.

        Args:
            rows: Which anomalies.
            start: How many better fields to pass over in the first step.
            fewer: (N,), give up on an anomaly with so many fields; None for never.
        """
        first = True
        while len(rows):
            if self.deadline.passed:
                self.unfinished[rows] = True
                return
            at = torch.from_numpy(rows)
            moved, field, score = self._best_move(at, start if first else 0)
            moved, score = self._polished(at, moved, field, score)
            possible = score.isfinite()
            self.z[at[possible]] = moved[possible]
            went = possible.numpy()
            self.changed[rows[went], field.numpy()[went]] = True
            done = (score <= self.space.target).numpy()
            self.accepted[rows[done]] = True
            rows, first = rows[went & ~done], False
            if fewer is not None:
                rows = rows[self.changed[rows].sum(axis=1) < fewer[rows] - 1]

    def select_again(self, rows: IntArray, start: int) -> None:
        """The same with another first field; what was found stays unless this is better."""
        at = torch.from_numpy(rows)
        before = self.z[at], self.changed[rows], self.accepted[rows]
        self.z[at], self.changed[rows], self.accepted[rows] = self.z0[at], False, False
        most = np.full(len(self.changed), self.changed.shape[1] + 1)
        most[rows] = np.where(before[2], before[1].sum(axis=1), most[rows])
        self.select(rows, start=start, fewer=most)
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
            screened = self._screened(here, values, slope, allowed)
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

    def _polished(
        self, at: Tensor, points: Tensor, field: Tensor, scores: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Points that almost reach the target, moved down the slope in the changed fields.

        Args:
            at: Anomalies, (n,).
            points: Where they stand after a move, (n, d).
            field: The field of that move, (n,).
            scores: (n,), infinite where there was no move.
        """
        space = self.space
        gap = scores - space.target
        close = (gap > 0) & (gap < _CLOSE * (self.scores[at] - space.target))
        if not (space.differentiable and bool(close.any())):
            return points, scores
        which = torch.nonzero(close)[:, 0]
        fields = torch.from_numpy(self.changed[at[which].numpy()])
        fields[torch.arange(len(which)), field[which]] = True
        moves = ((fields.float() @ space.membership.T) > 0) & space.smooth
        here, best, best_scores = points[which], points[which], scores[which]
        for step in range(_POLISHING + 1):
            score, slope = space.slope(here) if step < _POLISHING else (space.scores(here), None)
            better = score < best_scores
            best[better], best_scores[better] = here[better], score[better]
            if slope is None or bool((best_scores <= space.target).all()):
                break
            slope = slope * moves
            # As far as it takes to the target if the score were a straight line.
            far = (score - space.target) / slope.square().sum(dim=1).clamp_min(1e-12)
            there = (here - far[:, None] * slope).clamp(*space.bounds)
            here = torch.where(moves, there, here)
        points[which], scores[which] = best, best_scores
        return points, scores

    def _screened(self, here: Tensor, values: Tensor, slope: Tensor, allowed: Tensor) -> Tensor:
        """Moves that are worth scoring, (n, p), in the order of their places.

        The order of places tells equal moves apart in the same way in every batch.
        """
        space = self.space
        n, c, _ = values.shape
        f = len(space.movable)
        allowed = allowed.reshape(n, c, f)
        step = values - here[:, None]
        worth = -(slope[:, None] * step) @ space.membership
        worth[:, STRAIGHT] = -torch.inf
        steep = (slope.square() @ space.membership)[:, None]
        length = step.square() @ space.membership
        screens = (
            (worth, 0, _BY_GAIN),
            (steep, STRAIGHT, _BY_SLOPE),
            (length[:, REBUILT, None], REBUILT, _BY_LENGTH),
            (length[:, NEAREST, None], NEAREST, _BY_LENGTH),
            (worth[:, CATEGORIES:], CATEGORIES, _BY_CATEGORY),
        )
        parts = []
        for promise, place, count in screens:
            offered = allowed[:, place : place + promise.shape[1]]
            order = promise.masked_fill(~offered, -torch.inf).reshape(n, -1)
            parts.append(order.topk(min(count, order.shape[1]), dim=1).indices + place * f)
        return torch.cat(parts, dim=1).sort(dim=1).values

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
