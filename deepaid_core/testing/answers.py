"""Whether an interpreter says what is known to be wrong with planted anomalies."""

from dataclasses import replace
from typing import Any, Final

import numpy as np

from deepaid_core.domain.batches import SequenceBatch, SeriesBatch, TabularBatch
from deepaid_core.testing.mixtures import changed_parts
from deepaid_core.testing.pairs import Found, Pair

__all__ = ["ANSWER_CHECKS"]


def check_finds_what_was_planted(pair: Pair) -> None:
    for found in pair.found():
        hits = [
            bool(one.deviations) and one.deviations[0].field in guilty
            for one, guilty in zip(found.items, found.plant.guilty, strict=True)
        ]
        _at_least(found, "named first", np.mean(hits), found.plant.found)


def check_names_the_direction(pair: Pair) -> None:
    for found in pair.found():
        if found.plant.direction is None:
            continue
        right = [
            deviation.direction == found.plant.direction
            for one, guilty in zip(found.items, found.plant.guilty, strict=True)
            for deviation in one.deviations
            if deviation.field in guilty
        ]
        _at_least(found, "in the right direction", np.mean(right), 0.9)


def check_names_the_planted_step(pair: Pair) -> None:
    for found in pair.found():
        events = found.plant.events
        if found.plant.step is None or not isinstance(events, SeriesBatch):
            continue
        names, steps = events.schema.names, events.values.shape[1]
        right = []
        for one, guilty in zip(found.items, found.plant.guilty, strict=True):
            moved = np.abs(np.array(one.observed) - np.array(one.reference)).reshape(steps, -1)
            (column,) = (names.index(name) for name in guilty)
            if moved[:, column].any():
                right.append(int(moved[:, column].argmax()) - steps + 1 == found.plant.step)
        _at_least(found, "at the planted step", np.mean(right), 0.9)


def check_reference_goes_back_to_what_was_there(pair: Pair) -> None:
    for found in pair.found():
        events, originals = found.plant.events, found.plant.originals
        if isinstance(events, SequenceBatch) and isinstance(originals, SequenceBatch):
            # Of a wrong next key it is enough that the likeliest one takes its place.
            right = [
                one.reference == tuple(keys)
                for one, keys in zip(found.items, originals.keys.tolist(), strict=True)
            ]
            _at_least(found, "exactly as before", np.mean(right), found.plant.found)
        if isinstance(events, (TabularBatch, SeriesBatch)):
            before: Any = originals
            nearer = [
                _distance(one.reference, values, events) < _distance(one.observed, values, events)
                for one, values in zip(found.items, before.values, strict=True)
            ]
            _at_least(found, "nearer to what was there", np.mean(nearer), 0.9)


def check_beats_a_guess(pair: Pair) -> None:
    random = np.random.default_rng(0)
    for found in pair.found():
        ours, guess = [], []
        for one, guilty in zip(found.items, found.plant.guilty, strict=True):
            named = {deviation.field for deviation in one.deviations}
            drawn = random.choice(pair.data.parts, size=len(named), replace=False)
            ours.append(len(named & guilty) / len(named | guilty))
            guess.append(len(guilty & set(drawn.tolist())) / len(named | guilty))
        _at_least(found, "named, by Jaccard index", np.mean(ours), np.mean(guess) + 0.3)


def check_small_noise_keeps_the_answer(pair: Pair) -> None:
    random = np.random.default_rng(0)
    normal: Any = pair.data.normal
    if not isinstance(normal, (TabularBatch, SeriesBatch)):
        return
    training = normal.values.reshape(-1, len(normal.schema))
    noisy = np.array([feature.kind == "number" for feature in normal.schema.features])
    size = 0.01 * (training.max(axis=0) - training.min(axis=0)) * noisy
    low = np.array([-np.inf if f.low is None else f.low for f in normal.schema.features])
    for found in pair.found():
        events: Any = found.plant.events
        shaken = events.values + random.normal(size=events.values.shape) * size
        other = replace(events, values=np.maximum(shaken, np.minimum(low, events.values)))
        kept = [
            len(before & after) / len(before | after)
            for before, after in zip(
                (changed_parts(one, events) for one in found.items),
                (changed_parts(one, events) for one in pair.interpret(other)),
                strict=True,
            )
        ]
        _at_least(found, "the same under noise, by Jaccard index", np.mean(kept), 0.7)


ANSWER_CHECKS: Final = (
    check_finds_what_was_planted,
    check_names_the_direction,
    check_names_the_planted_step,
    check_reference_goes_back_to_what_was_there,
    check_beats_a_guess,
    check_small_noise_keeps_the_answer,
)
"""For every detector and interpreter that understand each other."""


def _at_least(found: Found, what: str, share: Any, least: Any) -> None:
    assert len(found.items) >= 10, f"'{found.plant.name}': only {len(found.items)} are flagged"
    assert share >= least, f"'{found.plant.name}': {share:.0%} {what}, {least:.0%} are asked for"


def _distance(values: tuple[float, ...], original: Any, events: Any) -> float:
    spread = events.values.reshape(-1, events.values.shape[-1]).std(axis=0) + 1e-9
    return float(np.abs((np.reshape(values, original.shape) - original) / spread).sum())
