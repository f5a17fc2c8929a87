"""Numbers, times and factors as analysts read them; the same in figures, pages and reports."""

import math
from datetime import UTC, datetime

from deepaid_core.figures.text import shorten, visible

__all__ = [
    "format_age",
    "format_count",
    "format_duration",
    "format_excess",
    "format_factor",
    "format_percentile",
    "format_ratio",
    "format_score",
    "format_share",
    "format_time_utc",
    "format_value",
    "is_multiple",
]

_SECONDS = {"s", "sec", "second", "seconds"}
_BYTES = {"B", "byte", "bytes"}
_LARGE = ((1e12, " T"), (1e9, " G"), (1e6, " M"))
_BYTE_STEPS = ((1e12, "TB"), (1e9, "GB"), (1e6, "MB"), (1e3, "kB"))
_TEXT_LIMIT = 60
_COUNTED = {"packets", "events", "logins", "connections", "requests", "hosts", "users", "steps"}


def _digits(value: float) -> str:
    # Three significant digits, trailing zeros dropped, thousands separated.
    size = abs(value)
    if size >= 100 or value == 0:
        return f"{value:,.0f}"
    decimals = min(12, max(0, 2 - math.floor(math.log10(size))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _number(value: float) -> str:
    size = abs(value)
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    if size >= 1e15 or 0 < size < 1e-4:
        return f"{value:.2e}"
    # 999,999.5 and more would round to 1,000,000: it belongs to the next step.
    for step, suffix in _LARGE:
        if size >= step * (1 - 5e-7):
            return f"{_digits(value / step)}{suffix}"
    return _digits(value)


def _bytes(value: float) -> str:
    for step, name in _BYTE_STEPS:
        if abs(value) >= step * (1 - 5e-4):
            return f"{_digits(value / step)} {name}"
    return f"{_number(value)} B"


def format_duration(seconds: float) -> str:
    """A span of time, in the unit that fits: "850 µs", "3.4 ms", "12 s", "2 min 5 s", "3 h 4 min".

    Anything from 100 days on is given in days.
    """
    if not math.isfinite(seconds):
        return _number(seconds)
    size = abs(seconds)
    sign = "-" if seconds < 0 else ""
    for limit, factor, name in ((9.995e-4, 1e6, "µs"), (0.9995, 1e3, "ms"), (59.95, 1, "s")):
        if size < limit and size > 0:
            return (
                f"{sign}{_digits(size * factor) if size >= 1e-10 else _number(size * 1e6)} {name}"
            )
    if size == 0:
        return "0 s"
    for limit, small, (large_name, small_name) in (
        (3600, 1, ("min", "s")),
        (86_400, 60, ("h", "min")),
        (100 * 86_400, 3600, ("d", "h")),
    ):
        # Rounded first, so that 59 min 59.7 s becomes 1 h and not 60 min.
        whole = round(size / small)
        if whole * small < limit:
            of_large = {"min": 60, "h": 60, "d": 24}[large_name]
            parts = ((whole // of_large, large_name), (whole % of_large, small_name))
            return sign + " ".join(f"{count} {name}" for count, name in parts if count)
    return f"{sign}{_number(size / 86_400)} d"


def format_age(seconds: float) -> str:
    """How long ago something was, in one unit: "just now", "5 min ago", "3 h ago", "12 d ago"."""
    if not math.isfinite(seconds) or seconds < 60:
        return "just now"
    for limit, size, name in ((3600, 60, "min"), (172_800, 3600, "h")):
        if seconds < limit:
            return f"{seconds // size:.0f} {name} ago"
    return f"{seconds // 86_400:,.0f} d ago"


def format_value(value: float | str, unit: str = "") -> str:
    """A value with its unit: "1,234 packets", "1.2 MB", "3.4 ms", "1.2 M".

    Three significant digits below 100, whole numbers up to a million. Bytes are decimal
    (1 kB = 1,000 B). Text is shown as it is, shortened, with hidden characters made visible.
    """
    if isinstance(value, str):
        return shorten(visible(value), _TEXT_LIMIT)
    value = float(value)
    if math.isfinite(value) and unit in _SECONDS:
        return format_duration(value)
    if math.isfinite(value) and unit in _BYTES:
        return _bytes(value)
    text = _number(value)
    if text == "1" and unit in _COUNTED:
        unit = unit.removesuffix("s")
    return f"{text} {shorten(visible(unit), _TEXT_LIMIT)}" if unit else text


def format_count(count: int, noun: str, plural: str = "") -> str:
    """A count with its noun: "1 finding", "1,234 findings"."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def format_score(score: float) -> str:
    """A score in four significant digits, enough to tell a reference from its threshold."""
    if not math.isfinite(score):
        return _number(score)
    if 0.9995 <= score < 1:
        # Scores that are a probability crowd below 1; what tells them apart is how far from it.
        return f"{score:.{min(12, 1 - math.floor(math.log10(1 - score)))}f}"
    if score == 0 or 1e-3 <= abs(score) < 1e5:
        return f"{score:,.4g}" if abs(score) < 1e3 else f"{score:,.0f}"
    return f"{score:.3e}"


def format_share(share: float) -> str:
    """A fraction as percent: "2.2 %"; never rounds something to 0 % or all but all to 100 %."""
    percent = share * 100
    if 0 < percent < 0.01:
        return "under 0.01 %"
    if 99.99 < percent < 100:
        return "over 99.99 %"
    return f"{percent:.4g} %" if percent > 99 else f"{percent:.3g} %"


def format_percentile(percentile: float | None) -> str:
    """Where a value lies among the training events, in words."""
    if percentile is None:
        return "not known"
    if percentile >= 100:
        return "at or above all training events"
    if percentile <= 0:
        return "below all training events"
    return f"at or above {percentile:.4g} % of training events"


def format_factor(observed: float | str, reference: float | str) -> str:
    """How many times the observed value is above or below the reference, in words."""
    if isinstance(observed, str) or isinstance(reference, str):
        return "same" if observed == reference else "changed"
    if not (math.isfinite(observed) and math.isfinite(reference)):
        return "not comparable"
    if observed == reference:
        return "same"
    if reference == 0:
        return "from zero"
    if observed == 0:
        return "to zero"
    if (observed < 0) != (reference < 0):
        return "sign changed"
    larger = abs(observed) >= abs(reference)
    high, low = (observed, reference) if larger else (reference, observed)
    factor = abs(high) / abs(low)
    # Below zero the larger size is the lower value: "times larger" stays true for both.
    word = (
        ("higher" if larger else "lower") if observed > 0 else ("larger" if larger else "smaller")
    )
    if factor < 2:
        change = abs(abs(observed) / abs(reference) - 1)
        return f"{format_share(change)} {word}"
    if not math.isfinite(factor) or factor >= 1e6:
        return f"over 1,000,000× {word}"
    return f"{_digits(factor)}× {word}"


def format_time_utc(time: float, *, milliseconds: bool = False) -> str:
    """Unix seconds as "2026-03-02 12:03:04 UTC"."""
    try:
        moment = datetime.fromtimestamp(time, tz=UTC)
    except (OverflowError, OSError, ValueError):
        return f"time {_number(time)}"
    text = moment.isoformat(sep=" ", timespec="milliseconds" if milliseconds else "seconds")
    return f"{text.removesuffix('+00:00')} UTC"


def format_ratio(ratio: float) -> str:
    """A place on the severity scale, where 1 is the threshold: "2.3", "1,234"."""
    if not math.isfinite(ratio):
        return _number(ratio)
    return f"{ratio:,.0f}" if abs(ratio) >= 100 else f"{ratio:.1f}"


def is_multiple(score: float, threshold: float, ratio: float | None) -> bool:
    """Whether "so many times the threshold" says something of a score.

    It does not for scores such as differences of logarithms or probabilities; their ratio is on
    another scale. Without a ratio, any score over a positive threshold counts.
    """
    if threshold <= 0:
        return False
    return ratio is None or math.isclose(score / threshold, ratio, rel_tol=1e-6)


def format_excess(score: float, threshold: float, ratio: float) -> str:
    """How far a score is over its threshold, e.g. "2.3× the threshold".

    Scores that are no multiple of their threshold, such as differences of logarithms, are set
    beside it instead.
    """
    if is_multiple(score, threshold, ratio):
        return f"{ratio:,.1f}× the threshold"
    return f"score {format_score(score)}, threshold {format_score(threshold)}"
