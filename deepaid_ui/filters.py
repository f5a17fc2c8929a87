"""The filter rows of the queue; each widget is a parameter of the address."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import streamlit as st

from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures.numbers import format_time_utc
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import distill
from deepaid_core.workflow.assign import RESERVED
from deepaid_ui import queue_views, session
from deepaid_ui.session import QueueView
from deepaid_ui.text import one_line
from deepaid_ui.workspace import workspace

__all__ = ["clear", "filters", "open_view", "paths_for", "version"]

_SELECTS = ("severity", "detector", "assignee", "suggestion", "verdict", "proof")
_TEXTS = ("q", "entity", "pattern")
_DAYS = ("after", "before")
_BOUND = (*_SELECTS, *_TEXTS, "status", "sort", "group")
_LINKED = ("since", "suppression", "resurfaced", "case")
"""Parameters that only links set."""


def version() -> str:
    """Changes whenever what is shown may change."""
    store = workspace().store
    return "-".join(str(part) for part in (*store.version(), store.desk.version()))


@st.cache_data(max_entries=16, show_spinner=False)
def _detectors(home: str, findings: int) -> tuple[str, ...]:
    return workspace().store.distinct("detector_name")


@st.cache_data(max_entries=16, show_spinner=False)
def _categories(home: str, log: int) -> tuple[str, ...]:
    return workspace().store.distinct("category")


@st.cache_data(max_entries=16, show_spinner=False)
def _assignees(home: str, desk: int) -> tuple[str, ...]:
    return workspace().store.desk.assignees()


def clear() -> None:
    """Back to all open findings; for use in callbacks."""
    open_view(QueueView(sort=st.session_state.get("sort") or "score"))


def open_view(view: QueueView) -> None:
    """Have the filters ask for exactly this view; for use in callbacks."""
    # Written as values: a widget that is only forgotten would come back from the address.
    for name in (*_BOUND, "page"):
        value = getattr(view, name)
        st.session_state[name] = "" if value is None and name in _TEXTS else value
    for name in _DAYS:
        day = getattr(view, name)
        st.session_state[name] = date.fromisoformat(day) if day else None
    for name in _LINKED:
        session.set_param(name, getattr(view, name))


# Options stand in the address as they are shown, so none of these widgets renames its options.
def _choice(label: str, key: str, options: Sequence[str]) -> None:
    st.selectbox(
        label,
        options,
        index=None,
        key=key,
        placeholder=label,
        label_visibility="collapsed",
        bind="query-params",
    )


def filters() -> QueueView:
    """Draw the filters; returns what they and the rest of the address ask for."""
    home, store = str(workspace().home), workspace().store
    log, findings = store.version()
    assignees = _assignees(home, store.desk.version())
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.text_input(
            "Search",
            key="q",
            placeholder="Search",
            label_visibility="collapsed",
            icon=":material/search:",
            max_chars=120,
            bind="query-params",
            width=230,
            help="In id, entity, deviation, category and counterparts",
        )
        st.segmented_control(
            "Status",
            session.STATUSES,
            default="open",
            required=True,
            key="status",
            label_visibility="collapsed",
            bind="query-params",
        )
        _order("Sort by", "sort", session.SORTS)
        _order("Group by", "group", session.GROUPINGS)
        with st.popover(
            "More",
            icon=":material/filter_list:",
            key="more_filters",
            help="Filter by entity, pattern and day",
        ):
            _more()
        saved = st.container(width="content")
    titles = ("Severity", "Detector", "Assignee", "Suggestion", "Verdict", "Proof")
    options: tuple[Sequence[str], ...] = (
        session.SEVERITIES,
        _detectors(home, findings),
        [*RESERVED, *(name for name in assignees if name not in RESERVED)],
        [distill.UNKNOWN, *_categories(home, log)],
        [str(label) for label in VerdictLabel],
        ["verified", "not verified"],
    )
    for place, title, some in zip(st.columns(6, gap="xsmall"), titles, options, strict=True):
        with place:
            _choice(title, title.lower(), some)
    values: dict[str, Any] = {name: st.session_state.get(name) for name in (*_BOUND, *_DAYS)}
    view = QueueView.of({**values, **{name: session.param(name) for name in _LINKED}})
    with saved:
        queue_views.show(view, open_view)
    _chips(view)
    return view


def _order(label: str, key: str, options: Sequence[str]) -> None:
    # Beside the box: above it, as a label stands, it would cost the table a line.
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", width="content"):
        st.caption(label, width="content")
        st.selectbox(
            label,
            options,
            key=key,
            bind="query-params",
            label_visibility="collapsed",
            width=112,
        )


def _more() -> None:
    # Typed, not chosen: there may be tens of thousands of them.
    st.text_input(
        "Entity",
        key="entity",
        max_chars=200,
        bind="query-params",
        placeholder="The whole name",
        help="Findings of exactly this entity. For part of a name, use the search.",
    )
    st.text_input("Pattern", key="pattern", max_chars=20, bind="query-params", placeholder="P-…")
    for key, label in zip(_DAYS, ("Not before (UTC day)", "Not after (UTC day)"), strict=True):
        st.date_input(label, value=None, key=key, bind="query-params")


def _chips(view: QueueView) -> None:
    """A button for each filter that has no widget in sight; a click drops it."""
    said = {
        "entity": "Only this entity",
        "pattern": f"Pattern {view.pattern}",
        "after": f"Not before {view.after}",
        "before": f"Not after {view.before}",
        "since": f"Only the hour from {format_time_utc(float(view.since or 0))}",
        "suppression": f"Only under suppression S-{view.suppression}",
        "resurfaced": "Only re-surfaced for a check",
        "case": f"Only in case C-{view.case}",
    }
    active = [name for name in said if getattr(view, name) is not None]
    if not active:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        for name in active:
            if name == "entity":
                st.text(one_line(shorten(view.entity or "", 80)), width="content")
            st.button(
                said[name],
                key=f"chip-{name}",
                icon=":material/close:",
                icon_position="right",
                help="Click to drop this filter",
                on_click=_drop,
                args=(name,),
            )


def _drop(name: str) -> None:
    if name in _LINKED:
        session.set_param(name, None)
    else:
        st.session_state[name] = "" if name in _TEXTS else None


def paths_for(view: QueueView) -> tuple[tuple[str, ...], ...] | None:
    """Paths that carry the suggestion which the view asks for; None when it asks for none."""
    if view.suggestion is None:
        return None
    return distill.paths_suggested(workspace(), view.suggestion)
