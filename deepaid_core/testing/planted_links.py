"""Made-up logins between offices whose guilty endpoint is known."""

from typing import Final

import numpy as np

from deepaid_core.domain.batches import LinkBatch, ObjectArray
from deepaid_core.testing.plants import Plant, Planted

__all__ = ["planted_links"]

_OFFICES: Final = 4
_PEOPLE: Final = 10
_SERVERS: Final = 3
_ROLES: Final = ("user", "source", "destination")
_ISLAND: Final = ("isla", "ws-isle", "srv-isle")


def planted_links() -> Planted:
    """Normal logins inside offices, and ones with one endpoint that belongs elsewhere.

    Everybody uses one workstation, now and then a colleague's, and reaches all servers of the
    office. One user, one workstation and one server know only each other.
    """
    logins = _logins(1800, seed=1)
    island = np.array([_ISLAND] * 10, dtype=object)
    normal = np.concatenate([logins[:600], island, logins[600:]])
    return Planted(
        normal=LinkBatch.of_nodes(normal),
        fresh=LinkBatch.of_nodes(_logins(400, seed=2)),
        plants=(
            *(_misplaced(role) for role in range(len(_ROLES))),
            *(_replaced(role, "isolated", _ISLAND[role]) for role in range(len(_ROLES))),
            *(_replaced(role, "unknown", "new-<b>node</b>") for role in range(len(_ROLES))),
        ),
        parts=_ROLES,
    )


def _misplaced(role: int) -> Plant:
    """An endpoint of another office."""
    originals = _logins(60, seed=5 + role)
    others = _logins(600, seed=20 + role)
    office, offices = _office_of(originals[:, 0]), _office_of(others[:, 0])
    wrong = originals.copy()
    for row in range(len(wrong)):
        elsewhere = np.flatnonzero(offices != office[row])
        wrong[row, role] = others[elsewhere[row % len(elsewhere)], role]
    return _plant(f"{_ROLES[role]} of another office", originals, wrong, role)


def _replaced(role: int, what: str, node: str) -> Plant:
    originals = _logins(30, seed=40 + role)
    wrong = originals.copy()
    wrong[:, role] = node
    return _plant(f"{what} {_ROLES[role]}", originals, wrong, role)


def _plant(name: str, originals: ObjectArray, wrong: ObjectArray, role: int) -> Plant:
    return Plant(
        name=name,
        events=LinkBatch.of_nodes(wrong),
        originals=LinkBatch.of_nodes(originals),
        guilty=(frozenset({_ROLES[role]}),) * len(wrong),
        found=0.95,
    )


def _logins(n: int, *, seed: int) -> ObjectArray:
    """User, source and destination of n logins, (n, 3)."""
    random = np.random.default_rng(seed)
    office = random.integers(0, _OFFICES, n)
    person = random.integers(0, _PEOPLE, n)
    visits = random.random(n) < 0.1
    desk = np.where(visits, (person + 1 + random.integers(0, 2, n)) % _PEOPLE, person)
    server = random.integers(0, _SERVERS, n)
    nodes = np.empty((n, 3), dtype=object)
    for row, (o, p, d, s) in enumerate(zip(office, person, desk, server, strict=True)):
        nodes[row] = (f"user-{o}-{p}", f"ws-{o}-{d}", f"srv-{o}-{s}")
    return nodes


def _office_of(users: ObjectArray) -> ObjectArray:
    return np.array([user.split("-")[1] for user in users], dtype=object)
