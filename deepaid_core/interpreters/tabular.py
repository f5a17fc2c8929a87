"""The default interpreter of feature vectors: greedy search with a verified result."""

from typing import Any

import numpy as np

from deepaid_core.detectors.base import Detector, SearchableDetector
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.interpreters.base import Context, Interpreter
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.greedy_search import search
from deepaid_core.interpreters.importance import rank_by_effect, rank_by_oddness
from deepaid_core.interpreters.search_space import SearchSpace
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
        """None for a detector of feature vectors that can be searched, else the reason why not."""
        if detector.modality is not Modality.TABULAR:
            return f"it reads feature vectors, the detector reads {detector.modality} events."
        if not isinstance(detector, SearchableDetector):
            return f"{type(detector).__name__} has no model space."
        return None

    def _interpret(
        self, anomalies: TabularBatch, context: Context, progress: Progress, cancelled: Cancelled
    ) -> TabularInterpretations:
        deadline = Deadline.after(context.budget_ms)
        detector: Any = context.detector
        space = SearchSpace.of(anomalies.schema, context)
        n, d = anomalies.values.shape
        f = len(anomalies.schema.fields)
        k = min(context.max_deviations, f)
        references, ranking = np.empty((n, d)), np.full((n, f), -1)
        fields, flip_scores = np.full((n, k), -1), np.full((n, k), np.nan)
        needed, plausibility = np.zeros(n, dtype=np.int64), np.empty(n)
        stopped = np.zeros(n, dtype=bool)

        def one_chunk(start: int) -> int:
            stop_if(cancelled)
            rows = slice(start, min(start + _CHUNK, n))
            values = anomalies.values[rows]
            found = search(space, values, deadline)
            fields[rows], flip_scores[rows] = found.order[:, :k], found.flip_scores[:, :k]
            needed[rows] = np.where(found.accepted, (found.order >= 0).sum(axis=1), 0)
            stopped[rows] = found.unfinished
            ranking[rows] = (
                rank_by_oddness(space, detector.to_model(values))
                if found.single_scores is None
                else rank_by_effect(space, found.single_scores)
            )
            references[rows] = references_of(
                values, found.z, fields[rows], space.constraints, detector
            )
            plausibility[rows] = space.scale.percentile(detector.to_model(references[rows]))
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
            stopped_early=stopped,
        )
