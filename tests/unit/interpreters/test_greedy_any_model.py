"""The default search on models that were trained elsewhere, with a time limit, and in its order."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.ensemble import IsolationForest

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.own_model import adapt
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.testing.planted import trained as trained_on_planted
from deepaid_core.testing.planted_tables import planted_anomalies

SCHEMA = Schema.of_numbers("own", [f"f{i}" for i in range(6)])


def normal_values(n, seed):
    return np.random.default_rng(seed).normal(size=(n, 6)) * [1, 10, 100, 1, 1, 1]


def forest():
    normal = normal_values(800, 0)
    trees = IsolationForest(n_estimators=40, random_state=0).fit(normal)

    def score(x):
        return torch.from_numpy(-trees.score_samples(x.numpy()))

    return adapt(SCHEMA, normal, score=score, quantile=0.9)


def own_distance():
    normal = normal_values(800, 0)
    spread = torch.from_numpy(normal.std(axis=0)).float()
    return adapt(SCHEMA, normal, score=lambda x: (x / spread).square().sum(dim=1).sqrt())


def with_planted(trained, n=150):
    random = np.random.default_rng(1)
    values, guilty = normal_values(n, 2), random.integers(0, 6, n)
    values[np.arange(n), guilty] = (8 * values.std(axis=0) * random.choice([-1, 1], 6))[guilty]
    events = TabularBatch.of_values(SCHEMA, values)
    flagged = trained.threshold.flag(trained.detector.score(events))
    assert flagged.sum() > 20
    return events.take(flagged), guilty[flagged]


@pytest.fixture(scope="module", params=[forest, own_distance], ids=["forest", "distance"])
def asked(request):
    trained = request.param()
    events, guilty = with_planted(trained)
    return GreedyTabularInterpreter().interpret(events, Context.of(trained)), trained, guilty


def test_the_two_models_differ_in_that_one_has_no_gradient():
    assert not forest().detector.differentiable
    assert own_distance().detector.differentiable


def test_what_was_planted_is_named_first_with_and_without_gradients(asked):
    found, _, guilty = asked
    assert (found.fields[:, 0] == guilty).mean() > 0.85
    assert (found.ranking[:, 0] == guilty).mean() > 0.85


def test_references_of_own_models_are_accepted(asked):
    found, trained, _ = asked
    again = trained.detector.score(TabularBatch.of_values(SCHEMA, found.references))
    assert found.verified.mean() > 0.98
    np.testing.assert_array_equal(found.verified, again <= trained.threshold.value)


def test_the_ranking_names_every_field_that_may_move_once(asked):
    found, _, _ = asked
    np.testing.assert_array_equal(
        np.sort(found.ranking, axis=1), np.tile(np.arange(6), (len(found), 1))
    )
    locked = replace(found.context, locked=frozenset({"f2", "f4"}))
    other = GreedyTabularInterpreter().interpret(found.anomalies, locked)
    assert set(other.ranking[:, :4].ravel().tolist()) == {0, 1, 3, 5}
    assert (other.ranking[:, 4:] == -1).all()


def test_answers_do_not_depend_on_the_batch_or_its_order(asked):
    found, _, _ = asked
    turned = np.arange(len(found))[::-1]
    back = GreedyTabularInterpreter().interpret(found.anomalies.take(turned), found.context)
    np.testing.assert_array_equal(back.fields, found.fields[turned])
    np.testing.assert_array_equal(back.ranking, found.ranking[turned])
    for row in range(0, len(found), 7):
        alone = GreedyTabularInterpreter().interpret(
            found.anomalies.take(np.array([row])), found.context
        )
        np.testing.assert_array_equal(alone.fields[0], found.fields[row])
        np.testing.assert_array_equal(alone.ranking[0], found.ranking[row])


@pytest.fixture(scope="module")
def planted():
    trained = trained_on_planted(AutoencoderDetector)
    anomalies, _ = planted_anomalies(60, seed=5, sign=None)
    flagged = trained.threshold.flag(trained.detector.score(anomalies))
    return trained, anomalies.take(flagged)


def test_when_time_runs_out_every_anomaly_has_an_honest_answer(planted):
    trained, anomalies = planted
    found = GreedyTabularInterpreter().interpret(anomalies, Context.of(trained, budget_ms=1e-6))
    assert found.stopped_early.all()
    assert not found.verified.any()
    assert (found.needed == 0).all()
    np.testing.assert_array_equal(found.references, anomalies.values)
    one = found[0]
    assert one.diagnostics.stopped_early
    assert one.deviations == ()


def test_with_time_enough_the_answer_is_that_without_a_limit(planted):
    trained, anomalies = planted
    found = GreedyTabularInterpreter().interpret(anomalies, Context.of(trained, budget_ms=1e7))
    free = GreedyTabularInterpreter().interpret(anomalies, Context.of(trained))
    assert not found.stopped_early.any()
    assert not free.stopped_early.any()
    np.testing.assert_array_equal(found.references, free.references)


def test_references_take_the_values_of_a_normal_event_where_the_detector_lets_them(planted):
    trained, anomalies = planted
    found = GreedyTabularInterpreter().interpret(anomalies, Context.of(trained))
    taken = []
    for row, fields in enumerate(found.fields):
        columns = fields[fields >= 0]  # every column is a field of its own here
        distance = np.abs(trained.profile.events[:, columns] - found.references[row, columns])
        taken.append((distance < 1e-4 * trained.profile.spread[columns]).all(axis=1).any())
    assert np.mean(taken) > 0.5
