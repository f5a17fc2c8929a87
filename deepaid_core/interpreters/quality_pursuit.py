"""The optimisation inside the attack on interpretations."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypeAlias

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector, gives_gradient
from deepaid_core.domain.batches import FloatArray, SeriesBatch
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.errors import DetectorMismatchError
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.quality_box import Box

__all__ = ["SURROGATES", "Pursuit", "Surrogate"]

Surrogate: TypeAlias = Literal["effect", "error", "both"]

SURROGATES: Final[tuple[Surrogate, ...]] = ("effect", "error", "both")
"""Stand-ins for importance, in the order of restarts; "both" starts at a random corner."""

_WIDTH: Final = 0.5  # of the step from named to not named, in units of log importance
_STRIDE: Final = 0.2  # first step, as a share of the way from the event to the edge
_REST: Final = 0.1  # last step, as a share of the first
_FEW: Final = 0.1  # share of the columns that a random step changes


@dataclass(frozen=True, eq=False, slots=True)
class Pursuit:
    """Moves all anomalies at once, each inside its own box, away from what was named.

    Points are t in [-1, 1] for each value: -1 is the low edge of the box, 0 the event, 1 the high
    edge, in model space, where every column keeps its order.

    Attributes:
        box: What is possible.
        detector: Whose score keeps the events anomalies.
        bound: Score that has to be exceeded, a little over the threshold.
        edges: Low edge, event and high edge in model space, each (n, ...).
        limits: Low and high edge in original units.
        parts: (d, p), 1 where a column belongs to a part that is named as one.
        named: (n, p) masks of the parts to be lost.
    """

    box: Box
    detector: SearchableDetector
    bound: float
    edges: tuple[Tensor, Tensor, Tensor]
    limits: tuple[FloatArray, FloatArray]
    parts: Tensor
    named: tuple[Tensor, ...]
    _gradient: bool = field(default=True)

    @classmethod
    def of(
        cls, box: Box, context: Context, *, size: float, named: Sequence[list[frozenset[int]]]
    ) -> "Pursuit":
        """Everything that all restarts share.

        Args:
            box: The events and what is possible.
            context: Detector and threshold.
            size: How far a value moves at most, as a share of its column's range.
            named: Columns of each event that are to be lost, ten of a ranking for example.

        Raises:
            DetectorMismatchError: The detector has no model space.
        """
        detector = context.detector
        if not isinstance(detector, SearchableDetector):
            raise DetectorMismatchError(
                f"{type(detector).__name__} has no model space, in which an attack could move."
            )
        low, high = box.within(size)
        parts = _parts(box)
        masks = []
        for sets in named:
            columns = torch.zeros((len(sets), len(box.reach)))
            for row, one in enumerate(sets):
                columns[row, list(one)] = 1.0
            masks.append(columns @ parts > 0)
        return cls(
            box=box,
            detector=detector,
            # A point that is told in original units again may score a hair less.
            bound=context.threshold.value + 1e-4 * abs(context.threshold.value),
            edges=tuple(detector.to_model(v) for v in (low, box.events.values, high)),  # type: ignore[arg-type]
            limits=(low, high),
            parts=parts,
            named=tuple(masks),
            _gradient=gives_gradient(detector),
        )

    def run(
        self,
        surrogate: Surrogate,
        *,
        steps: int,
        seed: int,
        progress: Progress,
        cancelled: Cancelled,
    ) -> FloatArray:
        """Two points per event, (2, n, ...), original units; both are still anomalies.

        The worst point that was found, and a corner of the box that was drawn. No attack should
        do worse than chance, and no stand-in for importance is that of every method.
        """
        random = torch.Generator().manual_seed(seed)
        at = torch.zeros_like(self.edges[1])
        corner = (torch.rand(at.shape, generator=random) < 0.5).to(at) * 2 - 1
        best, best_loss = at.clone(), torch.full((len(at),), torch.inf)
        if surrogate == "both":
            at = corner
        for step in range(steps + 1):
            stop_if(cancelled)
            # A stride that shrinks lets the last steps settle at a corner of the surrogate.
            stride = _STRIDE * _REST ** (step / steps)
            trial = at if self._gradient else self._tried(at, best, step, random)
            loss, score, way = self._look(trial, surrogate)
            flagged = score > self.bound
            better = flagged & (loss < best_loss)
            best[better], best_loss[better] = trial[better], loss[better]
            if self._gradient:
                at = (trial - stride * way.sign()).clamp_(-1.0, 1.0)
            progress((step + 1) / (steps + 1), f"Attacking, step {step} of {steps}")
        return np.stack([self._told(best), self._told(corner)])

    def _tried(self, at: Tensor, best: Tensor, step: int, random: torch.Generator) -> Tensor:
        """The best point with a few values thrown to an edge; the start itself at first."""
        if step == 0:
            return at
        thrown = torch.rand(at.shape, generator=random) < _FEW
        sides = (torch.rand(at.shape, generator=random) < 0.5).to(at) * 2 - 1
        return torch.where(thrown, sides, best)

    def _look(self, t: Tensor, surrogate: Surrogate) -> tuple[Tensor, Tensor, Tensor]:
        """Loss (n,), score (n,), and the way on which the loss grows; uphill where not flagged."""
        if not self._gradient:
            with torch.no_grad():
                z = self._model(t)
                score = self.detector.score_tensor(z)
                return self._loss(_by_column(self._error(z))), score, torch.zeros_like(t)
        with torch.enable_grad():
            t = t.detach().requires_grad_(True)
            z = self._model(t)
            score = self.detector.score_tensor(z)
            wanted = surrogate != "error"
            (slope,) = torch.autograd.grad(score.sum(), z, create_graph=wanted, retain_graph=True)
            importance = self._importance(z, slope, surrogate)
            loss = self._loss(importance)
            (way,) = torch.autograd.grad(loss.sum(), t)
        # Where the event would no longer be one, the way back to the anomalies comes first.
        back = -slope.detach() * (self.edges[2] - self.edges[0])
        lost = (score.detach() <= self.bound).view(-1, *[1] * (t.ndim - 1))
        return loss.detach(), score.detach(), torch.where(lost, back, way)

    def _importance(self, z: Tensor, slope: Tensor, surrogate: Surrogate) -> Tensor:
        if surrogate == "error":
            return _by_column(self._error(z))
        effect = _by_column((slope * (z - self.detector.reconstruct(z))).abs())
        if surrogate == "effect":
            return effect
        # The geometric mean: a share of either is worth the same, whatever their units.
        return (effect.clamp_min(1e-12) * _by_column(self._error(z)).clamp_min(1e-12)).sqrt()

    def _error(self, z: Tensor) -> Tensor:
        return (z - self.detector.reconstruct(z)).square()

    def _loss(self, importance: Tensor) -> Tensor:
        """How many named parts are still ahead of those that are not, softly, (n,)."""
        logs = (importance @ self.parts).clamp_min(1e-12).log()
        total = logs.new_zeros(len(logs))
        for named in self.named:
            # Pairs across the border decide; a sigmoid looks away from those far from it.
            count = named.sum(dim=1, keepdim=True)
            ranked = logs.detach().sort(dim=1, descending=True).values
            last = ranked.gather(1, (count - 1).clamp_min(0))
            next_one = ranked.gather(1, count.clamp_max(logs.shape[1] - 1))
            ahead = torch.sigmoid((logs - (last + next_one) / 2) / _WIDTH)
            kept = (ahead * named).sum(dim=1) - (ahead * ~named).sum(dim=1)
            # Where everything is named, or nothing, there is no border to cross.
            crossable = (count > 0) & (count < logs.shape[1])
            total = total + (kept / count.clamp_min(1)[:, 0]) * crossable[:, 0]
        return total

    def _model(self, t: Tensor) -> Tensor:
        low, here, high = self.edges
        return here + torch.where(t < 0, t * (here - low), t * (high - here))

    def _told(self, t: Tensor) -> FloatArray:
        """Points in original units: inside the box, and anomalies or else the event itself."""
        events = self.box.events
        with torch.no_grad():
            back = np.clip(self.detector.from_model(self._model(t)), *self.limits)
        moved = self.box.moved(np.where(t.numpy() == 0.0, 0.0, back - events.values))
        score = self.detector.score(self.box.with_values(moved))
        lost = (score < self.bound).reshape(-1, *[1] * (moved.ndim - 1))
        return np.where(lost, events.values, moved)


def _parts(box: Box) -> Tensor:
    """Columns that are named as one: fields of tables; each column of a series by itself."""
    schema = box.events.schema
    if isinstance(box.events, SeriesBatch):
        return torch.eye(len(schema))
    parts = torch.zeros((len(schema), len(schema.fields)))
    for position, one in enumerate(schema.fields):
        parts[list(one.columns), position] = 1.0
    return parts


def _by_column(values: Tensor) -> Tensor:
    """Sums over steps where there are any, (n, d)."""
    return values if values.ndim == 2 else values.sum(dim=1)
