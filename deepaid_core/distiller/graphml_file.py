"""Reading a GraphML file of unknown origin: one graph, its nodes and edges with their data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn
from xml.parsers import expat

from deepaid_core.errors import ExchangeError

__all__ = ["Element", "GraphFile", "read_graphml"]

_NAMESPACE: Final = "http://graphml.graphdrawing.org/xmlns"
_DEEPEST: Final = 50
_LONGEST_NUMBER: Final = 20


@dataclass(slots=True)
class Element:
    """A node or an edge.

    Attributes:
        id: Empty for an edge without one.
        source: Id of the node that an edge leaves; empty for a node.
        target: Id of the node that it enters; likewise.
        data: Text by the name that the file declares for its key.
    """

    id: str
    source: str = ""
    target: str = ""
    data: dict[str, str] = field(default_factory=dict)

    def whole_number(self, name: str) -> int:
        """A number of the data.

        Raises:
            ExchangeError: It is missing or none.
        """
        text = self.data.get(name, "")
        if not (text.isascii() and text.isdigit()) or len(text) > _LONGEST_NUMBER:
            raise ExchangeError(
                f"The {name} of a node or edge of the graph is {ascii(text)[:60]}; it must be a "
                "whole number."
            )
        return int(text)


@dataclass(slots=True)
class GraphFile:
    """One graph.

    Attributes:
        data: Of the graph itself.
        nodes: In the order of the file; no two have the same id.
        edges: In the order of the file.
    """

    data: dict[str, str] = field(default_factory=dict)
    nodes: list[Element] = field(default_factory=list)
    edges: list[Element] = field(default_factory=list)


def read_graphml(content: bytes) -> GraphFile:
    """The graph of a file.

    Nothing but the file is read, and nothing in it is expanded: a file that declares a document
    type, and with it entities, is refused.

    Raises:
        ExchangeError: It is no XML, no GraphML, or has no graph or several.
    """
    reader = _Reader()
    try:
        reader.parser.Parse(content, True)
    except expat.ExpatError as error:
        raise ExchangeError(
            f"The file is no XML (line {error.lineno}: {expat.ErrorString(error.code)}); choose "
            "a file that was exported as lessons."
        ) from error
    except (LookupError, ValueError) as error:
        # An encoding that Python does not know, or not for this.
        raise ExchangeError(
            f"The text of the file cannot be read ({ascii(str(error))[:120]}); save it as UTF-8."
        ) from error
    return reader.result()


class _Reader:
    """Takes a file apart while it is parsed."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate(namespace_separator=" ")
        self.parser.buffer_text = True
        self.parser.StartDoctypeDeclHandler = self._refuse_doctype
        self.parser.EntityDeclHandler = self._refuse_doctype
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.graph: GraphFile | None = None
        self.open: list[str] = []
        self.element: Element | None = None
        self.ids: set[str] = set()
        self.names: dict[str, str] = {}
        self.key: str | None = None
        self.parts: list[str] = []

    def result(self) -> GraphFile:
        if self.graph is None:
            raise ExchangeError(
                "The file is no GraphML with a graph in it; choose a file that was exported as "
                "lessons."
            )
        return self.graph

    def _refuse_doctype(self, *_: object) -> NoReturn:
        raise ExchangeError(
            "The file declares a document type, which no exported file does and which can do harm; "
            "remove the declaration or export the lessons again."
        )

    def _start(self, tag: str, attributes: Mapping[str, str]) -> None:
        namespace, _, name = tag.rpartition(" ")
        if not self.open and (namespace, name) != (_NAMESPACE, "graphml"):
            raise ExchangeError(
                f"The file begins with {ascii(name)[:60]}, so it is no GraphML; choose a file "
                "that was exported as lessons."
            )
        if len(self.open) >= _DEEPEST:
            raise ExchangeError(
                f"The file is nested deeper than {_DEEPEST} elements; choose a file that was "
                "exported as lessons."
            )
        inside = self.open[-1] if self.open else ""
        self.open.append(name if namespace == _NAMESPACE else tag)
        match inside, self.open[-1]:
            case "graphml", "key":
                self.names[attributes.get("id", "")] = attributes.get("attr.name", "")
            case _, "graph":
                if self.graph is not None:
                    raise ExchangeError(
                        "The file has several graphs, and one is read; export the lessons again."
                    )
                self.graph = GraphFile()
            case "graph", "node":
                self._add_node(attributes.get("id", ""))
            case "graph", "edge":
                self._add_edge(attributes)
            case (("graph" | "node" | "edge"), "data"):
                self.key = self.names.get(attributes.get("key", ""))
                self.parts = []

    def _end(self, _: str) -> None:
        name = self.open.pop()
        if name == "data" and self.key is not None and self.open and self.graph is not None:
            data = self.graph.data if self.element is None else self.element.data
            if self.key in data:
                raise ExchangeError(
                    f"A part of the graph has the data {ascii(self.key)[:60]} twice; export the "
                    "lessons again."
                )
            data[self.key] = "".join(self.parts)
            self.key = None
        elif name in ("node", "edge"):
            self.element = None

    def _text(self, text: str) -> None:
        if self.key is not None and self.open[-1] == "data":
            self.parts.append(text)

    def _add_node(self, node_id: str) -> None:
        if node_id in self.ids:
            raise ExchangeError(
                f"Two nodes of the graph have the id {ascii(node_id)[:60]}; export the lessons "
                "again."
            )
        self.ids.add(node_id)
        self.element = Element(node_id)
        self._graph().nodes.append(self.element)

    def _add_edge(self, attributes: Mapping[str, str]) -> None:
        self.element = Element(
            attributes.get("id", ""), attributes.get("source", ""), attributes.get("target", "")
        )
        self._graph().edges.append(self.element)

    def _graph(self) -> GraphFile:
        return self.result()
