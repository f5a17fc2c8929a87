import numpy as np
import pytest

from deepaid_core.detectors.pca import PcaDetector
from deepaid_core.detectors.scaling import AsinhScaler
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Schema


def test_over_their_range_rare_values_weigh_no_more_than_usual_ones():
    rare = (np.arange(1000) == 7).astype(float)
    usual = (np.arange(1000) % 2).astype(float)
    values = np.stack([rare, usual, np.full(1000, 5.0)], axis=1)
    step = np.ptp(AsinhScaler.over_range(values).forward(values), axis=0)
    assert step[0] == pytest.approx(step[1], rel=0.1)
    assert step[2] == 0
    by_spread = np.ptp(AsinhScaler.fit(values).forward(values), axis=0)
    assert by_spread[0] > 10 * by_spread[1]


def test_beyond_the_range_what_is_further_out_stays_further_out_and_comes_back():
    values = np.random.default_rng(0).uniform(0, 2, (200, 3))
    scaler = AsinhScaler.over_range(values)
    far = np.array([[2.0, 20.0, 2e6], [-2.0, -20.0, 2e9]])
    scaled = scaler.forward(far)
    assert (np.diff(scaled[0]) > 0).all()
    np.testing.assert_allclose(scaler.inverse(scaled), far, rtol=1e-9)


def test_a_detector_scales_as_it_is_told_and_is_restored_so():
    values = np.random.default_rng(0).exponential(size=(200, 4)) ** 3
    batch = TabularBatch.of_values(Schema.of_numbers("t", list("abcd")), values)
    spread, over_range = (
        PcaDetector(scaling=one).fit(batch).score(batch) for one in ("spread", "range")
    )
    assert not np.allclose(spread, over_range)
    trained = PcaDetector(scaling="range").fit(batch)
    again = PcaDetector(scaling="range").restore(batch.schema, trained.arrays())
    np.testing.assert_array_equal(again.score(batch), over_range)
