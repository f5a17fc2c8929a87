"""Categories learned from few examples, and honesty about categories never taught.

Run with `python -m benchmarks.bench_few_shot [--full]`.
"""

import argparse
import json
import math
import multiprocessing
import os
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from scipy import stats
from sklearn.metrics import f1_score
from threadpoolctl import threadpool_limits

from benchmarks.data_sets import missing
from benchmarks.few_shot_data import Pool, lab_pools, nsl_pool
from benchmarks.few_shot_learners import UNKNOWN, Ask, Learner, Machines, Rival, Similar
from benchmarks.few_shot_page import section
from deepaid_core.domain.batches import FloatArray, IntArray, ObjectArray

__all__ = ["measure", "section"]

SHOTS: Final = (1, 5, 10, 25)
DRAWS: Final = {"short": 5, "full": 20}
LEAST_ASKED: Final = 5
LEFT_OUT_SHARE: Final = 3
SEED: Final = 1
BINS: Final = 10

DEFAULT: Final = "default reading"
RIVALS: Final = (
    "random forest, path states",
    "random forest, deviations",
    "MLP, path states",
    "MLP, deviations",
)


_Job: TypeAlias = tuple[str, Learner, int, list[list[Ask]], frozenset[str]]


@dataclass(frozen=True, slots=True)
class _Row:
    """Measures of one draw."""

    micro: float
    macro: float
    uacc: float
    attacks_as_false: float


def measure(full: bool = False) -> dict[str, Any]:
    """All learners on all pools; NSL-KDD only where its files are.

    Args:
        full: Twenty draws instead of five.

    Returns:
        "size", "draws", "skipped" (a reason or None), "pools": each with its learners.
    """
    draws = DRAWS["full" if full else "short"]
    skipped = missing("nsl_kdd")
    pools = [*([nsl_pool()] if skipped is None else []), *lab_pools()]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(os.cpu_count(), mp_context=context) as workers:
        done = [(pool, workers.map(_run, *zip(*_jobs(pool, draws), strict=True))) for pool in pools]
        measured = [_told(pool, list(results)) for pool, results in done]
    return {
        "size": "full" if full else "short",
        "draws": draws,
        "skipped": skipped,
        "pools": measured,
    }


def _learners(pool: Pool) -> dict[str, Learner]:
    """By name: the default reading first, then what competes with it, then alternatives."""
    paths, false = pool.paths(), pool.false_alarms
    states, deviations = pool.state_vectors(), pool.deviation_vectors()
    return {
        DEFAULT: Machines(paths, false),
        "paper's reading": Machines(paths, false, "paper"),
        **dict(
            zip(
                RIVALS,
                (
                    Rival(states, forest=True),
                    Rival(deviations, forest=True),
                    Rival(states, forest=False),
                    Rival(deviations, forest=False),
                ),
                strict=True,
            )
        ),
        "random forest, raw features": Rival(pool.raw, forest=True),
        "MLP, raw features": Rival(pool.raw, forest=False),
        "former rule: same pattern or all states but one": Similar(paths, former=True),
        "default, but most verdicts hold without agreement": Machines(
            paths, false, always_agrees=True
        ),
        "default on up to 10 states": Machines(pool.paths(10), false),
        "most similar path (Jaccard)": Similar(paths),
        "most similar path, same states only": Similar(paths, half=0.0),
        "most similar path, bins of half a decade": Similar(pool.finer_paths()),
    }


def _jobs(pool: Pool, draws: int) -> list[_Job]:
    learners = _learners(pool)
    jobs: list[_Job] = []
    for shots in SHOTS:
        asks = [list(_asks(pool, shots, draw)) for draw in range(draws)]
        if asks[0]:
            jobs += [(name, one, shots, asks, pool.false_alarms) for name, one in learners.items()]
    return jobs


def _asks(pool: Pool, shots: int, draw: int) -> Iterator[Ask]:
    """One draw: NSL-KDD leaves each category out in turn, the lab a random third of them."""
    categories = pool.categories
    names, counts = np.unique(categories.astype(str), return_counts=True)
    names = names[counts >= shots + LEAST_ASKED]
    if len(names) < 3:
        return
    random = np.random.default_rng([SEED, draw])
    third = max(1, len(names) // LEFT_OUT_SHARE)
    parts = (
        [[name] for name in names]
        if pool.each_in_turn
        else [random.choice(names, third, replace=False).tolist()]
    )
    for left_out in parts:
        taught: list[IntArray] = []
        asked: list[IntArray] = []
        for name in names:
            mine = random.permutation(np.flatnonzero(categories == name))
            cut = 0 if name in left_out else shots
            taught.append(mine[:cut])
            asked.append(mine[cut:])
        yield Ask(categories, np.concatenate(taught), np.concatenate(asked), shots, draw)


def _run(
    name: str, learner: Learner, shots: int, draws: list[list[Ask]], false_alarms: frozenset[str]
) -> dict[str, Any]:
    """Measures of one learner, each with the half width of its 95 % interval over the draws."""
    rows: list[_Row] = []
    surely: list[FloatArray] = []
    right: list[Any] = []
    with threadpool_limits(1):
        for asks in draws:
            parts = []
            for ask in asks:
                said, confidence = learner(ask)
                true = ask.categories[ask.asked]
                parts.append(_measured(true, said, ask, false_alarms))
                known = said != UNKNOWN
                surely.append(confidence[known])
                right.append((said == true)[known])
            rows.append(_Row(*np.mean([_values(one) for one in parts], axis=0).tolist()))
    values = np.array([_values(one) for one in rows])
    half = stats.t.ppf(0.975, len(rows) - 1) * values.std(axis=0, ddof=1) / np.sqrt(len(rows))
    # A draw that asks of no attack says nothing of attacks: that cell then stays empty.
    figures = {
        key: {"mean": float(values[:, at].mean()), "half": float(half[at])}
        if np.isfinite(values[:, at]).all()
        else None
        for at, key in enumerate(_Row.__slots__)
    }
    return {
        "name": name,
        "shots": shots,
        **figures,
        "macro_by_draw": [round(one.macro, 4) for one in rows],
        "calibration": _calibration(np.concatenate(surely), np.concatenate(right)),
    }


def _values(row: _Row) -> list[float]:
    return [getattr(row, key) for key in _Row.__slots__]


def _measured(true: ObjectArray, said: ObjectArray, ask: Ask, false_alarms: frozenset[str]) -> _Row:
    taught = sorted(set(ask.categories[ask.taught].tolist()))
    known = np.isin(true.astype(str), taught)
    scores = [
        f1_score(
            true[known].astype(str),
            said[known].astype(str),
            labels=taught,
            average=average,
            zero_division=0,
        )
        for average in ("micro", "macro")
    ]
    attacks = np.array([one not in false_alarms for one in true])
    silenced = np.array([one in false_alarms for one in said])
    return _Row(
        micro=float(scores[0]),
        macro=float(scores[1]),
        uacc=float((said[~known] == UNKNOWN).mean()),
        attacks_as_false=float(silenced[attacks].mean()) if attacks.any() else math.nan,
    )


def _calibration(surely: FloatArray, right: Any) -> dict[str, Any]:
    """Expected calibration error of the answers given, and the table behind it."""
    place = np.minimum((surely * BINS).astype(int), BINS - 1)
    table = [
        {
            "from": one / BINS,
            "answers": int((place == one).sum()),
            "confidence": float(surely[place == one].mean()),
            "right": float(right[place == one].mean()),
        }
        for one in range(BINS)
        if (place == one).any()
    ]
    total = max(1, len(surely))
    error = sum(one["answers"] * abs(one["confidence"] - one["right"]) for one in table) / total
    return {"error": error, "table": table}


def _told(pool: Pool, results: list[dict[str, Any]]) -> dict[str, Any]:
    names, counts = np.unique(pool.categories.astype(str), return_counts=True)
    shots = sorted({result["shots"] for result in results})
    for result in results:
        if result["name"] != DEFAULT:
            result["calibration"].pop("table")
    return {
        "key": pool.key,
        "title": pool.title,
        "anomalies": len(pool.categories),
        "categories": {str(at): int((counts >= at + LEAST_ASKED).sum()) for at in shots},
        "each_in_turn": pool.each_in_turn,
        "false_alarms": sorted(pool.false_alarms & set(names.tolist())),
        "learners": results,
        "standing": [_standing(results, at) for at in shots],
    }


def _standing(results: list[dict[str, Any]], shots: int) -> dict[str, Any]:
    """The default reading against the best of its rivals on the same interpretations."""
    mine = {one["name"]: one for one in results if one["shots"] == shots}
    ours, rivals = mine[DEFAULT], [mine[name] for name in RIVALS]
    best = max(rivals, key=lambda one: one["macro"]["mean"])
    surest = max(rivals, key=lambda one: one["uacc"]["mean"])
    apart = np.array(ours["macro_by_draw"]) - np.array(best["macro_by_draw"])
    half = stats.t.ppf(0.975, len(apart) - 1) * apart.std(ddof=1) / np.sqrt(len(apart))
    return {
        "shots": shots,
        "best_rival": best["name"],
        "macro_ahead": {"mean": float(apart.mean()), "half": float(half)},
        "surest_rival": surest["name"],
        "uacc_ahead_of_best": ours["uacc"]["mean"] - best["uacc"]["mean"],
        "uacc_ahead_of_surest": ours["uacc"]["mean"] - surest["uacc"]["mean"],
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--full", action="store_true", help="twenty draws instead of five")
    print(json.dumps(measure(parser.parse_args().full), indent=1))
