"""Interpretations of logins: which endpoint is the unusual one, and which would be normal."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.domain.batches import FloatArray, IntArray, LinkBatch, ObjectArray
from deepaid_core.domain.interpretation import Cell, Deviation, Interpretation
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.interpreters.base import Context, Interpretations, Interpreter
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.link_details import DetailsWriter
from deepaid_core.interpreters.link_scale import scale_of
from deepaid_core.interpreters.link_search import EndpointSearch

__all__ = ["EndpointReplacementInterpreter", "LinkInterpretations"]

_CHUNK = 8192  # logins between two looks at whether to stop


@dataclass(frozen=True, eq=False)
class LinkInterpretations(Interpretations):
    """Interpretations of logins, column by column.

    Attributes:
        interpreter: Registry name.
        context: What they were made with.
        events: The n anomalies.
        references: (n, 3), names; equal to the anomaly's where no reference was found.
        order: (n, 3), roles that differ, the one that helps most first; -1 after the last.
        weights: (n, 3), shares that sum to 1; 0 after the last.
        sizes: (n, 3), distance of each role's node from its reference, in units of the median
            distance between two nodes of that role.
        flip_scores: (n, 3), score after the first 1, 2, ... endpoints are replaced; not a number
            after the last.
        scores: (n,), of the anomalies.
        reference_scores: (n,), of exactly `references`.
        needed: (n,), fewest endpoints that the search found to work; 0 where it found none.
        plausibility: (n,), percentile as `Diagnostics` defines it.
        stopped_early: (n,), anomalies whose search ran out of time; None for none.
    """

    interpreter: str
    context: Context
    events: LinkBatch
    references: ObjectArray
    order: IntArray
    weights: FloatArray
    sizes: FloatArray
    flip_scores: FloatArray
    scores: FloatArray
    reference_scores: FloatArray
    needed: IntArray
    plausibility: FloatArray
    stopped_early: NDArray[np.bool_] | None = None

    @property
    def anomalies(self) -> LinkBatch:
        """The n anomalies."""
        return self.events

    @cached_property
    def _details(self) -> DetailsWriter:
        detector = self.context.detector
        assert isinstance(detector, LinkPredictorDetector)  # noqa: S101  supports() saw to it
        return DetailsWriter(detector)

    def __getitem__(self, row: int) -> Interpretation:
        shown = self.order[row][self.order[row] >= 0].tolist()
        observed, reference = self.events.nodes[row].tolist(), self.references[row].tolist()
        roles = self.events.schema.roles
        return Interpretation(
            interpreter=self.interpreter,
            deviations=tuple(
                Deviation(
                    field=roles[role],
                    title=roles[role],
                    direction="changed",
                    size=float(self.sizes[row, role]),
                    weight=float(self.weights[row, place]),
                    cells=(Cell(roles[role], roles[role], "", observed[role], reference[role]),),
                )
                for place, role in enumerate(shown)
            ),
            observed=(),
            reference=(),
            diagnostics=self.diagnostics(
                row,
                needed=int(self.needed[row]),
                plausibility=float(self.plausibility[row]) if shown else None,
                flip_scores=self.flip_scores[row, : len(shown)],
                stopped_early=self.stopped_early is not None and bool(self.stopped_early[row]),
            ),
            modality=Modality.LINK,
            details=self._details.of(observed, reference),
        )


class EndpointReplacementInterpreter(Interpreter):
    """Replaces as few endpoints of a login as possible until the detector accepts it.

    All replacements of one endpoint are tried, so the answer is exact; `EndpointSearch` says
    which one is taken, and which endpoint is to blame where several would do. The stored proof is
    the score of the reference as it is named. Where no reference is found within the allowed
    deviations, none is shown.

    References:
        The objective is that of Han et al., DeepAID, CCS 2021,
        https://arxiv.org/abs/2109.11495; the search is ours.
    """

    def supports(self, detector: Detector[Any]) -> str | None:
        """None for a link predictor, else the reason why not."""
        if detector.modality is not Modality.LINK:
            return f"it reads logins, the detector reads {detector.modality} events."
        if not isinstance(detector, LinkPredictorDetector):
            return f"{type(detector).__name__} gives no probability of a single link."
        return None

    def _interpret(
        self, anomalies: LinkBatch, context: Context, progress: Progress, cancelled: Cancelled
    ) -> LinkInterpretations:
        detector = context.detector
        assert isinstance(detector, LinkPredictorDetector)  # noqa: S101  supports() saw to it
        search = EndpointSearch(
            detector,
            target=context.threshold.value - context.threshold.margin,
            locked=context.locked,
            allowed=context.max_deviations,
            deadline=Deadline.after(context.budget_ms),
        )
        scale = scale_of(detector)
        n = len(anomalies)
        references = anomalies.nodes.copy()
        order, needed = np.full((n, 3), -1), np.zeros(n, dtype=np.int64)
        weights, sizes = np.zeros((n, 3)), np.zeros((n, 3))
        flip_scores, plausibility = np.full((n, 3), np.nan), np.zeros(n)
        stopped = np.zeros(n, dtype=bool)
        for start in range(0, n, _CHUNK):
            stop_if(cancelled)
            rows = slice(start, min(start + _CHUNK, n))
            positions = detector.graph.positions(anomalies.nodes[rows])
            found = search.run(positions)
            for role in range(3):
                at = np.flatnonzero(found.references[:, role] != positions[:, role])
                wanted = found.references[at, role]
                names = np.array(detector.graph.names(role), dtype=object)
                references[start + at, role] = names[wanted]
                sizes[start + at, role] = scale.size(role, positions[at, role], wanted)
            order[rows], weights[rows], needed[rows] = found.order, found.weights, found.needed
            flip_scores[rows] = 0.5 * (1.0 - np.tanh(0.5 * found.least))
            plausibility[rows], stopped[rows] = scale.percentile(found.references), found.stopped
            progress(rows.stop / n, f"Interpreted {rows.stop:,} of {n:,} anomalies")
        return LinkInterpretations(
            interpreter="endpoint-replacement",
            context=context,
            events=anomalies,
            references=references,
            order=order,
            weights=weights,
            sizes=sizes,
            flip_scores=flip_scores,
            scores=detector.score(anomalies),
            reference_scores=detector.score(LinkBatch.of_nodes(references)),
            needed=needed,
            plausibility=plausibility,
            stopped_early=stopped,
        )
