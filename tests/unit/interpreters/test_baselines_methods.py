from itertools import combinations
from math import factorial

import numpy as np
import pytest
import torch
from captum.attr import DeepLift
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from deepaid_core.detectors.own_model import adapt
from deepaid_core.domain.schema import Schema
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.baselines.coin import clusters_of, sparse_separation
from deepaid_core.interpreters.baselines.deeplift import contributions
from deepaid_core.interpreters.baselines.kernel_shap import KernelShapInterpreter, shapley_values
from deepaid_core.interpreters.baselines.lemna import fit_mixture
from deepaid_core.interpreters.baselines.trials import Trials, weighted_ridge
from deepaid_core.interpreters.ranked import Surroundings


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def network(activation, seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = nn.Sequential(
            nn.Linear(6, 8), activation(), nn.Linear(8, 5), activation(), nn.Linear(5, 1)
        )
    return layers.eval().requires_grad_(False)


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks")
@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh, nn.LeakyReLU, nn.Sigmoid, nn.Softplus])
def test_deeplift_is_captums_on_a_network_of_layers(activation):
    layers, z, reference = network(activation), numbers(20, 6), numbers(20, 6, seed=1)
    ours = contributions(lambda x: layers(x)[:, 0], z, reference)
    theirs = DeepLift(layers).attribute(z.clone().requires_grad_(True), reference, target=0)
    torch.testing.assert_close(ours, theirs.detach(), rtol=1e-4, atol=1e-5)


def by_layers(x):
    return network(nn.ReLU)(x)[:, 0]


def in_place(x):
    return network(lambda: nn.ReLU(inplace=True))(x)[:, 0]


def by_functions(x):
    return torch.relu(x @ numbers(6, 4, seed=3)).exp().clamp(max=5.0).sum(dim=1)


def by_methods(x):
    return (x.tanh() ** 2).mean(dim=1).add(1.0).log()


def error_of_a_reconstruction(x):
    rebuilt = torch.nn.functional.leaky_relu(x @ numbers(6, 6, seed=4))
    return (rebuilt - x).square().mean(dim=1).clamp_min(1e-12).sqrt()


@pytest.mark.parametrize(
    "function", [by_layers, in_place, by_functions, by_methods, error_of_a_reconstruction]
)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.01, 10))
@settings(max_examples=20, deadline=None)
def test_deeplifts_shares_sum_to_the_difference_of_the_scores(function, seed, scale):
    z, reference = scale * numbers(4, 6, seed=seed), numbers(4, 6, seed=seed + 1)
    shares = contributions(function, z, reference)
    difference = function(z) - function(reference)
    torch.testing.assert_close(shares.sum(dim=1), difference, rtol=1e-3, atol=1e-3)
    assert shares.isfinite().all()


def test_deeplift_gives_a_column_that_stays_nothing():
    z, reference = numbers(4, 6), numbers(4, 6, seed=1)
    reference[:, 2] = z[:, 2]
    shares = contributions(error_of_a_reconstruction, z, reference)
    assert (shares[:, 2] == 0).all()
    assert (contributions(error_of_a_reconstruction, z, z) == 0).all()


def test_deeplift_leaves_nothing_on_the_model():
    layers = network(nn.ReLU)
    contributions(lambda x: layers(x)[:, 0], numbers(3, 6), numbers(3, 6, seed=1))
    for part in layers.modules():
        assert not part._forward_hooks
        assert not part._backward_hooks
        assert not part._forward_pre_hooks


def interacting(x):
    """Neither a sum nor the same for all columns; the last two count together only."""
    return (
        2.0 * x[:, 0] + x[:, 0] * x[:, 1] + torch.relu(x[:, 2] - x[:, 1]) + 3.0 * x[:, 3] * x[:, 4]
    )


def exact_shapley_values(function, z, reference):
    n, d = z.shape
    values = torch.zeros(n, d)
    for one in range(d):
        others = [column for column in range(d) if column != one]
        for size in range(d):
            weight = factorial(size) * factorial(d - size - 1) / factorial(d)
            for taken in combinations(others, size):
                kept = reference.clone()
                kept[:, list(taken)] = z[:, list(taken)]
                without = function(kept)
                kept[:, one] = z[:, one]
                values[:, one] += weight * (function(kept) - without)
    return values


def surroundings(function, columns):
    schema = Schema.of_numbers("planted", [f"c{i}" for i in range(columns)])
    own = adapt(schema, np.random.default_rng(0).uniform(0, 1, (300, columns)), score=function)
    return Surroundings.of(schema, Context.of(own))


def test_kernel_shap_gives_exact_shapley_values():
    known = surroundings(interacting, 5)
    z = numbers(6, 5).abs() + 2.0
    # One that differs in a single column, one in two, one not at all.
    reference = known.nearest_normal(z)
    z[3, 1:], z[4, 2:], z[5] = reference[3, 1:], reference[4, 2:], reference[5]
    worth, nearest = KernelShapInterpreter(samples=4000)._rank(z, known)
    exact = exact_shapley_values(known.detector.score_tensor, z, nearest)
    torch.testing.assert_close(worth.float(), exact, rtol=0.02, atol=0.02)


def test_kernel_shap_sums_to_the_fall_of_the_score_with_far_too_few_samples():
    known = surroundings(lambda x: x.square().mean(dim=1), 40)
    z = numbers(5, 40).abs() + 2.0
    reference = known.nearest_normal(z)
    replace = torch.rand(8, 40, generator=torch.Generator().manual_seed(0)) < 0.5
    trials = Trials.of(z, reference, torch.cat([replace, ~replace]), known)
    torch.testing.assert_close(
        shapley_values(trials, 40).sum(dim=1), trials.before - trials.after, rtol=1e-6, atol=1e-6
    )


def test_trials_replace_exactly_what_differs_and_may_move():
    known = surroundings(lambda x: x.sum(dim=1), 4)
    z, reference = torch.full((2, 4), 5.0), torch.zeros(2, 4)
    reference[1, 0] = 5.0
    replace = torch.tensor([[True, True, False, False], [False, False, False, True]])
    trials = Trials.of(z, reference, replace, known)
    assert trials.count.tolist() == [4, 3]
    scale = known.detector.score_tensor(torch.eye(4)).double()
    expected = [
        [5 * (scale[2] + scale[3]), 5 * scale[:3].sum()],
        [5 * (scale[0] + scale[2] + scale[3]), 5 * scale[:3].sum()],
    ]
    torch.testing.assert_close(trials.scores, torch.tensor(expected).double())
    columns = trials.spread(torch.tensor([[1.0, 2, 3, 4], [2, 3, 4, 9]]).double(), known)
    assert columns.tolist() == [[1, 2, 3, 4], [0, 2, 3, 4]]


def test_weighted_ridge_ignores_what_has_no_weight():
    x, truth = numbers(3, 50, 4).double(), numbers(3, 4, seed=1).double()
    y = (x @ truth[..., None])[..., 0]
    y[:, 40:] = 1000.0
    weights = torch.ones(3, 50, dtype=torch.float64)
    weights[:, 40:] = 0.0
    torch.testing.assert_close(weighted_ridge(x, y, weights, 1e-9), truth)


def test_lemna_finds_the_two_lines_that_outputs_are_mixed_of():
    x = numbers(2, 400, 3).double()
    lines = torch.tensor([[1.0, -2.0, 0.5, 6.0], [-1.0, 3.0, 2.0, -6.0]]).double()
    which = torch.rand(2, 400, generator=torch.Generator().manual_seed(1)) < 0.5
    inputs = torch.cat([x, torch.ones(2, 400, 1).double()], dim=2)
    y = torch.where(which, inputs @ lines[0], inputs @ lines[1])
    y = y + 0.01 * numbers(2, 400, seed=2)
    coefficients, belongs = fit_mixture(x, y, components=2, fusion=0.0, rounds=20)
    for row in range(2):
        ordered = coefficients[row][coefficients[row, :, -1].argsort(descending=True)]
        torch.testing.assert_close(ordered, lines, rtol=0.05, atol=0.05)
        high = int(coefficients[row, :, -1].argmax())
        assert ((belongs[row, :, high] > 0.5) == which[row]).double().mean() > 0.97


def test_lemna_draws_neighbors_to_one_coefficient():
    x = numbers(1, 300, 6).double()
    truth = torch.tensor([2.0, 2.2, 1.8, -1.0, -1.1, -0.9]).double()
    y = x @ truth + 0.1 * numbers(1, 300, seed=2).double()
    loose, tight = (
        fit_mixture(x, y, components=1, fusion=fusion, rounds=10)[0][0, 0, :-1]
        for fusion in (0.0, 0.5)
    )
    inside = torch.tensor([0, 1, 3, 4])
    assert tight.diff()[inside].abs().max() < 0.4 * loose.diff()[inside].abs().max()
    assert tight.diff()[2].abs() > 2.0, "the step between the groups is gone"


def test_clusters_are_the_groups_that_are_there():
    centers = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0]])
    points = torch.cat([center + 0.1 * numbers(7, 2, seed=i) for i, center in enumerate(centers)])
    belongs = clusters_of(points[None], 3)[0]
    assert belongs.sum(dim=0).tolist() == [7, 7, 7]
    for group in belongs.split(7):
        assert (group == group[0]).all()


def test_points_that_are_all_the_same_make_one_cluster():
    belongs = clusters_of(torch.ones(1, 5, 2), 3)
    assert belongs.sum(dim=1).tolist() == [[5, 0, 0]]
    weights = sparse_separation(torch.zeros(1, 1, 2), torch.ones(1, 5, 2), belongs, sparsity=0.1)
    assert weights.isfinite().all()
    assert (weights[0, 1:] == 0).all()


def test_only_the_column_that_separates_has_a_weight():
    around = 0.1 * numbers(3, 30, 8)
    outliers = 0.1 * numbers(3, 10, 8, seed=1)
    outliers[:, :, 5] += 4.0
    one = torch.ones(3, 30, 1)
    weights = sparse_separation(outliers, around, one, sparsity=0.1)[:, 0].abs()
    assert (weights.argmax(dim=1) == 5).all()
    others = weights[:, [0, 1, 2, 3, 4, 6, 7]]
    assert (others <= 0.05 * weights[:, 5:6]).all()
