"""Made-up logins between offices: who belongs where is known."""

from functools import cache

import numpy as np

from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.detectors.trained import TrainedDetector, train_detector
from deepaid_core.domain.batches import LinkBatch, ObjectArray

OFFICES, PEOPLE, SERVERS = 3, 8, 3
SMALL = {"walks": 15, "folds": 2, "dimensions": 16}


def office_logins(n: int, *, seed: int) -> ObjectArray:
    """User, source and destination, (n, 3): all of one office; one in ten at a neighbor's desk."""
    random = np.random.default_rng(seed)
    office, person = random.integers(OFFICES, size=n), random.integers(PEOPLE, size=n)
    desk = np.where(random.random(n) < 0.1, (person + 1) % PEOPLE, person)
    server = random.integers(SERVERS, size=n)
    rows = zip(office, person, desk, server, strict=True)
    return np.array([[f"u{o}{p}", f"ws{o}{d}", f"srv{o}{s}"] for o, p, d, s in rows], dtype=object)


def office_of(name: str) -> int:
    return int(name.lstrip("uwsrv")[0])


def misplaced(n: int, role: int, *, seed: int) -> tuple[ObjectArray, ObjectArray]:
    """Normal logins, and the same with one endpoint of another office."""
    normal, others = office_logins(n, seed=seed), office_logins(5 * n, seed=seed + 1)
    wrong = normal.copy()
    for row in range(n):
        own = office_of(normal[row, 0])
        elsewhere = [login for login in others if office_of(login[0]) != own]
        wrong[row, role] = elsewhere[row % len(elsewhere)][role]
    return normal, wrong


@cache
def office_detector() -> TrainedDetector:
    return train_detector(
        LinkBatch.of_nodes(office_logins(1200, seed=1)),
        lambda: LinkPredictorDetector(**SMALL),
        name="offices",
        kind="link-predictor",
        trained_on="offices",
        trained_on_sha256="0" * 64,
        quantile=0.99,
        source_kind="logins",
    )
