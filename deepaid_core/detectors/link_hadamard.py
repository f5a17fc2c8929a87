"""Probabilities of links from the Hadamard product of two nodes' vectors."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.link_graph import PAIRS, LinkGraph
from deepaid_core.detectors.link_logistic import fit_logistic
from deepaid_core.domain.batches import FloatArray, IntArray

__all__ = ["HadamardPredictor", "non_links"]

_ODDS = 5.0  # non-links count this much more than links, however many were drawn


@dataclass(frozen=True, eq=False, slots=True)
class HadamardPredictor:
    """The link predictor of GL-GV, with one logistic regression per pair of roles.

    Attributes:
        users: (users + 1, dimensions); the last row, of unknown users, is 0.
        hosts: (hosts + 1, dimensions), likewise.
        weight: (3, dimensions), of the Hadamard product, per pair of roles.
        bias: (3,).
        typical: (3,), median log-odds of pairs that training never saw.
    """

    users: FloatArray
    hosts: FloatArray
    weight: FloatArray
    bias: FloatArray
    typical: FloatArray

    @classmethod
    def fit(
        cls, graph: LinkGraph, vectors: FloatArray, *, negatives: int, penalty: float, seed: int
    ) -> Self:
        """Learn to tell links from pairs of nodes that no login joined.

        Args:
            graph: Of the training logins.
            vectors: (nodes, dimensions), users first.
            negatives: Pairs without a link, drawn for each link.
            penalty: On the squares of the weights.
            seed: Seed of what is drawn.
        """
        dimensions = vectors.shape[1]
        nothing = np.zeros((1, dimensions))
        users = np.concatenate([vectors[: len(graph.users)], nothing])
        hosts = np.concatenate([vectors[len(graph.users) :], nothing])
        random = np.random.default_rng(seed)
        weight, bias = np.zeros((len(PAIRS), dimensions)), np.zeros(len(PAIRS))
        typical = np.zeros(len(PAIRS))
        for pair, roles in enumerate(PAIRS):
            a, b = (hosts if role else users for role in roles)
            first, second, _ = graph.links(pair)
            none_a, none_b = non_links(graph, pair, negatives * len(first), random)
            others = a[none_a] * b[none_b]
            weight[pair], bias[pair] = _regress(a[first] * b[second], others, penalty)
            logits = others @ weight[pair] + bias[pair]
            # Where every pair logs in, nothing tells what one that does not would look like.
            typical[pair] = float(np.median(logits)) if len(logits) else -bias[pair]
        return cls(users, hosts, weight, bias, typical)

    def vectors(self, role: int) -> FloatArray:
        """Of the nodes that a role may hold."""
        return self.hosts if role else self.users

    def logits(self, pair: int, first: IntArray, second: IntArray) -> FloatArray:
        """Log-odds of links, (n,)."""
        a, b = (self.vectors(role) for role in PAIRS[pair])
        found: FloatArray = (a[first] * self.weight[pair] * b[second]).sum(axis=1) + self.bias[pair]
        return np.where(self.is_unknown(pair, first, second), self.typical[pair], found)

    def logits_with_all(self, pair: int, side: int, fixed: IntArray) -> FloatArray:
        """Log-odds with every known node opposite the given ones, (n, size): one product."""
        own, opposite = (self.vectors(PAIRS[pair][which]) for which in (side, 1 - side))
        found: FloatArray = (own[fixed] * self.weight[pair]) @ opposite[:-1].T + self.bias[pair]
        return found

    def is_unknown(self, pair: int, first: IntArray, second: IntArray) -> NDArray[np.bool_]:
        """Which links have a node that training never saw, (n,)."""
        a, b = (len(self.vectors(role)) - 1 for role in PAIRS[pair])
        unknown: NDArray[np.bool_] = (first == a) | (second == b)
        return unknown


def non_links(
    graph: LinkGraph, pair: int, wanted: int, random: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Pairs of different nodes that no training login joined; fewer than wanted where few are."""
    sizes = [graph.size(role) for role in PAIRS[pair]]
    if sizes[0] * sizes[1] <= max(4 * wanted, 10_000):
        drawn = random.permutation(sizes[0] * sizes[1])
    else:
        drawn = random.integers(sizes[0] * sizes[1], size=2 * wanted)
    first, second = drawn // sizes[1], drawn % sizes[1]
    free = graph.seen(pair, first, second) == 0
    if PAIRS[pair] == (1, 2):
        free &= first != second
    return first[free][:wanted], second[free][:wanted]


def _regress(links: FloatArray, others: FloatArray, penalty: float) -> tuple[FloatArray, float]:
    """Weights and bias of a logistic regression of links (n, d) against non-links (m, d)."""
    x = np.concatenate([links, others])
    y = np.repeat([1.0, 0.0], [len(links), len(others)])
    share = np.where(y > 0, 1.0 / len(links), _ODDS / max(1, len(others)))
    found = fit_logistic(np.column_stack([x, np.ones(len(x))]), y, share, ridge=2.0 * penalty)
    return found[:-1], float(found[-1])
