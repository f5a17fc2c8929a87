"""The map of states: a graph of how verdicts were reached, and the same as a list."""

from collections.abc import Collection, Sequence

import streamlit as st

from deepaid_core.domain.graph import StateGraph
from deepaid_core.domain.queries import PatternRow
from deepaid_core.figures.machine import LEGEND, GraphView, graph_view, machine_title
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import distill
from deepaid_ui import panels, patterns, session, tables
from deepaid_ui.graph import show_graph
from deepaid_ui.pattern_frames import nodes_frame
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["found_nodes", "show", "through"]

# Pixels of the state graph: its height, the width of a usual page, room for names at its edges.
_SHORTEST, _TALLEST = 320, 760
_WIDTH, _NAME, _MARGIN = 1080, 240, 190
_LISTED = 100
_STATE, _CATEGORY, _START = "state:", "category:", "start"


def found_nodes(graph: StateGraph, text: str) -> frozenset[str] | None:
    """Ids of the nodes whose name holds every word; None where nothing is searched for."""
    words = text.casefold().split()
    if not words:
        return None
    return frozenset(
        node.id
        for node in graph.nodes
        if all(word in f"{node.title} {node.id}".casefold() for word in words)
    )


def through(
    everything: Sequence[PatternRow], detector_name: str, node_id: str
) -> tuple[PatternRow, ...]:
    """Patterns of a detector that a node is about.

    For a state those that contain it, for a category those that are called so, by a verdict or by
    the Distiller; for the start all that were judged.
    """
    own = [one for one in everything if one.detector_name == detector_name]
    if node_id.startswith(_STATE):
        state = node_id.removeprefix(_STATE)
        return tuple(one for one in own if state in one.states)
    if node_id == _START:
        return tuple(one for one in own if patterns.decisions(one))
    offered = patterns.suggestions(own)
    called = node_id.removeprefix(_CATEGORY)
    return tuple(
        one
        for one in own
        if called == f"{offered[one.pattern_id].label}:{offered[one.pattern_id].category}"
    )


def show(everything: Sequence[PatternRow]) -> None:
    """The machine as a graph, its nodes as a table, and the patterns through the chosen one."""
    names = distill.machine(workspace()).detector_names
    if not names:
        panels.empty_state(
            "The Distiller has learned nothing yet",
            "Accept or reject a finding: the way from its strongest deviation to your category "
            "becomes the first line of this map.",
        )
        return
    name, text = _choices(names)
    states = distill.state_graph(workspace(), name)
    found = found_nodes(states, text)
    view = graph_view(states, highlight=found)
    st.markdown(f"**{plain(machine_title(states))}**")
    st.caption(
        "Read it from left to right: each line is a step that verdicts took, from the deviation "
        f"that weighed most to what the analyst called it. {LEGEND}"
    )
    if found is not None:
        st.text(f"{format_count(len(found), 'name')} with “{one_line(shorten(text, 60))}”.")
    selected = show_graph(
        view.nodes,
        view.edges,
        options=view.options,
        version=view.version,
        key="state-graph",
        alt=machine_title(states),
        height=_height(view),
        plates=True,
    )
    chosen = _list(states, view, selected, found)
    _through(everything, states, name, chosen)


def _choices(names: Sequence[str]) -> tuple[str, str]:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = names[0]
        if len(names) > 1:
            name = st.selectbox(
                "Detector", names, key="graph_detector", bind="query-params", width=200
            )
        text = st.text_input(
            "Find a state or category",
            key="find",
            placeholder="Word of a deviation or a category",
            max_chars=120,
            icon=":material/search:",
            bind="query-params",
            width=340,
        )
    return name, text


def _list(
    states: StateGraph, view: GraphView, selected: str | None, found: Collection[str] | None
) -> str | None:
    # The list does what the drawing does, for keyboards and screen readers: a click chooses.
    frame, order = nodes_frame(states, selected, found)
    st.caption(
        "The same as a list. Click a node in the map or a row here to see the patterns through it."
        + (" What follows and precedes the chosen node is listed first." if selected else "")
    )
    selection = tables.show(
        frame,
        key=f"nodes-{view.version}-{selected}",
        alt="States and categories of the machine",
        height=min(420, 38 + 35 * len(states.nodes)),
    )
    cell = tables.clicked_row(selection)
    return order[cell[0]] if cell and cell[0] < len(order) else selected


def _through(
    everything: Sequence[PatternRow], states: StateGraph, name: str, chosen: str | None
) -> None:
    node = next((one for one in states.nodes if one.id == chosen), None)
    if node is None:
        return
    rows = through(everything, name, node.id)
    with st.container(border=True, key="through"):
        st.markdown("**Patterns through it**")
        st.text(one_line(shorten(node.title, 300)))
        if not rows:
            st.caption("No stored finding has such a pattern any more.")
            return
        st.caption(
            f"{format_count(len(rows), 'pattern')}. Click one to open it."
            + (f" The first {_LISTED} are listed." if len(rows) > _LISTED else "")
        )
        patterns.clickable(
            rows[:_LISTED],
            key=f"through-{session.param('graph_detector')}-{hash(node.id)}",
            alt="Patterns through the chosen state or category",
        )


def _height(view: GraphView) -> int:
    # Names shrink with the graph: a column of many states needs room to stay readable, but no
    # more than is left once the columns fit the width.
    across, down = ([float(node[axis]) for node in view.nodes] for axis in ("x", "y"))
    scale = min(1.0, _WIDTH / (max(across) - min(across) + _NAME))
    height = scale * (max(down) - min(down)) + _MARGIN
    return round(min(_TALLEST, max(_SHORTEST, height)))
