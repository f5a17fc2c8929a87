"""Findings over time on the first page, and where most of them are."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from deepaid_core.domain.queries import HourCount, Overview, PatternRow
from deepaid_core.figures.scores import times_utc
from deepaid_core.figures.volume import detector_hours, findings_over_time, hours_table, mapped
from deepaid_ui import charts, filters, navigation, patterns, tables
from deepaid_ui.workspace import workspace

__all__ = ["over_time", "top_patterns"]

_HOUR_S = 3600.0
_TOP = 5
_TABLE, _TABLE_HEIGHT = "table", 300


def over_time(overview: Overview) -> None:
    """How many findings came when, and from which detector; an hour opens in the queue."""
    left, right = st.columns(2, gap="medium")
    with left:
        charts.show(
            charts.narrow(findings_over_time(overview.slots, overview.slot_s)),
            key="findings-over-time",
        )
    with right:
        _hours(overview.hours)
    # Made only while it is open: months have thousands of hours.
    place = st.expander("Both as a table", icon=":material/table:", key=_TABLE, bind="query-params")
    if place.open:
        with place:
            _twin(overview.hours)


def _hours(hours: Sequence[HourCount]) -> None:
    figure = charts.narrow(detector_hours(hours))
    counted = mapped(hours)
    names = {
        name: place
        for place, name in enumerate(sorted({one.detector_name for one in counted}, reverse=True))
    }
    # Streamlit hears no clicks on a heat map; unseen bars over its cells bring them.
    figure.add_bar(
        x=times_utc([one.start + _HOUR_S / 2 for one in counted]),
        y=[1.0] * len(counted),
        base=[names[one.detector_name] - 0.5 for one in counted],
        width=_HOUR_S * 1000,
        customdata=[[one.detector_name, int(one.start)] for one in counted],
        marker={"opacity": 0.0},
        unselected={"marker": {"opacity": 0.0}},
        selected={"marker": {"opacity": 0.0}},
        hoverinfo="none",
        showlegend=False,
    )
    hour = charts.picked(figure, key=f"hours-{filters.version()}")
    st.caption("The lighter, the more findings. Click an hour to see them in the queue.")
    if hour:
        _open(str(hour[0]), int(hour[1]))


def _open(detector_name: str, start: int) -> None:
    navigation.go("queue", {"detector": detector_name, "since": str(start), "status": "all"})


def _twin(hours: Sequence[HourCount]) -> None:
    """The charts as rows; a ticked row opens its hour, so that no mouse is needed."""
    twin = hours_table(hours)
    # The order of the table's rows.
    latest = sorted(hours, key=lambda one: (-one.start, one.detector_name))
    frame = pd.DataFrame(
        {
            name: [tables.cell_text(cell) if isinstance(cell, str) else cell for cell in column]
            for name, column in zip(twin.columns, zip(*twin.rows, strict=True), strict=True)
        }
    )
    ticked = st.dataframe(
        frame,
        hide_index=True,
        height=min(_TABLE_HEIGHT, 38 + 35 * len(frame)),
        key=f"hours-table-{filters.version()}",
        alt="Findings by hour and detector, the latest hour first; ticking a row opens its hour",
        on_select="rerun",
        selection_mode="single-row",
    ).selection["rows"]
    st.caption("Tick a row to see its findings in the queue.")
    if ticked and ticked[0] < len(latest):
        one = latest[ticked[0]]
        _open(one.detector_name, int(one.start))


# As for the numbers: handed out as it is, for nothing of it changes.
@st.cache_resource(max_entries=4, show_spinner=False)
def _top(home: str, at: str) -> tuple[PatternRow, ...]:
    every = (one for one in workspace().store.patterns() if one.open_findings)
    return tuple(one for one, _ in zip(every, range(_TOP), strict=False))


def top_patterns() -> None:
    """The patterns that most open findings share."""
    st.markdown("**Patterns with most open findings**")
    best = _top(str(workspace().home), filters.version())
    patterns.clickable(best, key="best", alt="Patterns with most open findings")
