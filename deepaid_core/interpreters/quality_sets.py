"""What interpretations name, as sets that can be compared."""

from collections.abc import Sequence, Set
from typing import Any, TypeAlias

import numpy as np

from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.domain.schema import Schema
from deepaid_core.interpreters.base import Interpretations
from deepaid_core.interpreters.series_interpretations import SeriesInterpretations
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations

__all__ = ["Names", "first_columns", "jaccard", "jaccards", "shown_columns", "shown_sets"]

Names: TypeAlias = frozenset[Any]


def jaccard(a: Set[Any], b: Set[Any]) -> float:
    """Share of what either names that both name, 0 to 1; 1 where both name nothing."""
    either = len(a | b)
    return len(a & b) / either if either else 1.0


def jaccards(a: Sequence[Set[Any]], b: Sequence[Set[Any]]) -> FloatArray:
    """Jaccard index of each pair, (n,)."""
    return np.array([jaccard(one, other) for one, other in zip(a, b, strict=True)])


def shown_sets(found: Interpretations) -> list[Names]:
    """What each interpretation shows as deviations.

    Positions of fields for TABULAR, of columns for SERIES, of roles for LINK, names of changed
    keys for SEQUENCE.
    """
    match found:
        case TabularInterpretations():
            return _rows(found.fields)
        case SeriesInterpretations():
            return _rows(found.columns)
        case _:
            # Logins have their roles in an array too; as values they drag their tables along.
            roles: IntArray | None = getattr(found, "order", None)
            if roles is not None:
                return _rows(roles)
            return [frozenset(one.field for one in item.deviations) for item in found]


def shown_columns(found: Interpretations) -> list[Names]:
    """Positions of the columns of the shown deviations; of a one-hot group see `first_columns`.

    Raises:
        TypeError: The kind of data has no columns.
    """
    match found:
        case TabularInterpretations():
            return _expanded(found, found.fields, found.events.values.shape[1])
        case SeriesInterpretations():
            return _rows(found.columns)
        case _:
            raise TypeError(f"{found.anomalies.modality} events have no columns")


def first_columns(found: Interpretations, count: int = 10) -> list[Names]:
    """The first columns of each ranking, as positions in the schema.

    Fields are taken in the order of the ranking, the columns of a field in the order of the
    schema; the last field may be cut. A one-hot group counts as one column, the one of the
    observed category: groups of dozens would otherwise fill the set. SERIES: the shown columns,
    then the others by their effect.

    Raises:
        TypeError: The kind of data has no columns.
    """
    match found:
        case TabularInterpretations():
            return _expanded(found, found.ranking, count)
        case SeriesInterpretations():
            shown = np.zeros(found.effects.shape)
            rows, places = np.nonzero(found.columns >= 0)
            shown[rows, found.columns[rows, places]] = found.columns.shape[1] - places
            order = np.lexsort((-found.effects, -shown), axis=1)
            return _rows(order[:, :count])
        case _:
            raise TypeError(f"{found.anomalies.modality} events have no columns")


def _rows(positions: IntArray) -> list[Names]:
    return [frozenset(row) - {-1} for row in positions.tolist()]


def _expanded(found: TabularInterpretations, order: IntArray, count: int) -> list[Names]:
    schema: Schema = found.events.schema
    plain = [list(one.columns) for one in schema.fields]
    groups = {
        position: found.events.values[:, one.columns].argmax(axis=1)
        for position, one in enumerate(schema.fields)
        if schema.features[one.columns[0]].kind == "category"
    }
    sets = []
    for row, positions in enumerate(order.tolist()):
        columns: list[int] = []
        for position in positions:
            if position < 0 or len(columns) >= count:
                break
            chosen = groups.get(position)
            columns += plain[position] if chosen is None else [plain[position][int(chosen[row])]]
        sets.append(frozenset(columns[:count]))
    return sets
