"""The timeline of a case: what happened above, what was done about it below, and their table."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from deepaid_core.domain.severity import Severity, severity
from deepaid_core.domain.timeline import CaseTimeline, Lane, TimelineEntry
from deepaid_core.figures.numbers import (
    format_count,
    format_duration,
    format_ratio,
    format_time_utc,
)
from deepaid_core.figures.scores import times_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import figure_text, shorten, visible
from deepaid_core.figures.theme import (
    BLUE,
    GREEN,
    GREY,
    PURPLE,
    VERMILLION,
    empty_figure,
    finish,
)

__all__ = ["MOST_ENTITIES", "case_timeline", "timeline_table"]

MOST_ENTITIES: Final = 10
"""Entities with a line of their own; the rest share one."""

_ROW, _GAP, _AXIS = 26, 46, 40
_NAME: Final = 26
_OTHERS: Final = "all others"
_LANES: Final[Mapping[Lane, tuple[str, str, str]]] = {
    "detection": ("detected", "diamond", BLUE),
    "verdict": ("verdicts", "square", VERMILLION),
    "note": ("notes", "circle", GREEN),
    "case": ("case", "triangle-up", PURPLE),
}
_BANDS: Final[Mapping[Severity, tuple[str, str]]] = {
    Severity.CRITICAL: ("star", VERMILLION),
    Severity.HIGH: ("triangle-up", VERMILLION),
    Severity.MEDIUM: ("diamond", PURPLE),
    Severity.LOW: ("circle", BLUE),
}
_WORDS: Final[Mapping[Lane, str]] = {
    "events": "Events",
    "detection": "Detection",
    "verdict": "Verdict",
    "note": "Note",
    "case": "Case",
}


def case_timeline(timeline: CaseTimeline) -> go.Figure:
    """Findings by entity over the time of their events; below, what was done, on its own axis.

    Detection and triage may follow the events by days, so both parts have a scale of their own.
    """
    events = [one for one in timeline.entries if one.lane == "events"]
    done = [one for one in timeline.entries if one.lane != "events"]
    if not events and not done:
        return empty_figure(
            "Nothing is on the timeline yet", "Add findings to the case to see when they happened."
        )
    names = _entities(events)
    lanes = [lane for lane in _LANES if any(one.lane == lane for one in done)]
    upper, lower = _ROW * max(1, len(names)), _ROW * max(1, len(lanes))
    both = bool(events and done)
    height = (upper if events else 0) + (lower if done else 0) + (_GAP + _AXIS if both else _AXIS)
    split = (lower / height, 1 - upper / height) if both else (1.0, 0.0)
    layout: dict[str, Any] = {}
    if events:
        layout |= _axes("", "Events (UTC)", events, (split[1], 1.0), names)
    if done:
        place = "2" if events else ""
        labels = [_LANES[lane][0] for lane in lanes]
        layout |= _axes(place, "What was done (UTC)", done, (0.0, split[0]), labels)
    traces = [*_event_traces(events, names), *_done_traces(done, lanes, "2" if events else "")]
    return finish(
        traces, layout, title=_title(timeline, events), height=height, legend=bool(events), left=150
    )


def timeline_table(timeline: CaseTimeline) -> Table:
    """The same as lines, oldest first."""
    rows = tuple(
        (
            format_time_utc(one.time).removesuffix(" UTC"),
            _WORDS[one.lane],
            one.subject,
            one.who or "the program",
            one.text,
            _lasting(one),
        )
        for one in timeline.entries
    )
    columns = ("Time (UTC)", "Kind", "About", "Who", "What", "Lasted")
    return Table("Timeline of the case", columns, rows)


def _lasting(one: TimelineEntry) -> str:
    return format_duration(one.until - one.time) if one.until > one.time else ""


def _title(timeline: CaseTimeline, events: Sequence[TimelineEntry]) -> str:
    first, last = timeline.first_event, timeline.last_event
    if first is None or last is None:
        return "No finding is in the case yet"
    about = format_count(len({one.who for one in events}), "entity", "entities")
    parts = [
        f"{format_count(len(events), 'finding')} about {about} within "
        f"{format_duration(last - first)} from {format_time_utc(first)}"
    ]
    if timeline.first_verdict is not None and timeline.detected is not None:
        waited = format_duration(max(0.0, timeline.first_verdict - timeline.detected))
        parts.append(f"first verdict {waited} after detection")
    elif timeline.detected is not None:
        parts.append("none judged yet")
    return "; ".join(parts)


def _entities(events: Sequence[TimelineEntry]) -> list[str]:
    """Names of the lines from below: the first one that happened stands on top."""
    order = list(dict.fromkeys(one.who for one in events))
    shown = order[:MOST_ENTITIES]
    return [*([_OTHERS] if len(order) > len(shown) else []), *reversed(shown)]


def _event_traces(events: Sequence[TimelineEntry], names: Sequence[str]) -> list[dict[str, Any]]:
    if not events:
        return []
    rows = {name: place for place, name in enumerate(names)}
    heights = [rows.get(one.who, 0) for one in events]
    spans: dict[str, list[Any]] = {"x": [], "y": []}
    for one, height in zip(events, heights, strict=True):
        spans["x"] += [*times_utc([one.time, one.until]), None]
        spans["y"] += [height, height, None]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter",
            "mode": "lines",
            **spans,
            "line": {"color": GREY, "width": 5},
            "hoverinfo": "skip",
            "showlegend": False,
        }
    ]
    for band, (symbol, color) in _BANDS.items():
        chosen = [
            (one, height)
            for one, height in zip(events, heights, strict=True)
            if severity(one.ratio or 0.0) == band
        ]
        if chosen:
            traces.append(
                {
                    "type": "scatter",
                    "mode": "markers",
                    "name": f"{band[0].upper()} {band}",
                    "x": times_utc([one.time for one, _ in chosen]),
                    "y": [height for _, height in chosen],
                    "marker": {"symbol": symbol, "color": color, "size": 10},
                    "customdata": [one.subject for one, _ in chosen],
                    "hovertext": [_event_hover(one) for one, _ in chosen],
                    "hoverinfo": "text",
                }
            )
    return traces


def _done_traces(
    done: Sequence[TimelineEntry], lanes: Sequence[Lane], place: str
) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = []
    for height, lane in enumerate(lanes):
        name, symbol, color = _LANES[lane]
        chosen = [one for one in done if one.lane == lane]
        traces.append(
            {
                "type": "scatter",
                "mode": "markers",
                "name": name,
                "x": times_utc([one.time for one in chosen]),
                "y": [height] * len(chosen),
                "xaxis": f"x{place}",
                "yaxis": f"y{place}",
                "marker": {"symbol": symbol, "color": color, "size": 10},
                "hovertext": [_done_hover(one) for one in chosen],
                "hoverinfo": "text",
                # The line itself names it.
                "showlegend": False,
            }
        )
    return traces


def _event_hover(one: TimelineEntry) -> str:
    lasted = f", lasting {_lasting(one)}" if _lasting(one) else ""
    return (
        f"{one.subject}, {figure_text(one.who, 100)}<br>{format_time_utc(one.time)}{lasted}<br>"
        f"{figure_text(one.text, 120)}<br>severity {format_ratio(one.ratio or 0.0)}"
    )


def _done_hover(one: TimelineEntry) -> str:
    who = figure_text(one.who, 60) or "the program"
    words = f"<br>{figure_text(' '.join(one.words.split()), 120)}" if one.words else ""
    return f"{format_time_utc(one.time)}, {who}<br>{figure_text(one.text, 120)}{words}"


def _axes(
    place: str,
    title: str,
    entries: Sequence[TimelineEntry],
    domain: tuple[float, float],
    names: Sequence[str],
) -> dict[str, Any]:
    first = min(one.time for one in entries)
    last = max(one.until for one in entries)
    # A moment alone would otherwise get an axis of years.
    room = max(1.0, 0.04 * (last - first))
    return {
        f"xaxis{place}": {
            "title": {"text": title},
            "type": "date",
            "anchor": f"y{place}",
            "range": times_utc([first - room, last + room]),
        },
        f"yaxis{place}": {
            "domain": list(domain),
            "anchor": f"x{place}",
            "tickvals": list(range(len(names))),
            "ticktext": [figure_text(visible(shorten(name, _NAME))) for name in names],
            "range": [-0.6, max(0, len(names) - 1) + 0.6],
            "fixedrange": True,
            "zeroline": False,
        },
    }
