"""Whether an answer stays: asked again, asked otherwise, asked of almost the same event."""

import zlib
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from deepaid_core.domain.batches import Batch, FloatArray, IntArray
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters.base import Context, Interpretations, Interpreter
from deepaid_core.interpreters.quality_box import Box
from deepaid_core.interpreters.quality_sets import first_columns, jaccards, shown_sets

__all__ = ["SIGMA", "Robustness", "noise_robustness", "stability"]

SIGMA = 0.01
"""Size of a small change, as a share of a column's range."""


@dataclass(frozen=True, eq=False, slots=True)
class Robustness:
    """How much of each answer stays when the event changes a little, 0 to 1.

    Attributes:
        ranking: (n,), Jaccard index of the first columns of the ranking.
        shown: (n,), Jaccard index of what is shown.
        counted: (n,), changed events that were still anomalies, and so count.
    """

    ranking: FloatArray
    shown: FloatArray
    counted: IntArray

    @property
    def means(self) -> tuple[float, float]:
        """Of ranking and shown, over the anomalies that could be measured."""
        ranking, shown = (_mean(values) for values in (self.ranking, self.shown))
        return ranking, shown


def noise_robustness(
    interpreter: Interpreter,
    found: Interpretations,
    *,
    sigma: float = SIGMA,
    draws: int = 5,
    seed: int = 0,
    first: int = 10,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> Robustness:
    """Interpret each anomaly again with noise on its numbers; means over the draws.

    Every column of numbers gets x + N(0, (sigma * range)^2), made possible as `Box` says. A draw
    that the detector no longer flags has no interpretation and does not count; an anomaly none
    of whose draws count is not a number.

    Args:
        interpreter: What made `found`.
        found: Interpretations of TABULAR or SERIES events.
        sigma: Standard deviation of the noise, as a share of a column's range.
        draws: How often.
        seed: Seed of the noise, which depends on that and the event only.
        first: How many columns of the ranking are compared.
        progress: Told the share done.
        cancelled: Asked while interpreting.

    Raises:
        DetectorMismatchError: The events hold no numbers.
        InvalidParameterError: `draws` is under 1 or `sigma` under 0.
        CancelledError: `cancelled` said so.
    """
    if draws < 1 or sigma < 0:
        raise InvalidParameterError(
            f"{draws} draws of noise of size {sigma:g} were asked for; ask for at least 1 draw of "
            "a size of at least 0."
        )
    n = len(found)
    many = found.anomalies.take(np.tile(np.arange(n), draws))
    box = Box.around(many, found.context)
    shaken = box.with_values(box.moved(_noise(box, sigma, draws, seed)))
    flagged = found.context.threshold.flag(found.context.detector.score(shaken))
    ranking, shown = np.full(n * draws, np.nan), np.full(n * draws, np.nan)
    if flagged.any():
        again = interpreter.interpret(
            shaken.take(flagged), found.context, progress=progress, cancelled=cancelled
        )
        before = (np.flatnonzero(flagged) % n).astype(np.int64)
        ranking[flagged] = _kept(first_columns(found, first), first_columns(again, first), before)
        shown[flagged] = _kept(shown_sets(found), shown_sets(again), before)
    return Robustness(
        ranking=_row_means(ranking.reshape(draws, n).T),
        shown=_row_means(shown.reshape(draws, n).T),
        counted=flagged.reshape(draws, n).sum(axis=0),
    )


def stability(
    interpreter: Interpreter,
    anomalies: Batch,
    context: Context,
    *,
    runs: int = 3,
    cancelled: Cancelled = never,
) -> FloatArray:
    """Jaccard index of what is shown over repeated runs on the same anomalies, (n,).

    The mean over all pairs of runs. Every run after the first has another seed, and shuffles the
    anomalies into two batches of other neighbors.

    Args:
        interpreter: Whose answers are compared.
        anomalies: Of any kind of data.
        context: With the seed of the first run.
        runs: At least 2.
        cancelled: Asked while interpreting.

    Raises:
        InvalidParameterError: `runs` is under 2.
        CancelledError: `cancelled` said so.
    """
    if runs < 2:
        raise InvalidParameterError(f"{runs} runs cannot be compared; ask for at least 2.")
    n = len(anomalies)
    named = [shown_sets(interpreter.interpret(anomalies, context, cancelled=cancelled))]
    for run in range(1, runs):
        order = np.random.default_rng(run).permutation(n)
        sets = list(named[0])
        for part in (order[: n // 2], order[n // 2 :]):
            if len(part):
                again = interpreter.interpret(
                    anomalies.take(part),
                    replace(context, seed=context.seed + run),
                    cancelled=cancelled,
                )
                for row, one in zip(part.tolist(), shown_sets(again), strict=True):
                    sets[row] = one
        named.append(sets)
    pairs = [jaccards(one, other) for one, other in combinations(named, 2)]
    mean: FloatArray = np.mean(pairs, axis=0)
    return mean


def _noise(box: Box, sigma: float, draws: int, seed: int) -> FloatArray:
    values = box.events.values
    drawn = np.empty((draws, len(values) // draws, *values.shape[1:]))
    # Drawn from the event itself: its noise must not depend on what else is in the batch.
    for row in range(drawn.shape[1]):
        own = zlib.crc32(np.ascontiguousarray(values[row]).tobytes())
        drawn[:, row] = np.random.default_rng((seed, own)).normal(size=(draws, *values.shape[1:]))
    change: FloatArray = sigma * drawn.reshape(values.shape) * box.reach
    return np.where(box.whole, np.rint(change), change)


def _kept(before: list[frozenset[int]], after: list[frozenset[int]], rows: IntArray) -> FloatArray:
    return jaccards([before[row] for row in rows.tolist()], after)


def _row_means(values: FloatArray) -> FloatArray:
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    means: FloatArray = np.divide(total, counts, out=np.full(len(values), np.nan), where=counts > 0)
    return means


def _mean(values: FloatArray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
