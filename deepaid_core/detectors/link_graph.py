"""The graph of the training logins: who logged in from where to where, and how often."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Self

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from deepaid_core.detectors.base import Arrays
from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray

__all__ = ["PAIRS", "Communities", "LinkGraph", "find_communities", "text_array", "texts_in"]

PAIRS: Final = ((0, 1), (0, 2), (1, 2))
"""The links of a login, as positions of the two roles: user-source, user-destination and
source-destination."""


@dataclass(frozen=True, eq=False)
class LinkGraph:
    """Distinct training logins and their counts; users and hosts are the nodes.

    A node's position in its list stands for it; the position after the last stands for every node
    that training never saw, which has no login. A name may be both a user and a host.

    Attributes:
        users: Names, sorted.
        hosts: Names of sources and destinations, sorted.
        logins: (m, 3), positions of user, source and destination; no row occurs twice.
        counts: (m,), how often each occurred.
    """

    users: tuple[str, ...]
    hosts: tuple[str, ...]
    logins: IntArray
    counts: IntArray

    @classmethod
    def of(cls, nodes: ObjectArray) -> Self:
        """The graph of logins, (n, 3), names of user, source and destination."""
        user, users = pd.factorize(nodes[:, 0], sort=True)
        host, hosts = pd.factorize(nodes[:, 1:].ravel(), sort=True)
        positions = np.column_stack([user, host.reshape(-1, 2)]).astype(np.int64)
        logins, counts = np.unique(positions, axis=0, return_counts=True)
        return cls(tuple(users.tolist()), tuple(hosts.tolist()), logins, counts.astype(np.int64))

    @classmethod
    def from_arrays(cls, arrays: Arrays) -> Self:
        """The graph that `arrays` came from.

        Raises:
            KeyError: An array is missing.
            ValueError: The arrays do not fit together.
        """
        graph = cls(
            texts_in(arrays["graph.users"]),
            texts_in(arrays["graph.hosts"]),
            np.asarray(arrays["graph.logins"], dtype=np.int64),
            np.asarray(arrays["graph.counts"], dtype=np.int64),
        )
        m = len(graph.counts)
        if graph.logins.shape != (m, 3) or graph.counts.ndim != 1 or not m:
            raise ValueError(f"'graph.logins' has shape {graph.logins.shape}, expected ({m}, 3)")
        if (graph.logins < 0).any() or (graph.logins >= [graph.size(r) for r in range(3)]).any():
            raise ValueError("'graph.logins' names a node that is not listed")
        return graph

    def arrays(self) -> Arrays:
        """All of it, as arrays by name."""
        return {
            "graph.users": text_array(self.users),
            "graph.hosts": text_array(self.hosts),
            "graph.logins": self.logins,
            "graph.counts": self.counts,
        }

    def names(self, role: int) -> tuple[str, ...]:
        """Nodes that a role may hold."""
        return self.hosts if role else self.users

    def size(self, role: int) -> int:
        """How many they are; also the position that stands for an unknown node."""
        return len(self.names(role))

    @cached_property
    def _indexes(self) -> tuple["pd.Index[str]", "pd.Index[str]"]:
        return pd.Index(self.users, dtype=object), pd.Index(self.hosts, dtype=object)

    def positions(self, nodes: ObjectArray) -> IntArray:
        """Names (n, 3) to positions (n, 3)."""
        found = [
            self._indexes[min(role, 1)].get_indexer(pd.Index(nodes[:, role], dtype=object))
            for role in range(3)
        ]
        return np.column_stack(
            [np.where(at < 0, self.size(role), at) for role, at in enumerate(found)]
        ).astype(np.int64)

    def named(self, positions: IntArray) -> ObjectArray:
        """Positions (n, 3) of known nodes to names (n, 3)."""
        return np.column_stack(
            [np.array(self.names(role), dtype=object)[positions[:, role]] for role in range(3)]
        )

    @cached_property
    def _pairs(self) -> tuple[tuple["sparse.csr_array", "sparse.csr_array"], ...]:
        # Each pair twice, by its first and by its second node; one row more, for unknown nodes.
        made = []
        for first, second in PAIRS:
            table = sparse.csr_array(
                (self.counts, (self.logins[:, first], self.logins[:, second])),
                shape=(self.size(first) + 1, self.size(second) + 1),
                dtype=np.int64,
            )
            table.sum_duplicates()
            made.append((table, table.T.tocsr()))
        return tuple(made)

    def links(self, pair: int) -> tuple[IntArray, IntArray, IntArray]:
        """Distinct links of one pair of roles: first nodes, second nodes, logins that had both."""
        table = self._pairs[pair][0].tocoo()
        return table.row.astype(np.int64), table.col.astype(np.int64), table.data.astype(np.int64)

    def seen(self, pair: int, first: IntArray, second: IntArray) -> IntArray:
        """How many training logins had each link, (n,)."""
        if not len(first):
            return np.zeros(0, dtype=np.int64)
        return np.asarray(self._pairs[pair][0][first, second], dtype=np.int64).reshape(len(first))

    def seen_with_all(self, pair: int, side: int, fixed: IntArray) -> IntArray:
        """Likewise, for every node that may stand opposite the given ones, (n, size).

        Args:
            pair: Position in `PAIRS`.
            side: 0 where the given nodes are the first of the pair, 1 where the second.
            fixed: (n,), positions of the given nodes.
        """
        dense: IntArray = self._pairs[pair][side][fixed].toarray()[:, :-1]
        return dense

    def counterparts(self, role: int, node: int, other: int) -> list[tuple[int, int]]:
        """What a node in one role was joined to in another: (position, logins), most first."""
        pair = PAIRS.index((min(role, other), max(role, other)))
        row = self._pairs[pair][0 if role < other else 1][[node]].tocoo()
        return sorted(
            zip(row.col.tolist(), row.data.tolist(), strict=True), key=lambda one: (-one[1], one[0])
        )

    @cached_property
    def adjacency(self) -> "sparse.csr_array":
        """(n, n), training logins that joined two nodes; users first, then hosts.

        Both ways; a host's logins to itself join nothing.
        """
        n, offset = len(self.users) + len(self.hosts), (0, len(self.users), len(self.users))
        rows = np.concatenate([self.logins[:, a] + offset[a] for a, _ in PAIRS])
        columns = np.concatenate([self.logins[:, b] + offset[b] for _, b in PAIRS])
        apart = rows != columns
        counts = np.tile(self.counts, len(PAIRS))[apart]
        table = sparse.csr_array((counts, (rows[apart], columns[apart])), shape=(n, n))
        joined = sparse.csr_array(table + table.T)
        joined.sum_duplicates()
        joined.sort_indices()
        return joined

    @cached_property
    def _by_pair(self) -> tuple[tuple[IntArray, IntArray], ...]:
        # For each role: keys of the other two, sorted, and the rows of `logins` in that order.
        made = []
        for role in range(3):
            keys = self._keys(role, self.logins)
            order = keys.argsort(kind="stable")
            made.append((keys[order], order))
        return tuple(made)

    def _keys(self, role: int, logins: IntArray) -> IntArray:
        first, second = (other for other in range(3) if other != role)
        keys: IntArray = logins[:, first] * (self.size(second) + 1) + logins[:, second]
        return keys

    def occurred(self, role: int, logins: IntArray) -> IntArray:
        """How often training had each login with another node in one role, (n, size).

        Args:
            role: The role that is replaced.
            logins: (n, 3), positions.
        """
        keys, order = self._by_pair[role]
        wanted = self._keys(role, logins)
        low, high = np.searchsorted(keys, wanted), np.searchsorted(keys, wanted, side="right")
        found = high - low
        rows = np.repeat(np.arange(len(logins)), found)
        steps = np.arange(found.sum()) - np.repeat(found.cumsum() - found, found)
        at = order[np.repeat(low, found) + steps]
        times = np.zeros((len(logins), self.size(role)), dtype=np.int64)
        times[rows, self.logins[at, role]] = self.counts[at]
        return times


@dataclass(frozen=True, eq=False, slots=True)
class Communities:
    """Nodes that mostly log in among themselves.

    Attributes:
        names: Each is called after its best connected node.
        members: (n,), the community of each node; users first, then hosts.
    """

    names: tuple[str, ...]
    members: IntArray


def find_communities(graph: LinkGraph, *, seed: int) -> Communities:
    """Communities of the training graph, largest first.

    Links weigh as the logarithm of their logins: a service account that logs in every minute
    would otherwise pull all it touches into one community.

    References:
        Blondel et al., Fast unfolding of communities in large networks, 2008.
    """
    joined = graph.adjacency
    weights = sparse.csr_array(
        (np.log1p(joined.data.astype(np.float64)), joined.indices, joined.indptr), joined.shape
    )
    network = nx.from_scipy_sparse_array(weights)
    found = [sorted(group) for group in nx.community.louvain_communities(network, seed=seed)]
    found.sort(key=lambda group: (-len(group), group))
    degree: FloatArray = np.diff(joined.indptr) + weights.sum(axis=1) * 1e-6
    names, members = [], np.zeros(joined.shape[0], dtype=np.int64)
    users = len(graph.users)
    for number, group in enumerate(found):
        members[group] = number
        best = group[int(degree[group].argmax())]
        # A user may be called as a host is.
        names.append(
            f"group of user {graph.users[best]}"
            if best < users
            else f"group of {graph.hosts[best - users]}"
        )
    return Communities(tuple(names), members)


def text_array(texts: Sequence[str]) -> NDArray[np.uint8]:
    """Texts as bytes of a JSON list."""
    return np.frombuffer(json.dumps(list(texts)).encode(), dtype=np.uint8).copy()


def texts_in(array: NDArray[Any]) -> tuple[str, ...]:
    """What `text_array` made bytes of.

    Raises:
        ValueError: It is not such an array.
    """
    texts = json.loads(np.asarray(array, dtype=np.uint8).tobytes())
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("names of nodes are not a list of texts")
    return tuple(texts)
