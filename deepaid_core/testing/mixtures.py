"""Anomalies in which some parts take the reference's values, whatever the kind of data."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from deepaid_core.domain.batches import Batch, LinkBatch, SequenceBatch, SeriesBatch, TabularBatch
from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.interpreters.stored import observed_events, reference_events

__all__ = ["changed_parts", "mixed_events", "parts_of"]


def parts_of(events: Batch) -> tuple[str, ...]:
    """Names of what can deviate, as deviations spell them."""
    match events:
        case TabularBatch() | SeriesBatch():
            return tuple(one.name for one in events.schema.fields)
        case SequenceBatch():
            return tuple(f"position:{step}" for step in range(1 - events.keys.shape[1], 1))
        case LinkBatch():
            return events.schema.roles
    raise TypeError(f"nobody knows the parts of a {type(events).__name__}")


def changed_parts(one: Interpretation, like: Batch) -> frozenset[str]:
    """Where anomaly and reference of an interpretation differ.

    Args:
        one: The interpretation.
        like: Any batch of such events.
    """
    names = parts_of(like)
    observed, reference = (_columns(events) for events in _both([one], like))
    return frozenset(
        name
        for place, name in enumerate(names)
        if (observed[place][0] != reference[place][0]).any()
    )


def mixed_events(
    interpretations: Sequence[Interpretation], taken: Sequence[Collection[str]], like: Batch
) -> Batch:
    """The anomalies, with some parts as in their references.

    Args:
        interpretations: n of them, at least one.
        taken: (n,), the parts that take the reference's values.
        like: Any batch of such events.
    """
    observed, reference = _both(interpretations, like)
    names = parts_of(like)
    events, name = observed, observed.arrays[0]
    values = np.array(getattr(observed, name))
    other = getattr(reference, name)
    for row, parts in enumerate(taken):
        for part in parts:
            where = (row, *_place(like, names.index(part)))
            values[where] = other[where]
    changed: dict[str, Any] = {name: values}
    return replace(events, **changed)


def _both(interpretations: Sequence[Interpretation], like: Batch) -> tuple[Batch, Batch]:
    return (
        observed_events(interpretations, like.schema),
        reference_events(interpretations, like.schema),
    )


def _columns(events: Batch) -> list[Any]:
    """Values of each part, each (n, ...)."""
    values = getattr(events, events.arrays[0])
    return [
        np.array([values[(row, *_place(events, place))] for row in range(len(events))])
        for place in range(len(parts_of(events)))
    ]


def _place(events: Batch, part: int) -> tuple[Any, ...]:
    """Where one part of one event lies in its array."""
    match events:
        case TabularBatch():
            return (list(events.schema.fields[part].columns),)
        case SeriesBatch():
            return (slice(None), list(events.schema.fields[part].columns))
    return ([part],)
