"""What interpreters share that rank fields and then let them take a reference's values."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Final, Self

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
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.plausibility import PlausibilityScale, scale_of
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations
from deepaid_core.interpreters.tabular_proof import references_of, weights_of

__all__ = ["RankedInterpreter", "Surroundings"]

_HURRIED: Final = 16  # anomalies at a time where time is limited
_FIRST_STEPS: Final = 4  # tried at once; twice as many each time for those not yet accepted


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

    @classmethod
    def of(cls, schema: Schema, context: Context) -> Self:
        """What a context tells a ranking of events of a schema."""
        detector, profile = context.detector, context.columns
        assert isinstance(detector, SearchableDetector)  # noqa: S101  supports() saw to it
        constraints = Constraints.of(schema, profile, context.locked)
        return cls(
            detector=detector,
            schema=schema,
            constraints=constraints,
            scale=scale_of(detector, profile),
            median=detector.to_model(constraints.apply(profile.median[None]))[0],
            target=context.threshold.value - context.threshold.margin,
            seed=context.seed,
        )

    @property
    def membership(self) -> Tensor:
        """(d, F), 1 where a column belongs to a field."""
        return torch.from_numpy(self.constraints.membership.astype(np.float32))

    @property
    def field_of(self) -> Tensor:
        """(d,), position of each column's field."""
        return self.membership.argmax(dim=1)

    def over_columns(self, importance: Tensor) -> Tensor:
        """Importance of fields, (n, F), shared out equally among their columns, (n, d)."""
        return (importance / self.membership.sum(dim=0))[:, self.field_of]

    def moving(self, z: Tensor, reference: Tensor) -> Tensor:
        """(n, F), fields that may move and would, from each point to its reference."""
        apart = ((z - reference).abs() > 1e-6).float() @ self.membership > 0
        return apart & torch.from_numpy(self.constraints.movable)

    def chance(self) -> torch.Generator:
        """The same random numbers for every batch, so that an answer depends on its row only."""
        return torch.Generator().manual_seed(self.seed)

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
        chunk: Anomalies that are ranked at a time.
    """

    name: ClassVar[str]
    needs_gradient: ClassVar[bool] = False
    chunk: ClassVar[int] = 256

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
            (n, d), higher matters more, summed over the columns of a field; and (n, d) in model
            space.
        """

    @one_thread()
    def _interpret(
        self, anomalies: TabularBatch, context: Context, progress: Progress, cancelled: Cancelled
    ) -> TabularInterpretations:
        known = Surroundings.of(anomalies.schema, context)
        detector, constraints = known.detector, known.constraints
        n, f = len(anomalies), len(anomalies.schema.fields)
        k = min(context.max_deviations, f)
        references, ranking = anomalies.values.copy(), np.full((n, f), -1)
        fields, flip_scores = np.full((n, k), -1), np.full((n, k), np.nan)
        needed, plausibility = np.zeros(n, dtype=np.int64), np.empty(n)
        deadline, stopped_early = Deadline.after(context.budget_ms), np.zeros(n, dtype=bool)
        chunk = self.chunk if context.budget_ms is None else _HURRIED
        for start in range(0, n, chunk):
            stop_if(cancelled)
            rows = slice(start, min(start + chunk, n))
            values = anomalies.values[rows]
            stopped_early[rows] = start > 0 and deadline.passed
            if stopped_early[start]:  # nothing changes: the reference is the anomaly itself
                plausibility[rows] = known.scale.percentile(detector.to_model(values))
                progress(rows.stop / n, f"Out of time: {n - start:,} of {n:,} are left as they are")
                continue
            z = detector.to_model(values)
            importance, target = self._rank(z, known)
            order, full = _order(values, importance, target, known)
            steps, needed[rows] = _walk(z, detector.to_model(full), order, known)
            enough = (needed[rows] > 0) & (needed[rows] <= k)
            shown = np.arange(k) < np.where(enough, needed[rows], k)[:, None]
            ranking[rows], fields[rows] = order, np.where(shown, order[:, :k], -1)
            flip_scores[rows] = np.where(shown, steps[:, :k], np.nan)
            references[rows] = references_of(values, target, fields[rows], constraints, detector)
            plausibility[rows] = known.scale.percentile(detector.to_model(references[rows]))
            progress(rows.stop / n, f"Interpreted {rows.stop:,} of {n:,} anomalies")
        scores = detector.score(anomalies)
        reference_scores = detector.score(TabularBatch.of_values(anomalies.schema, references))
        # A reference may be accepted though it misses the target by less than the margin.
        count = (fields >= 0).sum(axis=1)
        lucky = (reference_scores <= context.threshold.value) & (needed != count) & (count > 0)
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
            reference_scores=reference_scores,
            needed=np.where(lucky, count, needed),
            plausibility=plausibility,
            stopped_early=stopped_early,
        )


def _order(
    values: FloatArray, importance: Tensor, target: Tensor, known: Surroundings
) -> tuple[IntArray, FloatArray]:
    """Fields by the sum of the importance of their columns, and all of them moved.

    A field cannot move where it is locked, or where its new values are the old ones within the
    tolerance.

    Returns:
        (n, F), -1 after the last that can move; and (n, d), original units.
    """
    rules = known.constraints
    every = np.arange(rules.membership.shape[1])
    full = references_of(
        values, target, np.broadcast_to(every, (len(values), len(every))), rules, known.detector
    )
    moves = ((np.abs(full - values) > rules.tolerance) @ rules.membership > 0) & rules.movable
    worth = (importance.double() @ known.membership.double()).numpy()
    worth = np.where(moves, worth, -np.inf)
    order = np.argsort(-worth, axis=1, kind="stable")
    return np.where(np.take_along_axis(moves, order, axis=1), order, -1), full


def _walk(
    z: Tensor, full: Tensor, ranking: IntArray, known: Surroundings
) -> tuple[FloatArray, IntArray]:
    """Score after the first 1, 2, ... ranked fields have moved, until the detector accepts.

    Args:
        z: The anomalies, (n, d).
        full: The same with every field moved.
        ranking: (n, F), positions of fields, -1 after the last.
        known: Detector and target.

    Returns:
        (n, F), not a number where nothing was tried; and (n,), the first step that is accepted, 0
        for none.
    """
    n, f = ranking.shape
    scores, needed = np.full((n, f), np.nan), np.zeros(n, dtype=np.int64)
    place = np.full((n, f), f)
    rows, places = np.nonzero(ranking >= 0)
    place[rows, ranking[rows, places]] = places
    turn = torch.from_numpy(place)[:, known.field_of]
    start, size = 0, _FIRST_STEPS
    while start < f:
        left = np.flatnonzero((needed == 0) & (ranking[:, start] >= 0))
        if not len(left):
            break
        stop = min(start + size, f)
        steps = torch.arange(start, stop)[:, None]
        moved = turn[left, None] <= steps
        trials = torch.where(moved, full[left, None], z[left, None]).flatten(0, 1)
        with torch.no_grad():
            tried = known.detector.score_tensor(trials).double().numpy().reshape(len(left), -1)
        tried = np.where(ranking[left, start:stop] >= 0, tried, np.nan)
        scores[left, start:stop] = tried
        accepted = tried <= known.target
        needed[left] = np.where(accepted.any(axis=1), accepted.argmax(axis=1) + 1 + start, 0)
        start, size = stop, 2 * size
    return scores, needed
