"""The filter row of the queue; each widget is a parameter of the address."""

import streamlit as st

from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures.numbers import format_time_utc
from deepaid_core.workflow import distill
from deepaid_ui import session
from deepaid_ui.session import QueueView
from deepaid_ui.workspace import workspace

__all__ = ["clear", "filters", "paths_for", "version"]

_CHOICES = ("severity", "detector", "entity", "pattern", "verdict", "suggestion", "proof")
_BOUND = (*_CHOICES, "status", "q", "sort", "group")
_CHIPS = ("since", "suppression", "resurfaced")
"""Parameters that only links set; each shows as a button that drops it."""


def version() -> str:
    """Changes whenever what is shown may change."""
    store = workspace().store
    return "-".join(str(part) for part in (*store.version(), store.desk.version()))


@st.cache_data(max_entries=16, show_spinner=False)
def _distinct(home: str, at: str) -> dict[str, tuple[str, ...]]:
    store = workspace().store
    return {
        name: store.distinct(name) for name in ("detector_name", "entity", "category", "pattern_id")
    }


def clear() -> None:
    """Back to all open findings; for use in callbacks."""
    # Written as values: a widget that is only forgotten would come back from the address.
    for name in _CHOICES:
        st.session_state[name] = None
    st.session_state["q"] = ""
    st.session_state["status"] = "open"
    for name in _CHIPS:
        session.set_param(name, None)


# Options stand in the address as they are shown, so none of these widgets renames its options.
def _choice(label: str, key: str, options: tuple[str, ...] | list[str]) -> None:
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
    known = _distinct(str(workspace().home), version())
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        st.text_input(
            "Search",
            key="q",
            placeholder="Search id, entity, deviation, category, counterpart",
            label_visibility="collapsed",
            icon=":material/search:",
            max_chars=120,
            bind="query-params",
            width=380,
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
        st.selectbox(
            "Sort by",
            session.SORTS,
            key="sort",
            bind="query-params",
            width=130,
        )
        st.selectbox(
            "Group by",
            session.GROUPINGS,
            key="group",
            bind="query-params",
            width=130,
        )
    places = st.columns(7, gap="small")
    with places[0]:
        _choice("Severity", "severity", session.SEVERITIES)
    with places[1]:
        _choice("Detector", "detector", known["detector_name"])
    with places[2]:
        _choice("Entity", "entity", known["entity"])
    with places[3]:
        _choice("Pattern", "pattern", known["pattern_id"])
    with places[4]:
        _choice("Verdict", "verdict", [str(label) for label in VerdictLabel])
    with places[5]:
        _choice("Suggestion", "suggestion", ["unknown", *known["category"]])
    with places[6]:
        _choice("Proof", "proof", ["verified", "not verified"])
    values = {name: st.session_state.get(name) for name in _BOUND}
    view = QueueView.of({**values, **{name: session.param(name) for name in _CHIPS}})
    if any(getattr(view, name) is not None for name in _CHIPS):
        _chips(view)
    return view


def _chips(view: QueueView) -> None:
    with st.container(horizontal=True):
        if view.since is not None:
            _chip("since", f"Only the hour from {format_time_utc(float(view.since))}")
        if view.suppression is not None:
            _chip("suppression", f"Only under suppression S-{view.suppression}")
        if view.resurfaced is not None:
            _chip("resurfaced", "Only re-surfaced for a check")


def _chip(name: str, label: str) -> None:
    st.button(
        label,
        key=f"chip-{name}",
        icon=":material/close:",
        icon_position="right",
        help="Click to drop this filter",
        on_click=session.set_param,
        args=(name, None),
    )


def paths_for(view: QueueView) -> tuple[tuple[str, ...], ...] | None:
    """Paths that carry the suggestion which the view asks for; None when it asks for none."""
    if view.suggestion is None:
        return None
    return distill.paths_suggested(workspace(), view.suggestion)
