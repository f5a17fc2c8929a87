"""The default interpreter of feature vectors: greedy search with a verified result."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import torch

from deepaid_core.detectors.base import Detector, DifferentiableDetector
from deepaid_core.domain.batches import FloatArray, TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.interpreters.base import Context, Interpreter
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.greedy_search import GreedySearch, SearchResult
from deepaid_core.interpreters.plausibility import scale_of
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations

__all__ = ["GreedyTabularInterpreter"]

_CHUNK = 1024  # anomalies at a time: 12 trials of 100 columns each then take 5 MB


class GreedyTabularInterpreter(Interpreter):
    """Changes as few fields as possible, the strongest first, until the detector accepts.

    The search aims a little below the threshold, the reference is then written in original
    units, and the stored proof is the score of exactly those numbers.

    References:
        The objective is that of Han et al., DeepAID, CCS 2021,
        https://arxiv.org/abs/2109.11495; the search is ours.
    """

    def supports(self, detector: Detector[Any]) -> str | None:
        """None for a differentiable detector of feature vectors, else the reason why not."""
        if detector.modality is not Modality.TABULAR:
            return f"it reads feature vectors, the detector reads {detector.modality} events."
        if not isinstance(detector, DifferentiableDetector):
            return f"{type(detector).__name__} gives no gradient."
        return None

    def _interpret(
        self, anomalies: TabularBatch, context: Context, progress: Progress, cancelled: Cancelled
    ) -> TabularInterpretations:
        detector = context.detector
        assert isinstance(detector, DifferentiableDetector)  # noqa: S101  supports() saw to it
        constraints = Constraints.of(anomalies.schema, context.columns, context.locked)
        scale = scale_of(detector, context.columns)
        search = GreedySearch(
            detector,
            constraints,
            normal=scale.normal,
            median=detector.to_model(constraints.apply(context.columns.median[None]))[0],
            target=context.threshold.value - context.threshold.margin,
        )
        n, d = anomalies.values.shape
        k = min(context.max_deviations, len(anomalies.schema.fields))
        references = np.empty((n, d))
        fields, flip_scores = np.full((n, k), -1), np.full((n, k), np.nan)
        needed, plausibility = np.zeros(n, dtype=np.int64), np.empty(n)

        def one_chunk(start: int) -> int:
            stop_if(cancelled)
            rows = slice(start, min(start + _CHUNK, n))
            values = anomalies.values[rows]
            found = search.run(values)
            fields[rows], flip_scores[rows] = found.order[:, :k], found.flip_scores[:, :k]
            needed[rows] = np.where(found.accepted, (found.order >= 0).sum(axis=1), 0)
            references[rows] = _shown(values, found, fields[rows], constraints, detector)
            plausibility[rows] = scale.percentile(detector.to_model(references[rows]))
            return len(values)

        done = 0
        for size in _in_threads(one_chunk, range(0, n, _CHUNK)):
            done += size
            progress(done / n, f"Interpreted {done:,} of {n:,} anomalies")
        scores = detector.score(anomalies)
        shown = TabularBatch.of_values(anomalies.schema, references)
        return TabularInterpretations(
            interpreter="greedy",
            context=context,
            events=anomalies,
            references=references,
            fields=fields.astype(np.int64),
            weights=_weights(scores, flip_scores),
            flip_scores=flip_scores,
            scores=scores,
            reference_scores=detector.score(shown),
            needed=needed,
            plausibility=plausibility,
        )


def _in_threads(work: Callable[[int], int], starts: Iterable[int]) -> Iterator[int]:
    """Run independent chunks side by side, each on one thread.

    The tensors are small: many threads on one of them wait for each other more than they work.
    """
    inherited = torch.get_num_threads()
    workers = ThreadPoolExecutor(
        max_workers=max(1, inherited), initializer=torch.set_num_threads, initargs=(1,)
    )
    try:
        yield from workers.map(work, starts)
    finally:
        workers.shutdown(cancel_futures=True)
        torch.set_num_threads(inherited)


def _shown(
    values: FloatArray,
    found: SearchResult,
    fields: np.ndarray,
    constraints: Constraints,
    detector: DifferentiableDetector,
) -> FloatArray:
    """References in original units, different from the anomaly in the shown fields only."""
    differs = np.zeros((len(values), constraints.membership.shape[1]))
    rows, places = np.nonzero(fields >= 0)
    differs[rows, fields[rows, places]] = 1.0
    columns = (differs @ constraints.membership.T) > 0
    with torch.no_grad():
        # The way back from 32-bit model space may leave a whole number or a bound by a hair.
        back = constraints.apply(detector.from_model(found.z))
    return np.where(columns, back, values)


def _weights(scores: FloatArray, flip_scores: FloatArray) -> FloatArray:
    """Each field's share of the fall of the score, (n, K)."""
    before = np.concatenate([scores[:, None], flip_scores[:, :-1]], axis=1)
    fall = np.nan_to_num(np.maximum(before - flip_scores, 0.0), nan=0.0)
    # A step that does not lower the score by itself still belongs to the answer.
    fall = np.where(np.isnan(flip_scores), 0.0, np.maximum(fall, 1e-12))
    total = fall.sum(axis=1, keepdims=True)
    weights: FloatArray = np.divide(fall, total, out=np.zeros_like(fall), where=total > 0)
    return weights
