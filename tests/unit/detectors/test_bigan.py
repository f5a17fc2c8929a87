import numpy as np
import pytest
import torch

from deepaid_core.detectors.bigan import BiganDetector
from deepaid_core.testing.planted import planted, quick, trained
from deepaid_core.testing.planted_tables import normal_tables


@pytest.fixture(scope="module")
def detector():
    return trained(BiganDetector).detector


def test_the_score_is_the_weighted_sum_of_both_distances(detector):
    z = detector.to_model(normal_tables(500, seed=4).values)
    network = detector._network
    code = network.encoder(z)
    again = network.generator(code)
    error = (again - z).square().mean(dim=1).sqrt()
    seen = network.features(torch.cat((z, code), dim=1))
    back = network.features(torch.cat((again, code), dim=1))
    doubt = (seen - back).square().mean(dim=1).sqrt()
    units, share = network.typical.unit, detector.doubt_weight
    expected = (1 - share) * error / units[0] + share * doubt / units[1]
    torch.testing.assert_close(detector.score_tensor(z), expected, rtol=1e-4, atol=1e-5)
    assert 0.8 < float(expected.mean()) < 1.3


def test_what_is_generated_looks_like_normal_events(detector):
    drawn = torch.randn((2000, detector.code), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        generated = detector._network.generator(drawn)
    normal = detector.to_model(normal_tables(2000, seed=9).values)
    spread = generated.std(dim=0) / normal.std(dim=0)
    assert 0.3 < spread.median() < 2.0
    ours, theirs = (np.corrcoef(points.numpy().T) for points in (generated, normal))
    upper = np.triu_indices(len(ours), 1)
    assert np.corrcoef(ours[upper], theirs[upper])[0, 1] > 0.5


def test_the_discriminator_learns_too():
    events = planted(BiganDetector.modality).normal.take(np.arange(300))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        before = BiganDetector()._network_of(len(events.schema)).state_dict()
    after = quick(BiganDetector).fit(events).arrays()
    for part in ("encoder", "generator", "features", "last"):
        names = [name for name in before if name.startswith(f"{part}.")]
        assert names
        for name in names:
            assert not np.array_equal(before[name].numpy(), after[f"network.{name}"]), name


def test_what_is_far_off_has_a_finite_score_that_grows(detector):
    z = detector.to_model(normal_tables(1, seed=4).values)
    scores = torch.cat([detector.score_tensor(z + far) for far in (0.0, 10.0, 100.0, 1e4)])
    assert torch.isfinite(scores).all()
    assert (scores.diff() > 0).all()
