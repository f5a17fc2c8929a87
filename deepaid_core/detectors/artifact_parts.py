"""Parts of a stored detector: checked one by one, so that nothing else gets in with them."""

from math import isfinite
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.base import Arrays
from deepaid_core.domain.converters import converters, shown
from deepaid_core.domain.schema import EventSchema, Feature, LinkSchema, Schema, Vocabulary

__all__ = [
    "check_shapes",
    "count_of",
    "describe_schema",
    "number_of",
    "rebuild_schema",
    "shape_of",
    "text_of",
]

_MOST_EVENTS: Final = 1 << 53


def describe_schema(schema: EventSchema) -> dict[str, Any]:
    """A schema as plain JSON."""
    match schema:
        case Vocabulary():
            return {"name": schema.name, "texts": list(schema.texts)}
        case LinkSchema():
            return {"name": schema.name, "roles": list(schema.roles)}
    return {
        "name": schema.name,
        "field_titles": [list(pair) for pair in schema.field_titles],
        "features": [
            # Left out where empty: files of earlier versions keep their digest.
            {
                slot: getattr(feature, slot)
                for slot in Feature.__slots__
                if slot != "entity" or feature.entity
            }
            for feature in schema.features
        ],
    }


def rebuild_schema(described: dict[str, Any]) -> EventSchema:
    """The schema of what `describe_schema` gave; TypeError or ValueError for anything else."""
    shape: Any = Schema
    if "texts" in described or "roles" in described:
        shape = Vocabulary if "texts" in described else LinkSchema
        _, decode = converters(shape)
        schema: EventSchema = decode(described)
        return schema
    features = [{"entity": "", **feature} for feature in described["features"]]
    _, decode = converters(shape)
    decode({**described, "features": features})
    # Not what was decoded: numbers stay as they were written, so that the digest does, too.
    return Schema(
        described["name"],
        tuple(Feature(**feature) for feature in features),
        tuple((name, title) for name, title in described["field_titles"]),
    )


def check_shapes(given: Arrays, taken: Arrays) -> None:
    """Refuse by ValueError what a detector has read but would write otherwise, or not at all."""
    for name in sorted({*given, *taken}):
        if name not in taken:
            raise ValueError(f"the array {shown(name)} belongs to nothing")
        if name not in given:
            raise ValueError(f"the array {shown(name)} is missing")
        if (given[name].shape, given[name].dtype) != (taken[name].shape, taken[name].dtype):
            raise ValueError(
                f"the array {shown(name)} is {shape_of(given[name])}, not {shape_of(taken[name])}"
            )


def shape_of(array: NDArray[np.generic]) -> str:
    """Type and shape of an array, as text."""
    return f"{array.dtype}{list(array.shape)}"


def text_of(value: object) -> str:
    """A text, or TypeError."""
    if not isinstance(value, str):
        raise TypeError(f"{shown(value)} is no text")
    return value


def number_of(value: object) -> float:
    """A finite number, or ValueError."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise ValueError(f"{shown(value)} is no number")
    return float(value)


def count_of(value: object) -> int:
    """A number of events, or ValueError."""
    if type(value) is not int or not 0 <= value < _MOST_EVENTS:
        raise ValueError(f"{shown(value)} is no number of events")
    return value
