"""Exact search for the endpoint of a login that has to be another one."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from deepaid_core.detectors.link_graph import PAIRS
from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.domain.batches import FloatArray, IntArray
from deepaid_core.interpreters.deadline import Deadline
from deepaid_core.interpreters.link_scale import CELLS, LoginScale, parts, scale_of

__all__ = ["EndpointSearch", "SearchResult"]

_OPPOSITE: Final = (2, 1, 0)  # the role that each of `PAIRS` leaves out
_UNSEEN: Final = 0.1  # weight of a pair that never occurred beside one that occurred once


@dataclass(frozen=True, eq=False, slots=True)
class SearchResult:
    """References of n logins.

    Attributes:
        references: (n, 3), positions; the login itself where none was found.
        order: (n, 3), roles that differ, the one that helps most first; -1 after the last.
        weights: (n, 3), share of each in making the links likely enough; 0 after the last.
        least: (n, 3), log-odds of the least likely link after the first 1, 2, ... of them are
            replaced; not a number after the last.
        needed: (n,), fewest endpoints to replace, also when more than allowed; 0 for none found.
        stopped: (n,), where none was found because time ran out.
    """

    references: IntArray
    order: IntArray
    weights: FloatArray
    least: FloatArray
    needed: IntArray
    stopped: NDArray[np.bool_]

    def take(self, rows: IntArray) -> "SearchResult":
        """The results at the given positions."""
        return SearchResult(
            self.references[rows],
            self.order[rows],
            self.weights[rows],
            self.least[rows],
            self.needed[rows],
            self.stopped[rows],
        )


class EndpointSearch:
    """Finds the nearest login that the detector accepts, endpoints changed one by one.

    One endpoint: all nodes that may stand there are tried, in one matrix product per link. Among
    the accepted ones those with which training had the very login come first, then the nearest
    in the embedding. Where several roles have an accepted replacement, the one is to blame
    without which the other two fit best: a role whose node was never seen; else the role for
    which the most training logins had the other two together, divided by the number of nodes
    that had the role. (Were exactly one endpoint of a normal login replaced by another node of
    that role, drawn at random, that would be the likeliest.)

    More endpoints: the nearest of the training logins that the detector accepts, fewer changes
    first, and of those the ones without the endpoint that the two least likely links share; so
    two endpoints are replaced by neighbors of the third.

    Args:
        detector: Fitted.
        target: Score to get to or under.
        locked: Roles that may not be replaced.
        allowed: Most endpoints that may be replaced.
        deadline: When to give what was found until then.
    """

    def __init__(
        self,
        detector: LinkPredictorDetector,
        *,
        target: float,
        locked: frozenset[str] = frozenset(),
        allowed: int = 3,
        deadline: Deadline,
    ) -> None:
        self.detector, self.graph, self.allowed = detector, detector.graph, allowed
        self.target, self.deadline = _log_odds(1.0 - target), deadline
        roles = detector.fitted_schema.names
        self.held = [len(np.unique(self.graph.logins[:, role])) for role in range(len(roles))]
        self.free = np.array([role not in locked for role in roles])

    def run(self, positions: IntArray) -> SearchResult:
        """Search references of logins, (n, 3), as positions in the detector's graph."""
        distinct, where = np.unique(positions, axis=0, return_inverse=True)
        where = where.reshape(-1)
        before = self.detector.logits(distinct)
        references, needed = distinct.copy(), np.zeros(len(distinct), dtype=np.int64)
        open_rows = np.flatnonzero(before.min(axis=1) < self.target)
        rows_at_once = max(1, CELLS // max(self.graph.size(role) for role in range(3)))
        stopped = np.zeros(len(distinct), dtype=bool)
        for rows in parts(open_rows, rows_at_once):
            if self.deadline.passed:
                stopped[rows] = True
                continue
            references[rows], found = self._one(distinct[rows], before[rows])
            needed[rows] = found
        scale = scale_of(self.detector)
        for rows in parts(open_rows[needed[open_rows] == 0], scale.rows_at_once):
            if self.deadline.passed:
                stopped[rows] = True
                continue
            nearest, changes = self._several(distinct[rows], before[rows], scale)
            needed[rows] = changes
            within = (changes > 0) & (changes <= self.allowed)
            references[rows[within]] = nearest[within]
        return self._ordered(distinct, references, needed, stopped).take(where)

    def _one(self, logins: IntArray, before: FloatArray) -> tuple[IntArray, NDArray[np.bool_]]:
        n = len(logins)
        evidence, best = np.full((n, 3), -np.inf), np.zeros((n, 3), dtype=np.int64)
        for role in np.flatnonzero(self.free).tolist():
            least = self._least_with_all(role, logins, before)
            accepted = least >= self.target
            occurred = self.graph.occurred(role, logins)
            key = 4.0 * (occurred > 0) + self.closeness(role, logins[:, role])
            key += 1e-6 * np.log1p(occurred)
            best[:, role] = np.where(accepted, key, -np.inf).argmax(axis=1)
            possible = accepted.any(axis=1)
            evidence[possible, role] = self._evidence(role, logins, before)[possible]
        guilty = evidence.argmax(axis=1)
        found = np.isfinite(evidence.max(axis=1))
        references = logins.copy()
        rows = np.flatnonzero(found)
        references[rows, guilty[rows]] = best[rows, guilty[rows]]
        return references, found

    def _least_with_all(self, role: int, logins: IntArray, before: FloatArray) -> FloatArray:
        """Log-odds of the least likely link with every node in one role, (n, size)."""
        least: FloatArray | None = None
        for pair, roles in enumerate(PAIRS):
            if role not in roles:
                links = before[:, [pair]]
            else:
                side = 1 - roles.index(role)
                links = self.detector.logits_with_all(pair, side, logins[:, roles[side]])
            least = links if least is None else np.minimum(least, links)
        assert least is not None  # noqa: S101  there are three links
        return least

    def _evidence(self, role: int, logins: IntArray, before: FloatArray) -> FloatArray:
        """How much speaks for one role being to blame, (n,)."""
        pair = _OPPOSITE.index(role)
        first, second = PAIRS[pair]
        together = self.graph.seen(pair, logins[:, first], logins[:, second])
        likely = 0.5 * (1.0 + np.tanh(0.5 * before[:, pair]))
        fit: FloatArray = np.log(together + _UNSEEN * likely + 1e-12)
        unknown = logins[:, role] == self.graph.size(role)
        fit += np.where(unknown, 1e6, 0.0) - np.log(self.held[role])
        return fit

    def closeness(self, role: int, nodes: IntArray) -> FloatArray:
        """Cosine between given nodes and all that may stand in their role, (n, size)."""
        vectors = self.detector.vectors(role)
        cosine: FloatArray = vectors[nodes] @ vectors[:-1].T / vectors.shape[1]
        return cosine

    def _several(
        self, logins: IntArray, before: FloatArray, scale: LoginScale
    ) -> tuple[IntArray, IntArray]:
        distance, changes = scale.distances(logins)
        usable = scale.least >= self.target
        if not self.free.all():
            locked = np.flatnonzero(~self.free)
            same = (logins[:, None, locked] == scale.logins[None, :, locked]).all(axis=2)
            usable = usable & same
        rows = np.arange(len(logins))
        worst = np.array(_OPPOSITE)[before.argmax(axis=1)]
        kept = logins[rows, worst][:, None] == scale.logins[:, worst].T
        # Distances are at most 2 for an endpoint, 6 for a login.
        key = distance + 20.0 * changes + 10.0 * kept - 1e-6 * np.log1p(scale.counts)
        nearest = np.where(usable, key, np.inf).argmin(axis=1)
        reached = np.broadcast_to(usable, key.shape)[rows, nearest]
        return scale.logins[nearest], np.where(reached, changes[rows, nearest], 0)

    def _ordered(
        self,
        logins: IntArray,
        references: IntArray,
        needed: IntArray,
        stopped: NDArray[np.bool_],
    ) -> SearchResult:
        changed = logins != references
        falls = self._falls(logins, references)
        # What does not differ comes last; the sort keeps the order of roles where falls are equal.
        by_help = np.where(changed, -falls, np.inf).argsort(axis=1, kind="stable")
        shown = np.take_along_axis(changed, by_help, axis=1)
        total = falls.sum(axis=1, keepdims=True)
        shares = np.divide(falls, total, out=np.zeros_like(falls), where=total > 0)
        least, now = np.full(falls.shape, np.nan), logins.copy()
        for step in range(3):
            rows = np.flatnonzero(shown[:, step])
            if not len(rows):
                break
            role = by_help[rows, step]
            now[rows, role] = references[rows, role]
            least[rows, step] = self.detector.logits(now[rows]).min(axis=1)
        return SearchResult(
            references=references,
            order=np.where(shown, by_help, -1),
            weights=np.take_along_axis(shares, by_help, axis=1),
            least=least,
            needed=needed,
            stopped=stopped,
        )

    def _falls(self, logins: IntArray, references: IntArray) -> FloatArray:
        """How much nearer to the target replacing each role brings the links, (n, 3).

        Roles are replaced one after the other, the one that helps most first.
        """
        n = len(logins)
        falls, now = np.zeros((n, 3)), logins.copy()
        missing = self._missing(self.detector.logits(now))
        for _ in range(3):
            after = np.full((n, 3), np.inf)
            for role in range(3):
                rows = np.flatnonzero(now[:, role] != references[:, role])
                if not len(rows):
                    continue
                trial = now[rows].copy()
                trial[:, role] = references[rows, role]
                after[rows, role] = self._missing(self.detector.logits(trial))
            rows = np.flatnonzero(np.isfinite(after.min(axis=1)))
            role = after[rows].argmin(axis=1)
            # A step that does not help by itself still belongs to the answer.
            falls[rows, role] = np.maximum(missing[rows] - after[rows, role], 1e-12)
            missing[rows] = after[rows, role]
            now[rows, role] = references[rows, role]
        return falls

    def _missing(self, links: FloatArray) -> FloatArray:
        """How far the links of each login are from being likely enough, (n,)."""
        missing: FloatArray = np.maximum(self.target - links, 0.0).sum(axis=1)
        return missing


def _log_odds(probability: float) -> float:
    if probability <= 0.0:
        return -np.inf
    if probability >= 1.0:
        return np.inf
    return float(np.log(probability) - np.log1p(-probability))
