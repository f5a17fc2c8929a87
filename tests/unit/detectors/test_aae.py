import numpy as np
import pytest
import torch

from deepaid_core.detectors.aae import AaeDetector
from deepaid_core.testing.planted import trained
from deepaid_core.testing.planted_tables import normal_tables


@pytest.fixture(scope="module")
def detector():
    return trained(AaeDetector).detector


def codes_of(detector, values):
    with torch.no_grad():
        return detector._network.encoder(detector.to_model(values))


def test_codes_of_normal_events_fill_the_prior(detector):
    codes = codes_of(detector, normal_tables(2000, seed=9).values)
    assert codes.mean(dim=0).abs().max() < 0.7
    assert codes.std(dim=0).min() > 0.4
    assert codes.std(dim=0).max() < 1.8


def test_the_score_is_the_weighted_sum_of_both_distances(detector):
    events = normal_tables(500, seed=4)
    z = detector.to_model(events.values)
    error = (detector.reconstruct(z) - z).square().mean(dim=1).sqrt()
    code = codes_of(detector, events.values).square().mean(dim=1).sqrt()
    units, share = detector._network.typical.unit, detector.code_weight
    expected = (1 - share) * error / units[0] + share * code / units[1]
    torch.testing.assert_close(detector.score_tensor(z), expected, rtol=1e-4, atol=1e-5)
    assert 0.8 < detector.score(events).mean() < 1.3


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_either_distance_alone_is_a_score(detector, weight):
    alone = AaeDetector(**{**detector.hyperparameters(), "code_weight": weight})
    alone.restore(detector.fitted_schema, detector.arrays())
    z = detector.to_model(normal_tables(20, seed=4).values)
    far = alone.score_tensor(z + 100.0)
    assert (far > alone.score_tensor(z)).all()
    assert torch.isfinite(far).all()


def test_what_the_distances_are_measured_by_is_stored(detector):
    arrays = dict(detector.arrays())
    arrays["network.typical.unit"] = (
        np.array([2.0, 2.0], dtype=np.float32) * arrays["network.typical.unit"]
    )
    other = AaeDetector(**detector.hyperparameters()).restore(detector.fitted_schema, arrays)
    events = normal_tables(50, seed=4)
    np.testing.assert_allclose(2.0 * other.score(events), detector.score(events), rtol=1e-5)
