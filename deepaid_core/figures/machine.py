"""The Distiller's state graph: for the browser's graph view, and as a figure for reports."""

import hashlib
import json
import textwrap
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import networkx as nx
import plotly.graph_objects as go

from deepaid_core.domain.graph import StateGraph, StateNode
from deepaid_core.figures.numbers import format_count
from deepaid_core.figures.text import figure_text, shorten, visible
from deepaid_core.figures.theme import (
    BLUE,
    GREY,
    PURPLE,
    VERMILLION,
    empty_figure,
    finish,
)

__all__ = ["LEGEND", "MAX_NODES", "GraphView", "graph_view", "machine_title", "state_graph"]

MAX_NODES = 150
"""Most nodes that are drawn; those with the strongest support."""

_LABEL_LINES, _LABEL_LINE = 3, 30
_COLUMN, _ROW = 300.0, 110.0
_ROUNDS = 4
_FAINT = 0.25
_START = "start"  # the node that all paths leave; no state of its own

# (words, color, vis-network shape, Plotly symbol) by what analysts said of a node.
_ATTACK = ("true positives only", VERMILLION, "diamond", "diamond")
_NORMAL = ("false positives only", BLUE, "dot", "circle")
_MIXED = ("true and false positives", PURPLE, "square", "square")
_OTHER = ("neither", GREY, "triangle", "triangle-up")

LEGEND = (
    "◆ only in attacks (true positives), ● only in false positives, ■ in both. A name in brackets "
    "is a category; the wider a line, the more decisions took it."
)
"""What shapes and lines of the drawing mean."""


@dataclass(frozen=True, slots=True)
class GraphView:
    """A graph for a vis-network view, as plain JSON values.

    Labels and tooltips are plain text with hidden characters made visible; the color of labels
    is left to the page, which knows whether it is dark.

    Attributes:
        nodes: vis-network nodes, with positions.
        edges: vis-network edges.
        options: vis-network options; physics is off.
        version: Digest of the above; a view redraws only when it changes.
        hidden_nodes: Nodes left out because the graph is too large.
    """

    nodes: tuple[Mapping[str, Any], ...]
    edges: tuple[Mapping[str, Any], ...]
    options: Mapping[str, Any]
    version: str
    hidden_nodes: int = 0


@dataclass(frozen=True, slots=True)
class _Link:
    # All transitions between two nodes, whatever their category.
    source: str
    target: str
    count: int
    title: str


def _strongest(
    graph: StateGraph, max_nodes: int
) -> tuple[tuple[StateNode, ...], tuple[_Link, ...]]:
    ranked = sorted(graph.nodes, key=lambda node: (-node.support, not node.is_category, node.id))
    nodes = tuple(ranked[:max_nodes])
    kept = {node.id for node in nodes}
    by_pair: dict[tuple[str, str], Counter[str]] = {}
    for edge in graph.edges:
        if edge.source in kept and edge.target in kept and edge.count > 0:
            by_pair.setdefault((edge.source, edge.target), Counter())[edge.category] += edge.count
    links = tuple(
        _Link(
            source,
            target,
            sum(counts.values()),
            "\n".join(
                f"{shorten(visible(category), 60)}: {format_count(count, 'decision')}"
                for category, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))[
                    :8
                ]
            ),
        )
        for (source, target), counts in sorted(by_pair.items())
    )
    return nodes, links


def _places(nodes: Sequence[StateNode], links: Sequence[_Link]) -> dict[str, tuple[float, float]]:
    # Columns from left to right by distance from the start, categories last: a path then reads
    # like the sentence it is. Within a column, nodes go near those they are linked to.
    graph = nx.DiGraph()
    graph.add_nodes_from(node.id for node in nodes)
    graph.add_edges_from((link.source, link.target) for link in links)
    states = [node.id for node in nodes if not node.is_category]
    roots = [name for name in states if graph.in_degree(name) == 0] or states[:1]
    layers = list(nx.bfs_layers(graph, roots)) if roots else []
    column = {name: depth for depth, layer in enumerate(layers) for name in layer}
    deepest = max((column.get(name, 0) for name in states), default=-1)
    for node in nodes:
        column[node.id] = deepest + 1 if node.is_category else column.get(node.id, deepest)
    members: dict[int, list[str]] = {}
    for node in nodes:
        members.setdefault(column[node.id], []).append(node.id)
    height = {
        name: position - (len(names) - 1) / 2
        for names in members.values()
        for position, name in enumerate(names)
    }
    near = graph.to_undirected(as_view=True)
    for _ in range(_ROUNDS):
        for names in (members[depth] for depth in sorted(members)):
            wish = {
                name: sum(height[other] for other in near[name]) / len(near[name])
                if len(near[name])
                else height[name]
                for name in names
            }
            names.sort(key=lambda name: (wish[name], name))
            for position, name in enumerate(names):
                height[name] = position - (len(names) - 1) / 2
    return {name: (_COLUMN * column[name], _ROW * height[name]) for name in height}


def _kind(node: StateNode) -> tuple[str, str, str, str]:
    if node.true_positives and node.false_positives:
        return _MIXED
    if node.true_positives:
        return _ATTACK
    return _NORMAL if node.false_positives else _OTHER


def _describe(node: StateNode) -> list[str]:
    return [
        f"{'Category' if node.is_category else 'State'}: {shorten(visible(node.title), 300)}",
        f"{format_count(node.support, 'decision')}: {node.true_positives:,} true positive, "
        f"{node.false_positives:,} false positive",
    ]


def _label(node: StateNode) -> list[str]:
    # Categories are told from states by more than their place. What does not fit is in the
    # tooltip: a log line starts with what tells it from others, so its end goes first.
    title = shorten(visible(node.title), 300)
    return textwrap.wrap(
        f"[{title}]" if node.is_category else title,
        _LABEL_LINE,
        max_lines=_LABEL_LINES,
        placeholder=" …",
    ) or ["?"]


def graph_view(
    graph: StateGraph, *, max_nodes: int = MAX_NODES, highlight: Collection[str] | None = None
) -> GraphView:
    """The state graph for a vis-network view; equal graphs give equal views.

    Args:
        graph: What to draw.
        max_nodes: Most nodes to draw.
        highlight: Ids of nodes that stay as they are while all others fade; None fades none.
    """
    # pyvis pulls IPython in, which costs a quarter of a second that no other page should pay.
    from pyvis.network import Network

    nodes, links = _strongest(graph, max_nodes)
    places = _places(nodes, links)
    largest = max((node.support for node in nodes), default=0) or 1
    busiest = max((link.count for link in links), default=0) or 1
    network = Network(directed=True, cdn_resources="in_line")
    network.toggle_physics(False)
    for node in nodes:
        _, color, shape, _ = _kind(node)
        x, y = places[node.id]
        network.add_node(
            node.id,
            label="\n".join(_label(node)),
            title="\n".join(_describe(node)),
            shape=shape,
            color=color,
            size=10 + 14 * (node.support / largest) ** 0.5,
            borderWidth=4 if node.is_category else 1,
            opacity=_FAINT if highlight is not None and node.id not in highlight else 1.0,
            x=x,
            y=y,
            physics=False,
        )
    for link in links:
        network.add_edge(
            link.source,
            link.target,
            title=link.title,
            width=1 + 3 * link.count / busiest,
            color=GREY,
            arrows="to",
        )
    options = json.loads(network.options.to_json())
    options["interaction"] = {**options.get("interaction", {}), "hover": True}
    plain = json.dumps([network.nodes, network.edges, options], sort_keys=True)
    drawn_nodes, drawn_edges, options = json.loads(plain)
    for drawn in drawn_nodes:
        drawn.pop("font", None)
    return GraphView(
        nodes=tuple(drawn_nodes),
        edges=tuple(drawn_edges),
        options=options,
        version=hashlib.sha256(plain.encode()).hexdigest()[:16],
        hidden_nodes=len(graph.nodes) - len(nodes),
    )


def machine_title(graph: StateGraph, *, max_nodes: int = MAX_NODES) -> str:
    """What a drawing of the graph shows, as a sentence."""
    categories = sum(node.is_category for node in graph.nodes)
    states = sum(not node.is_category and node.id != _START for node in graph.nodes)
    title = (
        "How verdicts were reached, from the strongest deviation to the category: "
        f"{format_count(states, 'state')} {'leads' if states == 1 else 'lead'} to "
        f"{format_count(categories, 'category', 'categories')}"
    )
    hidden = len(graph.nodes) - max_nodes
    return f"{title} (the {max_nodes} best supported are drawn)" if hidden > 0 else title


def state_graph(
    graph: StateGraph, *, path: Sequence[str] = (), max_nodes: int = MAX_NODES
) -> go.Figure:
    """The state graph as a figure, for reports and wherever the graph view cannot run.

    Args:
        graph: What to draw.
        path: Ids of nodes to mark, in the order of a path.
        max_nodes: Most nodes to draw.
    """
    if not graph.nodes:
        return empty_figure(
            "The machine knows nothing yet",
            "Give a first verdict; its pattern becomes the first path of the machine.",
        )
    nodes, links = _strongest(graph, max_nodes)
    places = _places(nodes, links)
    busiest = max((link.count for link in links), default=0) or 1
    marked = set(pairwise(path))
    groups = [
        (kind, [node for node in nodes if _kind(node) is kind])
        for kind in (_ATTACK, _NORMAL, _MIXED, _OTHER)
    ]
    rows = [y for _, y in places.values()]
    columns = [x for x, _ in places.values()]
    return finish(
        [_markers(group, kind, places, path) for kind, group in groups if group],
        {
            "annotations": [
                _arrow(
                    places[link.source],
                    places[link.target],
                    link.count / busiest,
                    (link.source, link.target) in marked if marked else None,
                )
                for link in links
            ],
            "xaxis": {
                "visible": False,
                "range": [min(columns) - 0.45 * _COLUMN, max(columns) + 0.45 * _COLUMN],
            },
            "yaxis": {"visible": False, "autorange": "reversed"},
        },
        title=machine_title(graph, max_nodes=max_nodes),
        height=int((max(rows) - min(rows)) * 0.7) + 150,
        legend=True,
        left=10,
        right=10,
    )


def _markers(
    group: Sequence[StateNode],
    kind: tuple[str, str, str, str],
    places: Mapping[str, tuple[float, float]],
    path: Sequence[str],
) -> dict[str, Any]:
    words, color, _, symbol = kind
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": words,
        "x": [places[node.id][0] for node in group],
        "y": [places[node.id][1] for node in group],
        "text": ["<br>".join(map(figure_text, _label(node))) for node in group],
        "textposition": "bottom center",
        "hovertext": ["<br>".join(map(figure_text, _describe(node))) for node in group],
        "hoverinfo": "text",
        "marker": {
            "color": color,
            "symbol": symbol,
            "size": [18 if node.is_category else 13 for node in group],
            "opacity": 1,
            "line": {
                "color": VERMILLION,
                "width": [3 if node.id in path else 0 for node in group],
            },
        },
        "cliponaxis": False,
    }


def _arrow(
    start: tuple[float, float], end: tuple[float, float], share: float, on_path: bool | None
) -> dict[str, Any]:
    # `on_path` is None where no path is marked at all.
    return {
        "x": end[0], "y": end[1], "ax": start[0], "ay": start[1],
        "xref": "x", "yref": "y", "axref": "x", "ayref": "y",
        "text": "", "showarrow": True, "arrowhead": 2, "arrowsize": 0.8,
        "standoff": 9, "startstandoff": 9, "arrowwidth": 1 + 2 * share,
        "arrowcolor": VERMILLION if on_path else GREY,
        "opacity": 0.5 if on_path is False else 1.0,
    }  # fmt: skip
