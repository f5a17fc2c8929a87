"""The link predictor, its graph, its walks and its calibration."""

import os
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score, roc_auc_score

from deepaid_core.detectors.artifacts import load_trained, save_trained
from deepaid_core.detectors.link_calibration import calibrate, calibration_columns
from deepaid_core.detectors.link_graph import PAIRS, LinkGraph, text_array, texts_in
from deepaid_core.detectors.link_predictor import LinkPredictorDetector
from deepaid_core.detectors.link_walks import random_walks
from deepaid_core.detectors.trained import train_detector
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import LinkBatch
from deepaid_core.domain.schema import LinkSchema
from deepaid_core.errors import CancelledError, InvalidEventsError, NotFittedError
from deepaid_core.sources.logins import LoginSource
from tests.offices import OFFICES, SMALL, misplaced, office_detector, office_logins, office_of

SAMPLE = Path(__file__).parents[3] / "sample_data/auth_graph/auth_events.csv"
NAMES = st.sampled_from(["a", "b", "c", "<i>", "a\0"])
LOGINS = st.lists(st.tuples(NAMES, NAMES, NAMES), min_size=1, max_size=30)


def batch(*logins):
    return LinkBatch.of_nodes(np.array(logins, dtype=object).reshape(-1, 3))


def nodes_of(logins):
    nodes = np.empty((len(logins), 3), dtype=object)
    nodes[:] = logins
    return nodes


@pytest.fixture(scope="module")
def trained():
    return office_detector()


@pytest.mark.parametrize("role", range(3))
def test_a_login_with_an_endpoint_of_another_office_ranks_before_normal_ones(trained, role):
    normal, wrong = misplaced(100, role, seed=50 + role)
    scores = trained.detector.score(LinkBatch.of_nodes(np.concatenate([normal, wrong])))
    assert roc_auc_score(np.repeat([0, 1], 100), scores) > 0.99
    assert trained.threshold.flag(scores[100:]).mean() > 0.95


def test_few_unseen_normal_logins_are_flagged(trained):
    fresh = LinkBatch.of_nodes(office_logins(1000, seed=9))
    assert trained.threshold.flag(trained.detector.score(fresh)).mean() < 0.04  # 1 % asked for


def test_a_score_is_that_of_the_least_likely_link(trained):
    detector = trained.detector
    _, wrong = misplaced(20, 1, seed=3)
    links = 1.0 / (1.0 + np.exp(-detector.logits(detector.graph.positions(wrong))))
    scores = detector.score(LinkBatch.of_nodes(wrong))
    np.testing.assert_allclose(scores, 1.0 - links.min(axis=1), atol=1e-12)


@pytest.mark.parametrize("role", range(3))
def test_a_node_that_was_never_seen_gets_a_high_score(trained, role):
    logins = office_logins(30, seed=7)
    logins[:, role] = "never seen \u202e<b>"
    known = trained.detector.score(LinkBatch.of_nodes(office_logins(300, seed=8)))
    scores = trained.detector.score(LinkBatch.of_nodes(logins))
    assert trained.threshold.flag(scores).all()
    assert scores.min() > np.quantile(known, 0.99)


def test_a_name_is_another_node_as_user_than_as_host():
    detector = LinkPredictorDetector(**SMALL).fit(
        batch(*[("x", "h1", "h2"), ("y", "h2", "h1")] * 10)
    )
    swapped = detector.score(batch(("h1", "x", "h2"), ("x", "h1", "h2")))
    assert swapped[0] > swapped[1]
    assert detector.graph.positions(nodes_of([("h1", "x", "h2")])).tolist() == [[2, 2, 1]]


def test_failed_logins_teach_nothing():
    normal = LinkBatch.of_nodes(office_logins(300, seed=1))
    _, wrong = misplaced(100, 0, seed=2)
    both = LinkBatch.of_nodes(np.concatenate([normal.nodes, wrong]))
    failed = replace(both, succeeded=np.arange(400) < 300)
    one, other = (LinkPredictorDetector(**SMALL).fit(b) for b in (normal, failed))
    for name, array in one.arrays().items():
        np.testing.assert_array_equal(array, other.arrays()[name])


def test_too_few_successful_logins_are_refused_with_what_to_do():
    normal = LinkBatch.of_nodes(office_logins(20, seed=1))
    refused = replace(normal, succeeded=np.arange(20) < 9)
    with pytest.raises(InvalidEventsError, match=r"Only 9 of 20 .* outcome column"):
        LinkPredictorDetector().fit(refused)
    with pytest.raises(NotFittedError):
        LinkPredictorDetector().score(normal)


def test_the_smallest_training_sets_work():
    one_login = batch(*[("a", "b", "b")] * 10)
    detector = LinkPredictorDetector(**SMALL).fit(one_login)
    scores = detector.score(batch(("a", "b", "b"), ("a", "c", "b"), ("z", "y", "x")))
    assert np.isfinite(scores).all()
    assert scores[0] < scores[1]


def test_the_same_seed_gives_the_same_detector_and_global_random_numbers_stay():
    normal = LinkBatch.of_nodes(office_logins(200, seed=1))
    torch.manual_seed(1)
    np.random.seed(1)
    expected = torch.rand(1), np.random.rand()
    torch.manual_seed(1)
    np.random.seed(1)
    a, b, c = (LinkPredictorDetector(**{**SMALL, "seed": seed}).fit(normal) for seed in (4, 4, 5))
    assert (torch.rand(1), np.random.rand()) == expected
    for name, array in a.arrays().items():
        np.testing.assert_array_equal(array, b.arrays()[name])
    assert not np.array_equal(a.score(normal), c.score(normal))


@pytest.mark.slow
def test_the_hash_seed_of_the_process_does_not_matter():
    code = (
        "from deepaid_core.detectors.link_predictor import LinkPredictorDetector as D;"
        "from deepaid_core.domain.batches import LinkBatch as B;"
        "from tests.offices import SMALL, office_logins as logins;"
        "d = D(**SMALL).fit(B.of_nodes(logins(200, seed=1)));"
        "print(d.score(B.of_nodes(logins(50, seed=2))).tolist(), d.communities.names)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


def test_a_score_does_not_depend_on_what_is_scored_beside_it(trained):
    events = LinkBatch.of_nodes(
        np.concatenate([office_logins(100, seed=4), misplaced(50, 2, seed=5)[1]])
    )
    together = trained.detector.score(events)
    order = np.random.default_rng(0).permutation(150)
    shuffled = trained.detector.score(events.take(order))
    alone = [float(trained.detector.score(events.take(np.array([i])))[0]) for i in range(150)]
    # Sums of products round differently in rows of another number.
    np.testing.assert_allclose(shuffled, together[order], rtol=1e-10)
    np.testing.assert_allclose(alone, together, rtol=1e-10)


def test_scoring_leaves_events_and_detector_as_they_were(trained):
    events = LinkBatch.of_nodes(office_logins(50, seed=4))
    before = events.nodes.copy()
    learned = {name: np.array(array) for name, array in trained.detector.arrays().items()}
    trained.detector.score(events)
    np.testing.assert_array_equal(events.nodes, before)
    for name, array in trained.detector.arrays().items():
        np.testing.assert_array_equal(array, learned[name])


def test_links_with_all_nodes_at_once_are_those_one_by_one(trained):
    detector, graph = trained.detector, trained.detector.graph
    nodes = np.concatenate([office_logins(5, seed=6), [["nobody", "nowhere", "nothing"]]])
    logins = graph.positions(nodes)
    for pair, roles in enumerate(PAIRS):
        for side, role in enumerate(roles):
            other = roles[1 - side]
            found = detector.logits_with_all(pair, side, logins[:, role])
            for node in range(graph.size(other)):
                trial = logins.copy()
                trial[:, other] = node
                np.testing.assert_allclose(
                    found[:, node], detector.logits(trial)[:, pair], atol=1e-9
                )


def test_a_link_that_was_seen_more_often_is_never_less_likely(trained):
    weights = trained.detector.arrays()["calibration"]
    assert (weights[:, :-1] >= 0).all()
    assert (weights[:, 1] > 0).all()


def test_every_office_is_a_community_called_after_a_node_of_it(trained):
    detector, graph = trained.detector, trained.detector.graph
    offices = [office_of(name) for name in (*graph.users, *graph.hosts)]
    communities = detector.communities
    assert len(communities.names) == OFFICES
    for number, name in enumerate(communities.names):
        members = {offices[i] for i in np.flatnonzero(communities.members == number)}
        assert len(members) == 1
        assert f"group of srv{members.pop()}" in name


def test_a_stored_detector_gives_the_same_scores(trained, tmp_path):
    save_trained(trained, tmp_path / "offices")
    restored = load_trained(tmp_path / "offices")
    events = LinkBatch.of_nodes(np.concatenate([office_logins(50, seed=4), [["?", "?", "?"]]]))
    np.testing.assert_array_equal(restored.detector.score(events), trained.detector.score(events))
    assert restored.detector.communities.names == trained.detector.communities.names
    assert restored.threshold == trained.threshold


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("graph.logins", lambda a: a + 100),
        ("graph.logins", lambda a: -a),
        ("graph.counts", lambda a: a[:-1]),
        ("graph.users", lambda a: text_array(["a"])),
        ("graph.hosts", lambda a: np.frombuffer(b'{"a": 1}', dtype=np.uint8)),
        ("embedding.hosts", lambda a: a[:, :-1]),
        ("predictor.weight", lambda a: a[0]),
        ("calibration", lambda a: a.T),
        ("communities.members", lambda a: a + 50),
    ],
)
def test_arrays_that_do_not_fit_together_are_refused(trained, name, damage):
    arrays = dict(trained.detector.arrays())
    arrays[name] = damage(np.array(arrays[name]))
    with pytest.raises(ValueError, match=r"shape|name|expect|delimiter"):
        LinkPredictorDetector(**SMALL).restore(LinkSchema(), arrays)
    del arrays[name]
    with pytest.raises(KeyError):
        LinkPredictorDetector(**SMALL).restore(LinkSchema(), arrays)


def test_training_can_be_cancelled_and_leaves_the_detector_as_it_was():
    detector = LinkPredictorDetector(**SMALL).fit(LinkBatch.of_nodes(office_logins(100, seed=1)))
    events = LinkBatch.of_nodes(office_logins(20, seed=2))
    before, asked = detector.score(events), []

    def cancelled():
        asked.append(True)
        return len(asked) > 2

    with pytest.raises(CancelledError):
        detector.fit(LinkBatch.of_nodes(office_logins(100, seed=3)), cancelled=cancelled)
    np.testing.assert_array_equal(detector.score(events), before)


def test_progress_rises_to_one():
    shares = []
    LinkPredictorDetector(**SMALL).fit(
        LinkBatch.of_nodes(office_logins(100, seed=1)), progress=lambda s, _: shares.append(s)
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1.0


def test_without_memory_it_is_the_plain_predictor():
    normal = LinkBatch.of_nodes(office_logins(400, seed=1))
    detector = LinkPredictorDetector(**SMALL, memory=False).fit(normal)
    assert not detector.arrays()["calibration"].any()
    _, wrong = misplaced(100, 0, seed=5)
    fresh = office_logins(100, seed=6)
    scores = detector.score(LinkBatch.of_nodes(np.concatenate([fresh, wrong])))
    assert roc_auc_score(np.repeat([0, 1], 100), scores) > 0.9


def test_one_severity_unit_is_what_is_left_over_the_threshold():
    detector = LinkPredictorDetector()
    assert detector.severity_unit(Threshold(0.9, "")) == pytest.approx(0.1)
    assert detector.severity_unit(Threshold(1.0, "")) == 1.0


@settings(deadline=None, max_examples=50)
@given(LOGINS)
def test_the_graph_counts_what_the_logins_hold(logins):
    graph = LinkGraph.of(nodes_of(logins))
    counted = Counter(logins)
    positions = graph.positions(nodes_of(logins))
    assert [tuple(row) for row in graph.named(positions).tolist()] == logins
    for pair, (a, b) in enumerate(PAIRS):
        seen = graph.seen(pair, positions[:, a], positions[:, b])
        both = Counter((login[a], login[b]) for login in logins)
        assert seen.tolist() == [both[login[a], login[b]] for login in logins]
    for role in range(3):
        occurred = graph.occurred(role, positions)
        for row, login in enumerate(logins):
            for node, name in enumerate(graph.names(role)):
                trial = (*login[:role], name, *login[role + 1 :])
                assert occurred[row, node] == counted[trial]
    again = LinkGraph.from_arrays(graph.arrays())
    assert (again.users, again.hosts) == (graph.users, graph.hosts)
    np.testing.assert_array_equal(again.logins, graph.logins)


@settings(deadline=None, max_examples=30)
@given(LOGINS)
def test_the_graph_lists_what_a_node_is_joined_to_most_first(logins):
    graph = LinkGraph.of(nodes_of(logins))
    for role, other in ((a, b) for a in range(3) for b in range(3) if a != b):
        for node, name in enumerate(graph.names(role)):
            expected = Counter(login[other] for login in logins if login[role] == name)
            found = graph.counterparts(role, node, other)
            assert {graph.names(other)[at]: count for at, count in found} == dict(expected)
            assert [count for _, count in found] == sorted(expected.values(), reverse=True)


def test_names_survive_as_bytes_whatever_they_hold():
    names = ("", "ü", "\u202e<script>", "a\nb", "\ud800", "x" * 10_000)
    assert texts_in(text_array(names)) == names


def test_walks_go_over_links_as_often_as_logins_did():
    logins = [("u", "a", "b")] * 90 + [("u", "c", "b")] * 10 + [("v", "d", "d")]
    graph = LinkGraph.of(nodes_of(logins))
    joined = graph.adjacency
    walks = random_walks(joined, walks=2000, length=5, random=np.random.default_rng(0))
    assert walks.shape == (2000 * joined.shape[0], 5)
    steps = np.stack([walks[:, :-1].ravel(), walks[:, 1:].ravel()])
    assert (np.asarray(joined[steps[0], steps[1]]).ravel() > 0).all()
    user, a, b, c = 0, 2, 3, 4  # users u, v, then hosts a, b, c, d
    left = steps[1][steps[0] == user]
    shares = [(left == host).mean() for host in (a, b, c)]
    np.testing.assert_allclose(shares, [0.45, 0.5, 0.05], atol=0.02)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000), st.integers(2, 40))
def test_a_calibration_never_counts_evidence_the_wrong_way_round(seed, n):
    random = np.random.default_rng(seed)
    columns = calibration_columns(10 * random.normal(size=n), random.integers(0, 5, n))
    is_link = (random.random(n) < 0.5).astype(float)
    weights = calibrate(columns, is_link, np.ones(n))
    assert np.isfinite(weights).all()
    assert (weights[:-1] >= 0).all()


def test_a_calibration_finds_the_weights_that_made_the_links():
    random = np.random.default_rng(0)
    columns = calibration_columns(random.normal(size=50_000), random.integers(0, 4, 50_000))
    true = np.array([0.5, 1.5, 1.0, -2.0])
    is_link = (random.random(50_000) < 1 / (1 + np.exp(-columns @ true))).astype(float)
    np.testing.assert_allclose(calibrate(columns, is_link, np.ones(50_000)), true, atol=0.15)


@pytest.mark.slow
def test_lateral_movement_in_the_lab_is_found_no_worse_than_by_unseen_pairs():
    settings_ = LoginSource.propose(SAMPLE)
    logins = LinkBatch.concatenate(list(LoginSource(SAMPLE, settings_).batches()))
    lines = [line.split(",") for line in SAMPLE.read_text().splitlines()[1:]]
    day, label = (np.array([int(line[i]) for line in lines]) for i in (1, 7))
    lab = train_detector(
        logins.take(day <= 14),
        LinkPredictorDetector,
        name="logins",
        kind="link-predictor",
        trained_on="lab",
        trained_on_sha256="0" * 64,
        quantile=0.98,
        source_kind="logins",
    )
    scores, truth = lab.detector.score(logins.take(day > 14)), label[day > 14]
    assert roc_auc_score(truth, scores) > 0.94  # 0.933 by unseen pairs
    assert average_precision_score(truth, scores) > 0.6  # 0.52 likewise
    flagged = lab.threshold.flag(scores)
    assert flagged[truth == 1].mean() > 0.85
    assert flagged[truth == 0].mean() < 0.05
