import itertools
import sys

import numpy as np
import pytest
import torch

from deepaid_core.detectors.own_model import adapt
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.errors import DetectorMismatchError, InvalidParameterError
from deepaid_core.interpreters.base import Context
from deepaid_core.registry import INTERPRETERS, load

BASELINES = [name for name, where in INTERPRETERS.items() if ".baselines." in where]
BY_GRADIENT = ["integrated-gradients", "deeplift", "cade"]
BY_CALLS = [name for name in BASELINES if name not in BY_GRADIENT]
ADDITIVE = ["integrated-gradients", "deeplift", "kernel-shap", "lime", "lemna"]
COLUMNS = 12
SCHEMA = Schema.of_numbers("planted", [f"c{i}" for i in range(COLUMNS)])


def normal_events(n=600):
    return np.random.default_rng(0).uniform(0, 1, (n, COLUMNS))


def distance(x):
    return (x - 0.5).square().mean(dim=1).clamp_min(1e-12).sqrt()


def distance_without_gradient(x):
    return torch.from_numpy(np.sqrt(((x.numpy() - 0.5) ** 2).mean(axis=1)))


def weighted_sum(x):
    return x @ torch.linspace(0.1, 1.0, COLUMNS)


def of(function, name, *, moved, settings=None, **context):
    own = adapt(SCHEMA, normal_events(), score=function)
    anomalies = TabularBatch.of_values(SCHEMA, np.atleast_2d(moved))
    interpreter = load(INTERPRETERS, name)(**(settings or {}))
    return interpreter.interpret(anomalies, Context.of(own, **context)), own


def far_off(column, n=1):
    events = normal_events(n)
    events[:, column] += 4.0
    return events


@pytest.mark.parametrize("name", [name for name in BASELINES if name != "random"])
def test_the_one_column_that_is_far_off_is_named_first_and_flips_the_label(name):
    found, _ = of(distance, name, moved=far_off(7, n=20))
    assert found.verified.mean() >= 0.9
    assert (found.ranking[:, 0] == 7).all()
    assert (found.needed == 1).mean() >= 0.8


@pytest.mark.parametrize("name", ADDITIVE)
def test_of_a_sum_each_column_ranks_by_its_exact_share(name):
    moved = normal_events(5) + np.random.default_rng(1).uniform(0.5, 2, (5, COLUMNS))
    exact = {"fusion": 0.0} if name == "lemna" else {}
    found, own = of(weighted_sum, name, moved=moved, settings=exact)
    normal = own.detector.to_model(own.profile.events)
    z = own.detector.to_model(moved)
    nearest = own.profile.events[torch.cdist(z, normal).argmin(dim=1)]
    shares = (moved - nearest) * np.linspace(0.1, 1.0, COLUMNS)
    ranked = np.take_along_axis(shares, found.ranking, axis=1)
    # 32-bit scores blur shares that are nearly the same.
    assert (np.diff(ranked, axis=1) <= 1e-3).all()


@pytest.mark.parametrize("name", BY_CALLS)
def test_a_model_without_gradients_gets_the_same_answer_where_none_is_needed(name):
    moved = far_off(3, n=5)
    without, own = of(distance_without_gradient, name, moved=moved)
    assert own.detector.differentiable is False
    found, _ = of(distance, name, moved=moved)
    np.testing.assert_array_equal(without.fields, found.fields)


@pytest.mark.parametrize("name", BY_GRADIENT)
def test_a_method_that_needs_gradients_says_so(name):
    with pytest.raises(DetectorMismatchError, match="gives no gradient"):
        of(distance_without_gradient, name, moved=far_off(3))


def test_without_captum_integrated_gradients_say_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "captum", None)
    with pytest.raises(DetectorMismatchError, match=r"deepaid\[compare\]"):
        of(distance, "integrated-gradients", moved=far_off(3))
    others = [name for name in BASELINES if name != "integrated-gradients"]
    own = adapt(SCHEMA, normal_events(), score=distance)
    assert [load(INTERPRETERS, name)().supports(own.detector) for name in others] == [None] * len(
        others
    )


@pytest.mark.parametrize("name", BASELINES)
def test_random_numbers_of_the_caller_stay_as_they_are(name):
    torch.manual_seed(5)
    before = torch.random.get_rng_state()
    of(distance, name, moved=far_off(3))
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize("name", ["random", "lime", "kernel-shap", "lemna", "coin"])
def test_what_is_drawn_at_random_comes_from_the_seed(name):
    moved = normal_events(8) + np.random.default_rng(1).uniform(0, 1, (8, COLUMNS))
    settings = {} if name in ("random", "coin") else {"samples": 16}
    one, again, other = (
        of(distance, name, moved=moved, settings=settings, seed=seed)[0].ranking
        for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, again)
    assert (one != other).any()


def test_the_first_accepted_number_of_fields_is_found():
    moved = normal_events(40) + np.random.default_rng(1).uniform(0.2, 1, (40, COLUMNS))
    found, own = of(distance, "random", moved=moved, max_deviations=COLUMNS)
    bound = own.threshold.value - own.threshold.margin
    several = 0
    for row, order in enumerate(found.ranking):
        steps = np.repeat(moved[row : row + 1], COLUMNS, axis=0)
        for step, column in itertools.product(range(COLUMNS), range(COLUMNS)):
            if column in order[: step + 1]:
                steps[step, column] = found.references[row, column]
        # Fields after the needed ones keep their values: nothing is said of those steps.
        scores = own.detector.score(TabularBatch.of_values(SCHEMA, steps))
        needed = found.needed[row]
        assert needed > 0
        assert (scores[: needed - 1] > bound).all()
        assert scores[needed - 1] <= own.threshold.value
        several += needed > 4
    assert several > 10, "the walk never went beyond its first block"


def test_more_fields_needed_than_allowed_are_told_but_not_shown():
    moved = normal_events(10) + 1.0
    free, _ = of(distance, "nearest-normal", moved=moved, max_deviations=COLUMNS)
    found, _ = of(distance, "nearest-normal", moved=moved, max_deviations=2)
    assert (free.needed > 2).all()
    told = found.needed > 0
    assert told.sum() >= 9  # a reference within the margin counts only where it is shown
    np.testing.assert_array_equal(found.needed[told], free.needed[told])
    assert ((found.fields >= 0).sum(axis=1) == 2).all()
    assert not found.verified.any()


@pytest.mark.parametrize("name", BASELINES)
def test_out_of_time_leaves_the_rest_as_it_is_and_says_so(name):
    moved = far_off(7, n=40)
    found, _ = of(distance, name, moved=moved, budget_ms=1e-6)
    late = found.stopped_early
    assert not late[:16].any()
    assert late[16:].all()
    np.testing.assert_array_equal(found.references[late], moved[late])
    assert found[0].deviations
    for one in (found[16], found[39]):
        assert one.diagnostics.stopped_early
        assert not one.diagnostics.verified
        assert one.deviations == ()
    whole, _ = of(distance, name, moved=moved)
    assert not whole.stopped_early.any()
    np.testing.assert_array_equal(whole.fields[~late], found.fields[~late])


def test_progress_ends_at_the_end_also_when_time_runs_out():
    own = adapt(SCHEMA, normal_events(), score=distance)
    anomalies = TabularBatch.of_values(SCHEMA, far_off(7, n=40))
    told = []
    load(INTERPRETERS, "lime")().interpret(
        anomalies,
        Context.of(own, budget_ms=1e-6),
        progress=lambda share, message: told.append(share),
    )
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("name", BASELINES)
def test_groups_move_as_one_field_and_stay_one_hot(name):
    columns = (
        *(Feature(f"n{i}", f"n{i}", f"n{i}") for i in range(6)),
        *(Feature(f"kind={k}", "kind", f"kind={k}", kind="category") for k in "abc"),
    )
    schema = Schema("mixed", columns)
    random = np.random.default_rng(0)
    numbers = random.uniform(0, 1, (400, 6))
    kinds = np.eye(3)[random.integers(0, 2, 400)]

    def score(x):
        return (x - torch.tensor([0.5] * 6 + [0.5, 0.5, 0.0])).square().mean(dim=1)

    own = adapt(schema, np.hstack([numbers, kinds]), score=score)
    moved = np.hstack([numbers[:10], np.tile([0.0, 0.0, 1.0], (10, 1))])
    moved[:, 2] += 3.0
    found = load(INTERPRETERS, name)().interpret(
        TabularBatch.of_values(schema, moved), Context.of(own)
    )
    groups = found.references[:, 6:]
    np.testing.assert_array_equal(groups.sum(axis=1), 1.0)
    assert set(np.unique(groups)) <= {0.0, 1.0}
    assert found.ranking.max() == 6
    if name != "random":
        assert (found.ranking[:, 0] == 2).all()


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("integrated-gradients", {"steps": 0}),
        ("kernel-shap", {"samples": 1}),
        ("lime", {"samples": 1}),
        ("lime", {"kernel_width": 0.0}),
        ("lime", {"ridge": -1.0}),
        ("lemna", {"samples": 1}),
        ("lemna", {"components": 0}),
        ("lemna", {"fusion": -1.0}),
        ("coin", {"neighbors": 0}),
        ("coin", {"clusters": 0}),
        ("coin", {"synthetic": 0}),
        ("coin", {"sparsity": 1.0}),
        ("cade", {"steps": 0}),
        ("cade", {"sparsity": -1.0}),
    ],
)
def test_a_parameter_that_makes_no_sense_is_refused_by_its_value(name, settings):
    (value,) = settings.values()
    with pytest.raises(InvalidParameterError, match=str(value)):
        load(INTERPRETERS, name)(**settings)
