"""The default interpreter of feature vectors: greedy search with a verified result."""

from typing import Any

import numpy as np

from deepaid_core.detectors.base import Detector, SearchableDetector, gives_gradient
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.interpreters.base import Context, Interpreter
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.greedy_search import GreedySearch
from deepaid_core.interpreters.plausibility import scale_of
from deepaid_core.interpreters.side_by_side import in_threads
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations
from deepaid_core.interpreters.tabular_proof import references_of, weights_of

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
        if not gives_gradient(detector):
            return f"{type(detector).__name__} gives no gradient."
        return None

    def _interpret(
        self, anomalies: TabularBatch, context: Context, progress: Progress, cancelled: Cancelled
    ) -> TabularInterpretations:
        detector = context.detector
        assert isinstance(detector, SearchableDetector)  # noqa: S101  supports() saw to it
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
        ranking = np.full((n, len(anomalies.schema.fields)), -1)
        needed, plausibility = np.zeros(n, dtype=np.int64), np.empty(n)

        def one_chunk(start: int) -> int:
            stop_if(cancelled)
            rows = slice(start, min(start + _CHUNK, n))
            values = anomalies.values[rows]
            found = search.run(values)
            fields[rows], flip_scores[rows] = found.order[:, :k], found.flip_scores[:, :k]
            needed[rows] = np.where(found.accepted, (found.order >= 0).sum(axis=1), 0)
            ranking[rows] = found.order
            references[rows] = references_of(values, found.z, fields[rows], constraints, detector)
            plausibility[rows] = scale.percentile(detector.to_model(references[rows]))
            return len(values)

        done = 0
        for size in in_threads(one_chunk, range(0, n, _CHUNK)):
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
            ranking=ranking.astype(np.int64),
            weights=weights_of(scores, flip_scores),
            flip_scores=flip_scores,
            scores=scores,
            reference_scores=detector.score(shown),
            needed=needed,
            plausibility=plausibility,
        )
