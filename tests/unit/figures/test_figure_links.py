import math
from dataclasses import replace
from itertools import combinations

import pytest

from deepaid_core.domain.details import LinkScore, Neighbor, NeighborLink
from deepaid_core.figures.link_layout import (
    BOTH,
    MAX_NEIGHBORS,
    OBSERVED,
    REFERENCE,
    TRAINING,
    drawing,
    group_letters,
)
from deepaid_core.figures.link_words import (
    habit_tables,
    link_sentences,
    link_short,
    link_title,
    links_table,
    node_table,
)
from deepaid_core.figures.links import neighborhood, neighborhood_view
from deepaid_core.figures.theme import is_empty
from tests.kinds import make_link_finding


def details(**overrides):
    return make_link_finding(**overrides).interpretation.details


def named(one, drawn, style):
    """Names at the ends of the lines of one style."""
    names = [one.neighbors[spot.at].name for spot in drawn.spots]
    return {
        frozenset({names[line.first], names[line.second]})
        for line in drawn.lines
        if line.style is style
    }


def test_links_of_the_login_its_reference_and_of_both_are_told_apart():
    one = details()
    drawn = drawing(one)
    assert named(one, drawn, OBSERVED) == {
        frozenset({"ws-fin02", "plc-gw01"}),
        frozenset({"anna.k", "plc-gw01"}),
    }
    assert named(one, drawn, REFERENCE) == {
        frozenset({"ws-fin02", "files-fin"}),
        frozenset({"anna.k", "files-fin"}),
    }
    assert named(one, drawn, BOTH) == {frozenset({"anna.k", "ws-fin02"})}
    assert len({style.dash for style in (OBSERVED, REFERENCE, BOTH)}) == 3


def test_lines_of_the_login_say_their_probability_and_training():
    titles = [line.title for line in drawing(details()).lines if line.style is OBSERVED]
    assert "source to destination, this login: probability 0.13 %, never in training" in titles


@pytest.mark.parametrize("everything", [False, True])
@pytest.mark.parametrize("neighbors", [4, 24, 150, 400])
def test_no_two_nodes_stand_on_one_spot_and_never_too_many(neighbors, everything):
    one = details(neighbors=neighbors)
    drawn = drawing(one, everything=everything)
    assert len(drawn.spots) <= (MAX_NEIGHBORS if everything else 40)
    assert drawn.hidden == len(one.neighbors) - len(drawn.spots)
    for first, second in combinations(drawn.spots, 2):
        assert math.hypot(first.x - second.x, first.y - second.y) > 10
    assert all(line.first < len(drawn.spots) > line.second for line in drawn.lines)


def test_the_nodes_of_login_and_reference_are_always_drawn_with_their_names():
    one = details(neighbors=150)
    labels = {" ".join(spot.label) for spot in drawing(one).spots if spot.border}
    assert labels == {
        "anna.k · A user", "ws-fin02 · A source", "▶ plc-gw01 · B destination",
        "○ files-fin · A normal destination",
    }  # fmt: skip


def test_nodes_that_the_neighborhood_lacks_are_added():
    drawn = drawing(replace(details(), neighbors=(), neighbor_links=()))
    assert len(drawn.spots) == 4
    assert {line.style for line in drawn.lines} == {OBSERVED, REFERENCE, BOTH}


def test_a_node_that_was_never_seen_has_no_group():
    spots = drawing(details(unknown=True)).spots
    (new,) = [spot for spot in spots if spot.label and "ws99" in spot.label[0]]
    assert new.label[0].endswith("· ?")
    assert "never occurred in training" in new.title


def test_a_login_from_a_host_to_itself_can_be_drawn():
    one = replace(
        details(),
        observed=("anna.k", "files-fin", "files-fin"),
        links=(LinkScore(("source", "destination"), 0.1, 0.9, 0, 3),),
    )
    assert drawing(one).lines


def test_a_host_with_two_roles_says_both():
    one = details()
    both = Neighbor("files-fin", "host", "group of files-fin", ("source",), ("destination",))
    drawn = drawing(replace(one, neighbors=(one.neighbors[0], both), neighbor_links=()))
    assert any(spot.label[1:] == ("source, normal destination",) for spot in drawn.spots)


def test_users_and_hosts_have_their_own_shape():
    view = neighborhood_view(make_link_finding().interpretation)
    shapes = {node["label"].split("\n")[0]: node["shape"] for node in view.nodes}
    assert shapes["anna.k · A"] == "dot"
    assert shapes["▶ plc-gw01 · B"] == "square"
    figure = neighborhood(make_link_finding().interpretation)
    assert {t.marker.symbol for t in figure.data if t.mode == "markers+text"} == {
        "circle", "square",
    }  # fmt: skip


def test_a_view_names_nodes_by_their_place_so_that_clicks_find_them():
    one = make_link_finding(neighbors=60).interpretation
    for node in neighborhood_view(one).nodes:
        assert one.details.neighbors[int(node["id"])].name in node["title"]


def test_equal_logins_give_equal_views_and_other_ones_do_not():
    one, same = (neighborhood_view(make_link_finding().interpretation) for _ in range(2))
    assert one == same
    other = neighborhood_view(make_link_finding(unknown=True).interpretation)
    assert other.version != one.version
    everything = neighborhood_view(make_link_finding().interpretation, everything=True)
    assert everything.version != one.version
    assert everything.hidden_nodes == 0


def test_groups_get_letters_the_largest_first():
    letters = group_letters(details())
    assert letters == {"group of files-fin": "A", "group of plc-gw01": "B"}
    many = tuple(Neighbor(f"h{i}", "host", f"g{i:03d}", (), ()) for i in range(30))
    assert list(group_letters(replace(details(), neighbors=many)).values())[-4:] == [
        "AA", "AB", "AC", "AD",
    ]  # fmt: skip


def test_sentences_name_the_unusual_end_and_what_would_be_normal():
    said = link_sentences(make_link_finding().interpretation)
    assert said == (
        "Unusual is the destination plc-gw01, where files-fin would be normal.",
        "Least likely is the link ws-fin02 – plc-gw01: probability 0.13 %, never seen in training.",
    )
    assert link_title(details()) == (
        "Login anna.k → ws-fin02 → plc-gw01: the destination is unusual"
    )


def test_what_was_never_seen_is_said_plainly():
    said = link_sentences(make_link_finding(unknown=True).interpretation)
    assert (
        "ws99 (the source) never occurred in training, so nothing is known of what it normally "
        "does." in said
    )
    assert "ws99 (never seen before)" in link_short(make_link_finding(unknown=True).interpretation)
    assert habit_tables(details(unknown=True))[1].rows == ()


def test_a_login_without_a_reference_says_so():
    one = make_link_finding().interpretation
    same = replace(one, deviations=(), details=replace(one.details, reference=one.details.observed))
    assert "No other user or host was found" in link_sentences(same)[0]
    assert link_short(same) == "login anna.k → ws-fin02 → plc-gw01 fits nothing known"


def test_the_tables_hold_the_three_links_and_the_habits_of_each_end():
    table = links_table(details())
    assert table.rows[0] == (
        "▶ source – destination", "ws-fin02 – plc-gw01", "0.13 %", 0, "ws-fin02 – files-fin",
        "94 %", 61,
    )  # fmt: skip
    assert table.rows[2][4] == "same"
    titles = [habit.title for habit in habit_tables(details())]
    assert titles == ["user anna.k normally", "source ws-fin02 normally",
                      "destination plc-gw01 normally"]  # fmt: skip
    assert habit_tables(details())[0].rows[0] == ("destination", "files-fin", 61)


def test_a_clicked_node_tells_what_it_is_linked_to():
    one = replace(
        details(neighbors=6),
        neighbor_links=(NeighborLink(0, 3, 5), NeighborLink(4, 0, 9), NeighborLink(1, 2, 7)),
    )
    table = node_table(one, 0)
    assert [row[3] for row in table.rows] == [9, 5]
    assert node_table(one, 99) is None
    assert node_table(one, -1) is None


def test_details_that_were_not_kept_give_a_sentence():
    bare = replace(make_link_finding().interpretation, details=None)
    assert is_empty(neighborhood(bare))
    assert link_sentences(bare)
    assert neighborhood_view(bare).nodes == ()


def test_at_first_only_nodes_linked_to_the_login_or_its_reference_are_drawn():
    one = details(neighbors=8)
    # Node 7 hangs on node 6 alone, which hangs on the destination.
    far = replace(one, neighbor_links=(NeighborLink(2, 6, 5), NeighborLink(6, 7, 5)))
    assert 7 not in {spot.at for spot in drawing(far).spots}
    assert 6 in {spot.at for spot in drawing(far).spots}
    everything = drawing(far, everything=True)
    assert 7 in {spot.at for spot in everything.spots}
    assert sum(line.style is TRAINING for line in everything.lines) == 2
