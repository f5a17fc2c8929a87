"""The neighborhood of a login: for the browser's graph view, and as a figure for reports."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import plotly.graph_objects as go

from deepaid_core.domain.interpretation import Interpretation
from deepaid_core.figures.link_layout import (
    BOTH,
    OBSERVED,
    REFERENCE,
    TRAINING,
    Line,
    Spot,
    Style,
    drawing,
)
from deepaid_core.figures.link_words import link_details, link_title
from deepaid_core.figures.machine import GraphView
from deepaid_core.figures.text import figure_text
from deepaid_core.figures.theme import BLUE, GREY, empty_figure, finish

__all__ = ["neighborhood", "neighborhood_view"]

_DASHES: Final[Mapping[str, Any]] = {"solid": False, "dash": [10, 8], "longdashdot": [16, 5, 3, 5]}


def neighborhood_view(interpretation: Interpretation, *, everything: bool = False) -> GraphView:
    """The neighborhood for a vis-network view; ids are positions among the neighbors, as text.

    Equal interpretations give equal views.

    Args:
        interpretation: Of a login.
        everything: Draw all neighbors, not only the nearest of each end.
    """
    # pyvis pulls IPython in, which costs a quarter of a second that no other page should pay.
    from pyvis.network import Network

    drawn = drawing(link_details(interpretation), everything=everything)
    network = Network(directed=False, cdn_resources="in_line")
    network.toggle_physics(False)
    for spot in drawn.spots:
        network.add_node(
            str(spot.at),
            label="\n".join(spot.label) or " ",
            title="\n".join(spot.title),
            shape="dot" if spot.is_user else "square",
            color={"background": spot.fill, "border": spot.border or spot.fill},
            size=17 if spot.border else 9,
            borderWidth=5 if spot.border else 1,
            shapeProperties={"borderDashes": [6, 4] if spot.border == BLUE else False},
            x=spot.x,
            y=spot.y,
            physics=False,
        )
    for line in drawn.lines:
        network.add_edge(
            str(drawn.spots[line.first].at),
            str(drawn.spots[line.second].at),
            title=line.title,
            label=line.label,
            width=line.width,
            color={"color": line.style.color, "opacity": _opacity(line.style)},
            dashes=_DASHES[line.style.dash],
            smooth=False,
        )
    options = json.loads(network.options.to_json())
    options["interaction"] = {**options.get("interaction", {}), "hover": True}
    plain = json.dumps([network.nodes, network.edges, options], sort_keys=True)
    nodes, edges, options = json.loads(plain)
    for node in nodes:
        node["font"] = {"size": 20 if node["borderWidth"] > 1 else 14}
    for edge in edges:
        edge["font"] = {"size": 17, "align": "top"}
    return GraphView(
        nodes=tuple(nodes),
        edges=tuple(edges),
        options=options,
        version=hashlib.sha256(plain.encode()).hexdigest()[:16],
        hidden_nodes=drawn.hidden,
    )


def _opacity(style: Style) -> float:
    return 0.45 if style is TRAINING else 1.0


def neighborhood(interpretation: Interpretation) -> go.Figure:
    """The neighborhood as a figure, for reports and wherever the graph view cannot run."""
    details = link_details(interpretation)
    drawn = drawing(details)
    spots = drawn.spots
    if not spots:
        return empty_figure(
            "The neighborhood was not kept",
            "What was stored with this finding names no user and no host.",
        )
    columns, rows = [spot.x for spot in spots], [spot.y for spot in spots]
    wide = 0.16 * (max(columns) - min(columns) or 100.0)
    high = 0.12 * (max(rows) - min(rows) or 100.0)
    return finish(
        [
            *(_edges(drawn.lines, spots, style) for style in (TRAINING, BOTH, OBSERVED, REFERENCE)),
            *(_markers(spots, is_user) for is_user in (True, False)),
        ],
        {
            "xaxis": {"visible": False, "range": [min(columns) - wide, max(columns) + wide]},
            "yaxis": {"visible": False, "range": [max(rows) + high, min(rows) - high]},
            "annotations": [_share(line, spots) for line in drawn.lines if line.label],
        },
        title=link_title(details),
        height=430,
        legend=True,
        left=10,
        right=10,
    )


def _edges(lines: Sequence[Line], spots: Sequence[Spot], style: Style) -> dict[str, Any]:
    own = [line for line in lines if line.style is style]
    x: list[float | None] = []
    y: list[float | None] = []
    for line in own:
        first, second = spots[line.first], spots[line.second]
        x += [first.x, second.x, None]
        y += [first.y, second.y, None]
    return {
        "type": "scatter",
        "mode": "lines",
        "name": style.words,
        "x": x,
        "y": y,
        "line": {
            "color": style.color, "width": 1 if style is TRAINING else 3, "dash": style.dash,
        },
        "opacity": _opacity(style),
        "hoverinfo": "skip",
        "showlegend": bool(own),
    }  # fmt: skip


def _share(line: Line, spots: Sequence[Spot]) -> dict[str, Any]:
    first, second = spots[line.first], spots[line.second]
    return {
        "x": (first.x + second.x) / 2, "y": (first.y + second.y) / 2, "yshift": 9,
        "showarrow": False, "text": f"<b>{figure_text(line.label)}</b>", "font": {"size": 11},
        "hovertext": figure_text(line.title, 200),
    }  # fmt: skip


def _places(spots: Sequence[Spot], ends: Sequence[float]) -> list[str]:
    # Neighbors stand close to each other: names to the side of a column, and above and below a
    # row by turns, keep them apart.
    neighbors = sorted((spot.x, spot.y, at) for at, spot in enumerate(spots) if not spot.border)
    left, right = min(ends, default=0.0), max(ends, default=0.0)
    places = ["bottom center"] * len(spots)
    for turn, (x, _, at) in enumerate(neighbors):
        if left <= x <= right:
            places[at] = "top center" if turn % 2 else "bottom center"
        else:
            places[at] = "middle right" if x > right else "middle left"
    return places


def _markers(spots: Sequence[Spot], is_user: bool) -> dict[str, Any]:
    own = [spot for spot in spots if spot.is_user is is_user]
    return {
        "type": "scatter",
        "mode": "markers+text",
        "name": "users" if is_user else "hosts",
        "x": [spot.x for spot in own],
        "y": [spot.y for spot in own],
        "text": ["<br>".join(map(figure_text, spot.label)) for spot in own],
        "textposition": _places(own, [spot.x for spot in spots if spot.border]),
        "textfont": {"size": [11 if spot.border else 9 for spot in own]},
        "hovertext": ["<br>".join(map(figure_text, spot.title)) for spot in own],
        "hoverinfo": "text",
        "marker": {
            "symbol": "circle" if is_user else "square",
            "color": [spot.fill for spot in own],
            "size": [16 if spot.border else 9 for spot in own],
            "opacity": 1,
            "line": {
                "color": [spot.border or GREY for spot in own],
                "width": [4 if spot.border else 0 for spot in own],
            },
        },
        "cliponaxis": False,
    }
