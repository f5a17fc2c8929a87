import json

from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain.graph import StateEdge, StateGraph, StateNode
from deepaid_core.figures.machine import graph_view, machine_title, state_graph

NAMES = ["start", "a", "b", "c", "d"]
GRAPHS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES), st.integers(1, 9)), max_size=12
).map(
    lambda edges: StateGraph(
        len(edges),
        tuple(StateNode(name, name.upper(), 4, 1, 2, name == "d") for name in NAMES),
        tuple(StateEdge(source, target, count, "scan") for source, target, count in edges),
    )
)


def node(name, *, support=1, tp=0, fp=0, category=False):
    return StateNode(name, name, support, tp, fp, category)


# The first drawing imports pyvis, which no deadline should hold against it.
@settings(max_examples=20, deadline=None)
@given(GRAPHS)
def test_any_graph_is_laid_out_without_two_nodes_in_one_place(graph):
    view = graph_view(graph)
    assert len({(drawn["x"], drawn["y"]) for drawn in view.nodes}) == len(NAMES)
    assert json.loads(json.dumps([view.nodes, view.edges, view.options]))
    assert state_graph(graph).data


def test_paths_read_from_left_to_right_with_categories_last():
    view = graph_view(
        StateGraph(
            1,
            (node("start"), node("s1"), node("s2"), node("end", category=True), node("lone")),
            (
                StateEdge("start", "s1", 1, "scan"),
                StateEdge("s1", "s2", 1, "scan"),
                StateEdge("s2", "end", 1, "scan"),
            ),
        )
    )
    across = {drawn["id"]: drawn["x"] for drawn in view.nodes}
    assert across["start"] < across["s1"] < across["s2"] < across["end"]
    assert across["lone"] < across["end"]


def test_a_long_label_keeps_its_beginning_and_its_tooltip_the_rest():
    title = 'flagged line: "' + "word " * 40 + '" instead of "end"'
    (drawn,) = graph_view(StateGraph(1, (StateNode("s", title, 1, 1, 0, False),))).nodes
    lines = drawn["label"].split("\n")
    assert lines[0].startswith('flagged line: "word')
    assert len(lines) == 3
    assert max(map(len, lines)) <= 32
    assert 'instead of "end"' in drawn["title"]


def test_the_verdict_mix_shows_in_shape_as_well_as_color():
    mixes = (node("tp", tp=1), node("fp", fp=1), node("both", tp=1, fp=1), node("none"))
    view = graph_view(StateGraph(1, mixes))
    assert len({drawn["shape"] for drawn in view.nodes}) == 4
    assert len({drawn["color"] for drawn in view.nodes}) == 4


def test_large_graphs_keep_their_best_supported_nodes_and_say_so():
    nodes = tuple(node(f"s{rank}", support=rank) for rank in range(400))
    edges = tuple(StateEdge(f"s{rank}", f"s{rank + 1}", 1, "scan") for rank in range(399))
    graph = StateGraph(1, nodes, edges)
    view = graph_view(graph)
    assert {drawn["id"] for drawn in view.nodes} == {f"s{rank}" for rank in range(250, 400)}
    assert view.hidden_nodes == 250
    kept = {drawn["id"] for drawn in view.nodes}
    assert all({drawn["from"], drawn["to"]} <= kept for drawn in view.edges)
    assert "150 best supported" in state_graph(graph).layout.title.text.replace("<br>", " ")


def test_transitions_of_several_categories_are_one_edge_that_names_them():
    graph = StateGraph(
        1,
        (node("a"), node("b")),
        (
            StateEdge("a", "b", 1, "backup"),
            StateEdge("a", "b", 3, "scan"),
            StateEdge("a", "b", 2, "scan"),
        ),
    )
    (edge,) = graph_view(graph).edges
    assert edge["title"] == "scan: 5 decisions\nbackup: 1 decision"


def test_the_version_changes_exactly_when_the_drawing_does():
    one = StateGraph(1, (node("a"),))
    assert graph_view(one).version == graph_view(StateGraph(2, (node("a"),))).version
    assert graph_view(one).version != graph_view(StateGraph(1, (node("a", tp=1),))).version


def test_label_colors_are_left_to_the_page():
    view = graph_view(StateGraph(1, (node("a"),)))
    assert all("font" not in drawn for drawn in view.nodes)
    assert view.options["physics"]["enabled"] is False


def test_what_is_searched_for_stays_and_everything_else_fades():
    graph = StateGraph(1, (node("a"), node("b")), (StateEdge("a", "b", 1, "scan"),))
    drawn = {one["id"]: one["opacity"] for one in graph_view(graph, highlight={"a"}).nodes}
    assert drawn["a"] == 1.0
    assert drawn["b"] < 0.5
    assert {one["opacity"] for one in graph_view(graph).nodes} == {1.0}
    assert graph_view(graph, highlight={"a"}).version != graph_view(graph).version


def test_the_title_does_not_count_the_start_as_a_state():
    graph = StateGraph(1, (node("start"), node("a"), node("end", category=True)))
    assert machine_title(graph).endswith("1 state leads to 1 category")
