"""How much happened when: events and anomalies, findings by hour, detectors by hour."""

from collections.abc import Iterable, Sequence

import plotly.graph_objects as go

from deepaid_core.figures.numbers import (
    format_count,
    format_share,
    format_time_utc,
)
from deepaid_core.figures.scores import times_utc
from deepaid_core.figures.text import figure_text
from deepaid_core.figures.theme import BLUE, GREY, VERMILLION, empty_figure, finish

__all__ = ["detector_hours", "findings_by_hour", "volume"]

_MAX_BARS = 400
_MAX_HOURS = 24 * 14
_NUMBERED = 30
_HOUR = 3600.0
_STEPS = {
    60.0: "minute",
    600.0: "10 minutes",
    3600.0: "hour",
    21_600.0: "6 hours",
    86_400.0: "day",
    604_800.0: "week",
}


def volume(minutes: Sequence[tuple[float, int, int]]) -> go.Figure:
    """Events over time as stacked bars: flagged ones, and the rest.

    Args:
        minutes: (start as Unix seconds UTC, events, anomalies), as a run keeps them.
    """
    if not minutes or not any(events for _, events, _ in minutes):
        return empty_figure("No event yet", "No capture has been read, so there is no traffic.")
    bars, step = _slots(minutes, 60.0)
    events = sum(count for _, count, _ in bars)
    anomalies = sum(flagged for _, _, flagged in bars)
    title = (
        f"{anomalies:,} of {format_count(events, 'event')} flagged "
        f"({format_share(anomalies / events)})"
    )
    return _stacked(
        [(start, flagged, count - flagged) for start, count, flagged in bars],
        step=step,
        noun="Events",
        styles=(("flagged", VERMILLION, "/"), ("not flagged", GREY, "")),
        title=title,
    )


def findings_by_hour(hours: Sequence[tuple[str, float, int, int]]) -> go.Figure:
    """Findings over time as stacked bars: open ones, and those that are not open any more.

    Args:
        hours: (detector name, hour start as Unix seconds UTC, open findings, all findings), as
            an overview of the store gives them.
    """
    if not any(total for _, _, _, total in hours):
        return empty_figure("No finding yet", "Detect anomalies in a capture to see them here.")
    bars, step = _slots([(start, total, still) for _, start, still, total in hours], _HOUR)
    total = sum(count for _, count, _ in bars)
    still_open = sum(count for _, _, count in bars)
    return _stacked(
        [(start, still, total - still) for start, total, still in bars],
        step=step,
        noun="Findings",
        styles=(("open", BLUE, "/"), ("not open", GREY, "")),
        title=f"{still_open:,} of {format_count(total, 'finding')} open",
    )


def detector_hours(hours: Sequence[tuple[str, float, int, int]]) -> go.Figure:
    """Findings per detector and hour as a map.

    Args:
        hours: As in `findings_by_hour`. Of more than two weeks, the last two are drawn.
    """
    counted = [row for row in hours if row[3]]
    if not counted:
        return empty_figure("No finding yet", "Detect anomalies in a capture to see them here.")
    last = max(start for _, start, _, _ in counted)
    first = max(min(start for _, start, _, _ in counted), last - (_MAX_HOURS - 1) * _HOUR)
    names = sorted({name for name, start, _, _ in counted if start >= first}, reverse=True)
    columns = round((last - first) / _HOUR) + 1
    totals = [[0] * columns for _ in names]
    opens = [[0] * columns for _ in names]
    for name, start, still, total in counted:
        if start >= first:
            row, column = names.index(name), round((start - first) / _HOUR)
            totals[row][column] += total
            opens[row][column] += still
    starts = [first + _HOUR * column for column in range(columns)]
    hover = [
        [
            f"{figure_text(name, 100)}<br>{format_time_utc(start)}, one hour<br>"
            f"{format_count(total, 'finding')}, {still:,} open"
            for start, total, still in zip(starts, total_row, open_row, strict=True)
        ]
        for name, total_row, open_row in zip(names, totals, opens, strict=True)
    ]
    busiest = max(
        (total, start, name)
        for name, row in zip(names, totals, strict=True)
        for start, total in zip(starts, row, strict=True)
    )
    title = (
        f"Busiest hour: {format_count(busiest[0], 'finding')} of {busiest[2]} from "
        f"{format_time_utc(busiest[1])}"
    )
    return finish(
        [
            {
                "type": "heatmap",
                # One edge more than columns: without edges a single column has no width.
                "x": times_utc([*starts, last + _HOUR]),
                "y": list(range(len(names))),
                "z": [[total or None for total in row] for row in totals],
                "hovertext": hover,
                "hoverinfo": "text",
                "hoverongaps": False,
                "colorscale": "Cividis",
                "zmin": 0,
                "zmax": max(map(max, totals)),
                "showscale": columns > _NUMBERED,
                "xgap": 1,
                "ygap": 2,
                # A count in each cell says without color what the color says.
                "texttemplate": "%{z}" if columns <= _NUMBERED else None,
                "colorbar": {"title": {"text": "findings"}, "thickness": 12},
            }
        ],
        {
            "xaxis": {
                "title": {"text": "Time (UTC)"},
                "type": "date",
                # One hour alone would otherwise fill the whole width without a scale.
                "range": times_utc([first - _HOUR / 2, last + 1.5 * _HOUR]),
            },
            "yaxis": {
                "tickvals": list(range(len(names))),
                "ticktext": [figure_text(name, 28) for name in names],
                "fixedrange": True,
                "showgrid": False,
            },
        },
        title=title,
        height=70 + 44 * len(names),
        left=110,
    )


def _slots(
    rows: Iterable[tuple[float, int, int]], step: float
) -> tuple[list[tuple[float, int, int]], float]:
    # Sums per slot, empty slots left out; slots widen until they fit on the screen.
    rows = list(rows)
    span = max(start for start, _, _ in rows) - min(start for start, _, _ in rows)
    for wider in _STEPS:
        if wider >= step:
            step = wider
            if span / step < _MAX_BARS:
                break
    sums: dict[float, tuple[int, int]] = {}
    for start, whole, part in rows:
        slot = start // step * step
        before = sums.get(slot, (0, 0))
        sums[slot] = (before[0] + whole, before[1] + part)
    return [(slot, *sums[slot]) for slot in sorted(sums)], step


def _stacked(
    bars: Sequence[tuple[float, int, int]],
    *,
    step: float,
    noun: str,
    styles: Sequence[tuple[str, str, str]],
    title: str,
) -> go.Figure:
    middles = times_utc([start + step / 2 for start, _, _ in bars])
    traces = [
        {
            "type": "bar",
            "x": middles,
            "y": [bar[position] for bar in bars],
            "width": step * 1000 * 0.9,
            "name": name,
            "marker": {"color": color, "pattern": {"shape": shape, "fillmode": "overlay"}},
            "hovertext": [
                f"{format_time_utc(bar[0])}, {_STEPS[step]}<br>{name}: {bar[position]:,}"
                for bar in bars
            ],
            "hoverinfo": "text",
        }
        for position, (name, color, shape) in enumerate(styles, start=1)
    ]
    return finish(
        traces,
        {
            "barmode": "stack",
            "xaxis": {"title": {"text": "Time (UTC)"}, "type": "date"},
            "yaxis": {"title": {"text": f"{noun} per {_STEPS[step]}"}},
        },
        title=title,
        height=230,
        legend=True,
        left=70,
    )
