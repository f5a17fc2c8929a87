"""How far logins lie from each other in the embedding of a link predictor."""

from typing import Final
from weakref import WeakKeyDictionary

import numpy as np

from deepaid_core.detectors.link_graph import LinkGraph
from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.domain.batches import FloatArray, IntArray

__all__ = ["CELLS", "LoginScale", "parts", "scale_of"]

CELLS: Final = 4_000_000
"""Of a matrix at a time; 32 MB."""

_MOST_LOGINS: Final = 50_000  # distinct training logins that are compared with
_SAMPLED: Final = 2_000  # training logins whose distance to the nearest other is measured


class LoginScale:
    """Distances between logins in the embedding, and how large they usually are.

    The distance of two logins is the sum over their endpoints of 1 - cosine, 0 for one and the
    same node and 1 for one that was never seen.

    Args:
        detector: Fitted.
    """

    def __init__(self, detector: LinkPredictorDetector) -> None:
        graph = detector.graph
        frequent = np.argsort(-graph.counts, kind="stable")[:_MOST_LOGINS]
        self.logins, self.counts = graph.logins[frequent], graph.counts[frequent]
        self.least: FloatArray = detector.logits(self.logins).min(axis=1)
        self._vectors = [detector.vectors(role) for role in range(3)]
        self.rows_at_once = max(1, CELLS // len(self.logins))
        sample = np.random.default_rng(detector.seed).permutation(len(self.logins))[:_SAMPLED]
        self._among, self._weights = self._usual(np.sort(sample))
        self.typical = [self._typical(role) for role in range(3)]

    def distances(self, logins: IntArray) -> tuple[FloatArray, IntArray]:
        """To the training logins, (n, m), and how many endpoints differ, (n, m)."""
        distance = np.zeros((len(logins), len(self.logins)))
        changes = np.zeros(distance.shape, dtype=np.int64)
        for role in range(3):
            differs = logins[:, [role]] != self.logins[None, :, role]
            distance += np.where(differs, self.apart(role, logins[:, role]), 0.0)
            changes += differs
        return distance, changes

    def apart(self, role: int, nodes: IntArray) -> FloatArray:
        """1 - cosine between given nodes and those of the training logins in a role, (n, m)."""
        vectors = self._vectors[role]
        cosine = vectors[nodes] @ vectors[:-1].T / vectors.shape[1]
        apart: FloatArray = np.maximum(1.0 - cosine, 0.0)[:, self.logins[:, role]]
        return apart

    def size(self, role: int, observed: IntArray, reference: IntArray) -> FloatArray:
        """Distance of two nodes, in units of the median between two nodes of that role, (n,)."""
        vectors = self._vectors[role]
        cosine = (vectors[observed] * vectors[reference]).sum(axis=1) / vectors.shape[1]
        size: FloatArray = np.maximum(1.0 - cosine, 0.0) / self.typical[role]
        return size

    def percentile(self, logins: IntArray) -> FloatArray:
        """Share of training logins that lie nearer to another one than these do, 0 to 100, (n,)."""
        distinct, where = np.unique(logins, axis=0, return_inverse=True)
        nearest = np.zeros(len(distinct))
        for rows in parts(np.arange(len(distinct)), self.rows_at_once):
            nearest[rows] = self.distances(distinct[rows])[0].min(axis=1)
        share = np.concatenate([[0.0], self._weights.cumsum()]) / self._weights.sum()
        percentiles: FloatArray = share[np.searchsorted(self._among, nearest)] * 100.0
        return percentiles[where.reshape(-1)]

    def _usual(self, sample: IntArray) -> tuple[FloatArray, FloatArray]:
        nearest = np.zeros(len(sample))
        for rows in parts(np.arange(len(sample)), self.rows_at_once):
            distance, _ = self.distances(self.logins[sample[rows]])
            distance[np.arange(len(rows)), sample[rows]] = np.inf
            nearest[rows] = distance.min(axis=1)
        # A login that occurred twice has its like at no distance.
        nearest[self.counts[sample] > 1] = 0.0
        order = nearest.argsort(kind="stable")
        return nearest[order], self.counts[sample][order].astype(np.float64)

    def _typical(self, role: int) -> float:
        vectors = self._vectors[role][:-1][:1000]
        cosine = vectors @ vectors.T / vectors.shape[1]
        above = cosine[np.triu_indices(len(cosine), 1)]
        return max(float(np.median(1.0 - above)) if len(above) else 1.0, 1e-3)


_scales: WeakKeyDictionary[LinkGraph, LoginScale] = WeakKeyDictionary()


def scale_of(detector: LinkPredictorDetector) -> LoginScale:
    """The scale of a detector's training logins; made once, as it takes longer than one search."""
    # A detector that is trained again has another graph.
    scale = _scales.get(detector.graph)
    if scale is None:
        scale = _scales[detector.graph] = LoginScale(detector)
    return scale


def parts(rows: IntArray, size: int) -> list[IntArray]:
    """Positions in portions of at most a size."""
    return [rows[start : start + size] for start in range(0, len(rows), size)]
