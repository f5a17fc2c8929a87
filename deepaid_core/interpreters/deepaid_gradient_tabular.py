"""The paper's search for feature vectors."""

import numpy as np
import torch

from deepaid_core.detectors.base import SearchableDetector
from deepaid_core.detectors.fitting import one_thread
from deepaid_core.domain.batches import IntArray, TabularBatch
from deepaid_core.domain.progress import Cancelled, Progress, stop_if
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.constraints import Constraints
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.deepaid_gradient_search import GatedDescent
from deepaid_core.interpreters.deepaid_gradient_space import Category, Descended, Space
from deepaid_core.interpreters.plausibility import scale_of
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations
from deepaid_core.interpreters.tabular_proof import references_of, steps_of, weights_of

__all__ = ["descend_tabular", "tabular_space"]

_CHUNK = 256  # anomalies at a time


def tabular_space(detector: SearchableDetector, constraints: Constraints) -> Space:
    """Where references of feature vectors are searched."""
    low, high = (detector.to_model(b[None])[0] for b in (constraints.low, constraints.high))
    whole = torch.from_numpy(constraints.integer)

    def rounded(z: torch.Tensor) -> torch.Tensor:
        values = detector.from_model(z)
        values[:, constraints.integer] = np.round(values[:, constraints.integer])
        return torch.where(whole, detector.to_model(values), z)

    return Space(
        score=detector.score_tensor,
        membership=torch.from_numpy(constraints.membership.astype(np.float32)),
        movable=torch.from_numpy(constraints.movable),
        low=low,
        high=high,
        categories=tuple(
            Category(
                field=int(constraints.membership[columns[0]].argmax()),
                columns=torch.from_numpy(columns),
                # A category that training never showed cannot have been normal.
                allowed=torch.from_numpy(constraints.high[columns] > 0.0),
            )
            for columns in constraints.one_hot
        ),
        whole=rounded if constraints.integer.any() else None,
    )


@one_thread()
def descend_tabular(
    anomalies: TabularBatch,
    context: Context,
    progress: Progress,
    cancelled: Cancelled,
    *,
    name: str,
    steps: int,
    radius: float,
) -> TabularInterpretations:
    """Interpret feature vectors; `GatedDescent` says what the settings are."""
    detector = context.detector
    assert isinstance(detector, SearchableDetector)  # noqa: S101  supports() saw to it
    constraints = Constraints.of(anomalies.schema, context.columns, context.locked)
    scale = scale_of(detector, context.columns)
    search = GatedDescent(
        tabular_space(detector, constraints),
        target=context.threshold.value - context.threshold.margin,
        steps=steps,
        radius=radius,
        seed=context.seed,
        deadline=Deadline.after(context.budget_ms),
    )
    n, d = anomalies.values.shape
    f = len(anomalies.schema.fields)
    k = min(context.max_deviations, f)
    references, ranking = np.empty((n, d)), np.full((n, f), -1)
    fields, flip_scores = np.full((n, k), -1), np.full((n, k), np.nan)
    needed, plausibility = np.zeros(n, dtype=np.int64), np.empty(n)
    stopped = np.zeros(n, dtype=bool)
    for start in range(0, n, _CHUNK):
        stop_if(cancelled)
        rows = slice(start, min(start + _CHUNK, n))
        values = anomalies.values[rows]
        found = search.run(
            detector.to_model(values),
            detector.to_model(values - constraints.tolerance),
            detector.to_model(values + constraints.tolerance),
            most=k,
        )
        ranking[rows], fields[rows] = _orders(found, k)
        references[rows] = references_of(values, found.z, fields[rows], constraints, detector)
        flip_scores[rows] = steps_of(values, references[rows], fields[rows], constraints, detector)
        needed[rows] = np.where(found.accepted, found.gate.sum(dim=1), 0)
        plausibility[rows] = scale.percentile(detector.to_model(references[rows]))
        stopped[rows] = found.stopped
        progress(rows.stop / n, f"Interpreted {rows.stop:,} of {n:,} anomalies")
    scores = detector.score(anomalies)
    return TabularInterpretations(
        interpreter=name,
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
        stopped_early=stopped,
    )


def _orders(found: Descended, k: int) -> tuple[IntArray, IntArray]:
    """All fields that may move by effectiveness, (n, F), and the changed ones by worth, (n, k)."""
    effect = found.effect.masked_fill(~found.gate & (found.effect <= 0), -torch.inf)
    orders = []
    for worth, exists in ((effect, effect > -torch.inf), (found.worth, found.gate)):
        order = worth.masked_fill(~exists, -torch.inf).argsort(dim=1, descending=True, stable=True)
        orders.append(torch.where(exists.gather(1, order), order, -1).numpy())
    return orders[0], orders[1][:, :k]
