"""The default interpreter of series: cells of a window, grouped by metric."""

from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import Detector, SearchableDetector, gives_gradient
from deepaid_core.detectors.fitting import one_thread
from deepaid_core.domain.batches import FloatArray, SeriesBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.interpreters.base import Context, Interpreter
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.deadline import Deadline
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
from deepaid_core.interpreters.series_search import CellSearch

__all__ = ["GreedyCellsInterpreter"]

_CHUNK: Final = 256  # anomalies at a time


class GreedyCellsInterpreter(Interpreter):
    """Changes cells of as few metrics as possible until the detector accepts the window.

    History and scored step are both free. A deviation is a metric, its cells are the steps in
    which it differs from the reference. Deviations are ordered by how far the score rises when
    the reference takes back this metric alone: where errors of several metrics count relative to
    each other, putting one of them right may raise the score while all others are still wrong.

    References:
        The objective is that of Han et al., DeepAID, CCS 2021,
        https://arxiv.org/abs/2109.11495; the search is ours.
    """

    def supports(self, detector: Detector[Any]) -> str | None:
        """None for a differentiable detector of series, else the reason why not."""
        if detector.modality is not Modality.SERIES:
            return f"it reads series, the detector reads {detector.modality} events."
        if not gives_gradient(detector):
            return f"{type(detector).__name__} gives no gradient."
        return None

    # The tensors are small: several threads on one of them wait for each other more than they work.
    @one_thread()
    def _interpret(
        self, anomalies: SeriesBatch, context: Context, progress: Progress, cancelled: Cancelled
    ) -> SeriesInterpretations:
        detector = context.detector
        assert isinstance(detector, SearchableDetector)  # noqa: S101  supports() saw to it
        constraints = Constraints.of(anomalies.schema, context.columns, context.locked)
        scale = scale_of(detector, context.columns)
        search = CellSearch(
            detector,
            constraints,
            normal=scale.normal,
            median=detector.to_model(constraints.apply(context.columns.median[None]))[0],
            target=context.threshold.value - context.threshold.margin,
            deadline=Deadline.after(context.budget_ms),
        )
        n, steps, d = anomalies.values.shape
        k = min(context.max_deviations, d)
        references = np.empty((n, steps, d))
        columns, flip_scores = np.full((n, k), -1), np.full((n, k), np.nan)
        weights, effects = np.zeros((n, k)), np.empty((n, d))
        needed, plausibility = np.zeros(n, dtype=np.int64), np.empty(n)
        stopped = np.zeros(n, dtype=bool)
        for start in range(0, n, _CHUNK):
            stop_if(cancelled)
            rows = slice(start, min(start + _CHUNK, n))
            values = anomalies.values[rows]
            found, stopped[rows] = search.run(values)
            z0 = detector.to_model(values)
            order, weights[rows] = strongest_of(search.scores, z0, found, k)
            columns[rows] = order
            references[rows] = references_of(values, found, order, constraints, detector)
            flip_scores[rows] = flips_of(values, references[rows], order, detector)
            effects[rows] = _effects(search.scores, z0, found)
            needed[rows] = np.where(found.accepted, found.columns(), 0)
            plausibility[rows] = plausibility_of(values, references[rows], scale, detector)
            progress(rows.stop / n, f"Interpreted {rows.stop:,} of {n:,} anomalies")
        shown = SeriesBatch.of_values(anomalies.schema, references)
        return SeriesInterpretations(
            interpreter="greedy-cells",
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


def _effects(scores: WindowScores, z0: Tensor, found: Found) -> FloatArray:
    """How much each column does to the score, (n, d).

    Of the scored step: what its error does alone, all others being as forecast. Removing one
    column's error from the rest would rank by chance where errors count relative to each other.
    A column that misleads the forecast has no error of its own: it has what it is worth to put
    its history right.
    """
    effects = scores.alone(z0) - scores.least(z0)[:, None]
    where = torch.nonzero(found.changed[:, :-1].any(dim=1))
    if len(where):
        row, column = where[:, 0], where[:, 1]
        righted = z0[row]
        at = torch.arange(len(where))
        righted[at, :, column] = found.z[row, :, column]
        fall = scores.score(z0)[row] - scores.score(righted)
        effects[row, column] = torch.maximum(effects[row, column], fall)
    return effects.double().numpy()
