"""The paper's search for windows of a series: metrics first, then their cells."""

from typing import Final

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.detectors.fitting import one_thread
from deepaid_core.domain.batches import FloatArray, SeriesBatch
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.deepaid_gradient_search import GatedDescent
from deepaid_core.interpreters.deepaid_gradient_space import Descended, Space
from deepaid_core.interpreters.last_step_search import Found
from deepaid_core.interpreters.plausibility import scale_of
from deepaid_core.interpreters.series_interpretations import SeriesInterpretations
from deepaid_core.interpreters.series_proof import (
    flips_of,
    plausibility_of,
    references_of,
    strongest_of,
)
from deepaid_core.interpreters.series_scoring import WindowScores

__all__ = ["CellDescent", "descend_series"]

_CHUNK: Final = 128  # anomalies at a time
_CELLS: Final = 6  # cells that are added one by one; beyond, several at once


class CellDescent:
    """Descents whose gate opens for metrics, then for single cells of those that were found.

    The second is made among all cells and among those of the history; the reference with fewer
    cells is taken, then the one whose strangest step lies nearest to a training step.

    Args:
        detector: Whose score is brought down.
        constraints: What a reference must obey.
        normal: (m, d), accepted training steps in model space.
        length: Steps of a window, h + 1.
        target: Score to reach.
        steps: As `GatedDescent` has it; likewise the rest.
        radius: Likewise.
        seed: Likewise.
        deadline: Likewise.
    """

    def __init__(
        self,
        detector: SearchableDetector,
        constraints: Constraints,
        *,
        normal: Tensor,
        length: int,
        target: float,
        steps: int,
        radius: float,
        seed: int,
        deadline: Deadline,
    ) -> None:
        self._detector, self._tolerance, self._length = detector, constraints.tolerance, length
        self._normal = normal
        low, high = (detector.to_model(b[None])[0] for b in (constraints.low, constraints.high))
        d = len(low)
        self.movable = torch.from_numpy(constraints.membership @ constraints.movable > 0)
        scores = WindowScores(detector, constraints)

        def spaced(membership: Tensor, movable: Tensor) -> GatedDescent:
            return GatedDescent(
                Space(
                    score=lambda z: detector.score_tensor(z.reshape(-1, length, d)),
                    membership=membership,
                    movable=movable,
                    low=low.repeat(length),
                    high=high.repeat(length),
                    whole=(lambda z: scores.obeying(z.reshape(-1, length, d)).reshape(z.shape))
                    if constraints.integer.any()
                    else None,
                ),
                target=target,
                steps=steps,
                radius=radius,
                seed=seed,
                deadline=deadline,
            )

        self._of_cell = torch.eye(d).repeat(length, 1)
        self._metrics = spaced(self._of_cell, self.movable)
        self._cells = spaced(torch.eye(length * d), self.movable.repeat(length))

    def run(self, values: FloatArray, *, most: int) -> tuple[Found, Descended]:
        """References of windows, (n, h + 1, d), and what the descent by metrics found."""
        n = len(values)
        flat = [
            self._detector.to_model(one).reshape(n, values[0].size)
            for one in (values, values - self._tolerance, values + self._tolerance)
        ]
        found = self._metrics.run(*flat, most=most)
        z, changed = found.z.clone(), found.gate.float() @ self._of_cell.T > 0
        changed &= z != flat[0]
        history = torch.ones_like(changed)
        history[:, -len(self.movable) :] = False
        rows = torch.nonzero(found.accepted)[:, 0]
        anomaly = [one[rows] for one in flat]
        for allowed in (changed[rows], changed[rows] & history[rows]):
            cells = self._cells.run(*anomaly, most=_CELLS, allowed=allowed)
            fewer = cells.gate.sum(dim=1) - changed[rows].sum(dim=1)
            nearer = self._strangest(cells.z) < self._strangest(z[rows]) * (1 - 1e-3)
            better = cells.accepted & ((fewer < 0) | ((fewer == 0) & nearer))
            z[rows[better]], changed[rows[better]] = cells.z[better], cells.gate[better]
        shape = (n, self._length, -1)
        return Found(z.reshape(shape), changed.reshape(shape), found.accepted), found

    def _strangest(self, z: Tensor) -> Tensor:
        """Distance of each window's strangest step to the nearest training step, (n,)."""
        distance = torch.cdist(z.reshape(-1, self._normal.shape[1]), self._normal).min(dim=1)
        return distance.values.reshape(len(z), self._length).amax(dim=1)


@one_thread()
def descend_series(
    anomalies: SeriesBatch,
    context: Context,
    progress: Progress,
    cancelled: Cancelled,
    *,
    name: str,
    steps: int,
    radius: float,
) -> SeriesInterpretations:
    """Interpret windows of a series; `GatedDescent` says what the settings are."""
    detector = context.detector
    assert isinstance(detector, SearchableDetector)  # noqa: S101  supports() saw to it
    constraints = Constraints.of(anomalies.schema, context.columns, context.locked)
    scale, scores = scale_of(detector, context.columns), WindowScores(detector, constraints)
    n, length, d = anomalies.values.shape
    search = CellDescent(
        detector,
        constraints,
        normal=scale.normal,
        length=length,
        target=context.threshold.value - context.threshold.margin,
        steps=steps,
        radius=radius,
        seed=context.seed,
        deadline=Deadline.after(context.budget_ms),
    )
    k = min(context.max_deviations, d)
    references = np.empty((n, length, d))
    columns, flip_scores = np.full((n, k), -1), np.full((n, k), np.nan)
    weights, effects = np.zeros((n, k)), np.empty((n, d))
    needed, plausibility = np.zeros(n, dtype=np.int64), np.empty(n)
    stopped = np.zeros(n, dtype=bool)
    for start in range(0, n, _CHUNK):
        stop_if(cancelled)
        rows = slice(start, min(start + _CHUNK, n))
        values = anomalies.values[rows]
        found, descended = search.run(values, most=k)
        order, weights[rows] = strongest_of(scores, detector.to_model(values), found, k)
        columns[rows] = order
        references[rows] = references_of(values, found, order, constraints, detector)
        flip_scores[rows] = flips_of(values, references[rows], order, detector)
        effects[rows] = torch.maximum(descended.effect, descended.worth).double().numpy()
        needed[rows] = np.where(found.accepted, found.columns(), 0)
        plausibility[rows] = plausibility_of(values, references[rows], scale, detector)
        stopped[rows] = descended.stopped
        progress(rows.stop / n, f"Interpreted {rows.stop:,} of {n:,} anomalies")
    shown = SeriesBatch.of_values(anomalies.schema, references)
    return SeriesInterpretations(
        interpreter=name,
        context=context,
        events=anomalies,
        references=references,
        columns=columns.astype(np.int64),
        weights=weights,
        flip_scores=flip_scores,
        effects=effects,
        scores=detector.score(anomalies),
        reference_scores=detector.score(shown),
        needed=needed,
        plausibility=plausibility,
        stopped_early=stopped,
    )
