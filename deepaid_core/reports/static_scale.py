"""Axes of a static picture: from values of any kind to numbers, and which of them are in view."""

import base64
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

import numpy as np

from deepaid_core.domain.batches import FloatArray
from deepaid_core.reports.static_ticks import Tick, clock_ticks, log_ticks, number_ticks

__all__ = ["Extent", "Scale", "listed", "make_scale"]

Kind = Literal["linear", "log", "date", "category"]

_PADDING = 0.05
_LARGEST = 1e300


@dataclass(frozen=True, slots=True)
class Extent:
    """Values that an axis has to show.

    Attributes:
        values: Numbers, moments or categories; what is None or not finite does not count.
        padded: Whether some room is left beyond them.
        is_logarithm: On a logarithmic axis they are exponents already, as in annotations.
    """

    values: Sequence[Any]
    padded: bool = True
    is_logarithm: bool = False


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis in view.

    Attributes:
        kind: How values become numbers.
        low: Number at the left or lower end; over `high` where the axis is reversed.
        high: Number at the other end.
        origin: Unix seconds that dates are counted from, so that short spans keep their digits.
        categories: In order, for an axis of them.
    """

    kind: Kind
    low: float
    high: float
    origin: float = 0.0
    categories: tuple[str, ...] = ()

    def numbers(self, values: Iterable[Any], *, is_logarithm: bool = False) -> FloatArray:
        """Values as the axis counts them; not a number where there is nothing to draw."""
        return _numbers(values, self.kind, self.origin, self.categories, is_logarithm=is_logarithm)

    def lengths(self, values: Iterable[Any]) -> FloatArray:
        """Widths on this axis; Plotly gives those of dates in milliseconds."""
        factor = 1e-3 if self.kind == "date" else 1.0
        return np.array([_float(value) * factor for value in values], dtype=np.float64)

    def ticks(self, axis: Mapping[str, Any], pixels: float, letters: float) -> list[Tick]:
        """Where ticks stand, as numbers of this axis, and what they say as markup.

        Args:
            axis: The layout of the axis.
            pixels: Its length.
            letters: Pixels that a tick should have for itself.
        """
        if axis.get("tickvals") is not None:
            values = listed(axis["tickvals"])
            at = self.numbers(values)
            texts = listed(axis.get("ticktext")) or [f"{value:g}" for value in at]
            ticks = [(float(spot), str(text)) for spot, text in zip(at, texts, strict=False)]
        elif self.kind == "category":
            ticks = [(float(place), name) for place, name in enumerate(self.categories)]
        else:
            most = max(2, int(pixels / letters))
            if axis.get("nticks"):
                most = min(most, int(axis["nticks"]))
            if self.kind == "date":
                moments = clock_ticks(self.low + self.origin, self.high + self.origin, most)
                ticks = [(at - self.origin, text) for at, text in moments]
            else:
                pick = log_ticks if self.kind == "log" else number_ticks
                ticks = pick(self.low, self.high, most)
        low, high = min(self.low, self.high), max(self.low, self.high)
        room = 1e-9 * (high - low)
        return [tick for tick in ticks if low - room <= tick[0] <= high + room]


def listed(values: Any) -> list[Any]:
    """Values of a trace as a list, however Plotly keeps them."""
    if values is None:
        return []
    if isinstance(values, Mapping) and "bdata" in values:
        # How Plotly packs arrays; of several dimensions, "shape" says which.
        packed = np.frombuffer(base64.b64decode(values["bdata"]), dtype=values["dtype"])
        if "shape" in values:
            packed = packed.reshape([int(one) for one in str(values["shape"]).split(",")])
        return list(packed.tolist())
    if isinstance(values, np.ndarray) and values.dtype.kind != "M":
        return list(values.tolist())
    if isinstance(values, str) or not isinstance(values, Iterable):
        return [values]
    return list(values)


def make_scale(axis: Mapping[str, Any], extents: Sequence[Extent]) -> Scale:
    """The axis that shows all of them.

    Args:
        axis: Its layout.
        extents: What it has to show.
    """
    everything = [value for extent in extents for value in extent.values if value is not None]
    kind = _kind(axis, everything)
    categories: tuple[str, ...] = ()
    if kind == "category":
        wanted = [str(one) for one in listed(axis.get("categoryarray"))]
        categories = tuple(dict.fromkeys([*wanted, *map(str, everything)]))
    asked = listed(axis.get("range"))
    fixed = len(asked) == 2 and None not in asked
    origin = 0.0
    if kind == "date":
        moments = _numbers([*everything, *asked], kind, 0.0, ())
        finite = moments[np.isfinite(moments)]
        origin = float(finite.min()) if len(finite) else 0.0
    if fixed:
        low, high = _numbers(asked, kind, origin, categories, is_logarithm=True).tolist()
        if math.isfinite(low) and math.isfinite(high) and low != high:
            return Scale(kind, low, high, origin, categories)
    low, high = _auto(axis, kind, extents, origin, categories)
    if axis.get("autorange") == "reversed":
        low, high = high, low
    return Scale(kind, low, high, origin, categories)


def _auto(
    axis: Mapping[str, Any],
    kind: Kind,
    extents: Sequence[Extent],
    origin: float,
    categories: tuple[str, ...],
) -> tuple[float, float]:
    lows, highs, pads = [], [], []
    for extent in extents:
        at = _numbers(extent.values, kind, origin, categories, is_logarithm=extent.is_logarithm)
        at = at[np.isfinite(at)]
        if len(at):
            lows.append(float(at.min()))
            highs.append(float(at.max()))
            pads.append(extent.padded)
    if not lows:
        return (-0.5, len(categories) - 0.5) if categories else (0.0, 1.0)
    low, high = min(lows), max(highs)
    zero = kind == "linear" and axis.get("rangemode") in ("tozero", "nonnegative")
    if zero:
        low, high = min(0.0, low), max(0.0, high)
    if high == low:
        room = 0.5 if kind in ("log", "category") else (abs(low) * 0.5 or 1.0)
        return low - (1.0 if kind == "date" else room), high + (1.0 if kind == "date" else room)
    room = _PADDING * (high - low)
    # An end made of exact values only, e.g. the foot of bars, stays where it is.
    pad_low = any(pad for at, pad in zip(lows, pads, strict=True) if at == low)
    pad_high = any(pad for at, pad in zip(highs, pads, strict=True) if at == high)
    foot = any(not pad for at, pad in zip(lows, pads, strict=True) if at == low)
    if low == 0.0 and (zero or foot):
        pad_low = False
    return low - room * pad_low, high + room * pad_high


def _kind(axis: Mapping[str, Any], values: Sequence[Any]) -> Kind:
    given = axis.get("type")
    if given in ("linear", "log", "date", "category"):
        return given  # type: ignore[no-any-return]
    if any(isinstance(value, date | np.datetime64) for value in values):
        return "date"
    return "category" if any(isinstance(value, str) for value in values) else "linear"


def _numbers(
    values: Iterable[Any],
    kind: Kind,
    origin: float,
    categories: tuple[str, ...],
    *,
    is_logarithm: bool = False,
) -> FloatArray:
    if kind == "date":
        return np.array([_seconds(value) - origin for value in values], dtype=np.float64)
    if kind == "category":
        places = {name: float(place) for place, name in enumerate(categories)}
        return np.array(
            [
                places.get(value, math.nan) if isinstance(value, str) else _float(value)
                for value in values
            ],
            dtype=np.float64,
        )
    plain = np.array([_float(value) for value in values], dtype=np.float64)
    # Distances between larger ones are no numbers any more; a table has them.
    plain[np.abs(plain) > _LARGEST] = math.nan
    if kind == "log" and not is_logarithm:
        with np.errstate(invalid="ignore", divide="ignore"):
            plain = np.log10(plain)
            plain[~np.isfinite(plain)] = math.nan
    return plain


def _float(value: Any) -> float:
    try:
        return math.nan if value is None else float(value)
    except (TypeError, ValueError):
        return math.nan


def _seconds(value: Any) -> float:
    # Times without a zone are UTC, as everywhere in our figures.
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return math.nan
    if isinstance(value, np.datetime64):
        return float(value.astype("datetime64[us]").astype(np.int64)) / 1e6
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).timestamp()
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day, tzinfo=UTC).timestamp()
    milliseconds = _float(value)
    return milliseconds / 1000.0
