"""What a machine was taught, as GraphML: a graph for other programs, and the lessons in it."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, TypeAlias, TypeVar
from xml.sax.saxutils import escape, quoteattr

from deepaid_core.distiller.exchange_json import (
    FORMAT,
    VERSION,
    check_size,
    collected,
    parsed,
    to_json,
)
from deepaid_core.distiller.graphml_file import Element, read_graphml
from deepaid_core.distiller.symbolizers import describe_state
from deepaid_core.domain.log import TaughtPath
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import ExchangeError

__all__ = ["from_graphml", "to_graphml"]

# Name in the file: what it belongs to, and its type. "label" and "weight" are what programs that
# draw graphs look for.
_ATTRIBUTES: Final = {
    "lessons": ("graph", "string"),
    "label": ("node", "string"),
    "kind": ("node", "string"),
    "detector": ("node", "string"),
    "state": ("node", "string"),
    "ends_in": ("node", "string"),
    "support": ("node", "long"),
    "true_positives": ("node", "long"),
    "false_positives": ("node", "long"),
    "verdict": ("edge", "string"),
    "category": ("edge", "string"),
    "weight": ("edge", "long"),
}

_NO_XML: Final = re.compile(r"[^\u0020-\u005b\u005d-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, order=True, slots=True)
class _Node:
    """A state, the start or a category of one detector, by what it is."""

    detector_name: str
    kind: str
    state: str = ""
    ends_in: str = ""


_Edge: TypeAlias = tuple[_Node, _Node, str, str]
_Mix: TypeAlias = tuple[int, int, int]
_Part = TypeVar("_Part")


@dataclass(frozen=True, slots=True)
class _Graph:
    """Nodes with their support, true and false positives; edges with how often they were taken."""

    nodes: Mapping[_Node, _Mix]
    edges: Mapping[_Edge, int]


def to_graphml(lessons: Iterable[TaughtPath], titles: Mapping[str, str] | None = None) -> str:
    """Lessons as GraphML; the same lessons and titles always give the same text.

    There is an edge for each outcome that takes a transition. Characters that XML cannot hold, and
    line ends, stand as a backslash with "u" and their number, a backslash as two. The lessons
    themselves stand as JSON in the graph's data.

    Args:
        lessons: What was taught.
        titles: Title of each field of tabular data, for the nodes' labels.
    """
    lessons = collected(lessons)
    graph = _graph(lessons)
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns">',
        *(
            f'  <key id="{name}" for="{of}" attr.name="{name}" attr.type="{kind}"/>'
            for name, (of, kind) in _ATTRIBUTES.items()
        ),
        f'  <graph id="{FORMAT}-{VERSION}" edgedefault="directed">',
        _data(4, "lessons", to_json(lessons).replace("\n", " ").strip()),
    ]
    ids = {node: f"n{place}" for place, node in enumerate(sorted(graph.nodes))}
    for node, node_id in ids.items():
        support, true_positives, false_positives = graph.nodes[node]
        lines += [
            f'    <node id="{node_id}">',
            _data(6, "label", _title(node, titles or {})),
            _data(6, "kind", node.kind),
            _data(6, "detector", node.detector_name),
            _data(6, "state", node.state),
            _data(6, "ends_in", node.ends_in),
            _data(6, "support", str(support)),
            _data(6, "true_positives", str(true_positives)),
            _data(6, "false_positives", str(false_positives)),
            "    </node>",
        ]
    for place, ((source, target, verdict, category), count) in enumerate(
        sorted(graph.edges.items())
    ):
        lines += [
            f'    <edge id="e{place}" source={quoteattr(ids[source])} target="{ids[target]}">',
            _data(6, "verdict", verdict),
            _data(6, "category", category),
            _data(6, "weight", str(count)),
            "    </edge>",
        ]
    return "\n".join([*lines, "  </graph>", "</graphml>", ""])


def from_graphml(content: bytes) -> tuple[TaughtPath, ...]:
    """The lessons of a file, in order; also one that another program has saved again.

    Raises:
        ExchangeError: It is no such file, too large, declares a document type, or its graph is not
            that of its lessons.
    """
    check_size(content)
    file = read_graphml(content)
    if "lessons" not in file.data:
        raise ExchangeError(
            "The graph holds no lessons; choose a file that was exported here, or saved again by "
            "a program that keeps the data of a graph."
        )
    lessons = parsed(file.data["lessons"])
    expected = _graph(lessons)
    nodes = {element.id: _node(element) for element in file.nodes}
    _check_same(
        "nodes",
        Counter((nodes[one.id], _mix(one)) for one in file.nodes),
        Counter(expected.nodes.items()),
    )
    _check_same(
        "edges", Counter(_edge(one, nodes) for one in file.edges), Counter(expected.edges.items())
    )
    return lessons


def _graph(lessons: Iterable[TaughtPath]) -> _Graph:
    mixes: dict[_Node, list[int]] = {}
    edges: Counter[_Edge] = Counter()
    for one in lessons:
        name = _spelled(one.detector_name)
        category = _spelled(one.category)
        path = [_Node(name, "state", _spelled(state)) for state in one.path]
        nodes = [_Node(name, "start"), *path, _end(name, one.label, category)]
        side = 1 if one.label is VerdictLabel.TRUE_POSITIVE else 2
        for node in nodes:
            mix = mixes.setdefault(node, [0, 0, 0])
            mix[0] += one.count
            mix[side] += one.count
        for source, target in pairwise(nodes):
            edges[source, target, one.label.value, category] += one.count
    return _Graph({node: (mix[0], mix[1], mix[2]) for node, mix in mixes.items()}, edges)


def _end(detector_name: str, label: VerdictLabel, category: str) -> _Node:
    return _Node(detector_name, "category", "", f"{label.value} / {category}")


def _title(node: _Node, titles: Mapping[str, str]) -> str:
    if node.kind == "state":
        return _spelled(describe_state(_read(node.state), titles))
    return node.ends_in or "start"


def _data(indent: int, key: str, text: str) -> str:
    return f'{" " * indent}<data key="{key}">{escape(text)}</data>'


def _spelled(text: str) -> str:
    return _NO_XML.sub(lambda one: "\\\\" if one[0] == "\\" else f"\\u{ord(one[0]):04x}", text)


def _read(text: str) -> str:
    return re.sub(
        r"\\(\\|u[0-9a-f]{4})", lambda one: chr(int(one[1][1:], 16)) if one[1][1:] else "\\", text
    )


def _node(element: Element) -> _Node:
    data = element.data
    return _Node(
        data.get("detector", ""),
        data.get("kind", ""),
        data.get("state", ""),
        data.get("ends_in", ""),
    )


def _mix(element: Element) -> _Mix:
    support, true_positives, false_positives = (
        element.whole_number(name) for name in ("support", "true_positives", "false_positives")
    )
    return support, true_positives, false_positives


def _edge(element: Element, nodes: Mapping[str, _Node]) -> tuple[_Edge, int]:
    unknown = next((one for one in (element.source, element.target) if one not in nodes), None)
    if unknown is not None:
        raise ExchangeError(
            f"An edge of the graph names the node {ascii(unknown)[:60]}, which is not there; "
            "export the lessons again."
        )
    data = element.data
    ends = nodes[element.source], nodes[element.target]
    edge = (*ends, data.get("verdict", ""), data.get("category", ""))
    return edge, element.whole_number("weight")


def _check_same(what: str, found: Counter[_Part], wanted: Counter[_Part]) -> None:
    if found != wanted:
        differing = max((found - wanted).total(), (wanted - found).total())
        raise ExchangeError(
            f"The graph and the lessons of the file contradict each other in {differing:,} {what}; "
            "export them again."
        )
