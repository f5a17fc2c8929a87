"""Which findings are of a like kind, and what decisions say about each kind."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from deepaid_core.domain.queries import FindingRow
from deepaid_core.domain.severity import severity

__all__ = ["Floats", "Ints", "kind_odds", "likeness"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

_TRAIT: Final = 2.0
"""How far two kinds that share one trait are expected to agree: variance of the log odds."""

_WORDS: Final = 4.0
"""The same of all their words together."""

_MOST_STEPS: Final = 20
_SETTLED: Final = 1e-6

_WORD = re.compile(r"[A-Za-z]{2,}")


@lru_cache(maxsize=20_000)
def _words(path: tuple[str, ...]) -> frozenset[str]:
    return frozenset(word for state in path for word in _WORD.findall(state))


def likeness(rows: Sequence[FindingRow], sizes: Sequence[int]) -> tuple[Any, Ints]:
    """What kinds of observations there are, as a matrix whose product with itself is likeness.

    Args:
        rows: Findings.
        sizes: Findings of each one's pattern.

    Returns:
        A sparse matrix of shape (kinds, traits), and the kind of each row.
    """
    kinds: dict[tuple[Any, ...], int] = {}
    kind_of = np.empty(len(rows), np.int64)
    for place, (row, size) in enumerate(zip(rows, sizes, strict=True)):
        events = min(row.event_count.bit_length(), 5)
        key = (row.detector_name, severity(row.ratio), events, size.bit_length(), row.path)
        kind_of[place] = kinds.setdefault(key, len(kinds))
    traits: dict[tuple[str, ...], int] = {}
    at: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    for (detector, band, events, many, path), kind in kinds.items():
        words = _words(path)
        known = [("detector",), ("severity", str(band)), ("events", str(events))]
        known += [("findings", str(many)), ("path", *path)]
        share = (_WORDS / max(1, len(words))) ** 0.5
        named = [(trait, _TRAIT**0.5) for trait in known] + [
            (("word", word), share) for word in words
        ]
        for trait, value in named:
            at.append(kind)
            columns.append(traits.setdefault((detector, *trait), len(traits)))
            values.append(value)
    return sparse.csr_matrix((values, (at, columns)), shape=(len(kinds), len(traits))), kind_of


def kind_odds(
    kinds: Any, decision_kind: Ints, decision_false: NDArray[np.bool_]
) -> tuple[Floats, Floats, Floats]:
    """What decisions say about each kind.

    Args:
        kinds: As `likeness` gives them.
        decision_kind: Kind of each decision.
        decision_false: Whether it says false positive.

    Returns:
        Log odds of each kind, their standard error, and the share of the doubt that is gone.
    """
    prior = np.asarray(kinds.multiply(kinds).sum(axis=1)).ravel()
    if not len(decision_kind):
        return np.zeros(len(prior)), np.sqrt(prior), np.zeros(len(prior))
    taught = kinds[decision_kind]
    says = decision_false.astype(np.float64)
    inner = (taught @ taught.T).toarray()
    outer = (kinds @ taught.T).toarray()
    # Newton's steps to the mode of the posterior (Rasmussen and Williams 2006, algorithm 3.1).
    latent = np.zeros(len(says))
    for _ in range(_MOST_STEPS):
        share = 1.0 / (1.0 + np.exp(-latent))
        root = np.sqrt(np.maximum(share * (1.0 - share), 1e-4))
        system = np.eye(len(says)) + root[:, None] * inner * root[None, :]
        right = root**2 * latent + (says - share)
        slope = right - root * np.linalg.solve(system, root * (inner @ right))
        before, latent = latent, inner @ slope
        if np.abs(latent - before).max() < _SETTLED:
            break
    share = 1.0 / (1.0 + np.exp(-latent))
    root = np.sqrt(np.maximum(share * (1.0 - share), 1e-4))
    system = np.eye(len(says)) + root[:, None] * inner * root[None, :]
    gone = np.linalg.solve(np.linalg.cholesky(system), root[:, None] * outer.T)
    removed = np.minimum((gone**2).sum(axis=0), prior)
    return outer @ slope, np.sqrt(prior - removed), removed / prior
