import numpy as np
import pytest

from benchmarks.pairs import difference, value_of

NONE = np.nan


def test_a_method_that_solves_more_of_the_same_anomalies_is_ahead():
    ours, other = np.zeros(50), np.ones(50)
    found = difference("lfr_1", ours, other)
    assert found == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 50, "ours": 0.0, "other": 1.0}


def test_where_less_is_better_the_smaller_value_is_ahead():
    assert difference("mean_k", np.full(9, 3.0), np.full(9, 2.0))["mean"] == 1.0


def test_only_anomalies_that_both_have_a_value_of_are_compared():
    ours = np.array([1.0, NONE, 0.0, 0.0])
    other = np.array([1.0, 1.0, NONE, 1.0])
    found = difference("lfr_1", ours, other)
    assert (found["n"], found["mean"]) == (2, 0.5)
    assert (found["ours"], found["other"]) == (0.5, 1.0)


def test_there_is_no_difference_without_common_anomalies():
    assert difference("lfr_1", np.array([1.0, NONE]), np.array([NONE, 1.0])) is None


def test_the_interval_of_two_equal_methods_holds_zero_and_of_different_ones_does_not():
    random = np.random.default_rng(1)
    ours = random.random(300)
    equal = difference("noise_shown", ours, ours + random.normal(0, 0.1, 300))
    ahead = difference("noise_shown", ours, ours + random.normal(0.1, 0.1, 300))
    assert equal["low"] < 0 < equal["high"]
    assert 0 < ahead["low"] < 0.1 < ahead["high"] < 0.2


def test_pairing_sees_a_small_lead_that_anomalies_of_different_hardness_would_hide():
    hardness = np.random.default_rng(2).random(300)
    assert difference("noise_shown", hardness, hardness + 0.01)["low"] == pytest.approx(0.01)


def test_plausibility_is_a_median_and_the_others_are_means():
    values = np.array([0.0, 0.0, 90.0, NONE])
    assert value_of("plausibility", values) == 0.0
    assert value_of("noise_shown", values) == 30.0
    assert value_of("noise_shown", np.full(3, NONE)) is None
