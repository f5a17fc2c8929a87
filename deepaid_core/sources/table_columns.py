"""Columns of a table as features: numbers as they stand, categories one-hot."""

from collections import Counter
from typing import Final

import numpy as np
import pandas as pd

from deepaid_core.domain.batches import FloatArray, ObjectArray
from deepaid_core.domain.schema import Feature
from deepaid_core.sources.column_roles import MOST_CATEGORIES
from deepaid_core.sources.columns import texts_of

__all__ = [
    "NOTHING",
    "OTHER",
    "categories_of",
    "named",
    "number_feature",
    "one_hot_features",
]

OTHER: Final = "(other)"
"""Stands for every category that training did not show, or not among its most frequent."""
NOTHING: Final = "(empty)"
"""Stands for a cell of a category without text."""

_LONGEST_CATEGORY: Final = 200
_TOLERANCE: Final = 0.01  # of the spread of a column in training


def number_feature(column: str, values: FloatArray, title: str) -> Feature:
    """A column of numbers as a feature, from its training values, (n,)."""
    whole = bool((values == np.round(values)).all())
    noise = _TOLERANCE * float(values.std())
    least = 0.5 if whole else 1e-9 * max(1.0, float(np.abs(values).max()))
    return Feature(
        name=column,
        field=column,
        title=title,
        kind="integer" if whole else "number",
        tolerance=max(noise, least),
    )


def one_hot_features(column: str, texts: ObjectArray, title: str) -> list[Feature]:
    """A column of categories as one field, from its training values, (n,).

    A feature for each of the most frequent categories, and `OTHER` last.
    """
    counts = Counter(texts.tolist())
    counts.pop(OTHER, None)
    # The most frequent first, ties by name, so that the same rows give the same columns.
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    kept = [text for text, _ in ranked[:MOST_CATEGORIES]]
    return [
        Feature(
            name=f"{column}={text}",
            field=column,
            title=f"{title}: {text}",
            kind="category",
            low=0.0,
            high=1.0,
            tolerance=0.5,
        )
        for text in (*kept, OTHER)
    ]


def categories_of(frame: pd.DataFrame, column: str) -> ObjectArray:
    """A column as categories, (n,)."""
    # No NumPy text: it gives every row the room of the longest.
    texts = pd.Series(texts_of(frame, column), dtype=object).str.strip()
    texts[texts == ""] = NOTHING
    # Texts this long are no categories, and each would be kept whole in the detector.
    texts[texts.str.len() > _LONGEST_CATEGORY] = OTHER
    return np.asarray(texts.to_numpy(dtype=object), dtype=object)


def named(entities: ObjectArray) -> ObjectArray:
    """Names, (n,), with `NOTHING` in place of empty ones."""
    return np.where(entities == "", NOTHING, entities)
