"""What a notebook needs to interpret a model of its own."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from deepaid_core.detectors.own_model import adapt
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.errors import DetectorMismatchError
from deepaid_core.interpreters.base import Context, Interpretations, Interpreter
from deepaid_core.registry import INTERPRETERS, load

__all__ = ["Feature", "Schema", "adapt", "interpret"]


def interpret(
    trained: TrainedDetector, anomalies: ArrayLike, *, interpreter: str = "greedy", **settings: Any
) -> Interpretations:
    """Interpret feature vectors, all in one batch; `[i]` gives the interpretation of one.

    Args:
        trained: A detector: `adapt(...)`, or what `load_trained` reads.
        anomalies: (n, d), original units, columns in the order of the schema. Events that the
            detector accepts have nothing to interpret; leave them out.
        interpreter: Registry name.
        settings: Of `Context`, e.g. `max_deviations=3`, `locked=frozenset({"port"})`.

    Raises:
        InvalidParameterError: There is no such interpreter, or a setting is out of range.
        DetectorMismatchError: It does not support the detector, or the detector does not read
            feature vectors.
        InvalidEventsError: The values have the wrong shape, or one is not finite.
    """
    schema = trained.detector.fitted_schema
    if not isinstance(schema, Schema):
        raise DetectorMismatchError(
            f"'{trained.name}' reads {trained.detector.modality} events, these are feature "
            "vectors; give their batch to an interpreter of that kind."
        )
    chosen: Interpreter = load(INTERPRETERS, interpreter)()
    events = TabularBatch.of_values(schema, np.asarray(anomalies, dtype=np.float64))
    return chosen.interpret(events, Context.of(trained, **settings))
