"""The comparison of interpreters of log keys, on planted windows whose guilty key is known."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.comparison_methods import DEFAULT
from benchmarks.comparison_others import brute_force, measure_keys
from benchmarks.comparison_rows import methods_for
from deepaid_core.detectors.deeplog import DeepLogDetector
from deepaid_core.domain.modality import Modality
from deepaid_core.interpreters.sequence import KeySubstitutionInterpreter
from deepaid_core.registry import DEFAULT_INTERPRETERS
from deepaid_core.testing.planted import planted, trained

pytestmark = pytest.mark.slow  # trains a detector and asks every method

TINY = replace(DEFAULT, again=4, singles=2)


@pytest.fixture(scope="module")
def one():
    return trained(DeepLogDetector)


@pytest.fixture(scope="module")
def flagged(one):
    """Flagged windows of each plant, a few of each."""
    events = {}
    for plant in planted(Modality.SEQUENCE).plants:
        over = np.flatnonzero(one.detector.score(plant.events) > one.threshold.value)
        events[plant.name] = plant.events.take(over[:6])
    return events


def test_the_default_for_log_keys_is_measured_first(one):
    able, _ = methods_for(one.detector)
    assert able[0] == DEFAULT_INTERPRETERS[Modality.SEQUENCE]


def test_a_wrong_key_in_the_history_is_counted_as_an_answer_of_the_history(one, flagged):
    measured = measure_keys(
        KeySubstitutionInterpreter(), one, flagged["wrong place in the history"], TINY
    )
    each = measured.each
    assert each["history"].mean() == each["history_flips"].mean() == 1.0
    assert each["lfr_1"].mean() == each["mean_k"].mean() == 1.0
    assert np.nanmean(each["stability"]) == 1.0


def test_an_answer_that_only_replaces_the_flagged_key_is_not(one, flagged):
    each = measure_keys(KeySubstitutionInterpreter(), one, flagged["wrong next key"], TINY).each
    assert each["history"].mean() == 0.0
    assert np.isnan(each["history_flips"]).all()
    assert each["lfr_1"].mean() == 1.0


def test_trying_every_key_finds_an_answer_where_there_is_one_and_only_there(one, flagged):
    assert brute_force(one, flagged["wrong place in the history"]).each["history"].mean() == 1.0
    assert brute_force(one, flagged["wrong next key"]).each["history"].mean() == 0.0
