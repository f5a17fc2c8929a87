"""Search of references that differ from a window in its last step only."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.series_scoring import WindowScores

__all__ = ["Found", "LastStepSearch"]

_MOST_FORWARD: Final = 24  # columns that are added one by one; beyond, the order by effect decides
_PREFIXES: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)


@dataclass(frozen=True, eq=False, slots=True)
class Found:
    """References of n anomalies in the order they were given.

    Attributes:
        z: (n, h + 1, d), references in model space.
        changed: (n, h + 1, d), cells that differ from the anomaly.
        accepted: (n,), whether the score reaches the target.
    """

    z: Tensor
    changed: Tensor
    accepted: Tensor

    def columns(self) -> Tensor:
        """(n,), how many columns differ."""
        return self.changed.any(dim=1).sum(dim=1)

    def better(self, other: "Found", instead: Tensor) -> "Found":
        """These references, but the other's where `instead` is true."""
        cells = instead[:, None, None]
        return Found(
            torch.where(cells, other.z, self.z),
            torch.where(cells, other.changed, self.changed),
            torch.where(instead, other.accepted, self.accepted),
        )


class LastStepSearch:
    """Moves columns of the last step to their forecast, as few as possible.

    In the order of what each does alone, or one by one as the score falls most, whichever needs
    fewer; columns that turn out not to be needed are put back. When time runs out, in the order
    of what each does alone, and no more.

    Args:
        scores: Of the detector whose score is brought down.
        movable: (d,), columns that may change.
        target: Score to reach.
        deadline: When time runs out.
    """

    def __init__(
        self, scores: WindowScores, movable: Tensor, target: float, deadline: Deadline
    ) -> None:
        self.scores, self.target, self._deadline = scores, target, deadline
        self._movable = movable

    def run(self, z0: Tensor, less: Tensor, more: Tensor) -> Found:
        """References of windows, (n, h + 1, d); cells from `less` to `more` count as unchanged."""
        parts = [
            self._last_step(*part)
            for part in zip(
                *(torch.split(t, self.scores.at_a_time(z0)) for t in (z0, less, more)),
                strict=True,
            )
        ]
        return Found(*(torch.cat([getattr(p, a) for p in parts]) for a in Found.__slots__))

    def _last_step(self, z0: Tensor, less: Tensor, more: Tensor) -> Found:
        goal = self.scores.obeying(self.scores.forecast(z0))
        allowed = self._movable & ((goal < less[:, -1]) | (goal > more[:, -1]))
        effect = self.scores.alone(z0).masked_fill(~allowed, -torch.inf)
        ordered = self._by_prefix(z0, goal, effect)
        forward = ordered if self._deadline.passed else self._one_by_one(z0, goal, allowed)
        results = []
        for chosen in (forward, ordered):
            kept, accepted = self._put_back_columns(z0, goal, chosen & allowed)
            changed = torch.zeros_like(z0, dtype=torch.bool)
            changed[:, -1] = kept
            results.append(Found(torch.where(changed, goal[:, None], z0), changed, accepted))
        first, second = results
        fewer = second.columns() < first.columns()
        return first.better(second, second.accepted & (fewer | ~first.accepted))

    def _one_by_one(self, z0: Tensor, goal: Tensor, allowed: Tensor) -> Tensor:
        """Columns to move, each time the one after which the score is lowest; (n, d)."""
        n, d = goal.shape
        last, chosen = z0[:, -1], torch.zeros_like(allowed)
        rows, only = torch.arange(n), torch.eye(d, dtype=torch.bool)
        for _ in range(min(d, _MOST_FORWARD)):
            lasts = torch.where(
                only | chosen[rows, None], goal[rows, None], last[rows, None].expand(-1, d, -1)
            )
            scores = self.scores.score_lasts(z0[rows], lasts)
            scores = scores.masked_fill(chosen[rows] | ~allowed[rows], torch.inf)
            best, column = scores.min(dim=1)
            chosen[rows[best < torch.inf], column[best < torch.inf]] = True
            rows = rows[(best > self.target) & (best < torch.inf)]
            if not len(rows) or self._deadline.passed:
                break
        return chosen

    def _by_prefix(self, z0: Tensor, goal: Tensor, effect: Tensor) -> Tensor:
        """The columns that do most by themselves, as many as it takes; (n, d)."""
        d = goal.shape[1]
        place = effect.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
        counts = torch.tensor([*(k for k in _PREFIXES if k < d), d])
        within = place[:, None] < counts[:, None]
        lasts = torch.where(within, goal[:, None], z0[:, -1:])
        # The last one stands in where none reaches the target.
        reached = self.scores.score_lasts(z0, lasts) <= self.target
        reached[:, -1] = True
        first = reached.int().argmax(dim=1)
        return within[torch.arange(len(z0)), first]

    def _put_back_columns(self, z0: Tensor, goal: Tensor, chosen: Tensor) -> tuple[Tensor, Tensor]:
        """Chosen columns of the last step that are needed, and whether they do; (n, d), (n,)."""
        last, chosen = z0[:, -1], chosen.clone()
        scores = self.scores.score_lasts(z0, torch.where(chosen, goal, last)[:, None])[:, 0]
        accepted = scores <= self.target
        rows = torch.nonzero(accepted & (chosen.sum(dim=1) > 1))[:, 0]
        while len(rows) and not self._deadline.passed:
            most = int(chosen[rows].sum(dim=1).max())
            # Positions of the chosen columns, the same one again where a row has fewer.
            columns = chosen[rows].float().topk(most, dim=1).indices
            valid = chosen[rows].gather(1, columns)
            trials = chosen[rows, None].expand(-1, most, -1).clone()
            trials.scatter_(2, columns[:, :, None], value=False)
            lasts = torch.where(trials, goal[rows, None], last[rows, None])
            scores = self.scores.score_lasts(z0[rows], lasts).masked_fill(~valid, torch.inf)
            best, which = scores.min(dim=1)
            free = best <= self.target
            chosen[rows[free]] = trials[torch.arange(len(rows)), which][free]
            rows = rows[free & (chosen[rows].sum(dim=1) > 1)]
        return chosen, accepted
