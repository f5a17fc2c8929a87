import numpy as np
import pytest
import torch

from deepaid_core.detectors.vae import VaeDetector
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.testing.planted import trained
from deepaid_core.testing.planted_tables import normal_tables


@pytest.fixture(scope="module")
def detector():
    return trained(VaeDetector).detector


def of(columns, values):
    return TabularBatch.of_values(Schema.of_numbers("made up", columns), values)


def test_the_score_is_the_negative_bound_counted_from_its_lowest(detector):
    z = detector.to_model(normal_tables(50, seed=4).values)
    network = detector._network
    mean, log_variance = network.encode(z)
    spread = network.log_spread.exp()
    event = torch.distributions.Normal(network.decoder(mean), spread)
    code = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    prior = torch.distributions.Normal(0.0, 1.0)
    bound = event.log_prob(z).sum(1) - torch.distributions.kl_divergence(code, prior).sum(1)
    highest = torch.distributions.Normal(0.0, spread).log_prob(torch.zeros(())).sum()
    expected = (highest - bound) / z.shape[1]
    torch.testing.assert_close(detector.score_tensor(z), expected, rtol=1e-4, atol=1e-4)
    assert (expected > 0).all()


def test_the_score_is_not_drawn(detector):
    events = normal_tables(50, seed=4)
    torch.manual_seed(1)
    first = detector.score(events)
    torch.manual_seed(2)
    np.testing.assert_array_equal(detector.score(events), first)


def test_an_error_counts_for_more_in_a_column_that_is_decoded_well():
    random = np.random.default_rng(0)
    hidden = random.normal(size=(3000, 1))
    scatter = np.array([0.05, 0.05, 1.0, 1.0])
    normal = hidden + scatter * random.normal(size=(3000, 4))
    detector = VaeDetector(scaling="spread", epochs=15, code=1, learning_rate=1e-2, batch_size=64)
    detector.fit(of("abcd", normal))
    spreads = detector._network.log_spread.exp()
    assert spreads[:2].max() < 0.5 * spreads[2:].min()
    center = np.zeros((1, 4))
    moved = np.eye(4) + center
    scores = detector.score(of("abcd", moved))
    assert scores[:2].min() > 1.5 * scores[2:].max()


def test_what_is_far_off_has_a_finite_score_that_grows(detector):
    z = detector.to_model(normal_tables(1, seed=4).values)
    scores = torch.cat([detector.score_tensor(z + far) for far in (0.0, 10.0, 100.0, 1e4)])
    assert torch.isfinite(scores).all()
    assert (scores.diff() > 0).all()


def test_a_column_that_never_moves_keeps_the_smallest_spread():
    random = np.random.default_rng(0)
    normal = np.c_[random.normal(size=(500, 3)), np.full(500, 7.0)]
    detector = VaeDetector(epochs=20, learning_rate=1e-2, batch_size=16, smallest_spread=0.2)
    detector.fit(of("abcd", normal))
    spread = detector._network.log_spread.exp()[3]
    assert 0.2 <= spread < 0.3
