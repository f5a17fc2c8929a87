"""Scores of normal and of recent events beside each other, and where the threshold lies."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from numpy.typing import NDArray

from deepaid_core.figures.numbers import format_count, format_score, format_share
from deepaid_core.figures.scores import is_wide
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import figure_text
from deepaid_core.figures.theme import BLUE, GREEN, GREY, VERMILLION, empty_figure, finish

__all__ = ["Binned", "binned", "score_histogram", "score_table"]

_BINS: Final = 60
_LONGEST: Final = 60
# What lies further out is drawn in the first or last bar: a single outlier must not squeeze the
# rest into one.
_CUT: Final = 0.001
_FEW: Final = 100
_ROOM: Final = 0.15
_BEYOND: Final = 3.0  # times the span of normal scores


@dataclass(frozen=True, slots=True)
class Binned:
    """Scores of two sets of events, counted in the same bins.

    Attributes:
        edges: Bounds of the bins, ascending, one more than bins; the outer bins hold all beyond.
        normal: Events of each bin that nobody attacked in.
        recent: Events of each bin that a run read; empty where there is none.
        wide: The bins are equal on a logarithmic axis.
    """

    edges: tuple[float, ...]
    normal: tuple[int, ...]
    recent: tuple[int, ...]
    wide: bool


def binned(
    normal: NDArray[np.float64] | Sequence[float],
    recent: NDArray[np.float64] | Sequence[float],
    threshold: float,
    *,
    bins: int = _BINS,
) -> Binned | None:
    """Count scores in bins that also hold the threshold; None where no score is finite.

    Args:
        normal: Scores of normal events that the detector did not learn from.
        recent: Scores of the events of a run; may be empty.
        threshold: The bound on the score.
        bins: How many.
    """
    known, seen = _finite(normal), _finite(recent)
    every = np.concatenate([known, seen])
    if not len(every) or not math.isfinite(threshold):
        return None
    # Of each its own: a long attack must not push what is normal into one bar.
    ends = [_ends(part) for part in (known, seen) if len(part)]
    low = min(threshold, *(end[0] for end in ends))
    high = max(threshold, *(end[1] for end in ends))
    wide = low > 0 and is_wide((low, high))
    # Room on the right: a threshold above everything seen can be tried too.
    if wide:
        edges = np.geomspace(low, high * (high / low) ** _ROOM, bins + 1)
    else:
        if len(known):
            # Attacks far out share the last bin, so that normal scores keep their shape.
            low = max(low, min(threshold, ends[0][0] - _BEYOND * (threshold - ends[0][0])))
            high = min(high, threshold + _BEYOND * max(threshold - ends[0][0], 0.0))
        room = (high - low) or max(abs(high), 1.0) * _ROOM
        edges = np.linspace(low - 0.02 * room, high + _ROOM * room, bins + 1)
    return Binned(
        tuple(float(edge) for edge in edges), _counts(known, edges), _counts(seen, edges), wide
    )


def score_histogram(
    scores: Binned | None,
    threshold: float,
    *,
    moved: float | None = None,
    flagged: tuple[float | None, float | None] = (None, None),
    normal_name: str = "normal events",
    recent_name: str = "latest run",
    told: tuple[str, str] = ("the normal events", "the recent events"),
) -> go.Figure:
    """Share of normal and of recent events by score, with the threshold and where it would move.

    A click on a bar gives the upper bound of its bin as `customdata`.

    Args:
        scores: As `binned` counts them.
        threshold: In force.
        moved: A threshold that is tried; the same or None draws one line.
        flagged: Share of normal and of recent events over that threshold, for the title.
        normal_name: What the first set is.
        recent_name: What the second set is, e.g. the name of a file.
        told: What the title calls both.
    """
    if scores is None:
        return empty_figure(
            "No score to draw", "The scores of this detector's normal events are not known."
        )
    normal_total, recent_total = sum(scores.normal), sum(scores.recent)
    shares = [
        [100 * count / total if total else 0.0 for count in counts]
        for counts, total in ((scores.normal, normal_total), (scores.recent, recent_total))
    ]
    floor = min((share for part in shares for share in part if share > 0), default=1.0) / 2
    top = max((share for part in shares for share in part), default=1.0) * 5  # room for the labels
    spots = [math.log10(edge) if scores.wide else edge for edge in scores.edges]
    centers = [(a + b) / 2 for a, b in pairwise(spots)]
    hover = [_hover(scores, place, shares) for place in range(len(centers))]
    width = spots[1] - spots[0]
    traces: list[dict[str, Any]] = []
    if normal_total:
        traces.append(
            {
                "type": "bar", "x": centers, "y": [share or None for share in shares[0]],
                "width": width, "marker": {"color": BLUE, "opacity": 0.55},
                "name": figure_text(normal_name, _LONGEST), "hoverinfo": "skip",
                "unselected": {"marker": {"opacity": 0.55}},
            }
        )  # fmt: skip
    if recent_total:
        traces.append(
            {
                "type": "scatter", "mode": "lines", "x": centers,
                "y": [max(share, floor) for share in shares[1]],
                "line": {"color": VERMILLION, "shape": "hvh", "width": 2},
                "name": figure_text(recent_name, _LONGEST), "hoverinfo": "skip",
            }
        )  # fmt: skip
    # Bars as high as the chart, not seen: wherever it is clicked, a bin is meant.
    traces.append(
        {
            "type": "bar", "x": centers, "y": [top] * len(centers), "width": width,
            "marker": {"color": "rgba(127, 127, 127, 0.01)"}, "showlegend": False,
            "customdata": list(scores.edges[1:]), "hovertext": hover, "hoverinfo": "text",
            "selected": {"marker": {"opacity": 0.02}},
            "unselected": {"marker": {"opacity": 0.02}},
        }
    )  # fmt: skip
    lines = [(threshold, GREY, "dash", "threshold")]
    if moved is not None and moved != threshold:
        lines.append((moved, GREEN, "solid", "tried"))
    at = {value: math.log10(value) if scores.wide and value > 0 else value for value, *_ in lines}
    figure = finish(
        traces,
        {
            "barmode": "overlay",
            "bargap": 0,
            "xaxis": {
                "title": {"text": "Score" + (", logarithmic" if scores.wide else "")},
                "range": [min(spots[0], *at.values()), max(spots[-1], *at.values())],
                "zeroline": False,
                **(_log_ticks(spots[0], spots[-1]) if scores.wide else {}),
            },
            "yaxis": {
                "title": {"text": "Share of events, %"}, "type": "log",
                "range": [math.log10(floor), math.log10(top)], "fixedrange": True,
                "tickvals": [0.001, 0.01, 0.1, 1, 10, 100],
                "ticktext": ["0.001", "0.01", "0.1", "1", "10", "100"],
            },
            "shapes": [
                {
                    "type": "line", "x0": at[value], "x1": at[value], "y0": 0, "y1": 1,
                    "yref": "paper", "line": {"color": color, "width": 2.5, "dash": dash},
                }
                for value, color, dash, _ in lines
            ],
            "annotations": [
                {
                    "x": at[value], "y": 1 - 0.09 * place, "yref": "paper", "yanchor": "top",
                    "xanchor": "left" if at[value] < (spots[0] + spots[-1]) / 2 else "right",
                    "showarrow": False, "text": f" {name} {format_score(value)} ",
                }
                for place, (value, _, _, name) in enumerate(lines)
            ],
        },
        title=_title(threshold if moved is None else moved, flagged, told),
        height=260,
        legend=True,
        left=70,
    )  # fmt: skip
    # Selecting is what a click is for here; the range is changed in the bar of tools.
    figure.update_layout(clickmode="event+select", dragmode=False)
    return figure


def score_table(
    scores: Binned | None, threshold: float, *, recent_name: str = "latest run"
) -> Table:
    """The same in numbers: a row for each bin that holds something."""
    rows: list[tuple[str | int, ...]] = []
    marked: list[int] = []
    bins = zip(pairwise(scores.edges), scores.normal, scores.recent, strict=True) if scores else ()
    for (low, high), *counts in bins:
        if not any(counts):
            continue
        if low >= threshold:
            marked.append(len(rows))
        rows.append(
            (
                f"{format_score(low)} to {format_score(high)}",
                *counts,
                "over" if low >= threshold else "holds it" if high > threshold else "under",
            )
        )
    return Table(
        "Events by score",
        ("Score", "Normal events", f"Events of {recent_name}", "Threshold"),
        tuple(rows),
        tuple(marked),
    )


def _finite(values: NDArray[np.float64] | Sequence[float]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)
    return array[np.isfinite(array)]


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    """Lowest and highest of the values that are not the few outermost ones."""
    cut = max(1, round(_CUT * len(values))) if len(values) >= _FEW else 0
    ranked = np.sort(values)
    return float(ranked[cut]), float(ranked[-1 - cut])


def _counts(values: NDArray[np.float64], edges: NDArray[np.float64]) -> tuple[int, ...]:
    if not len(values):
        return (0,) * (len(edges) - 1)
    # What is out of sight is counted at the end that it lies beyond.
    places = np.clip(np.searchsorted(edges, values, side="left") - 1, 0, len(edges) - 2)
    return tuple(int(count) for count in np.bincount(places, minlength=len(edges) - 1))


def _hover(scores: Binned, place: int, shares: list[list[float]]) -> str:
    low, high = scores.edges[place], scores.edges[place + 1]
    last = len(scores.normal) - 1
    span = (
        f"{format_score(low)} and more"
        if place == last
        else f"up to {format_score(high)}"
        if place == 0
        else f"{format_score(low)} to {format_score(high)}"
    )
    lines = [f"score {span}", _told(scores.normal[place], shares[0][place], "normal")]
    if any(scores.recent):
        lines.append(_told(scores.recent[place], shares[1][place], "recent"))
    return "<br>".join(lines)


def _told(count: int, percent: float, what: str) -> str:
    return f"{what}: {format_count(count, 'event')} ({format_share(percent / 100)})"


def _title(bound: float, flagged: tuple[float | None, float | None], told: tuple[str, str]) -> str:
    parts = [
        f"{format_share(share)} of {name}"
        for share, name in zip(flagged, told, strict=True)
        if share is not None
    ]
    if not parts:
        return f"Scores of events, threshold {format_score(bound)}"
    return f"A threshold of {format_score(bound)} flags {' and '.join(parts)}"


def _log_ticks(low: float, high: float) -> dict[str, Any]:
    step = max(1, math.ceil((high - low) / 8))
    exponents = range(math.floor(low), math.ceil(high) + 1, step)
    return {
        "tickvals": [float(exponent) for exponent in exponents],
        "ticktext": [format_score(10.0**exponent) for exponent in exponents],
    }
