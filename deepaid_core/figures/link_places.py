"""Where the nodes of a login's neighborhood stand in a drawing."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from deepaid_core.domain.details import Neighbor

__all__ = ["Places", "places"]

_RING, _APART = 105.0, 46.0
_NEAR = 10  # neighbors of one node that a picture holds readably
_NEAR_SOURCE = 6
_Spot: TypeAlias = tuple[float, float]


class _Hub(NamedTuple):
    # A node of the login or of its reference: where it stands, and where its neighbors fan out;
    # they stand further apart sideways than up and down, as names are wide.
    spot: _Spot
    angle: float
    spread: float
    stretch: float


_HUBS: Final = (
    (
        _Hub((-330.0, -25.0), math.radians(212), math.radians(28), 1.25),
        _Hub((0.0, -155.0), math.radians(270), math.radians(70), 2.3),
        _Hub((330.0, -25.0), math.radians(-32), math.radians(28), 1.25),
    ),
    (
        _Hub((-330.0, 125.0), math.radians(148), math.radians(28), 1.25),
        _Hub((0.0, 180.0), math.radians(90), math.radians(70), 2.3),
        _Hub((330.0, 125.0), math.radians(32), math.radians(28), 1.25),
    ),
)
"""This login in the upper row, the closest normal in the lower: user, source, destination."""


@dataclass(frozen=True, slots=True)
class Places:
    """Places of nodes.

    Attributes:
        spots: x to the right and y downwards, of each node.
        near: Positions of the nodes near the login, which have room for a name.
        hubs: Those of the login and its reference themselves.
    """

    spots: tuple[_Spot, ...]
    near: frozenset[int]
    hubs: frozenset[int]


def places(
    nodes: Sequence[Neighbor],
    lines: Sequence[tuple[int, int, float]],
    *,
    everything: bool = False,
) -> Places:
    """Where nodes stand.

    The login makes the upper row, from user over source to destination, what differs in the
    closest normal one stands in the lower row; all others fan out from the one of these that
    they are linked to most.

    Args:
        nodes: What is to stand somewhere.
        lines: Positions of two nodes, and how strongly they are linked.
        everything: Place all nodes, not only the nearest.
    """
    columns = {"user": 0, "source": 1, "destination": 2}
    hubs: dict[int, _Hub] = {}
    for at, node in enumerate(nodes):
        for roles, row in ((node.in_event, 0), (node.in_reference, 1)):
            column = next((columns[role] for role in roles if role in columns), None)
            if column is not None and at not in hubs:
                hubs[at] = _HUBS[row][column]
    if not nodes:
        return Places((), frozenset(), frozenset())
    if not hubs:
        hubs[0] = _HUBS[0][1]
    members = _members(nodes, lines, tuple(hubs))
    spots = [(0.0, 0.0)] * len(nodes)
    near: set[int] = set()
    direct = {end for one in lines for end in one[:2] if one[0] in hubs or one[1] in hubs}
    for hub, own in members.items():
        spots[hub] = hubs[hub].spot
        # Above and below there is less room than to the sides.
        most = _NEAR if hubs[hub].spot[0] else _NEAR_SOURCE
        placed = own if everything else [at for at in own if at in direct][:most]
        alone = sum(one.spot[0] == hubs[hub].spot[0] for one in hubs.values()) == 1
        for at, spot in zip(placed, _fan(hubs[hub], len(placed), alone=alone), strict=True):
            spots[at] = spot
        near |= {hub, *(placed[:_NEAR])}
    return Places(tuple(spots), frozenset(near), frozenset(hubs))


def _members(
    nodes: Sequence[Neighbor], lines: Sequence[tuple[int, int, float]], hubs: Sequence[int]
) -> dict[int, list[int]]:
    # Nodes by the hub they hang on, directly or over others; strongest links first.
    near: dict[int, list[tuple[float, int]]] = {at: [] for at in range(len(nodes))}
    for first, second, width in lines:
        near[first].append((width, second))
        near[second].append((width, first))
    owner = {hub: hub for hub in hubs}
    members: dict[int, list[int]] = {hub: [] for hub in hubs}
    waiting = list(hubs)
    while waiting:
        reached: dict[int, tuple[float, int]] = {}
        for at in waiting:
            for width, other in near[at]:
                if other not in owner:
                    best = reached.get(other, (0.0, at))
                    reached[other] = max(best, (width, at), key=lambda pair: (pair[0], -pair[1]))
        for other, (_, at) in sorted(reached.items(), key=lambda item: (-item[1][0], item[0])):
            owner[other] = owner[at]
            members[owner[at]].append(other)
        waiting = list(reached)
    # What hangs on nothing stands with its group, else with the first.
    groups = {nodes[hub].group: hub for hub in reversed(hubs)}
    for at, node in enumerate(nodes):
        if at not in owner:
            members[groups.get(node.group, hubs[0])].append(at)
    return members


def _fan(hub: _Hub, count: int, *, alone: bool) -> list[_Spot]:
    # Rings around the hub, away from the middle; each holds what its arc has room for. A hub
    # that shares its column with another keeps to its own half.
    angle, spread = hub.angle, hub.spread
    if alone and hub.spot[0]:
        angle, spread = (0.0 if hub.spot[0] > 0 else math.pi), 2 * hub.spread
    spots: list[_Spot] = []
    radius, ring = _RING, 0
    while len(spots) < count:
        room = max(2, int(2 * spread * radius * hub.stretch**0.5 / _APART))
        # Every other ring stands in the gaps of the one before, so that names do not touch.
        size = min(room - ring % 2, count - len(spots))
        step = 2 * spread / max(1, room - 1)
        start = angle - step * (size - 1) / 2
        spots += [
            (
                hub.spot[0] + radius * math.cos(start + step * number) * hub.stretch,
                hub.spot[1] + radius * math.sin(start + step * number),
            )
            for number in range(size)
        ]
        radius, ring = radius + _RING * 0.6, ring + 1
    return spots
