"""What a drawing of a login's neighborhood consists of: spots and lines, whoever draws them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from deepaid_core.domain.details import LinkDetails, Neighbor
from deepaid_core.figures.link_places import Places, places
from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.figures.text import shorten, visible
from deepaid_core.figures.theme import BLUE, GREEN, GREY, PURPLE, VERMILLION

__all__ = [
    "BOTH",
    "MAX_NEIGHBORS",
    "OBSERVED",
    "REFERENCE",
    "TRAINING",
    "Drawing",
    "Line",
    "Spot",
    "Style",
    "drawing",
    "group_letters",
]

MAX_NEIGHBORS = 150
"""Most nodes that are drawn."""

_LABEL = 26
# Hues of groups; vermillion, blue and purple are kept for the login and its reference.
_HUES: Final = (GREEN, "#E69F00", "#56B4E9", "#999933", "#AA4499")


@dataclass(frozen=True, slots=True)
class Style:
    """How a link is drawn, by where it occurs: words, color, dash of Plotly."""

    words: str
    color: str
    dash: str


OBSERVED: Final = Style("this login", VERMILLION, "solid")
REFERENCE: Final = Style("closest normal", BLUE, "dash")
BOTH: Final = Style("in both", PURPLE, "longdashdot")
TRAINING: Final = Style("training logins", GREY, "solid")


@dataclass(frozen=True, slots=True)
class Line:
    """A link between two spots, as their positions.

    Attributes:
        title: Its probability and training logins in words.
        label: Its probability; empty for links that only training had.
        width: In pixels.
    """

    first: int
    second: int
    style: Style
    title: str
    label: str = ""
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Spot:
    """A node: where it stands, how it looks and what it says, as lines of plain text.

    Attributes:
        at: Its position among the neighbors.
        label: Empty for nodes far from the login.
        title: All that is known of it.
        fill: Color of its group.
        border: Color of its part in the login or its reference; None for neither.
    """

    at: int
    is_user: bool
    x: float
    y: float
    label: tuple[str, ...]
    title: tuple[str, ...]
    fill: str
    border: str | None


@dataclass(frozen=True, slots=True)
class Drawing:
    """Spots and the lines between them.

    Attributes:
        spots: Stored neighbors first, in their order.
        lines: Their ends are positions among `spots`.
        hidden: Nodes that are not drawn.
    """

    spots: tuple[Spot, ...]
    lines: tuple[Line, ...]
    hidden: int


def group_letters(details: LinkDetails) -> dict[str, str]:
    """A letter for each community, the largest first; stands beside names in drawings."""
    sizes: dict[str, int] = {}
    for one in details.neighbors:
        if one.group:
            sizes[one.group] = sizes.get(one.group, 0) + 1
    ranked = sorted(sizes, key=lambda group: (-sizes[group], group))
    return {group: _letter(place) for place, group in enumerate(ranked)}


def _letter(place: int) -> str:
    before = _letter(place // 26 - 1) if place >= 26 else ""
    return before + chr(ord("A") + place % 26)


def drawing(details: LinkDetails, *, everything: bool = False) -> Drawing:
    """The neighborhood of a login and its reference; equal details give equal drawings.

    Args:
        details: Of an interpretation.
        everything: Draw all neighbors, not only the nearest of each end.
    """
    nodes = _nodes(details)
    lines = _lines(details, nodes)
    placed = places(
        nodes, [(line.first, line.second, line.width) for line in lines], everything=everything
    )
    letters = group_letters(details)
    drawn = range(len(nodes)) if everything else sorted(placed.near)
    rank = {at: place for place, at in enumerate(drawn)}
    return Drawing(
        tuple(_spot(at, nodes[at], placed, letters) for at in drawn),
        tuple(
            replace(line, first=rank[line.first], second=rank[line.second])
            for line in lines
            if line.first in rank
            and line.second in rank
            # What neighbors do among themselves would bury the login's own links.
            and (everything or line.first in placed.hubs or line.second in placed.hubs)
        ),
        len(nodes) - len(rank) + max(0, len(details.neighbors) - MAX_NEIGHBORS),
    )


def _spot(at: int, node: Neighbor, placed: Places, letters: Mapping[str, str]) -> Spot:
    x, y = placed.spots[at]
    return Spot(
        at=at,
        is_user=node.kind == "user",
        x=x,
        y=y,
        label=_label(node, letters) if at in placed.near else (),
        title=_title(node),
        fill=_fill(node, letters),
        border=_border(node),
    )


def _kind(role: str) -> str:
    return "user" if role == "user" else "host"


def _nodes(details: LinkDetails) -> list[Neighbor]:
    # Those of login and reference are among the neighbors; where not, they are added at the end.
    nodes = list(details.neighbors[:MAX_NEIGHBORS])
    known = {(node.kind, node.name) for node in nodes}
    for names, groups, is_event in (
        (details.observed, details.groups, True),
        (details.reference, details.reference_groups, False),
    ):
        for place, (role, name) in enumerate(zip(details.roles, names, strict=False)):
            if (_kind(role), name) in known:
                continue
            known.add((_kind(role), name))
            group = groups[place] if place < len(groups) else ""
            roles = ((role,), ()) if is_event else ((), (role,))
            nodes.append(Neighbor(name, _kind(role), group, *roles))
    return nodes


def _lines(details: LinkDetails, nodes: Sequence[Neighbor]) -> list[Line]:
    known = {(node.kind, node.name): at for at, node in enumerate(nodes)}
    own = _own_lines(details, known)
    busiest = max((link.count for link in details.neighbor_links), default=0) or 1
    drawn = {(line.first, line.second) for line in own}
    ordinary = []
    for link in details.neighbor_links:
        first, second = sorted((link.first, link.second))
        if 0 <= first < second < min(len(nodes), MAX_NEIGHBORS) and (first, second) not in drawn:
            width = 0.6 + 1.8 * (link.count / busiest) ** 0.5
            ordinary.append(Line(first, second, TRAINING, _times(link.count), "", width))
    return [*ordinary, *own]


def _own_lines(details: LinkDetails, nodes: Mapping[tuple[str, str], int]) -> list[Line]:
    # Links of the login and of its reference; those that both have are drawn once.
    lines: dict[tuple[int, int], Line] = {}
    for link in details.links:
        pairs = []
        for names in (details.observed, details.reference):
            known = dict(zip(details.roles, names, strict=False))
            ends = [nodes.get((_kind(role), known.get(role, ""))) for role in link.roles]
            pairs.append(tuple(sorted(end for end in ends if end is not None)))
        shares = (link.probability, link.reference_probability)
        counts = (link.seen, link.reference_seen)
        for which, pair in enumerate(pairs):
            # A login from a host to itself is a spot, not a line.
            if len(pair) != 2 or pair[0] == pair[1] or pair in lines:
                continue
            style = BOTH if pairs[0] == pairs[1] else (REFERENCE if which else OBSERVED)
            share = format_share(shares[which])
            words = f"{' to '.join(link.roles)}, {style.words}"
            title = f"{words}: probability {share}, {_times(counts[which])}"
            lines[pair] = Line(pair[0], pair[1], style, title, share, 4.0)
    return list(lines.values())


def _times(count: int) -> str:
    return format_count(count, "training login") if count else "never in training"


def _fill(node: Neighbor, letters: Mapping[str, str]) -> str:
    if node.group not in letters:
        return GREY
    return _HUES[list(letters).index(node.group) % len(_HUES)]


def _border(node: Neighbor) -> str | None:
    if node.in_event:
        return PURPLE if node.in_reference else VERMILLION
    return BLUE if node.in_reference else None


def _label(node: Neighbor, letters: Mapping[str, str]) -> tuple[str, ...]:
    # A letter for the group, "?" for a node that training never had.
    name = f"{shorten(visible(node.name), _LABEL)} · {letters.get(node.group, '?')}"
    if node.in_event:
        mark = "" if node.in_reference else "▶ "
        normally = [f"normal {role}" for role in node.in_reference if role not in node.in_event]
        return (f"{mark}{name}", ", ".join([*node.in_event, *normally]))
    if node.in_reference:
        return (f"○ {name}", f"normal {', '.join(node.in_reference)}")
    return (name,)


def _title(node: Neighbor) -> tuple[str, ...]:
    lines = [
        f"{node.kind} {shorten(node.name, 200)}",
        shorten(node.group, 120) if node.group else "never occurred in training",
    ]
    if node.in_event:
        lines.append(f"this login: {', '.join(node.in_event)}")
    if node.in_reference:
        lines.append(f"closest normal: {', '.join(node.in_reference)}")
    return tuple(map(visible, lines))
