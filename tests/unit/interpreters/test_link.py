"""Interpretations of logins."""

from dataclasses import replace

import numpy as np
import pytest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.link_graph import PAIRS
from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import LinkBatch
from deepaid_core.domain.details import LinkDetails
from deepaid_core.domain.modality import Modality
from deepaid_core.errors import CancelledError, DetectorMismatchError
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.link import EndpointReplacementInterpreter
from deepaid_core.interpreters.link_details import MOST_NEIGHBORS
from deepaid_core.interpreters.link_scale import scale_of
from deepaid_core.registry import INTERPRETERS, load
from tests.offices import SMALL, misplaced, office_detector, office_logins, office_of

ROLES = ("user", "source", "destination")


@pytest.fixture(scope="module")
def trained():
    return office_detector()


@pytest.fixture(scope="module")
def context(trained):
    return Context(trained.detector, trained.threshold, None)


def interpret(nodes, context):
    events = LinkBatch.of_nodes(np.array(nodes, dtype=object).reshape(-1, 3))
    return EndpointReplacementInterpreter().interpret(events, context)


def flagged(nodes, trained):
    return nodes[trained.threshold.flag(trained.detector.score(LinkBatch.of_nodes(nodes)))]


@pytest.fixture(scope="module")
def anomalies(trained):
    """Of all kinds: one endpoint of another office, two, three strangers to each other."""
    one = [misplaced(40, role, seed=30 + role)[1] for role in range(3)]
    two = one[0].copy()
    two[:, 1] = misplaced(40, 1, seed=60)[1][:, 1]
    return flagged(np.concatenate([*one, two]), trained)


def test_it_is_registered_under_the_name_that_it_gives(context):
    assert load(INTERPRETERS, "endpoint-replacement") is EndpointReplacementInterpreter
    found = interpret([["u00", "ws10", "srv20"]], context)
    assert found.interpreter == found[0].interpreter == "endpoint-replacement"
    assert found[0].modality is Modality.LINK


@pytest.mark.parametrize("role", range(3))
def test_the_endpoint_that_was_replaced_is_the_one_named(trained, context, role):
    wrong = flagged(misplaced(200, role, seed=70 + role)[1], trained)
    found = interpret(wrong, context)
    assert len(found) > 190
    assert (found.order[:, 0] == role).mean() >= 0.95
    names = {one.deviations[0].field for one in found if one.deviations}
    assert ROLES[role] in names


def test_references_are_logins_of_one_office(anomalies, context):
    offices = [
        {office_of(name) for name in login} for login in interpret(anomalies, context).references
    ]
    assert np.mean([len(office) == 1 for office in offices]) > 0.95


def test_the_stored_reference_scores_what_is_stored(trained, anomalies, context):
    found = interpret(anomalies, context)
    for one in found:
        details = one.details
        again = trained.detector.score(
            LinkBatch.of_nodes(np.array([details.reference], dtype=object))
        )
        assert again[0] == pytest.approx(one.diagnostics.reference_score, abs=1e-12)
        assert one.diagnostics.verified
        assert again[0] <= trained.threshold.value
        assert one.diagnostics.flip_scores[-1] == pytest.approx(again[0], abs=1e-9)


def test_one_replacement_is_found_wherever_one_exists(trained, anomalies, context):
    detector, graph = trained.detector, trained.detector.graph
    target = trained.threshold.value - trained.threshold.margin
    found = interpret(anomalies, context)
    for row, login in enumerate(anomalies[::4]):
        exists = False
        for role in range(3):
            trials = np.tile(login, (graph.size(role), 1)).astype(object)
            trials[:, role] = graph.names(role)
            exists |= bool((detector.score(LinkBatch.of_nodes(trials)) <= target).any())
        assert (found.needed[4 * row] == 1) == exists


def test_a_reference_that_really_occurred_is_preferred_to_any_other(trained, context):
    known = {tuple(login) for login in trained.detector.graph.named(trained.detector.graph.logins)}
    wrong = flagged(misplaced(100, 0, seed=5)[1], trained)
    found = interpret(wrong, context)
    for login, reference in zip(wrong, found.references, strict=True):
        with_others = {one for one in known if one[1:] == tuple(login[1:])}
        if with_others and reference[1:].tolist() == login[1:].tolist():
            assert tuple(reference) in known


def test_what_is_not_named_is_the_same_in_login_and_reference(anomalies, context):
    found = interpret(anomalies, context)
    for row, one in enumerate(found):
        named = {deviation.field for deviation in one.deviations}
        differs = anomalies[row] != found.references[row]
        assert named == {ROLES[role] for role in np.flatnonzero(differs)}
        assert one.diagnostics.deviations_needed == len(named)


def test_deviations_are_sorted_and_their_weights_sum_to_one(anomalies, context):
    for one in interpret(anomalies, context):
        weights = [deviation.weight for deviation in one.deviations]
        assert weights == sorted(weights, reverse=True)
        assert sum(weights) == pytest.approx(1.0)
        for deviation in one.deviations:
            assert deviation.direction == "changed"
            assert deviation.size >= 0
            (cell,) = deviation.cells
            place = ROLES.index(deviation.field)
            assert cell.observed == one.details.observed[place]
            assert cell.reference == one.details.reference[place]


def test_two_endpoints_are_replaced_where_one_is_not_enough(trained, context):
    strangers = np.array([["u00", "ws10", "srv20"], ["u01", "ws23", "srv11"]], dtype=object)
    found = interpret(strangers, context)
    assert found.needed.tolist() == [2, 2]
    assert found.verified.all()
    assert (found.order[:, 1] >= 0).all()


@pytest.mark.parametrize("role", range(3))
def test_a_node_that_was_never_seen_is_the_one_named(trained, context, role):
    logins = office_logins(30, seed=12)
    logins[:, role] = [f"new \u202e<b>{i}</b>" for i in range(30)]
    for login, one in zip(logins, interpret(logins, context), strict=True):
        assert one.details.unknown == (ROLES[role],)
        assert one.details.groups[role] == ""
        assert one.deviations[0].field == ROLES[role]
        assert one.deviations[0].cells[0].observed == login[role]
        assert one.diagnostics.verified


def test_a_login_of_which_nothing_is_known_gets_an_answer(context):
    one = interpret([["who", "where", "what"]], context)[0]
    assert one.details.unknown == ROLES
    assert one.diagnostics.verified
    assert one.diagnostics.deviations_needed == 3
    assert [link.seen for link in one.details.links] == [0, 0, 0]
    assert [node.in_event for node in one.details.neighbors[:3]] == [(role,) for role in ROLES]
    assert one.details.habits == ()


def test_one_stranger_as_source_and_destination_is_one_node(context):
    one = interpret([["u00", "x", "x"]], context)[0]
    strangers = [node for node in one.details.neighbors if node.name == "x"]
    assert [node.in_event for node in strangers] == [("source", "destination")]


def test_a_node_that_only_knows_its_own_island_is_the_one_named():
    island = np.array([["isla", "ws-isle", "srv-isle"]] * 20, dtype=object)
    logins = np.insert(office_logins(600, seed=1), np.arange(0, 600, 30), island, axis=0)
    detector = LinkPredictorDetector(**SMALL).fit(LinkBatch.of_nodes(logins))
    context = Context(detector, Threshold(0.5, "half"), None)
    for role in range(3):
        events = office_logins(20, seed=90)
        events[:, role] = island[0, role]
        found = interpret(events, context)
        assert (found.order[:, 0] == role).mean() >= 0.95
        assert found.verified.all()


def test_locked_roles_are_not_replaced(anomalies, context):
    locked = replace(context, locked=frozenset({"user"}))
    found = interpret(anomalies, locked)
    assert (found.references[:, 0] == anomalies[:, 0]).all()
    assert not (found.order == 0).any()
    all_locked = replace(context, locked=frozenset(ROLES))
    assert not interpret(anomalies[:3], all_locked).verified.any()


def test_more_deviations_than_allowed_are_not_shown_but_counted(context):
    one = interpret([["u00", "ws10", "srv20"]], replace(context, max_deviations=1))[0]
    assert one.deviations == ()
    assert one.details.reference == one.details.observed
    assert not one.diagnostics.verified
    assert one.diagnostics.deviations_needed == 2
    assert one.diagnostics.plausibility is None


def test_a_login_that_is_accepted_has_no_deviations(context):
    one = interpret([["u00", "ws00", "srv00"]], context)[0]
    assert one.deviations == ()
    assert one.diagnostics.verified


def test_the_answer_does_not_depend_on_what_is_interpreted_beside_it(anomalies, context):
    together = interpret(anomalies, context)
    order = np.random.default_rng(0).permutation(len(anomalies))
    shuffled = interpret(anomalies[order], context)
    np.testing.assert_array_equal(shuffled.references, together.references[order])
    for row in range(0, len(anomalies), 10):
        assert interpret(anomalies[row], context)[0].details == together[row].details


def test_neither_events_nor_detector_are_changed(trained, anomalies, context):
    events = LinkBatch.of_nodes(anomalies.copy())
    before = {name: np.array(array) for name, array in trained.detector.arrays().items()}
    list(EndpointReplacementInterpreter().interpret(events, context))
    np.testing.assert_array_equal(events.nodes, anomalies)
    for name, array in trained.detector.arrays().items():
        np.testing.assert_array_equal(array, before[name])


def test_interpreting_can_be_cancelled_and_nothing_is_an_answer_too(anomalies, context):
    interpreter = EndpointReplacementInterpreter()
    with pytest.raises(CancelledError):
        interpreter.interpret(LinkBatch.of_nodes(anomalies), context, cancelled=lambda: True)
    assert len(interpreter.interpret(LinkBatch.of_nodes(anomalies[:0]), context)) == 0


def test_detectors_of_other_data_are_refused(anomalies):
    context = Context(AutoencoderDetector(), Threshold(1.0, ""), None)
    with pytest.raises(DetectorMismatchError, match="reads logins"):
        EndpointReplacementInterpreter().interpret(LinkBatch.of_nodes(anomalies), context)


def test_plausibility_is_low_for_what_occurred_and_high_for_what_never_did(trained):
    scale, graph = scale_of(trained.detector), trained.detector.graph
    occurred = scale.percentile(graph.logins[:20])
    np.testing.assert_array_equal(occurred, 0.0)
    strange = graph.positions(np.array([["u00", "ws10", "srv20"]], dtype=object))
    assert scale.percentile(strange)[0] > 99.0


def details_of(login, context) -> LinkDetails:
    details = interpret([login], context)[0].details
    assert isinstance(details, LinkDetails)
    return details


def test_links_are_shown_least_likely_first_with_how_often_they_occurred(trained, context):
    login = ["u00", "ws10", "srv00"]
    details, normal = details_of(login, context), office_logins(1200, seed=1)[:960]
    assert details.roles == ROLES
    assert [link.probability for link in details.links] == sorted(
        link.probability for link in details.links
    )
    for link in details.links:
        a, b = (ROLES.index(role) for role in link.roles)
        assert (a, b) in PAIRS
        for names, seen in (
            (details.observed, link.seen),
            (details.reference, link.reference_seen),
        ):
            assert seen == ((normal[:, a] == names[a]) & (normal[:, b] == names[b])).sum()
    score = interpret([login], context).scores[0]
    assert details.links[0].probability == pytest.approx(1.0 - score, abs=1e-12)


def test_habits_are_what_training_logins_had_most_often(context):
    details, normal = (
        details_of(["u00", "ws10", "srv00"], context),
        office_logins(1200, seed=1)[:960],
    )
    assert {habit.role for habit in details.habits} == set(ROLES)
    for habit in details.habits:
        a, b = ROLES.index(habit.role), ROLES.index(habit.counterpart_role)
        assert habit.node == details.observed[a]
        assert (
            habit.count
            == ((normal[:, a] == habit.node) & (normal[:, b] == habit.counterpart)).sum()
        )
    counts = [habit.count for habit in details.habits]
    assert counts == sorted(counts, reverse=True)
    mine = [
        h.counterpart for h in details.habits if (h.role, h.counterpart_role) == ("user", "source")
    ]
    assert mine[0] == "ws00"


def test_the_neighborhood_begins_with_the_login_and_its_reference(trained, context):
    details = details_of(["u00", "ws10", "srv00"], context)
    event = [node for node in details.neighbors if node.in_event]
    assert details.neighbors[: len(event)] == tuple(event)
    assert sorted(role for node in event for role in node.in_event) == sorted(ROLES)
    own = [node for node in details.neighbors if node.in_event or node.in_reference]
    assert details.neighbors[: len(own)] == tuple(own)
    assert len(own) < len(details.neighbors) <= MOST_NEIGHBORS
    names = [(node.kind, node.name) for node in details.neighbors]
    assert len(set(names)) == len(names)
    graph = trained.detector.graph
    assert {name for kind, name in names if kind == "user"} <= set(graph.users)
    assert {name for kind, name in names if kind == "host"} <= set(graph.hosts)
    assert all(node.group in trained.detector.communities.names for node in details.neighbors)


def test_links_between_neighbors_are_those_of_the_training_logins(context):
    details, normal = (
        details_of(["u00", "ws10", "srv00"], context),
        office_logins(1200, seed=1)[:960],
    )
    joined = {(link.first, link.second) for link in details.neighbor_links}
    assert len(joined) == len(details.neighbor_links)
    for link in details.neighbor_links:
        a, b = details.neighbors[link.first], details.neighbors[link.second]
        assert (a.kind, b.kind) != ("user", "user")
        both = np.zeros(len(normal), dtype=int)
        for x, y in PAIRS:
            both += (normal[:, x] == a.name) & (normal[:, y] == b.name)
            both += (normal[:, x] == b.name) & (normal[:, y] == a.name)
        assert link.count == both.sum()


def test_the_neighborhood_of_a_large_graph_stays_small():
    random = np.random.default_rng(0)
    n = 3000
    logins = np.array(
        [
            (f"u{a}", f"w{a}", f"s{b}")
            for a, b in zip(random.integers(400, size=n), random.integers(60, size=n), strict=True)
        ],
        dtype=object,
    )
    detector = LinkPredictorDetector(walks=1, walk_length=5, epochs=1, folds=2, dimensions=8)
    detector.fit(LinkBatch.of_nodes(logins))
    details = details_of(["u1", "w2", "s3"], Context(detector, Threshold(0.5, ""), None))
    assert len(details.neighbors) <= MOST_NEIGHBORS
    assert len(details.neighbor_links) <= 400
    assert max(link.second for link in details.neighbor_links) < len(details.neighbors)
