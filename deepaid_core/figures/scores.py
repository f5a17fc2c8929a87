"""A score against its threshold: one event, a search step by step, a finding over time."""

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import plotly.graph_objects as go

from deepaid_core.domain.interpretation import Diagnostics
from deepaid_core.figures.numbers import (
    format_count,
    format_duration,
    format_score,
    format_time_utc,
    format_value,
    is_multiple,
)
from deepaid_core.figures.theme import BAND, BLUE, GREY, VERMILLION, empty_figure, finish

__all__ = [
    "TIMELINE_POINTS",
    "flip_curve",
    "is_wide",
    "members_timeline",
    "score_axis",
    "score_strip",
    "threshold_line",
    "times_utc",
]

TIMELINE_POINTS = 2000
"""Most events that a timeline draws; of more, the highest score of each time slot is kept."""

_LOG_FROM = 20.0  # times apart, from which scores are drawn on a logarithmic axis


def score_strip(
    score: float, threshold: float, reference_score: float, *, ratio: float | None = None
) -> go.Figure:
    """One line with the anomaly's score, the threshold and the score of the closest normal.

    Args:
        score: Of the anomaly.
        threshold: The detector's.
        reference_score: Of the closest normal event.
        ratio: Place on the severity scale; tells whether "times the threshold" says something.
    """
    values = (score, threshold, reference_score)
    if not all(math.isfinite(value) for value in values):
        return empty_figure(
            "The score cannot be drawn",
            "One of score, threshold and the closest normal's score is not a finite number.",
        )
    log = is_wide(values)
    spots = [math.log10(value) if log else value for value in values]
    low, high = min(spots), max(spots)
    # Labels stand to the left of the lowest and to the right of the highest spot.
    room = (high - low or max(abs(high), 1.0)) * 0.6
    left, right = low - room, high + room
    normal_is_left = spots[2] <= spots[0]
    anomaly = ("anomaly", score, spots[0], "diamond", VERMILLION, 0, not normal_is_left)
    normal = (
        "closest normal", reference_score, spots[2], "circle-open", BLUE, 2.5, normal_is_left,
    )  # fmt: skip
    axis = {
        "title": {"text": f"Score{', log' if log else ''}; shaded: accepted as normal"},
        "range": [left, right],
        "zeroline": False,
        "fixedrange": True,
    }
    return finish(
        [
            {
                "type": "scatter", "mode": "lines", "x": [spots[2], spots[0]], "y": [0, 0],
                "line": {"color": GREY, "width": 2}, "hoverinfo": "skip",
            },
            *(
                {
                    "type": "scatter", "mode": "markers", "x": [spot], "y": [0],
                    "marker": {
                        "symbol": symbol, "color": color, "size": 14, "line": {"width": line},
                    },
                    "hovertext": [f"{name}: {format_score(value)}"], "hoverinfo": "text",
                }
                for name, value, spot, symbol, color, line, _ in (anomaly, normal)
            ),
        ],
        {
            "xaxis": axis | (_log_ticks(left, right) if log else {}),
            "yaxis": {"visible": False, "range": [-1, 1], "fixedrange": True},
            "shapes": [
                {
                    "type": "rect", "x0": left, "x1": spots[1], "y0": 0, "y1": 1,
                    "yref": "paper", "fillcolor": BAND, "line": {"width": 0}, "layer": "below",
                },
                {
                    "type": "line", "x0": spots[1], "x1": spots[1], "y0": 0, "y1": 1,
                    "yref": "paper", "line": {"color": GREY, "width": 2, "dash": "dash"},
                },
            ],
            "annotations": [
                *(
                    {
                        # In two lines, which fit beside a spot near the edge of half a page.
                        "x": spot, "y": 0, "text": f"{name}<br>{format_score(value)}",
                        "align": "right" if on_left else "left",
                        "showarrow": False, "yshift": 28,
                        "xanchor": "right" if on_left else "left",
                        "xshift": -2 if on_left else 4,
                    }
                    for name, value, spot, _, _, _, on_left in (anomaly, normal)
                ),
                {
                    "x": spots[1], "y": 0, "text": f"threshold<br>{format_score(threshold)}",
                    "align": "left",
                    # Beside its dashed line, which would run through the letters.
                    "showarrow": False, "yshift": -28, "xanchor": "left", "xshift": 4,
                },
            ],
        },
        title=_strip_title(score, threshold, reference_score, ratio),
        height=180,
        left=20,
    )  # fmt: skip


def _strip_title(
    score: float, threshold: float, reference_score: float, ratio: float | None
) -> str:
    if is_multiple(score, threshold, ratio):
        over = f"Score {format_score(score)} is {_times(score / threshold)} the threshold"
    else:
        over = f"Score {format_score(score)} is over the threshold {format_score(threshold)}"
    accepted = "is accepted" if reference_score <= threshold else "is still flagged"
    return f"{over}; the closest normal event ({format_score(reference_score)}) {accepted}"


def _times(ratio: float) -> str:
    return f"{ratio:,.0f}×" if ratio >= 100 else f"{ratio:.3g}×"


def is_wide(values: Sequence[float]) -> bool:
    """Whether scores lie so far apart that they are drawn on a logarithmic axis."""
    return min(values) > 0 and max(values) / min(values) > _LOG_FROM


def _log_ticks(low: float, high: float) -> dict[str, Any]:
    step = max(1, math.ceil((high - low) / 6))
    exponents = range(math.ceil(low), math.floor(high) + 1, step)
    return {
        "tickvals": [float(exponent) for exponent in exponents],
        "ticktext": [format_value(10.0**exponent) for exponent in exponents],
    }


def flip_curve(diagnostics: Diagnostics) -> go.Figure:
    """The score after 0, 1, 2, ... deviations take the closest normal's values."""
    if not diagnostics.flip_scores:
        return empty_figure(
            "No deviation was found",
            "Without deviations there is no step from the anomaly towards normal to draw.",
        )
    scores = [diagnostics.score, *diagnostics.flip_scores]
    threshold = diagnostics.threshold
    steps = list(range(len(scores)))
    accepted = [score <= threshold for score in scores]
    total = format_count(len(scores) - 1, "deviation")
    first = next((step for step, ok in enumerate(accepted) if ok), None)
    title = (
        f"Still flagged after all {total} are replaced"
        if first is None
        else f"Accepted as normal after {first} of {total}"
    )
    log = is_wide([*scores, threshold])
    return finish(
        [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": steps,
                "y": scores,
                "line": {"color": GREY, "width": 2},
                "marker": {
                    "symbol": ["circle-open" if ok else "diamond" for ok in accepted],
                    "color": [BLUE if ok else VERMILLION for ok in accepted],
                    "size": 12,
                    "line": {"width": [2 if ok else 0 for ok in accepted]},
                },
                "hovertext": [
                    f"{format_count(step, 'deviation')} replaced<br>score {format_score(score)}"
                    f"<br>{'accepted as normal' if ok else 'still flagged'}"
                    for step, score, ok in zip(steps, scores, accepted, strict=True)
                ],
                "hoverinfo": "text",
            }
        ],
        {
            **threshold_line(threshold, log=log),
            "yaxis": score_axis(log=log),
            "xaxis": {
                "title": {"text": "Deviations that take the closest normal's values"},
                "tickvals": steps[:: max(1, len(steps) // 12)],
                "zeroline": False,
                "fixedrange": True,
            },
        },
        title=title,
        height=260,
        left=70,
        right=90,
    )


def score_axis(*, log: bool) -> dict[str, Any]:
    """An axis of scores."""
    return {
        "title": {"text": "Score, log" if log else "Score"},
        "type": "log" if log else "linear",
        "fixedrange": True,
    }


def threshold_line(threshold: float, *, log: bool) -> dict[str, Any]:
    """The threshold across a figure of scores, with its name at the right edge."""
    # Shapes take values on a logarithmic axis, annotations their logarithm.
    line = {
        "type": "line", "x0": 0, "x1": 1, "xref": "paper", "y0": threshold, "y1": threshold,
        "line": {"color": GREY, "width": 2, "dash": "dash"},
    }  # fmt: skip
    name = {
        "x": 1, "xref": "paper", "xanchor": "left", "xshift": 4, "align": "left",
        "y": math.log10(threshold) if log else threshold, "showarrow": False,
        "text": f"threshold<br>{format_score(threshold)}",
    }  # fmt: skip
    return {"shapes": [line], "annotations": [name]}


def times_utc(times: Sequence[float]) -> list[datetime]:
    """Unix seconds as UTC times without a zone, as Plotly's date axes want them."""
    return [datetime.fromtimestamp(time, tz=UTC).replace(tzinfo=None) for time in times]


def members_timeline(
    times: Sequence[float],
    scores: Sequence[float],
    threshold: float,
    interpreted_time: float,
    *,
    ratio: float | None = None,
    max_points: int = TIMELINE_POINTS,
) -> go.Figure:
    """The events of a finding over time, the interpreted one marked.

    Args:
        times: Unix seconds, UTC, (n,).
        scores: Score of each event, (n,).
        threshold: The detector's threshold.
        interpreted_time: Time of the event that is interpreted.
        ratio: Place of the highest score on the severity scale, as in `score_strip`.
        max_points: Most events to draw; of more, the highest of each time slot.
    """
    if not times:
        return empty_figure("No event", "This finding keeps no events to draw over time.")
    at, heights = np.asarray(times, dtype=float), np.asarray(scores, dtype=float)
    interpreted = int(np.lexsort((-heights, np.abs(at - interpreted_time)))[0])
    kept = _highest_per_slot(at, heights, max_points)
    others = kept[kept != interpreted]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "markers",
            "name": name,
            "x": times_utc(at[which].tolist()),
            "y": heights[which].tolist(),
            "marker": marker,
            "hovertext": [
                prefix + _moment(time, score)
                for time, score in zip(at[which], heights[which], strict=True)
            ],
            "hoverinfo": "text",
        }
        for name, which, prefix, marker in (
            ("event", others, "", {"color": VERMILLION, "symbol": "circle", "size": 7}),
            (
                "interpreted event",
                np.array([interpreted]),
                "interpreted event<br>",
                {"color": BLUE, "symbol": "star-diamond", "size": 14},
            ),
        )
        if len(which)
    ]
    log = is_wide([float(heights.min()), float(heights.max()), threshold])
    span = float(at.max() - at.min())
    time_axis: dict[str, Any] = {"title": {"text": "Time (UTC)"}, "type": "date"}
    if span == 0:
        time_axis["range"] = times_utc([float(at[0]) - 1, float(at[0]) + 1])
    peak = float(heights.max())
    over = (
        f"{_times(peak / threshold)} the threshold"
        if is_multiple(peak, threshold, ratio)
        else f"{format_score(peak)}, threshold {format_score(threshold)}"
    )
    during = f" in {format_duration(span)}" if span else ""
    title = f"{format_count(len(at), 'event')}{during}, score up to {over}"
    if len(kept) < len(at):
        title += f" (highest {len(kept):,} drawn)"
    return finish(
        traces,
        {**threshold_line(threshold, log=log), "yaxis": score_axis(log=log), "xaxis": time_axis},
        title=title,
        height=270,
        legend=True,
        left=70,
        right=90,
    )


def _moment(time: float, score: float) -> str:
    moment = format_time_utc(float(time), milliseconds=True)
    return f"{moment}<br>score {format_score(float(score))}"


def _highest_per_slot(
    times: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    scores: "np.ndarray[tuple[int], np.dtype[np.float64]]",
    limit: int,
) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    # Positions to draw. Peaks matter to an analyst, so each slot keeps its highest event.
    if len(times) <= limit:
        return np.arange(len(times))
    span = float(times.max() - times.min()) or 1.0
    slots = np.minimum(limit - 1, ((times - times.min()) / span * limit).astype(np.int64))
    order = np.lexsort((scores, slots))
    last_of_slot = np.append(np.diff(slots[order]) > 0, True)
    return np.sort(order[last_of_slot])
