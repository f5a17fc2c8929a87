"""How good interpretations are: the measures of the paper, and ours, as functions.

`Robustness`, `attack_robustness`, `first_columns`, `jaccard`, `noise_robustness`, `shown_sets` and
`stability` live in modules of their own and are offered here too.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.domain.schema import Schema
from deepaid_core.interpreters.base import Interpretations
from deepaid_core.interpreters.quality_attack import attack_robustness
from deepaid_core.interpreters.quality_noise import Robustness, noise_robustness, stability
from deepaid_core.interpreters.quality_sets import (
    first_columns,
    jaccard,
    jaccards,
    shown_columns,
    shown_sets,
)
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations

__all__ = [
    "Robustness",
    "Truth",
    "attack_robustness",
    "coherent",
    "first_columns",
    "flip_rates",
    "found_truth",
    "jaccard",
    "jaccards",
    "mean_solved_at",
    "noise_robustness",
    "one_hot_groups",
    "shown_columns",
    "shown_sets",
    "solved_at",
    "stability",
]


@dataclass(frozen=True, eq=False, slots=True)
class Truth:
    """How much of what is known to be wrong was found, 0 to 1.

    Attributes:
        ranking: (n,), share of the guilty columns among the first of the ranking.
        recall: (n,), share of the guilty columns that are shown.
        precision: (n,), share of the shown columns that are guilty; 0 where none is shown.
    """

    ranking: FloatArray
    recall: FloatArray
    precision: FloatArray


def solved_at(found: Interpretations) -> IntArray:
    """Fewest first shown deviations that flip the label (K*), (n,); 0 where no number does."""
    accepted = _flip_scores(found) <= found.context.threshold.value
    return np.where(accepted.any(axis=1), accepted.argmax(axis=1) + 1, 0)


def mean_solved_at(found: Interpretations) -> tuple[float, float]:
    """Mean K* over the anomalies that have one (not a number where none has), and their share."""
    fewest = solved_at(found)
    solved = fewest > 0
    mean = float(fewest[solved].mean()) if solved.any() else float("nan")
    return mean, float(solved.mean()) if len(solved) else float("nan")


def flip_rates(found: Interpretations, ks: Sequence[int] = (1, 2, 3, 5, 10)) -> dict[int, float]:
    """Label flipping rates LFR@K.

    The share of anomalies that the detector accepts after the first K shown deviations take the
    reference's values; after all of them where fewer are shown.
    """
    scores = _flip_scores(found)
    shown = (~np.isnan(scores)).sum(axis=1)
    rows = np.flatnonzero(shown)
    rates = {}
    for k in ks:
        accepted = np.zeros(len(scores), dtype=bool)
        last = np.minimum(shown[rows], k) - 1
        accepted[rows] = scores[rows, last] <= found.context.threshold.value
        rates[k] = float(accepted.mean()) if len(accepted) else float("nan")
    return rates


def one_hot_groups(schema: Schema) -> tuple[IntArray, ...]:
    """Columns of each one-hot group of a schema."""
    return tuple(
        np.array(one.columns, dtype=np.int64)
        for one in schema.fields
        if schema.features[one.columns[0]].kind == "category"
    )


def coherent(
    found: TabularInterpretations, groups: Sequence[IntArray] | None = None
) -> NDArray[np.bool_]:
    """Whether each group of the reference holds exactly one 1 and otherwise 0, (n,).

    Args:
        found: Interpretations of feature vectors.
        groups: Columns of each group; those of the schema where none are given. A schema whose
            columns move alone names no groups, its author knows them.
    """
    if groups is None:
        groups = one_hot_groups(found.events.schema)
    whole = np.ones(len(found), dtype=bool)
    for columns in groups:
        group = found.references[:, columns]
        whole &= ((group == 0.0) | (group == 1.0)).all(axis=1) & (group.sum(axis=1) == 1.0)
    return whole


def found_truth(found: Interpretations, guilty: IntArray, first: int = 10) -> Truth:
    """How much of what is known to be wrong an interpretation names.

    Args:
        found: Interpretations of TABULAR or SERIES events.
        guilty: (n, k), positions of the columns that are wrong.
        first: How many columns of the ranking count.
    """
    truth = [frozenset(row) for row in guilty.tolist()]
    ranking, shown = first_columns(found, first), shown_columns(found)
    return Truth(
        ranking=_shares(ranking, truth, truth),
        recall=_shares(shown, truth, truth),
        precision=_shares(shown, truth, shown),
    )


def _shares(
    named: Sequence[frozenset[int]], truth: Sequence[frozenset[int]], of: Sequence[frozenset[int]]
) -> FloatArray:
    return np.array(
        [len(a & b) / max(1, len(whole)) for a, b, whole in zip(named, truth, of, strict=True)]
    )


def _flip_scores(found: Interpretations) -> FloatArray:
    """(n, K), score after the first 1, 2, ... shown deviations, not a number after the last."""
    known: FloatArray | None = getattr(found, "flip_scores", None)
    if known is not None:
        return known
    lists = [item.diagnostics.flip_scores for item in found]
    scores = np.full((len(lists), max(1, max(map(len, lists), default=1))), np.nan)
    for row, steps in enumerate(lists):
        scores[row, : len(steps)] = steps
    return scores
