"""Findings over time, a row for each entity, marked by what was decided on them."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import plotly.graph_objects as go

from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.scores import times_utc
from deepaid_core.figures.tables import Table
from deepaid_core.figures.text import figure_text
from deepaid_core.figures.theme import BLUE, GREEN, GREY, PURPLE, VERMILLION, empty_figure, finish

__all__ = ["Spot", "findings_table", "findings_timeline"]

_ROWS: Final = 12
_NAME: Final = 26
_ROW_HEIGHT: Final = 26
_STYLES: Final = {
    "true positive": (VERMILLION, "diamond"),
    "false positive": (BLUE, "circle"),
    "benign positive": (GREEN, "square"),
    "undetermined": (PURPLE, "triangle-up"),
    "": (GREY, "x-thin-open"),
}


@dataclass(frozen=True, slots=True)
class Spot:
    """A finding on the timeline.

    Attributes:
        id: "F-...".
        entity: Whom it is about.
        first_time: Unix seconds, UTC.
        last_time: Of its last event.
        verdict: Label of the verdict in force; empty for none.
    """

    id: str
    entity: str
    first_time: float
    last_time: float
    verdict: str


def findings_timeline(spots: Sequence[Spot]) -> go.Figure:
    """Each finding from its first to its last event, entities with most findings on top."""
    if not spots:
        return empty_figure("No finding", "There is nothing to draw over time.")
    ranked = [name for name, _ in Counter(one.entity for one in spots).most_common()]
    rows = {name: min(place, _ROWS - 1) for place, name in enumerate(ranked)}
    labels = [figure_text(name, _NAME) for name in ranked[:_ROWS]]
    if len(ranked) > _ROWS:
        labels[-1] = f"{len(ranked) - _ROWS + 1:,} others"
    line_x: list[Any] = []
    line_y: list[float | None] = []
    for one in spots:
        line_x += [*times_utc([one.first_time, one.last_time]), None]
        line_y += [rows[one.entity], rows[one.entity], None]
    traces: list[dict[str, Any]] = [
        {
            "type": "scatter", "mode": "lines", "x": line_x, "y": line_y, "hoverinfo": "skip",
            "line": {"color": GREY, "width": 4}, "showlegend": False,
        }
    ]  # fmt: skip
    for label, (color, symbol) in _STYLES.items():
        own = [one for one in spots if one.verdict == label]
        if own:
            traces.append(
                {
                    "type": "scatter", "mode": "markers", "name": label or "no verdict",
                    "x": times_utc([one.first_time for one in own]),
                    "y": [rows[one.entity] for one in own],
                    "marker": {
                        "color": color, "symbol": symbol, "size": 10,
                        "line": {"width": 2 if "open" in symbol else 0, "color": color},
                    },
                    "hovertext": [
                        f"{figure_text(one.id)}<br>{figure_text(one.entity, 80)}<br>"
                        f"{format_time_utc(one.first_time)}"
                        for one in own
                    ],
                    "hoverinfo": "text",
                }
            )  # fmt: skip
    first = min(one.first_time for one in spots)
    last = max(one.last_time for one in spots)
    room = 0.04 * (last - first) or 1.0
    title = (
        f"{format_count(len(spots), 'finding')} on "
        f"{format_count(len(ranked), 'entity', 'entities')} between "
        f"{format_time_utc(first)} and {format_time_utc(last)}"
    )
    return finish(
        traces,
        {
            "xaxis": {
                "title": {"text": "Time (UTC)"}, "type": "date",
                "range": times_utc([first - room, last + room]),
            },
            "yaxis": {
                "tickvals": list(range(len(labels))), "ticktext": labels,
                "range": [len(labels) - 0.4, -0.6], "zeroline": False,
            },
        },
        title=title,
        height=80 + _ROW_HEIGHT * len(labels),
        legend=True,
        left=190,
    )  # fmt: skip


def findings_table(spots: Sequence[Spot], *, most: int = 40) -> Table:
    """The same in numbers, oldest first."""
    ordered = sorted(spots, key=lambda one: (one.first_time, one.id))
    title = "Findings in the order of their first event"
    if len(ordered) > most:
        title += f" (the first {most} of {len(ordered):,})"
    return Table(
        title,
        ("Finding", "Entity", "First event (UTC)", "Last event (UTC)", "Verdict"),
        tuple(
            (
                one.id,
                one.entity,
                format_time_utc(one.first_time).removesuffix(" UTC"),
                format_time_utc(one.last_time).removesuffix(" UTC"),
                one.verdict or "none yet",
            )
            for one in ordered[:most]
        ),
    )
