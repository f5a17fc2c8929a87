"""What a login has to show beside its deviations: its links, habits and neighborhood."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from deepaid_core.detectors.link_graph import PAIRS
from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.domain.batches import IntArray, ObjectArray
from deepaid_core.domain.details import (
    Habit,
    LinkDetails,
    LinkScore,
    Neighbor,
    NeighborLink,
)

__all__ = ["MOST_NEIGHBORS", "DetailsWriter"]

MOST_NEIGHBORS: Final = 150
_MOST_LINKS: Final = 400
_BREADTH: Final = 10  # best connected counterparts that are followed from each node
_DEPTH: Final = 2
_MOST_HABITS: Final = 8  # of each node, with each of the other two roles


@dataclass(frozen=True, slots=True)
class _Node:
    """A node of a login: where it is among users and hosts, -1 for one never seen."""

    kind: str
    name: str
    place: int


class DetailsWriter:
    """Writes the details of logins; logins repeat, so each pair with its reference is made once.

    Args:
        detector: Fitted.
    """

    def __init__(self, detector: LinkPredictorDetector) -> None:
        self.detector, self.graph = detector, detector.graph
        self.roles = detector.fitted_schema.names
        self._made: dict[tuple[str, ...], LinkDetails] = {}

    def of(self, observed: Sequence[str], reference: Sequence[str]) -> LinkDetails:
        """The details of one login and its reference, three names each."""
        key = (*observed, *reference)
        if key not in self._made:
            self._made[key] = self._write(tuple(observed), tuple(reference))
        return self._made[key]

    def _write(self, observed: tuple[str, ...], reference: tuple[str, ...]) -> LinkDetails:
        nodes = np.array([observed, reference], dtype=object)
        positions = self.graph.positions(nodes)
        neighbors, links = self._neighborhood(nodes, positions)
        return LinkDetails(
            roles=self.roles,
            observed=observed,
            reference=reference,
            groups=self._groups(positions[0]),
            reference_groups=self._groups(positions[1]),
            unknown=tuple(
                role
                for place, role in enumerate(self.roles)
                if positions[0, place] == self.graph.size(place)
            ),
            links=self._links(positions),
            habits=self._habits(observed, positions[0]),
            neighbors=neighbors,
            neighbor_links=links,
        )

    def _groups(self, positions: IntArray) -> tuple[str, ...]:
        return tuple(
            self._group(self._place(role, int(node))) for role, node in enumerate(positions)
        )

    def _group(self, place: int) -> str:
        communities = self.detector.communities
        return communities.names[communities.members[place]] if place >= 0 else ""

    def _place(self, role: int, node: int) -> int:
        if node == self.graph.size(role):
            return -1
        return node + len(self.graph.users) if role else node

    def _links(self, positions: IntArray) -> tuple[LinkScore, ...]:
        likely = 0.5 * (1.0 + np.tanh(0.5 * self.detector.logits(positions)))
        made = []
        for pair, (first, second) in enumerate(PAIRS):
            seen = self.graph.seen(pair, positions[:, first], positions[:, second])
            made.append(
                LinkScore(
                    roles=(self.roles[first], self.roles[second]),
                    probability=float(likely[0, pair]),
                    reference_probability=float(likely[1, pair]),
                    seen=int(seen[0]),
                    reference_seen=int(seen[1]),
                )
            )
        return tuple(sorted(made, key=lambda link: link.probability))

    def _habits(self, names: tuple[str, ...], positions: IntArray) -> tuple[Habit, ...]:
        habits = []
        for role, other in ((a, b) for a in range(3) for b in range(3) if a != b):
            if positions[role] == self.graph.size(role):
                continue
            others = self.graph.names(other)
            for node, count in self.graph.counterparts(role, int(positions[role]), other)[
                :_MOST_HABITS
            ]:
                habits.append(
                    Habit(self.roles[role], names[role], self.roles[other], others[node], count)
                )
        return tuple(sorted(habits, key=lambda habit: -habit.count))

    def _neighborhood(
        self, nodes: ObjectArray, positions: IntArray
    ) -> tuple[tuple[Neighbor, ...], tuple[NeighborLink, ...]]:
        """Nodes of the login and its reference, what is around them, and links between them."""
        roles_in: tuple[dict[_Node, list[str]], dict[_Node, list[str]]] = ({}, {})
        for row, roles in enumerate(roles_in):
            for role, name in enumerate(nodes[row].tolist()):
                place = self._place(role, int(positions[row, role]))
                node = _Node("host" if role else "user", name, place)
                roles.setdefault(node, []).append(self.roles[role])
        chosen = list(dict.fromkeys([*roles_in[0], *roles_in[1]]))
        for place in self._around([node.place for node in chosen if node.place >= 0]):
            users = len(self.graph.users)
            chosen.append(
                _Node("user", self.graph.users[place], place)
                if place < users
                else _Node("host", self.graph.hosts[place - users], place)
            )
        neighbors = tuple(
            Neighbor(
                name=node.name,
                kind=node.kind,
                group=self._group(node.place),
                in_event=tuple(roles_in[0].get(node, ())),
                in_reference=tuple(roles_in[1].get(node, ())),
            )
            for node in chosen
        )
        return neighbors, self._between([node.place for node in chosen], len(roles_in[0]))

    def _around(self, start: list[int]) -> list[int]:
        """Places near some others, nearest first, the most frequent counterparts first."""
        joined = self.graph.adjacency
        reached, ring = dict.fromkeys(start), start
        for _ in range(_DEPTH):
            following: list[int] = []
            for place in ring:
                low, high = joined.indptr[place], joined.indptr[place + 1]
                most = np.argsort(-joined.data[low:high], kind="stable")[:_BREADTH]
                following += [
                    one for one in joined.indices[low:high][most].tolist() if one not in reached
                ]
                reached.update(dict.fromkeys(following))
            ring = following
        return list(reached)[len(dict.fromkeys(start)) :][: MOST_NEIGHBORS - 6]

    def _between(self, places: list[int], own: int) -> tuple[NeighborLink, ...]:
        """Links among places; where there are too many, those of the login and frequent ones."""
        known = np.array([number for number, place in enumerate(places) if place >= 0])
        at = np.array(places)[known]
        table = self.graph.adjacency[at][:, at].tocoo()
        links = [
            NeighborLink(int(known[a]), int(known[b]), int(count))
            for a, b, count in zip(table.row, table.col, table.data, strict=True)
            if a < b
        ]
        links.sort(key=lambda one: (one.first >= own, -one.count, one.first, one.second))
        return tuple(links[:_MOST_LINKS])
