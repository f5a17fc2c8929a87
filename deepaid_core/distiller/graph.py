"""The machine as a graph to draw."""

from collections import Counter
from collections.abc import Mapping
from typing import Final

from deepaid_core.distiller.machine import Machine
from deepaid_core.distiller.symbolizers import describe_state
from deepaid_core.domain.graph import StateEdge, StateGraph, StateNode
from deepaid_core.domain.verdict import VerdictLabel

__all__ = ["START_ID", "category_node_id", "state_graph", "state_node_id"]

START_ID: Final = "start"


def state_node_id(state: str) -> str:
    """Id of a state's node; never that of a category or of the start."""
    return f"state:{state}"


def category_node_id(label: VerdictLabel, category: str) -> str:
    """Id of a category's node."""
    return f"category:{label.value}:{category}"


def state_graph(
    machine: Machine, detector_name: str, *, titles: Mapping[str, str] | None = None
) -> StateGraph:
    """States, categories and the transitions between them for one detector, best supported first.

    Args:
        machine: Any version.
        detector_name: A detector; one that was never taught about gives an empty graph.
        titles: Title of each field of tabular data.
    """
    names: dict[str, str] = {}
    ends: set[str] = set()
    mix: Counter[tuple[str, VerdictLabel]] = Counter()
    edges: Counter[tuple[str, str, str]] = Counter()
    for (name, outcome), chain in machine.chains.items():
        if name != detector_name:
            continue
        end = category_node_id(outcome.label, outcome.category)
        ends.add(end)
        names |= {START_ID: "start", end: str(outcome)}
        mix[START_ID, outcome.label] += chain.verdicts
        mix[end, outcome.label] += chain.verdicts
        for state, count in chain.visits.items():
            names[state_node_id(state)] = describe_state(state, titles or {})
            mix[state_node_id(state), outcome.label] += count
        for (source, target), count in chain.steps.items():
            leaves = START_ID if source is None else state_node_id(source)
            enters = end if target is None else state_node_id(target)
            edges[leaves, enters, outcome.category] += count
    nodes = [
        StateNode(
            id=node_id,
            title=title,
            support=mix[node_id, VerdictLabel.TRUE_POSITIVE]
            + mix[node_id, VerdictLabel.FALSE_POSITIVE],
            true_positives=mix[node_id, VerdictLabel.TRUE_POSITIVE],
            false_positives=mix[node_id, VerdictLabel.FALSE_POSITIVE],
            is_category=node_id in ends,
        )
        for node_id, title in names.items()
    ]
    return StateGraph(
        version=machine.number,
        nodes=tuple(sorted(nodes, key=lambda node: (-node.support, node.id))),
        edges=tuple(
            StateEdge(source, target, count, category)
            for (source, target, category), count in sorted(
                edges.items(), key=lambda one: (-one[1], one[0])
            )
        ),
    )
