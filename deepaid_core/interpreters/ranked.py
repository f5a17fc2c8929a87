"""What interpreters share that rank fields and then let them take a reference's values."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import torch
from torch import Tensor

from deepaid_core.detectors.base import Detector, SearchableDetector, gives_gradient
from deepaid_core.detectors.fitting import one_thread
from deepaid_core.domain.batches import FloatArray, IntArray, TabularBatch
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.domain.schema import Schema
from deepaid_core.interpreters.base import Context, Interpreter
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.plausibility import PlausibilityScale, scale_of
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations
from deepaid_core.interpreters.tabular_proof import references_of, steps_of, weights_of

__all__ = ["RankedInterpreter", "Surroundings"]

_CHUNK: Final = 256  # anomalies at a time


@dataclass(frozen=True, eq=False, slots=True)
class Surroundings:
    """What a ranking may know besides the anomalies; points are in model space.

    Attributes:
        detector: Whose score is explained.
        schema: What the columns are.
        constraints: What a reference must obey.
        scale: Holds the accepted training events, (m, d), as `scale.normal`.
        median: (d,), training medians.
        target: Score that a reference has to reach, a little under the threshold.
        seed: Seed of everything random.
    """

    detector: SearchableDetector
    schema: Schema
    constraints: Constraints
    scale: PlausibilityScale
    median: Tensor
    target: float
    seed: int

    @property
    def membership(self) -> Tensor:
        """(d, F), 1 where a column belongs to a field."""
        return torch.from_numpy(self.constraints.membership.astype(np.float32))

    def nearest_normal(self, z: Tensor) -> Tensor:
        """The accepted training event closest to each point, (n, d)."""
        with torch.no_grad():
            return self.scale.normal[torch.cdist(z, self.scale.normal).argmin(dim=1)]

    def reconstruction(self, z: Tensor) -> Tensor:
        """The detector's own idea of each point, made to obey, (n, d)."""
        with torch.no_grad():
            rebuilt = self.detector.from_model(self.detector.reconstruct(z))
        return self.detector.to_model(self.constraints.apply(rebuilt))


class RankedInterpreter(Interpreter):
    """Ranks all fields at once, then lets the first 1, 2, ... of them take a reference's values.

    The way of most methods of attribution: importance and reference are chosen without trying
    whether the detector accepts the result. The shown fields are the fewest first ones that it
    does accept; where no number of them is enough, the first `max_deviations`.

    Attributes:
        name: Registry name.
        needs_gradient: Whether only differentiable detectors are supported.
    """

    name: ClassVar[str]
    needs_gradient: ClassVar[bool] = False

    def supports(self, detector: Detector[Any]) -> str | None:
        """None for a detector of feature vectors that can be searched, else the reason why not."""
        if detector.modality is not Modality.TABULAR:
            return f"it reads feature vectors, the detector reads {detector.modality} events."
        if not isinstance(detector, SearchableDetector):
            return f"{type(detector).__name__} has no model space."
        if self.needs_gradient and not gives_gradient(detector):
            return f"{type(detector).__name__} gives no gradient."
        return None

    @abstractmethod
    def _rank(self, z: Tensor, known: Surroundings) -> tuple[Tensor, Tensor]:
        """Importance of each column, and the values that it would take.

        Args:
            z: Anomalies in model space, (n, d).
            known: What else may be used.

        Returns:
            (n, d), at least 0, higher matters more; and (n, d) in model space.
        """

    @one_thread()
    def _interpret(
        self, anomalies: TabularBatch, context: Context, progress: Progress, cancelled: Cancelled
    ) -> TabularInterpretations:
        detector = context.detector
        assert isinstance(detector, SearchableDetector)  # noqa: S101  supports() saw to it
        constraints = Constraints.of(anomalies.schema, context.columns, context.locked)
        known = Surroundings(
            detector=detector,
            schema=anomalies.schema,
            constraints=constraints,
            scale=scale_of(detector, context.columns),
            median=detector.to_model(constraints.apply(context.columns.median[None]))[0],
            target=context.threshold.value - context.threshold.margin,
            seed=context.seed,
        )
        n, d = anomalies.values.shape
        f = len(anomalies.schema.fields)
        k = min(context.max_deviations, f)
        references, ranking = np.empty((n, d)), np.full((n, f), -1)
        fields, flip_scores = np.full((n, k), -1), np.full((n, k), np.nan)
        needed, plausibility = np.zeros(n, dtype=np.int64), np.empty(n)
        for start in range(0, n, _CHUNK):
            stop_if(cancelled)
            rows = slice(start, min(start + _CHUNK, n))
            values = anomalies.values[rows]
            z = detector.to_model(values)
            importance, target = self._rank(z, known)
            ranking[rows] = _order(values, importance, target, known)
            full = references_of(values, target, ranking[rows], constraints, detector)
            needed[rows] = _needed(values, full, ranking[rows], known)
            count = np.where((needed[rows] > 0) & (needed[rows] <= k), needed[rows], k)
            fields[rows] = np.where(np.arange(k) < count[:, None], ranking[rows, :k], -1)
            references[rows] = references_of(values, target, fields[rows], constraints, detector)
            flip_scores[rows] = steps_of(
                values, references[rows], fields[rows], constraints, detector
            )
            plausibility[rows] = known.scale.percentile(detector.to_model(references[rows]))
            progress(rows.stop / n, f"Interpreted {rows.stop:,} of {n:,} anomalies")
        scores = detector.score(anomalies)
        return TabularInterpretations(
            interpreter=self.name,
            context=context,
            events=anomalies,
            references=references,
            fields=fields.astype(np.int64),
            ranking=ranking.astype(np.int64),
            weights=weights_of(scores, flip_scores),
            flip_scores=flip_scores,
            scores=scores,
            reference_scores=detector.score(TabularBatch.of_values(anomalies.schema, references)),
            needed=needed,
            plausibility=plausibility,
        )


def _order(values: FloatArray, importance: Tensor, target: Tensor, known: Surroundings) -> IntArray:
    """Fields by the sum of the importance of their columns, (n, F); -1 for those that cannot move.

    A field cannot move where it is locked, or where its new values are the old ones within the
    tolerance.
    """
    rules = known.constraints
    every = np.arange(rules.membership.shape[1])
    full = references_of(
        values, target, np.broadcast_to(every, (len(values), len(every))), rules, known.detector
    )
    moves = ((np.abs(full - values) > rules.tolerance) @ rules.membership > 0) & rules.movable
    worth = (importance @ known.membership).double().numpy()
    worth = np.where(moves, worth, -np.inf)
    order = np.argsort(-worth, axis=1, kind="stable")
    return np.where(np.take_along_axis(moves, order, axis=1), order, -1)


def _needed(
    values: FloatArray, full: FloatArray, ranking: IntArray, known: Surroundings
) -> IntArray:
    """How many of the first fields it takes until the detector accepts, (n,); 0 for never."""
    scores = steps_of(values, full, ranking, known.constraints, known.detector)
    accepted = scores <= known.target
    return np.where(accepted.any(axis=1), accepted.argmax(axis=1) + 1, 0)
