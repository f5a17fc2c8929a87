"""Search of references among windows of a series, batched over anomalies."""

from dataclasses import dataclass, replace
from typing import Final

import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.domain.batches import FloatArray
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.last_step_search import Found, LastStepSearch
from deepaid_core.interpreters.series_scoring import VALUES, WindowScores

__all__ = ["CellSearch"]

_SCREENED: Final = 12  # moves per round scored exactly, of each of the two screens
_MOST_ROUNDS: Final = 6  # cells that a search in the history may change


@dataclass(frozen=True, eq=False, slots=True)
class _Windows:
    """Anomalies in model space, and where their cells may move.

    Attributes:
        z: (n, h + 1, d).
        less: Cells from here up to `more` count as unchanged.
        more: Likewise.
        beside: (n, 3, h + 1, d), values that cells may take.
    """

    z: Tensor
    less: Tensor
    more: Tensor
    beside: Tensor


class CellSearch:
    """Changes cells of as few columns as possible until the detector accepts.

    Three searches run, and of those that reach the target the one with the fewest columns is
    taken, then the one whose strangest step lies nearest to a training step: a wrong value in
    the history is put right rather than the next step bent to follow it, and the other way
    round.

    1. The last step only, as `LastStepSearch` does it.
    2. The history only, cell by cell: moves are ranked by first-order gain and by how far the
       cell lies from the median, since a saturated network gives no gradient; the best of both
       are scored exactly.
    3. All cells, likewise, with fewer columns than were found until then.

    Columns and then cells that turn out not to be needed are put back.

    Args:
        detector: Whose score is brought down.
        constraints: What a reference must obey.
        normal: (m, d), accepted training steps in model space.
        median: (d,), training medians in model space.
        target: Score to reach.
        deadline: When to give what was found until then.
    """

    def __init__(
        self,
        detector: SearchableDetector,
        constraints: Constraints,
        *,
        normal: Tensor,
        median: Tensor,
        target: float,
        deadline: Deadline,
    ) -> None:
        self.detector, self.constraints = detector, constraints
        self.scores = WindowScores(detector, constraints)
        self.normal, self.median, self.target = normal, median, target
        self._movable = torch.from_numpy(constraints.membership @ constraints.movable > 0)
        self._last_step = LastStepSearch(self.scores, self._movable, target, deadline)
        self._deadline = deadline

    def run(self, values: FloatArray) -> tuple[Found, bool]:
        """Search references of anomalies in original units, (n, h + 1, d).

        Returns them, and whether time ran out before all was tried.
        """
        with torch.no_grad():
            z0 = self.detector.to_model(values)
            less = self.detector.to_model(values - self.constraints.tolerance)
            more = self.detector.to_model(values + self.constraints.tolerance)
            found = self._last_step.run(z0, less, more)
            if self._deadline.passed:
                return found, True
            window = _Windows(z0, less, more, self._beside(z0))
            history = torch.ones(z0.shape[1], dtype=torch.bool)
            history[-1] = False
            found = self._prefer(found, self._in_cells(window, steps=history, limit=_limit(found)))
            # With as many columns as there are already, nothing would be won.
            everywhere = torch.ones_like(history)
            fewer = self._in_cells(window, steps=everywhere, limit=_limit(found) - 1)
            return self._prefer(found, fewer), self._deadline.passed

    def _in_cells(self, window: "_Windows", *, steps: Tensor, limit: Tensor) -> Found:
        """References that differ in some steps and in at most `limit` columns."""
        z, changed = window.z.clone(), torch.zeros_like(window.less, dtype=torch.bool)
        accepted = torch.zeros(len(z), dtype=torch.bool)
        scores = self.scores.score(z)
        rows = torch.nonzero(limit > 0)[:, 0]
        for left in reversed(range(_MOST_ROUNDS)):
            if not len(rows) or self._deadline.passed:
                break
            here, used = z[rows], changed[rows].any(dim=1)
            candidates = window.beside[rows].clone()
            if steps[-1]:
                forecast = self.scores.forecast(here)
                candidates[:, 0, -1] = self.scores.obeying(forecast)
            differs = (candidates < window.less[rows, None]) | (
                candidates > window.more[rows, None]
            )
            free = used | (used.sum(dim=1, keepdim=True) < limit[rows, None])
            allowed = differs & (free & self._movable)[:, None, None] & steps[:, None]
            allowed &= ~changed[rows, None]
            trials, cell, best = self._best_cells(here, candidates, allowed)
            # Later cells win less than the first ones: where even as much again would not do in
            # the rounds left, the search is given up.
            won = scores[rows] - best
            went = (won > 1e-6) & (best - left * won <= self.target)
            rows, best = rows[went], best[went]
            z[rows], scores[rows] = trials[went], best
            changed[rows] |= cell[went]
            accepted[rows] = best <= self.target
            rows = rows[best > self.target]
        return self._put_back_cells(window.z, Found(z, changed, accepted))

    def _beside(self, z0: Tensor) -> Tensor:
        """Values that cells may take, (n, 3, h + 1, d), made to obey the constraints.

        Halfway between the steps beside (in the last step the forecast takes its place), the
        nearest accepted training step, and the training median.
        """
        n, steps, d = z0.shape
        before = torch.cat([z0[:, 1:2], z0[:, :-1]], dim=1) if steps > 1 else z0
        after = torch.cat([z0[:, 1:], z0[:, -1:]], dim=1)
        nearest = self.normal[self._nearest(z0.reshape(-1, d))[1]].reshape(n, steps, d)
        halfway = self.scores.obeying((before + after) / 2)
        return torch.stack([halfway, nearest, self.median.expand_as(z0)], dim=1)

    def _best_cells(
        self, here: Tensor, candidates: Tensor, allowed: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        """The single move after which the score is lowest: (windows, changed cell, score)."""
        n, steps, d = here.shape
        with torch.enable_grad():
            point = here.clone().requires_grad_(True)
            (gradient,) = torch.autograd.grad(self.detector.score_tensor(point).sum(), point)
        gain = -gradient[:, None] * (candidates - here[:, None])
        strange = (here - self.median).abs()[:, None].expand_as(gain)
        screened = torch.cat(
            [
                screen.masked_fill(~allowed, -torch.inf)
                .reshape(n, -1)
                .topk(min(_SCREENED, gain[0].numel()), dim=1)
                .indices
                for screen in (gain, strange)
            ],
            dim=1,
        )
        possible = allowed.reshape(n, -1).gather(1, screened)
        value = candidates.reshape(n, -1).gather(1, screened)
        cells = screened % (steps * d)
        trials = here.reshape(n, 1, -1).repeat(1, screened.shape[1], 1)
        trials.scatter_(2, cells[:, :, None], value[:, :, None])
        scores = self.scores.score(trials.reshape(-1, steps, d)).reshape(n, -1)
        best, which = scores.masked_fill(~possible, torch.inf).min(dim=1)
        row = torch.arange(n)
        cell = torch.zeros(n, steps * d, dtype=torch.bool)
        cell[row, cells[row, which]] = True
        return trials[row, which].reshape(n, steps, d), cell.reshape(n, steps, d), best

    def _put_back_cells(self, z0: Tensor, found: Found) -> Found:
        """Put back columns, then cells, as long as the detector still accepts."""
        z, changed = found.z.clone(), found.changed.clone()
        for whole in (True, False):
            rows = torch.nonzero(found.accepted & (changed.sum(dim=(1, 2)) > 1))[:, 0]
            while len(rows):
                groups = changed[rows].any(dim=1, keepdim=True) if whole else changed[rows]
                where = torch.nonzero(groups)
                undone = torch.zeros(len(where), *changed.shape[1:], dtype=torch.bool)
                at = torch.arange(len(where))
                if whole:
                    undone[at, :, where[:, 2]] = True
                else:
                    undone[at, where[:, 1], where[:, 2]] = True
                owner = rows[where[:, 0]]
                scores = torch.full((len(rows), len(where)), torch.inf)
                scores[where[:, 0], at] = self.scores.score(
                    torch.where(undone, z0[owner], z[owner])
                )
                best, which = scores.min(dim=1)
                free = best <= self.target
                rows, which = rows[free], which[free]
                z[rows] = torch.where(undone[which], z0[rows], z[rows])
                changed[rows] &= ~undone[which]
                rows = rows[changed[rows].sum(dim=(1, 2)) > 1]
        return replace(found, z=z, changed=changed)

    def _prefer(self, found: Found, other: Found) -> Found:
        fewer = other.columns() < found.columns()
        as_few = other.columns() == found.columns()
        nearer = self._strangest(other.z) < self._strangest(found.z) * (1 - 1e-3)
        return found.better(other, other.accepted & (~found.accepted | fewer | (as_few & nearer)))

    def _strangest(self, z: Tensor) -> Tensor:
        """Distance of each window's strangest step to the nearest training step, (n,)."""
        nearest, _ = self._nearest(z.reshape(-1, z.shape[2]))
        return nearest.reshape(len(z), -1).max(dim=1).values

    def _nearest(self, steps: Tensor) -> tuple[Tensor, Tensor]:
        """Distance to the nearest training step of each, (k, d) to (k,), and which it is."""
        size = max(1, VALUES // max(1, len(self.normal)))
        found = [torch.cdist(part, self.normal).min(dim=1) for part in torch.split(steps, size)]
        return torch.cat([f.values for f in found]), torch.cat([f.indices for f in found])


def _limit(found: Found) -> Tensor:
    """Columns that another reference may change to be as good, (n,)."""
    return torch.where(found.accepted, found.columns(), found.z.shape[2])
