"""The Distiller's machine as a graph to draw."""

from dataclasses import dataclass

__all__ = ["StateEdge", "StateGraph", "StateNode"]


@dataclass(frozen=True, slots=True)
class StateNode:
    """A state or a category of the machine.

    Attributes:
        id: Unique in its graph.
        title: In an analyst's words.
        support: Decisions in force that passed through it.
        true_positives: How many of them were true positives.
        false_positives: How many of them were false positives.
        is_category: It ends paths; otherwise it is a state, or the start.
    """

    id: str
    title: str
    support: int
    true_positives: int
    false_positives: int
    is_category: bool


@dataclass(frozen=True, slots=True)
class StateEdge:
    """Transitions between two nodes on paths of one category.

    Attributes:
        source: Id of the node it leaves.
        target: Id of the node it enters.
        count: Decisions in force that took it.
        category: Category of those decisions.
    """

    source: str
    target: str
    count: int
    category: str


@dataclass(frozen=True, slots=True)
class StateGraph:
    """Nodes and edges of one version of the machine; an edge names nodes of the same graph.

    Attributes:
        version: Number of the last log entry that the machine has read.
    """

    version: int
    nodes: tuple[StateNode, ...] = ()
    edges: tuple[StateEdge, ...] = ()
