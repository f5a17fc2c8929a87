"""How much happened when: events and anomalies, findings by hour, detectors by hour."""

from collections.abc import Sequence
from typing import TypeAlias

import plotly.graph_objects as go

from deepaid_core.domain.queries import HourCount
from deepaid_core.figures.numbers import (
    format_count,
    format_share,
    format_time_utc,
)
from deepaid_core.figures.scores import times_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import figure_text
from deepaid_core.figures.theme import BLUE, GREY, PURPLE, VERMILLION, empty_figure, finish

__all__ = [
    "detector_hours",
    "findings_by_hour",
    "findings_over_time",
    "hours_table",
    "mapped",
    "volume",
]

_Slot: TypeAlias = tuple[float, Sequence[int]]
"""Its start and a count of each part of a bar."""

_MAX_BARS = 400
_MAX_BARS_HALF = 120  # on half the width of a page
_MAX_HOURS = 72  # more would be too narrow to click
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
    parts = [(start, (flagged, count - flagged)) for start, count, flagged in minutes]
    bars, step = _slots(parts, 60.0, _MAX_BARS)
    anomalies, rest = _sums(bars)
    events = anomalies + rest
    title = (
        f"{anomalies:,} of {format_count(events, 'event')} flagged "
        f"({format_share(anomalies / events)})"
    )
    return _stacked(
        bars,
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
    counted = [(start, (still, total - still)) for _, start, still, total in hours]
    bars, step = _slots(counted, _HOUR, _MAX_BARS)
    still_open, others = _sums(bars)
    return _stacked(
        bars,
        step=step,
        noun="Findings",
        styles=(("open", BLUE, "/"), ("not open", GREY, "")),
        title=f"{still_open:,} of {format_count(still_open + others, 'finding')} open",
    )


def findings_over_time(slots: Sequence[tuple[float, int, int, int]], slot_s: float) -> go.Figure:
    """Findings over time as stacked bars: open, suppressed and closed ones.

    Args:
        slots: (start as Unix seconds UTC, open, suppressed, closed), in order of time.
        slot_s: Length of a slot, a minute or an hour.
    """
    counted = [(start, counts) for start, *counts in slots]
    if not any(sum(counts) for _, counts in counted):
        return empty_figure("No finding yet", "Detect anomalies in a capture to see them here.")
    bars, step = _slots(counted, slot_s, _MAX_BARS_HALF)
    still_open, suppressed, closed = _sums(bars)
    total = still_open + suppressed + closed
    return _stacked(
        bars,
        step=step,
        noun="Findings",
        styles=(("open", BLUE, "/"), ("suppressed", PURPLE, "x"), ("closed", GREY, "")),
        title=f"{format_count(total, 'finding')}: {still_open:,} open, {suppressed:,} suppressed, "
        f"{closed:,} closed",
    )


def hours_table(hours: Sequence[HourCount]) -> Table:
    """The same findings by detector and hour, the latest hour first."""
    latest = sorted(hours, key=lambda one: (-one.start, one.detector_name))
    return Table(
        title="Findings by detector and hour",
        columns=("Hour (UTC)", "Detector", "Findings", "Open", "Suppressed", "Closed"),
        rows=tuple(
            (
                format_time_utc(one.start)[:16],
                one.detector_name,
                one.findings,
                one.open_findings,
                one.suppressed,
                one.closed,
            )
            for one in latest
        ),
    )


def mapped(hours: Sequence[HourCount]) -> tuple[HourCount, ...]:
    """The hours with findings that the map draws: those of the last three days."""
    last = max((one.start for one in hours if one.findings), default=0.0)
    first = last - (_MAX_HOURS - 1) * _HOUR
    return tuple(one for one in hours if one.findings and one.start >= first)


def detector_hours(hours: Sequence[HourCount]) -> go.Figure:
    """Findings per detector and hour as a map.

    Args:
        hours: In any order. Of more than three days, the last three are drawn.
    """
    shown = mapped(hours)
    if not shown:
        return empty_figure("No finding yet", "Detect anomalies in a capture to see them here.")
    first, last = (pick(one.start for one in shown) for pick in (min, max))
    names = sorted({one.detector_name for one in shown}, reverse=True)
    rows = {name: row for row, name in enumerate(names)}
    columns = round((last - first) / _HOUR) + 1
    totals = [[0] * columns for _ in names]
    opens = [[0] * columns for _ in names]
    for one in shown:
        row, column = rows[one.detector_name], round((one.start - first) / _HOUR)
        totals[row][column] += one.findings
        opens[row][column] += one.open_findings
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
    whole = len(shown) == sum(one.findings > 0 for one in hours)
    of = "Busiest hour" if whole else "Last three days, busiest hour"
    title = (
        f"{of}: {format_count(busiest[0], 'finding')} of {busiest[2]} from "
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
                # The title names the highest count, and a table beside it all of them.
                "showscale": False,
                "xgap": 1 if columns <= _NUMBERED else 0.5,
                "ygap": 2,
                # A count in each cell says without color what the color says.
                "texttemplate": "%{z}" if columns <= _NUMBERED else None,
            }
        ],
        {
            "xaxis": {
                "title": {"text": "Time (UTC)"},
                "type": "date",
                "nticks": 6,
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


def _slots(rows: Sequence[_Slot], step: float, most: int) -> tuple[list[_Slot], float]:
    # Sums per slot, empty slots left out; slots widen until they fit on the screen.
    span = max(start for start, _ in rows) - min(start for start, _ in rows)
    for wider in _STEPS:
        if wider >= step:
            step = wider
            if span / step < most:
                break
    sums: dict[float, list[int]] = {}
    for start, counts in rows:
        into = sums.setdefault(start // step * step, [0] * len(counts))
        for place, count in enumerate(counts):
            into[place] += count
    return [(slot, sums[slot]) for slot in sorted(sums)], step


def _sums(bars: Sequence[_Slot]) -> list[int]:
    return [sum(column) for column in zip(*(counts for _, counts in bars), strict=True)]


def _stacked(
    bars: Sequence[_Slot],
    *,
    step: float,
    noun: str,
    styles: Sequence[tuple[str, str, str]],
    title: str,
) -> go.Figure:
    middles = times_utc([start + step / 2 for start, _ in bars])
    traces = [
        {
            "type": "bar",
            "x": middles,
            "y": [counts[position] for _, counts in bars],
            "width": step * 1000 * 0.9,
            "name": name,
            "marker": {"color": color, "pattern": {"shape": shape, "fillmode": "overlay"}},
            "hovertext": [
                f"{format_time_utc(start)}, {_STEPS[step]}<br>{name}: {counts[position]:,}"
                for start, counts in bars
            ],
            "hoverinfo": "text",
        }
        for position, (name, color, shape) in enumerate(styles)
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
