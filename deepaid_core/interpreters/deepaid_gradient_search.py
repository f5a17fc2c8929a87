"""Gated gradient descent to references, batched over anomalies."""

from typing import Final

import torch
from torch import Tensor

from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.deepaid_gradient_space import Category, Descended, Space, State

__all__ = ["GatedDescent"]

_DRAWS: Final = 8  # points of the random neighborhood, the anomaly itself among them
_LONGEST: Final = 0.5  # first step at most, in widths of the box
_BEYOND: Final = 0.02  # of the target that a step aims below it at least, or rounding swallows it
_TRIED: Final = 8  # categories of a field that are scored, the best by first-order gain
_STALE: Final = 3  # steps without a relative gain of `_GAIN` after which a gate is given up
_GAIN: Final = 1e-3
_GROWTH: Final = 1.5  # of the gate beyond the deviations that are allowed
_NEARER: Final = (0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # shares of the way that may be enough


class GatedDescent:
    """Descends to the target while all but the most effective fields are held at the anomaly.

    With one field, then two, and so on: from where the smaller gate ended, every step moves all
    columns against the gradient, by as much as would reach the target were the score linear; then
    fields are ordered by effectiveness, the sum of gradient x difference along their way, and all
    but the first are put back. The very first gradient is the mean over a random neighborhood of
    the anomaly. Rounding is in the loop: the detector is always asked at a point that obeys.

    Args:
        space: What is searched.
        target: Score to reach.
        steps: Steps with each size of the gate.
        radius: Standard deviation of the neighborhood, in widths of the box.
        seed: Of its draws.
        deadline: When to give what was found until then.
    """

    def __init__(
        self,
        space: Space,
        *,
        target: float,
        steps: int,
        radius: float,
        seed: int,
        deadline: Deadline,
    ) -> None:
        self.space, self.target, self.steps, self.deadline = space, target, steps, deadline
        random = torch.Generator().manual_seed(seed)
        noise = torch.randn(_DRAWS, len(space.low), generator=random)
        noise[0] = 0.0
        self._noise = noise * radius * (space.high - space.low).clamp_min(0.0)
        self._is_category = torch.zeros(len(space.low), dtype=torch.bool)
        for one in space.categories:
            self._is_category[one.columns] = True

    def run(
        self, x: Tensor, less: Tensor, more: Tensor, *, most: int, allowed: Tensor | None = None
    ) -> Descended:
        """Search references of anomalies in model space, (n, D).

        Args:
            x: The anomalies.
            less: Columns from here up to `more` count as unchanged.
            more: Likewise.
            most: Fields that may be shown; the gate opens wider only to tell how many it takes.
            allowed: (n, F), fields that may differ; None for all that are movable.
        """
        n, f = len(x), self.space.membership.shape[1]
        movable = self.space.movable.expand(n, f) if allowed is None else allowed
        state = State(
            x,
            less,
            more,
            movable,
            latent=x.clone(),
            gate=torch.zeros(n, f, dtype=torch.bool),
            worth=torch.zeros(n, f),
            score=torch.full((n,), torch.inf),
            effect=torch.full((n, f), -torch.inf),
        )
        rows, size, late = torch.arange(n), 1, False
        limit = int(movable.sum(dim=1).max()) if n else 0
        while len(rows) and size <= limit and not late:
            late = self._descend(state, rows, size)
            rows = rows[state.score[rows] > self.target]
            size = size + 1 if size < most else max(size + 1, int(size * _GROWTH))
        accepted = state.score <= self.target
        self._nearer(state, torch.nonzero(accepted)[:, 0])
        z = self._obeying(state, torch.arange(n))
        moved = ((z != x).float() @ self.space.membership > 0) & state.gate
        self._put_back(state, z, moved, accepted)
        return Descended(
            z=z,
            gate=moved,
            worth=state.worth.clamp_min(0.0),
            effect=state.effect.masked_fill(~movable, -torch.inf),
            accepted=accepted,
            stopped=~accepted & late,
        )

    def _descend(self, state: State, rows: Tensor, size: int) -> bool:
        """Steps with a gate of one size, the best kept in place; whether time ran out."""
        here = state.take(rows)
        banned = torch.zeros_like(here.gate)
        stale = torch.zeros(len(rows), dtype=torch.long)
        live = torch.arange(len(rows))
        for step in range(self.steps + 1):
            now = here.take(live)
            z = self._obeying(now, torch.arange(len(live)))
            scores, gradient = self._around(z) if step == 0 else self._gradient(z)
            best = state.score[rows[live]]
            stale[live] = torch.where(scores < best * (1.0 - _GAIN), 0, stale[live] + 1)
            better = scores < best
            state.keep(rows[live[better]], now, better, scores[better])
            go = (scores > self.target) & (stale[live] <= _STALE)
            late = step > 0 and self.deadline.passed
            first = size == 1 and step == 0
            if step == self.steps or late or not (first or bool(go.any())):
                return late
            moved, effect, barred = self._step(
                now, z, scores, gradient, banned[live], size, _LONGEST / (step + 1) ** 0.5
            )
            if first:
                state.effect[rows] = effect
            live = live[go]
            here.put(live, moved.take(go))
            banned[live] = barred[go]
        return False

    def _step(
        self,
        now: State,
        z: Tensor,
        scores: Tensor,
        gradient: Tensor,
        banned: Tensor,
        size: int,
        longest: float,
    ) -> tuple[State, Tensor, Tensor]:
        """(After one step, effectiveness of all fields, categories that proved useless)."""
        low, high, space = self.space.low, self.space.high, self.space
        open_columns = self._columns(now.gate)
        pressing = ((now.latent <= low) & (gradient > 0)) | ((now.latent >= high) & (gradient < 0))
        slope = gradient.masked_fill(pressing | (open_columns & self._is_category), 0.0)
        squares = slope.square()
        within = (squares * open_columns).sum(dim=1)
        full = now.gate.sum(dim=1) >= size
        norm = torch.where(full, within, squares.sum(dim=1)).clamp_min(1e-10)
        missing = (scores - self.target).clamp_min(_BEYOND * abs(self.target))
        width = torch.maximum(high, now.x) - torch.minimum(low, now.x)
        move = (-(missing / norm)[:, None] * slope).clamp(-longest * width, longest * width)
        ahead = torch.minimum(torch.maximum(now.latent + move, low), high)
        kept = open_columns & self._is_category
        ahead = torch.where(kept, now.latent, ahead)
        effect = now.worth + -(gradient * (ahead - now.latent)) @ space.membership
        gate = _most_effective(effect.masked_fill(banned | ~now.movable, -torch.inf), size)
        latent = torch.where(self._columns(gate) & (~self._is_category | kept), ahead, now.x)
        worth = torch.where(gate, effect, 0.0)
        after = now.replaced(latent, gate, worth)
        barred = banned.clone()
        for category in space.categories:
            fresh = gate[:, category.field] & ~now.gate[:, category.field]
            self._choose(after, category, torch.nonzero(fresh)[:, 0], gradient, barred)
        return after, effect, barred

    def _choose(
        self, after: State, category: Category, rows: Tensor, gradient: Tensor, barred: Tensor
    ) -> None:
        """Put the best other category in place, in place; close the gate where none helps."""
        if not len(rows):
            return
        columns, field = category.columns, category.field
        taken = after.x[rows][:, columns] > 0.5
        slope = gradient[rows][:, columns].masked_fill(~category.allowed | taken, torch.inf)
        count = min(_TRIED, len(columns))
        order = slope.argsort(dim=1, stable=True)[:, :count]
        before = self._obeying(after, rows)
        trials = before[:, None].repeat(1, count, 1)
        trials[:, :, columns] = torch.nn.functional.one_hot(order, len(columns)).float()
        with torch.no_grad():
            scores = self.space.score(trials.reshape(-1, trials.shape[2])).reshape(len(rows), count)
            was = self.space.score(before)
        scores = scores.masked_fill(slope.gather(1, order) == torch.inf, torch.inf)
        best, which = scores.min(dim=1)
        helps = best < was
        chosen = trials[torch.arange(len(rows)), which][:, columns]
        good = rows[helps]
        after.latent[good[:, None], columns] = chosen[helps]
        after.worth[good, field] = (was - best)[helps]
        after.gate[rows[~helps], field] = False
        barred[rows[~helps], field] = True

    def _gradient(self, z: Tensor) -> tuple[Tensor, Tensor]:
        point = z.detach().clone().requires_grad_(True)
        with torch.enable_grad():
            scores = self.space.score(point)
            (gradient,) = torch.autograd.grad(scores.sum(), point)
        return scores.detach(), gradient

    def _around(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Scores of points, and gradients averaged over their neighborhoods."""
        points = (z[:, None] + self._noise).reshape(-1, z.shape[1])
        scores, gradient = self._gradient(points)
        shape = (len(z), _DRAWS, -1)
        return scores.reshape(len(z), _DRAWS)[:, 0], gradient.reshape(shape).mean(dim=1)

    def _columns(self, fields: Tensor) -> Tensor:
        return fields.float() @ self.space.membership.T > 0

    def _obeying(self, state: State, rows: Tensor) -> Tensor:
        """Points to ask the detector at: open fields obey, all else is the anomaly."""
        latent, x = state.latent[rows], state.x[rows]
        if self.space.whole is not None:
            latent = self.space.whole(latent)
        differs = (latent < state.less[rows]) | (latent > state.more[rows])
        return torch.where(self._columns(state.gate[rows]) & differs, latent, x)

    def _nearer(self, state: State, rows: Tensor) -> None:
        """Go back toward the anomaly as far as the detector still accepts, in place."""
        if not len(rows):
            return
        here = state.take(rows)
        for share in _NEARER:
            part = torch.lerp(here.x, here.latent, share)
            part = torch.minimum(torch.maximum(part, self.space.low), self.space.high)
            part = torch.where(self._is_category, here.latent, part)
            trial = here.replaced(part, here.gate, here.worth)
            with torch.no_grad():
                scores = self.space.score(self._obeying(trial, torch.arange(len(trial.x))))
            found = scores <= self.target
            state.latent[rows[found]] = torch.where(
                self._columns(here.gate[found]), part[found], here.x[found]
            )
            rows, here = rows[~found], here.take(~found)
            if not len(rows):
                return

    def _put_back(self, state: State, z: Tensor, moved: Tensor, accepted: Tensor) -> None:
        """Close fields one by one as long as the detector still accepts; in place."""
        rows = torch.nonzero(accepted & (moved.sum(dim=1) > 1))[:, 0]
        while len(rows):
            owner, field = torch.nonzero(moved[rows], as_tuple=True)
            back = self.space.membership.T[field] > 0
            with torch.no_grad():
                trials = torch.where(back, state.x[rows[owner]], z[rows[owner]])
                found = self.space.score(trials)
            scores = torch.full((len(rows), moved.shape[1]), torch.inf)
            scores[owner, field] = found
            best, which = scores.min(dim=1)
            free = best <= self.target
            rows, which = rows[free], which[free]
            z[rows] = torch.where(self.space.membership.T[which] > 0, state.x[rows], z[rows])
            moved[rows, which] = False
            rows = rows[moved[rows].sum(dim=1) > 1]


def _most_effective(effect: Tensor, size: int) -> Tensor:
    # Sorted, as the order of equal ones must not depend on the number of rows.
    order = effect.argsort(dim=1, descending=True, stable=True)[:, :size]
    gate = torch.zeros_like(effect, dtype=torch.bool).scatter_(1, order, value=True)
    return gate & (effect > 0)
