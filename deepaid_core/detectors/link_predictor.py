"""How unlikely the least likely link of a login is, by random walks on past logins."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from deepaid_core.detectors.base import Arrays, Detector
from deepaid_core.detectors.link_calibration import COLUMNS, calibrate, calibration_columns
from deepaid_core.detectors.link_graph import (
    PAIRS,
    Communities,
    LinkGraph,
    find_communities,
    text_array,
    texts_in,
)
from deepaid_core.detectors.link_hadamard import HadamardPredictor, non_links
from deepaid_core.detectors.link_walks import embed_nodes
from deepaid_core.detectors.training import Training
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import FloatArray, IntArray, LinkBatch, ObjectArray
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.params import param
from deepaid_core.domain.progress import stop_if
from deepaid_core.domain.schema import EventSchema
from deepaid_core.errors import InvalidEventsError

__all__ = ["LinkPredictorDetector"]

_FEWEST = 10  # successful logins


@dataclass(kw_only=True, eq=False)
class LinkPredictorDetector(Detector[LinkBatch]):
    """1 - P of the least likely of the three links that a login makes.

    Users and hosts are nodes of a graph of past successful logins, embedded by random walks; P
    comes from a logistic regression on the Hadamard product of two nodes' vectors. Use it for
    logins or connections between some dozens to some ten thousands of users and hosts that keep
    to their habits. Avoid it where most users are new every day.

    Two things differ from GL-GV as published. Each pair of roles (user-source, user-destination,
    source-destination) has weights of its own, because a user does not sit at a host as a host
    talks to a host. And the embedding's log-odds are combined with how often the very link was
    seen: on graphs of dozens of hosts an embedding alone blurs rare links into their
    neighborhood. The weights of that combination are learned on blocks of time that embedding
    and counts had not seen, so that a memory of its own training cannot flatter itself. P is
    then: of a link that occurs on a new day and a pair of nodes drawn at random, with even odds,
    how likely is this the former? `memory=False` leaves the counts out.

    Attributes:
        dimensions: Of a node's vector.
        walks: Random walks that start at each node.
        walk_length: Nodes of a walk.
        window: Nodes on a walk this far apart count as neighbors.
        epochs: Passes of the embedding over the walks.
        negatives: Pairs without a link, drawn for each link.
        penalty: On the squares of the link predictor's weights.
        folds: Blocks of time that the combination is learned on.
        memory: Whether the counts of training links take part.

    References:
        Bowman et al., Detecting Lateral Movement in Enterprise Computer Networks with
        Unsupervised Graph AI, RAID 2020 (GL-GV). Perozzi et al., DeepWalk, KDD 2014.
    """

    modality: ClassVar[Modality] = Modality.LINK
    CHECK_PARAMS: ClassVar[dict[str, int]] = {"walks": 10, "folds": 2}
    dimensions: int = param(32, "Dimensions", "Numbers in a node's vector.", low=2, high=512)
    walks: int = param(40, "Walks", "Random walks that start at each node.", low=1, high=1000)
    walk_length: int = param(20, "Length of a walk", "Nodes of a walk.", low=2, high=500)
    window: int = param(
        2, "Window", "Nodes on a walk this far apart count as neighbors.", low=1, high=50
    )
    epochs: int = param(3, "Epochs", "Passes of the embedding over the walks.", low=1, high=1000)
    negatives: int = param(
        10, "Pairs without a link", "How many are drawn for each link.", low=1, high=200
    )
    penalty: float = param(
        1e-3, "Penalty", "On the squares of the link predictor's weights.", low=0.0, high=1000.0
    )
    folds: int = param(
        5, "Blocks of time", "Blocks that the combination is learned on.", low=2, high=50
    )
    memory: bool = param(True, "Counts of links", "Whether the counts of training links take part.")

    @property
    def graph(self) -> LinkGraph:
        """Of the training logins."""
        return self._graph

    @property
    def communities(self) -> Communities:
        """Of the training graph."""
        return self._communities

    def severity_unit(self, threshold: Threshold) -> float:
        """What is left of the probability at the threshold, as the score ends at 1."""
        left = 1.0 - threshold.value
        return left if left > 0 else 1.0

    def vectors(self, role: int) -> FloatArray:
        """Embedding of the nodes of a role, (size + 1, dimensions); 0 for an unknown node."""
        return self._predictor.vectors(role)

    def logits(self, positions: IntArray) -> FloatArray:
        """Log-odds of the three links of each login, (n, 3), in the order of `PAIRS`.

        Args:
            positions: (n, 3), as `graph.positions` gives them.
        """
        columns = []
        for pair, roles in enumerate(PAIRS):
            first, second = (positions[:, role] for role in roles)
            known = self._combined(
                pair,
                self._predictor.logits(pair, first, second),
                self._graph.seen(pair, first, second),
            )
            unknown = self._predictor.is_unknown(pair, first, second)
            columns.append(np.where(unknown, self._unknown, known))
        return np.column_stack(columns)

    def logits_with_all(self, pair: int, side: int, fixed: IntArray) -> FloatArray:
        """Log-odds of links between given nodes and all known opposite ones, (n, size).

        Args:
            pair: Position in `PAIRS`.
            side: 0 where the given nodes are the first of the pair, 1 where the second.
            fixed: (n,), positions of the given nodes.
        """
        known = self._combined(
            pair,
            self._predictor.logits_with_all(pair, side, fixed),
            self._graph.seen_with_all(pair, side, fixed),
        )
        unknown = fixed == self._graph.size(PAIRS[pair][side])
        return np.where(unknown[:, None], self._unknown, known)

    def _combined(self, pair: int, logits: FloatArray, seen: IntArray) -> FloatArray:
        if not self.memory:
            return logits
        combined: FloatArray = calibration_columns(logits, seen) @ self._calibration[pair]
        return combined

    def _fit(self, normal: LinkBatch, training: Training) -> None:
        kept = normal.take(normal.succeeded)
        if len(kept) < _FEWEST:
            raise InvalidEventsError(
                f"Only {len(kept)} of {len(normal)} training logins succeeded; give at least "
                f"{_FEWEST}, or say which values of the outcome column mean success."
            )
        nodes = kept.nodes[kept.times.argsort(kind="stable")]
        blocks = np.array_split(np.arange(len(nodes)), min(self.folds, len(nodes) // 5))
        rounds = (len(blocks) if self.memory else 0) + 1
        graph = LinkGraph.of(nodes)
        calibration = np.zeros((len(PAIRS), COLUMNS))
        if self.memory:
            examples: list[list[tuple[FloatArray, FloatArray]]] = []
            for number, block in enumerate(blocks):
                stop_if(training.cancelled)
                training.progress(number / rounds, f"Block {number + 1} of {len(blocks)}")
                examples.append(self._examples(nodes, block, graph))
            for pair in range(len(PAIRS)):
                calibration[pair] = _calibrated([block[pair] for block in examples])
        stop_if(training.cancelled)
        training.progress(
            (rounds - 1) / rounds, f"{len(graph.users)} users, {len(graph.hosts)} hosts"
        )
        predictor = self._predictor_of(graph)
        communities = find_communities(graph, seed=self.seed)
        stop_if(training.cancelled)
        self._graph, self._predictor = graph, predictor
        self._calibration, self._communities = calibration, communities
        # Nothing speaks for a node that was never seen: all its links are as unlikely as a typical
        # pair without a login, of the pair of roles where that is the least likely.
        never = np.zeros(1, dtype=np.int64)
        self._unknown = min(
            float(self._combined(pair, predictor.typical[[pair]], never)[0])
            for pair in range(len(PAIRS))
        )
        training.progress(1.0, f"{len(graph.counts):,} distinct logins learned")

    def _examples(
        self, nodes: ObjectArray, block: IntArray, whole: LinkGraph
    ) -> list[tuple[FloatArray, FloatArray]]:
        """Per pair of roles: columns of links and non-links that this block brings, and weights.

        Weights of links are positive and sum to 1, those of non-links likewise but negative.
        """
        rest = np.delete(nodes, block, axis=0)
        graph = LinkGraph.of(rest)
        predictor = self._predictor_of(graph)
        inside = LinkGraph.of(nodes[block])
        random = np.random.default_rng(self.seed)
        scale = len(nodes) / len(rest)  # the counts of all blocks will be that much higher
        examples = []
        for pair, (a, b) in enumerate(PAIRS):
            first, second, times = inside.links(pair)
            none_a, none_b = non_links(whole, pair, 10 * len(first), random)
            columns = []
            for source, (x, y) in ((inside, (first, second)), (whole, (none_a, none_b))):
                x, y = _in(graph, source, a, x), _in(graph, source, b, y)
                seen: FloatArray = graph.seen(pair, x, y).astype(np.float64) * scale
                columns.append(calibration_columns(predictor.logits(pair, x, y), seen))
            weights = np.concatenate(
                [times / times.sum(), np.full(len(none_a), -1.0 / max(1, len(none_a)))]
            )
            examples.append((np.concatenate(columns), weights))
        return examples

    def _predictor_of(self, graph: LinkGraph) -> HadamardPredictor:
        vectors = embed_nodes(
            graph.adjacency,
            dimensions=self.dimensions,
            walks=self.walks,
            length=self.walk_length,
            window=self.window,
            epochs=self.epochs,
            seed=self.seed,
        )
        return HadamardPredictor.fit(
            graph, vectors, negatives=self.negatives, penalty=self.penalty, seed=self.seed
        )

    def _score(self, events: LinkBatch) -> FloatArray:
        least = self.logits(self._graph.positions(events.nodes)).min(axis=1)
        scores: FloatArray = 0.5 * (1.0 - np.tanh(0.5 * least))
        return scores

    def _arrays(self) -> Arrays:
        predictor = self._predictor
        return {
            **self._graph.arrays(),
            "embedding.users": predictor.users,
            "embedding.hosts": predictor.hosts,
            "predictor.weight": predictor.weight,
            "predictor.bias": predictor.bias,
            "predictor.typical": predictor.typical,
            "unknown": np.array([self._unknown]),
            "calibration": self._calibration,
            "communities.names": text_array(self._communities.names),
            "communities.members": self._communities.members,
        }

    def _restore(self, schema: EventSchema, arrays: Arrays) -> None:
        graph = LinkGraph.from_arrays(arrays)
        users, hosts, d = len(graph.users), len(graph.hosts), self.dimensions
        predictor = HadamardPredictor(
            _shaped(arrays, "embedding.users", (users + 1, d)),
            _shaped(arrays, "embedding.hosts", (hosts + 1, d)),
            _shaped(arrays, "predictor.weight", (len(PAIRS), d)),
            _shaped(arrays, "predictor.bias", (len(PAIRS),)),
            _shaped(arrays, "predictor.typical", (len(PAIRS),)),
        )
        calibration = _shaped(arrays, "calibration", (len(PAIRS), COLUMNS))
        names = texts_in(arrays["communities.names"])
        members = _shaped(arrays, "communities.members", (users + hosts,)).astype(np.int64)
        if (members < 0).any() or (members >= len(names)).any():
            raise ValueError("'communities.members' names a community that is not listed")
        self._unknown = float(_shaped(arrays, "unknown", (1,))[0])
        self._graph, self._predictor = graph, predictor
        self._calibration, self._communities = calibration, Communities(names, members)


def _shaped(arrays: Arrays, name: str, shape: tuple[int, ...]) -> FloatArray:
    array = np.asarray(arrays[name], dtype=np.float64)
    if array.shape != shape:
        raise ValueError(f"'{name}' has shape {array.shape}, expected {shape}")
    return array


def _in(graph: LinkGraph, other: LinkGraph, role: int, positions: IntArray) -> IntArray:
    """Positions in one graph of nodes given by their positions in another."""
    names = np.array(other.names(role), dtype=object)[positions]
    nodes = np.empty((len(names), 3), dtype=object)
    nodes[:] = ""
    nodes[:, role] = names
    return graph.positions(nodes)[:, role]


def _calibrated(examples: list[tuple[FloatArray, FloatArray]]) -> FloatArray:
    columns = np.concatenate([x for x, _ in examples])
    signed = np.concatenate([w for _, w in examples])
    is_link = (signed > 0).astype(np.float64)
    weights = np.abs(signed)
    for kind in (is_link > 0, is_link == 0):
        weights[kind] *= len(weights) / 2 / max(weights[kind].sum(), 1e-12)
    return calibrate(columns, is_link, weights)
