"""Rows of the comparison: which methods there are, what they reached, how far they are ahead."""

from typing import Any, Final

from benchmarks.comparison_methods import Measured
from benchmarks.pairs import difference, value_of
from deepaid_core.detectors.base import Detector
from deepaid_core.domain.batches import IntArray
from deepaid_core.registry import DEFAULT_INTERPRETERS, INTERPRETERS, load

__all__ = ["methods_for", "row_of", "subset_of"]

DIGITS: Final = 6


def methods_for(detector: Detector[Any]) -> tuple[list[str], dict[str, str]]:
    """Interpreters that support a detector, the default first; and why the others do not."""
    ours = DEFAULT_INTERPRETERS[detector.modality]
    elsewhere = set(DEFAULT_INTERPRETERS.values()) - {ours}
    able, left_out = [], {}
    for name in (ours, *(one for one in INTERPRETERS if one != ours)):
        why_not = load(INTERPRETERS, name)().supports(detector)
        if why_not is None:
            able.append(name)
        elif name not in elsewhere:  # the defaults of other kinds of data are not missing here
            left_out[name] = why_not
    return able, left_out


def row_of(name: str, one: Measured, mine: Measured, ours: str) -> dict[str, Any]:
    """The row of a method: its values, and how far it is ahead of ours."""
    against = {
        key: ahead
        for key, values in one.each.items()
        if name != ours
        and key in mine.each
        and (ahead := difference(key, mine.each[key], values)) is not None
    }
    values = {key: value_of(key, each) for key, each in one.each.items()} | one.whole
    return {
        "method": name,
        "n": one.n,
        "measures": {key: _rounded(value) for key, value in values.items()},
        "notes": one.notes,
        "against": {
            key: {part: _rounded(number) for part, number in ahead.items()}
            for key, ahead in against.items()
        },
    }


def subset_of(ours: str, mine: Measured, few: IntArray) -> dict[str, Any]:
    """What ours reached on the anomalies that slow methods were measured on."""
    values = {key: value_of(key, each[few]) for key, each in mine.each.items()}
    return {
        "method": ours,
        "n": len(few),
        "measures": {key: _rounded(value) for key, value in values.items()},
        "notes": ["On the anomalies that slow methods were measured on."],
    }


def _rounded(value: float | None) -> float | None:
    return value if value is None or isinstance(value, int) else round(value, DIGITS)
