"""Where ticks of a static picture stand and what they say."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from deepaid_core.figures.numbers import format_value

__all__ = ["Tick", "clock_ticks", "log_ticks", "number_ticks"]

Tick = tuple[float, str]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = 86_400.0
_STEPS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 3 * 3600, 6 * 3600, 12 * 3600,
    _DAY, 2 * _DAY, 7 * _DAY, 14 * _DAY, 28 * _DAY, 91 * _DAY, 182 * _DAY, 365 * _DAY,
)  # fmt: skip


def _nice(least: float) -> float:
    # The smallest 1, 2 or 5 times a power of ten that is not below `least`.
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * digit for digit in (1, 2, 5, 10) if power * digit >= least * (1 - 1e-9))


def number_ticks(low: float, high: float, most: int) -> list[Tick]:
    """At most about `most` round numbers between two ends."""
    low, high = min(low, high), max(low, high)
    if not (math.isfinite(high - low) and high > low):
        return [(low, format_value(low))]
    step = _nice((high - low) / max(1, most))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    spots = [number * step for number in range(first, min(last, first + 50) + 1)]
    return list(zip(spots, _told_apart(spots, step), strict=True))


def _told_apart(spots: Sequence[float], step: float) -> list[str]:
    texts = [format_value(spot) for spot in spots]
    if len(set(texts)) == len(texts):
        return texts
    decimals = max(0, -math.floor(math.log10(step) + 1e-9))
    return [f"{spot:,.{min(decimals, 15)}f}" for spot in spots]


def log_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Powers of ten between two exponents; within few of them, their multiples too."""
    # Powers beyond these are no numbers of a computer.
    low, high = max(-300.0, min(low, high)), min(300.0, max(low, high))
    first, last = math.ceil(low - 1e-9), math.floor(high + 1e-9)
    step = max(1, math.ceil((last - first + 1) / max(1, most)))
    ticks = [(float(at), format_value(10.0**at)) for at in range(first, last + 1, step)]
    if len(ticks) >= 3:
        return ticks
    finer = [
        (at + math.log10(digit), format_value(digit * 10.0**at))
        for at in range(math.floor(low), last + 1)
        for digit in (1, 2, 5)
    ]
    inside = [tick for tick in finer if low - 1e-9 <= tick[0] <= high + 1e-9]
    if len(inside) >= 2:
        return inside
    between = number_ticks(10.0**low, 10.0**high, most)
    return [(math.log10(at), text) for at, text in between if at > 0]


def clock_ticks(low: float, high: float, most: int) -> list[Tick]:
    """Round moments between two, as Unix seconds UTC; the date stands below where it changes."""
    low, high = min(low, high), max(low, high)
    least = (high - low) / max(1, most)
    if not (math.isfinite(least) and least > 0):
        return []
    if least <= _STEPS[0]:
        step = min(1.0, _nice(least))
    else:
        step = next((float(one) for one in _STEPS if one >= least), _STEPS[-1] * _nice(
            max(1.0, least / _STEPS[-1])))  # fmt: skip
    first = math.ceil(low / step - 1e-9)
    spots = [number * step for number in range(first, math.floor(high / step + 1e-9) + 1)][:50]
    days = [_moment(spot).date() for spot in spots]
    changes = [True, *(before != after for before, after in pairwise(days))]
    texts = []
    for spot, new_day in zip(spots, changes, strict=True):
        moment = _moment(spot)
        if step >= _DAY:
            texts.append(f"{moment:%Y-%m-%d}")
            continue
        clock = f"{moment:%H:%M}" if step >= 60 else f"{moment:%H:%M:%S}"
        if step < 1:
            decimals = min(6, math.ceil(-math.log10(step) - 1e-9))
            clock += f"{moment.microsecond / 1e6:.{decimals}f}"[1:]
        texts.append(f"{clock}<br>{moment:%Y-%m-%d}" if new_day else clock)
    return list(zip(spots, texts, strict=True))


def _moment(seconds: float) -> datetime:
    try:
        # Microseconds rounded first: a sum of floats must not turn 0.3 s into 0.299999 s.
        return _EPOCH + timedelta(microseconds=round(seconds * 1e6))
    except OverflowError:
        return _EPOCH
