"""Stored interpretations as events again, so that a detector can score exactly what is shown."""

from collections.abc import Sequence

import numpy as np

from deepaid_core.domain.batches import (
    Batch,
    FloatArray,
    LinkBatch,
    SequenceBatch,
    SeriesBatch,
    TabularBatch,
)
from deepaid_core.domain.details import LinkDetails, SeriesDetails
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.domain.schema import EventSchema, Schema, Vocabulary
from deepaid_core.errors import InvalidEventsError

__all__ = ["observed_events", "reference_events"]


def reference_events(interpretations: Sequence[Interpretation], schema: EventSchema) -> Batch:
    """The references of interpretations of one detector, in their order.

    Args:
        interpretations: At least one; all of the detector's kind of data.
        schema: What the detector was trained on.

    Raises:
        InvalidEventsError: There is none, or one does not fit the schema.
    """
    return _events(interpretations, schema, which="reference")


def observed_events(interpretations: Sequence[Interpretation], schema: EventSchema) -> Batch:
    """The anomalies of interpretations of one detector, in their order.

    Raises:
        InvalidEventsError: There is none, or one does not fit the schema.
    """
    return _events(interpretations, schema, which="observed")


def _events(interpretations: Sequence[Interpretation], schema: EventSchema, *, which: str) -> Batch:
    if not interpretations:
        raise InvalidEventsError("There is no interpretation to score; give at least one.")
    details = interpretations[0].details
    if isinstance(schema, Vocabulary):
        return SequenceBatch.of_keys(schema, _values(interpretations, which).astype(np.int64))
    if isinstance(schema, Schema):
        values = _values(interpretations, which)
        if isinstance(details, SeriesDetails):
            steps = details.steps
            return SeriesBatch.of_values(schema, values.reshape(len(values), steps, -1))
        return TabularBatch.of_values(schema, values)
    nodes = [
        getattr(one.details, which)
        for one in interpretations
        if isinstance(one.details, LinkDetails)
    ]
    if len(nodes) != len(interpretations):
        raise InvalidEventsError(
            "An interpretation names no logins; only those of a detector of logins do."
        )
    return LinkBatch.of_nodes(np.array(nodes, dtype=object))


def _values(interpretations: Sequence[Interpretation], which: str) -> FloatArray:
    rows = [getattr(one, which) for one in interpretations]
    if len({len(row) for row in rows}) > 1:
        raise InvalidEventsError(
            "Interpretations of different lengths cannot be scored together; take those of one "
            "detector."
        )
    return np.array(rows, dtype=np.float64)
