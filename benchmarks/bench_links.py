"""How well logins of lateral movement are found, and whether the right endpoint is named.

Run with `python -m benchmarks.bench_links`.
"""

import csv
import json
import statistics
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.metrics import average_precision_score, roc_auc_score

from deepaid_core.detectors.link_graph import PAIRS, LinkGraph
from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.detectors.trained import TrainedDetector, train_detector
from deepaid_core.domain.batches import FloatArray, IntArray, LinkBatch, ObjectArray
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.link import EndpointReplacementInterpreter
from deepaid_core.sources.logins import LoginSource

__all__ = ["Links", "Planted", "Ranking", "measure", "section"]

SAMPLE = Path(__file__).parents[1] / "sample_data/auth_graph/auth_events.csv"
LAST_TRAINING_DAY = 14
QUANTILE = 0.98
SEEDS = 5
BULK = 20_000
SINGLES = 50
PLANTED = 400


@dataclass(frozen=True)
class Ranking:
    """How one way of scoring ranks lateral movement before the other logins."""

    model: str
    auc: float
    average_precision: float


@dataclass(frozen=True)
class Planted:
    """Normal logins with one endpoint of another office: how many are flagged and answered.

    `guilty` is the share of flagged ones whose strongest deviation is the replaced endpoint;
    `ambiguous` the share where training also had the replaced endpoint together with one of the
    others, as with a server that all offices share: either of two is then as likely to blame.
    `guilty_where_clear` leaves those out.
    """

    role: str
    logins: int
    flagged: float
    guilty: float
    ambiguous: float
    guilty_where_clear: float
    verified: float


@dataclass(frozen=True)
class Links:
    """Figures of the lab's logins, of planted ones, and of speed.

    `rankings` holds the detector with its default seed first, then simple models; `auc_of_seeds`
    the same detector trained with other seeds.
    """

    training_logins: int
    logins: int
    lateral: int
    threshold: float
    threshold_method: str
    rankings: tuple[Ranking, ...]
    auc_of_seeds: tuple[float, ...]
    average_precision_of_seeds: tuple[float, ...]
    recall: float
    false_alarm_rate: float
    anomalies: int
    verified: float
    needed: dict[int, int]
    planted: tuple[Planted, ...]
    fit_s: float
    scored_per_s: float
    interpreted_per_s: float
    single_ms: float


def measure() -> Links:
    """Train on the first days of the lab's logins, and score and interpret the others."""
    source = LoginSource(SAMPLE, LoginSource.propose(SAMPLE))
    logins = LinkBatch.concatenate(list(source.batches()))
    with SAMPLE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    day = np.array([int(row["day"]) for row in rows])
    truth = np.array([row["label"] == "1" for row in rows])[day > LAST_TRAINING_DAY]
    training, events = logins.take(day <= LAST_TRAINING_DAY), logins.take(day > LAST_TRAINING_DAY)
    started = time.perf_counter()
    trained = _train(training)
    fit_s = time.perf_counter() - started
    scores = trained.detector.score(events)
    others = [_train(training, seed=seed).detector.score(events) for seed in range(1, SEEDS)]
    flagged = trained.threshold.flag(scores)
    context = Context(trained.detector, trained.threshold, None)
    found = EndpointReplacementInterpreter().interpret(events.take(flagged), context)
    plain = _train(training, memory=False).detector.score(events)
    # The simple models learn from the same logins as the detector: not from the held-back ones.
    seen = _seen(trained.detector.graph, events)
    spectral = _spectral(trained.detector.graph, events)
    rankings = {
        "link predictor": scores,
        "link predictor without counts": plain,
        "unseen pairs": (seen == 0).sum(axis=1),
        "spectral link score": spectral,
        "fewest logins of any of its pairs": -seen.min(axis=1),
    }
    return Links(
        training_logins=len(training),
        logins=len(events),
        lateral=int(truth.sum()),
        threshold=trained.threshold.value,
        threshold_method=trained.threshold.method,
        rankings=tuple(
            Ranking(
                name,
                float(roc_auc_score(truth, one)),
                float(average_precision_score(truth, one)),
            )
            for name, one in rankings.items()
        ),
        auc_of_seeds=tuple(float(roc_auc_score(truth, one)) for one in (scores, *others)),
        average_precision_of_seeds=tuple(
            float(average_precision_score(truth, one)) for one in (scores, *others)
        ),
        recall=float(flagged[truth].mean()),
        false_alarm_rate=float(flagged[~truth].mean()),
        anomalies=int(flagged.sum()),
        verified=float(found.verified.mean()),
        needed={int(k): n for k, n in sorted(Counter(found.needed.tolist()).items())},
        planted=_planted(),
        fit_s=fit_s,
        **_speed(trained, events, events.take(flagged)),
    )


def section(f: dict[str, Any]) -> str:
    """The part of the page about logins."""
    planted = f["planted"]
    logins = sum(row["flagged"] * row["logins"] for row in planted)
    guilty = sum(row["guilty"] * row["flagged"] * row["logins"] for row in planted) / logins
    lines = [
        "## Logins\n",
        f"The link predictor learns from the first 80 % of the successful logins of days 1 to "
        f"{LAST_TRAINING_DAY} of `auth_graph/auth_events.csv`, its threshold comes from the last "
        f"20 % ({f['threshold_method']}); then {f['logins']:,} logins of later days, successful or "
        f"not, {f['lateral']} of them lateral movement. The simple models learn from the same "
        "logins. The quantile was chosen with these results in view. Counting how often the rarest "
        "pair of a login was seen ranks about as well: most lateral movement uses a pair that was "
        "never seen, and a predictor can only add an order among those.\n",
        "| Model | ROC AUC | Average precision |",
        "|---|---|---|",
        *(
            f"| {row['model']} | {row['auc']:.3f} | {row['average_precision']:.3f} |"
            for row in f["rankings"]
        ),
        "",
        f"With {len(f['auc_of_seeds'])} seeds the link predictor's AUC is "
        f"{min(f['auc_of_seeds']):.3f} to {max(f['auc_of_seeds']):.3f}, its average precision "
        f"{min(f['average_precision_of_seeds']):.3f} to "
        f"{max(f['average_precision_of_seeds']):.3f}.\n",
        "| Measure | Value |",
        "|---|---|",
        f"| lateral movement flagged | {f['recall']:.1%} |",
        f"| other logins flagged | {f['false_alarm_rate']:.1%} |",
        f"| anomalies, verified | {f['anomalies']:,}, {f['verified']:.1%} |",
        f"| training, s | {f['fit_s']:.1f} |",
        f"| logins scored per second | {f['scored_per_s']:,.0f} |",
        f"| interpretations per second in bulk | {f['interpreted_per_s']:,.0f} |",
        f"| one interpretation alone, median | {f['single_ms']:.0f} ms |",
        "",
        "Planted logins: one endpoint of a normal login replaced by one of another office. In "
        "some, training knows the replaced endpoint together with one of the others (a server that "
        "all offices share), so either of two is as likely to blame.\n",
        "| Replaced | Logins | Flagged | Named first | Ambiguous | Named first where clear |",
        "|---|---|---|---|---|---|",
        *(
            f"| {row['role']} | {row['logins']} | {row['flagged']:.1%} | {row['guilty']:.1%} "
            f"| {row['ambiguous']:.1%} | {row['guilty_where_clear']:.1%} |"
            for row in planted
        ),
        f"\nThe guilty endpoint is named first in {guilty:.1%} of all flagged planted logins.\n",
    ]
    return "\n".join(lines)


def _train(normal: LinkBatch, **hyperparameters: int | bool) -> TrainedDetector:
    return train_detector(
        normal,
        lambda: LinkPredictorDetector(**hyperparameters),
        name="logins",
        kind="link-predictor",
        trained_on=SAMPLE.name,
        trained_on_sha256="",
        quantile=QUANTILE,
        source_kind="logins",
    )


def _seen(graph: LinkGraph, events: LinkBatch) -> IntArray:
    """How often training had each link of each login, (n, 3)."""
    at = graph.positions(events.nodes)
    return np.column_stack([graph.seen(p, at[:, a], at[:, b]) for p, (a, b) in enumerate(PAIRS)])


def _spectral(graph: LinkGraph, events: LinkBatch, rank: int = 8) -> FloatArray:
    """Low-rank reconstruction of user-destination and source-destination counts; low is odd."""
    at = graph.positions(events.nodes)
    likely = np.zeros(len(events))
    for pair in (1, 2):
        a, b = PAIRS[pair]
        table = np.zeros((graph.size(a) + 1, graph.size(b) + 1))
        first, second, count = graph.links(pair)
        table[first, second] = np.log1p(count)
        u, s, v = np.linalg.svd(table, full_matrices=False)
        likely += ((u[:, :rank] * s[:rank]) @ v[:rank])[at[:, a], at[:, b]]
    return -likely


def _speed(trained: TrainedDetector, events: LinkBatch, anomalies: LinkBatch) -> dict[str, float]:
    context = Context(trained.detector, trained.threshold, None)
    interpreter = EndpointReplacementInterpreter()
    many = events.take(np.arange(100_000) % len(events))
    started = time.perf_counter()
    trained.detector.score(many)
    scored_per_s = len(many) / (time.perf_counter() - started)
    # Repeated logins are searched once: strangers keep these apart.
    random = np.random.default_rng(0)
    graph = trained.detector.graph
    nodes = np.column_stack(
        [random.choice(np.array(graph.names(role), dtype=object), BULK) for role in range(3)]
    )
    strangers = LinkBatch.of_nodes(nodes)
    bulk = strangers.take(trained.threshold.flag(trained.detector.score(strangers)))
    started = time.perf_counter()
    interpreter.interpret(bulk, context)
    interpreted_per_s = len(bulk) / (time.perf_counter() - started)
    singles = []
    for row in np.linspace(0, len(anomalies) - 1, SINGLES).astype(int):
        one = anomalies.take(np.array([row]))
        started = time.perf_counter()
        _ = interpreter.interpret(one, context)[0]
        singles.append(time.perf_counter() - started)
    return {
        "scored_per_s": scored_per_s,
        "interpreted_per_s": interpreted_per_s,
        "single_ms": statistics.median(singles) * 1000,
    }


def _planted() -> tuple[Planted, ...]:
    trained = _train(LinkBatch.of_nodes(_office_logins(2500, seed=1)))
    context = Context(trained.detector, trained.threshold, None)
    rows = []
    for role, name in enumerate(("user", "source", "destination")):
        wrong, others = (_office_logins(PLANTED, seed=seed + role) for seed in (10, 20))
        apart = np.array(_offices(wrong)) != np.array(_offices(others))
        # The server that all offices share belongs nowhere else.
        apart &= others[:, 2] != "mail"
        wrong, others = wrong[apart], others[apart]
        wrong[:, role] = others[:, role]
        events = LinkBatch.of_nodes(wrong)
        flagged = trained.threshold.flag(trained.detector.score(events))
        found = EndpointReplacementInterpreter().interpret(events.take(flagged), context)
        own = [pair for pair, roles in enumerate(PAIRS) if role in roles]
        graph = trained.detector.graph
        ambiguous = (_seen(graph, events.take(flagged))[:, own] > 0).any(axis=1)
        right = found.order[:, 0] == role
        rows.append(
            Planted(
                role=name,
                logins=len(events),
                flagged=float(flagged.mean()),
                guilty=float(right.mean()),
                ambiguous=float(ambiguous.mean()),
                guilty_where_clear=float(right[~ambiguous].mean()),
                verified=float(found.verified.mean()),
            )
        )
    return tuple(rows)


def _office_logins(n: int, *, seed: int, offices: int = 5, people: int = 12) -> ObjectArray:
    """Logins inside offices; one in ten from a colleague's desk, one in ten to a shared server."""
    random = np.random.default_rng(seed)
    office, person = random.integers(offices, size=n), random.integers(people, size=n)
    desk = np.where(
        random.random(n) < 0.1, (person + random.integers(1, 3, size=n)) % people, person
    )
    server, shared = random.integers(4, size=n), random.random(n) < 0.1
    rows = zip(office, person, desk, server, shared, strict=True)
    return np.array(
        [
            [f"u{o}-{p}", f"ws{o}-{d}", "mail" if all_ else f"srv{o}-{s}"]
            for o, p, d, s, all_ in rows
        ],
        dtype=object,
    )


def _offices(logins: ObjectArray) -> list[str]:
    return [user[1:].partition("-")[0] for user in logins[:, 0]]


if __name__ == "__main__":
    print(json.dumps(asdict(measure()), indent=1))
