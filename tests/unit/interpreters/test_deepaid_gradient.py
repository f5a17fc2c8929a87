"""The paper's search for feature vectors; each fault of the published code has a test here."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from deepaid_core.detectors.own_model import adapt
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.errors import DetectorMismatchError
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.deepaid_gradient import DeepaidGradientInterpreter

FEATURES = 18
SCHEMA = Schema.of_numbers("plain", [f"f{i}" for i in range(FEATURES)])


def normal_values(n=400, seed=0):
    """Columns in pairs that go together, around 10."""
    random = np.random.default_rng(seed)
    shared = random.normal(size=(n, FEATURES // 2))
    return 10.0 + np.repeat(shared, 2, axis=1) + 0.2 * random.normal(size=(n, FEATURES))


def pairs_agree(x):
    """What each column should be: the mean of its pair, pulled to 10."""
    mean = x.reshape(len(x), -1, 2).mean(dim=2, keepdim=True).expand(-1, -1, 2)
    return 10.0 + 0.8 * (mean.reshape(x.shape) - 10.0)


@cache
def trained_with(scale=1.0):
    def error(x):
        return scale * (pairs_agree(x) - x).square().mean(dim=1).clamp_min(1e-12).sqrt()

    return adapt(SCHEMA, normal_values(), score=error, reconstruct=pairs_agree)


@pytest.fixture(scope="module")
def trained():
    return trained_with()


def moved(how, columns, n=40, by=6.0):
    """Normal events with some columns moved up (+1) or down (-1)."""
    values = normal_values(n, seed=1)
    values[:, list(columns)] += by * np.asarray(how)
    return TabularBatch.of_values(SCHEMA, values)


def follow(trained, events, interpreter=None, **context):
    interpreter = interpreter or DeepaidGradientInterpreter()
    return interpreter.interpret(events, Context.of(trained, **context))


@pytest.mark.parametrize("how", [(1, 1), (-1, -1), (1, -1)])
def test_fields_that_moved_are_named_whichever_way_they_moved(trained, how):
    found = follow(trained, moved(how, (2, 9)))
    named = [set(row[row >= 0].tolist()) for row in found.fields]
    assert np.mean([names == {2, 9} for names in named]) > 0.95
    for one in found:
        for deviation in one.deviations:
            place = int(deviation.field[1:])
            if place in (2, 9):
                assert deviation.direction == ("up" if how[place == 9] > 0 else "down")


def test_one_of_eighteen_fields_is_named_alone(trained):
    found = follow(trained, moved((-1,), (4,)))
    assert found.verified.all()
    assert ((found.fields >= 0).sum(axis=1) == 1).all()
    assert (found.fields[:, 0] == 4).all()
    assert (found.needed == 1).all()


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_answers_do_not_depend_on_the_scale_of_the_score(scale):
    events = moved((1, -1), (2, 9))
    found = follow(trained_with(scale), events)
    assert found.context.threshold.value < 1.0 * scale
    assert found.verified.all()
    named = [set(row[row >= 0].tolist()) for row in found.fields]
    assert np.mean([names == {2, 9} for names in named]) > 0.95


def test_the_proof_is_the_score_of_what_is_shown(trained):
    found = follow(trained, moved((1, -1, 1), (2, 9, 12)))
    shown = TabularBatch.of_values(SCHEMA, found.references)
    np.testing.assert_allclose(found.reference_scores, trained.detector.score(shown), rtol=1e-6)
    last = (found.fields >= 0).sum(axis=1) - 1
    flips = found.flip_scores[np.arange(len(found)), last]
    np.testing.assert_allclose(flips, found.reference_scores, rtol=1e-3)


def test_fields_that_are_not_shown_keep_their_values(trained):
    events = moved((1, -1), (2, 9))
    found = follow(trained, events)
    for row, fields in enumerate(found.fields):
        others = np.setdiff1d(np.arange(FEATURES), fields)
        np.testing.assert_array_equal(found.references[row, others], events.values[row, others])


def test_whole_numbers_in_the_input_do_not_round_the_reference(trained):
    events = moved((1, 1), (2, 9))
    whole = TabularBatch.of_values(SCHEMA, np.rint(events.values))
    before = whole.values.copy()
    found = follow(trained, whole)
    np.testing.assert_array_equal(whole.values, before)
    changed = found.references[found.references != whole.values]
    assert len(changed)
    assert (np.abs(changed - np.rint(changed)) > 1e-3).mean() > 0.9


def test_a_model_keeps_its_mode_and_its_weights():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Linear(FEATURES, 6), nn.Dropout(0.5), nn.Linear(6, FEATURES))
    network.train()
    weights = [p.detach().clone() for p in network.parameters()]
    own = adapt(SCHEMA, normal_values(), reconstruct=network)
    follow(own, moved((1, -1), (2, 9)))
    assert all(part.training for part in network.modules())
    for before, after in zip(weights, network.parameters(), strict=True):
        assert torch.equal(before, after)
        assert after.grad is None


@settings(max_examples=12, deadline=None)
@given(
    columns=st.sets(st.integers(0, FEATURES - 1), min_size=1, max_size=5),
    by=st.sampled_from([-40.0, -5.0, 5.0, 40.0]),
    locked=st.sets(st.integers(0, FEATURES - 1), max_size=6),
    most=st.integers(1, 4),
)
def test_bounds_locks_and_the_number_of_fields_always_hold(columns, by, locked, most):
    own = trained_with()
    events = moved([1.0] * len(columns), columns, n=4, by=by)
    names = frozenset(f"f{i}" for i in locked)
    found = follow(own, events, max_deviations=most, locked=names)
    low, high = own.profile.quantiles[0], own.profile.quantiles[-1]
    changed = found.references != events.values
    assert (changed.sum(axis=1) <= most).all()
    assert not changed[:, sorted(locked)].any()
    inside = (found.references >= low - 1e-9) & (found.references <= high + 1e-9)
    assert inside[changed].all()
    assert set(found.ranking.ravel()) <= {-1, *range(FEATURES)} - locked


def test_what_no_reference_can_reach_is_told(trained):
    found = follow(trained, moved((1, 1), (2, 9)), locked=frozenset({"f2", "f3"}))
    assert not found.verified.any()
    assert (found.needed == 0).all()
    assert not any(one.diagnostics.verified for one in found)


def test_a_category_is_replaced_as_one_field():
    names = ("tcp", "udp", "icmp")
    schema = Schema(
        "mixed",
        (
            *(Feature(f"p={n}", "protocol", n, kind="category", low=0.0, high=1.0) for n in names),
            *SCHEMA.features[:4],
        ),
    )
    random = np.random.default_rng(0)

    def rows(n, shares):
        hot = np.eye(3)[random.choice(3, size=n, p=shares)]
        return np.concatenate([hot, 10.0 + 0.1 * random.normal(size=(n, 4))], axis=1)

    centre = torch.tensor([1.0, 0.0, 0.0, 10.0, 10.0, 10.0, 10.0])
    own = adapt(
        schema, rows(300, [1.0, 0.0, 0.0]), score=lambda x: (x - centre).square().sum(dim=1).sqrt()
    )
    found = follow(own, TabularBatch.of_values(schema, rows(20, [0.0, 0.5, 0.5])))
    assert found.verified.all()
    assert (found.fields[:, 0] == 0).all()
    np.testing.assert_array_equal(found.references[:, :3], np.tile([1.0, 0.0, 0.0], (20, 1)))


def test_whole_numbers_stay_whole_numbers(trained):
    counted = Schema(
        "counted", tuple(replace(feature, kind="integer") for feature in SCHEMA.features)
    )
    own = adapt(
        counted, np.rint(10 * normal_values()), reconstruct=lambda x: 10 * pairs_agree(x / 10)
    )
    events = TabularBatch.of_values(counted, np.rint(10 * moved((1, -1), (2, 9)).values))
    found = follow(own, events)
    assert found.verified.all()
    np.testing.assert_array_equal(found.references, np.rint(found.references))


def test_the_same_seed_gives_the_same_answer_and_the_order_of_events_does_not_matter(trained):
    events = moved((1, -1, 1), (2, 9, 12))
    first, again = follow(trained, events), follow(trained, events)
    np.testing.assert_array_equal(first.references, again.references)
    backwards = follow(trained, events.take(np.arange(len(events))[::-1]))
    np.testing.assert_array_equal(first.fields, backwards.fields[::-1])
    np.testing.assert_array_equal(first.ranking, backwards.ranking[::-1])


def test_the_random_neighborhood_comes_from_the_seed(trained):
    wide = DeepaidGradientInterpreter(radius=1.0)
    events = moved((1, -1, 1), (2, 9, 12))
    one, other = (follow(trained, events, wide, seed=seed) for seed in (0, 1))
    assert (one.ranking != other.ranking).any()


def test_a_model_without_gradient_is_refused_with_the_reason():
    own = adapt(
        SCHEMA,
        normal_values(),
        score=lambda x: torch.from_numpy(np.abs(x.numpy() - 10.0).max(axis=1)),
    )
    with pytest.raises(DetectorMismatchError, match="no gradient"):
        follow(own, moved((1,), (2,)))
