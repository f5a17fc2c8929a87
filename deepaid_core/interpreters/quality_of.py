"""The measures that are stored with an interpretation."""

import math
from dataclasses import fields, replace
from typing import Any, Final

import numpy as np

from deepaid_core.domain.batches import Batch, IntArray
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.quality import Kept, Quality
from deepaid_core.interpreters.base import Interpretations, Interpreter
from deepaid_core.interpreters.quality import (
    coherent,
    jaccards,
    one_hot_groups,
    shown_sets,
    solved_at,
)
from deepaid_core.interpreters.quality_attack import SIZE, attack_robustness
from deepaid_core.interpreters.quality_box import has_numbers
from deepaid_core.interpreters.quality_noise import SIGMA, Robustness, noise_robustness
from deepaid_core.interpreters.series_interpretations import SeriesInterpretations
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations

__all__ = ["DRAWS", "quality_of", "under_attack"]

DRAWS: Final = 3
"""Noisy copies of an event: enough to tell a shaky answer from a firm one, at little cost."""

_RESTARTS: Final = 3


def quality_of(
    interpreter: Interpreter,
    found: Interpretations,
    rows: IntArray,
    *,
    draws: int = DRAWS,
    cancelled: Cancelled = never,
) -> list[Quality]:
    """Measures of some of the interpretations, in the order of `rows`; without the attack.

    The chosen anomalies are interpreted once more by themselves, with another seed, and `draws`
    times with noise, all in two batches.

    Args:
        interpreter: What made `found`.
        found: Of any kind of data.
        rows: Positions of those to measure.
        draws: Noisy copies of each event.
        cancelled: Asked while interpreting.

    Raises:
        CancelledError: `cancelled` said so.
    """
    if not len(rows):
        return []
    events = found.anomalies.take(rows)
    again = interpreter.interpret(
        events, replace(found.context, seed=found.context.seed + 1), cancelled=cancelled
    )
    named = shown_sets(found)
    stable = jaccards([named[row] for row in rows.tolist()], shown_sets(again)).tolist()
    flips = solved_at(found)[rows].tolist()
    whole: list[bool | None] = [None] * len(rows)
    if isinstance(found, TabularInterpretations) and one_hot_groups(found.events.schema):
        whole = coherent(found)[rows].tolist()
    noise: list[Kept | None] = [None] * len(rows)
    if has_numbers(events):
        shaken = noise_robustness(
            interpreter, _taken(found, rows), draws=draws, cancelled=cancelled
        )
        noise = [_kept(shaken, row, SIGMA, draws) for row in range(len(rows))]
    return [
        Quality(flips_at=at, coherent=one, stability=share, noise=kept)
        for at, one, share, kept in zip(flips, whole, stable, noise, strict=True)
    ]


def under_attack(
    interpreter: Interpreter,
    found: Interpretations,
    *,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> list[Kept]:
    """What an attacker leaves of each interpretation.

    Raises:
        DetectorMismatchError: The events hold no numbers, or the detector has no model space.
        CancelledError: `cancelled` said so.
    """
    left = attack_robustness(
        interpreter, found, restarts=_RESTARTS, progress=progress, cancelled=cancelled
    )
    return [_kept(left, row, SIZE, _RESTARTS) for row in range(len(found))]


def _taken(found: Interpretations, rows: IntArray) -> Interpretations:
    """Some of the interpretations of events with numbers, all of whose arrays are (n, ...)."""
    assert isinstance(found, (TabularInterpretations, SeriesInterpretations))  # noqa: S101
    columns = {one.name: getattr(found, one.name) for one in fields(found)}
    taken: dict[str, Any] = {
        name: column.take(rows) if isinstance(column, Batch) else column[rows]
        for name, column in columns.items()
        if isinstance(column, (Batch, np.ndarray))
    }
    return replace(found, **taken)


def _kept(left: Robustness, row: int, size: float, tries: int) -> Kept:
    shown, ranking = (
        None if math.isnan(part[row]) else float(part[row]) for part in (left.shown, left.ranking)
    )
    return Kept(size, tries, int(left.counted[row]), shown, ranking)
