"""Measures against answers that are known: sets, flips, categories, planted truth, stability."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.detectors.own_model import adapt
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Feature, Schema
from deepaid_core.errors import InvalidParameterError
from deepaid_core.interpreters import quality
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.baselines.simple import RandomInterpreter
from deepaid_core.interpreters.series import GreedyCellsInterpreter
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.interpreters.tabular_interpretations import TabularInterpretations
from deepaid_core.testing.planted import planted, trained
from deepaid_core.testing.planted_tables import planted_anomalies

SCHEMA = Schema(
    "four",
    (
        Feature("size", "size", "Size"),
        Feature("kind=a", "kind", "Kind", kind="category", low=0.0, high=1.0),
        Feature("kind=b", "kind", "Kind", kind="category", low=0.0, high=1.0),
        Feature("slow", "rate", "Rate"),
        Feature("fast", "rate", "Rate"),
    ),
)
SIZE, KIND, RATE = 0, 1, 2
THRESHOLD = 1.0


def a_result(
    *, fields=((SIZE, -1),), ranking=((SIZE, KIND, RATE),), flips=((0.5, np.nan),), reference=None
):
    """Interpretations as a search might give them."""
    n = len(fields)
    normal = np.random.default_rng(0).normal(size=(20, 5))
    one = adapt(SCHEMA, normal, score=lambda x: x[:, 0].abs(), threshold=THRESHOLD)
    values = np.tile([9.0, 0.0, 1.0, 3.0, 4.0], (n, 1))
    return TabularInterpretations(
        interpreter="made-up",
        context=Context.of(one),
        events=TabularBatch.of_values(SCHEMA, values),
        references=values if reference is None else np.array(reference, dtype=float),
        fields=np.array(fields),
        ranking=np.array(ranking),
        weights=np.zeros((n, 2)),
        flip_scores=np.array(flips),
        scores=np.full(n, 9.0),
        reference_scores=np.full(n, 0.5),
        needed=np.ones(n, dtype=np.int64),
        plausibility=np.zeros(n),
    )


SETS = st.frozensets(st.integers(0, 20))


@given(SETS, SETS)
def test_the_jaccard_index_is_a_share_and_the_same_both_ways(a, b):
    index = quality.jaccard(a, b)
    assert 0.0 <= index <= 1.0
    assert index == quality.jaccard(b, a)
    assert (index == 1.0) == (a == b)
    assert quality.jaccard(a, a) == 1.0


@pytest.mark.parametrize(
    ("a", "b", "index"),
    [({1, 2}, {2, 3}, 1 / 3), ({1}, {2}, 0.0), ({1, 2}, {1}, 0.5), (set(), set(), 1.0)],
)
def test_the_jaccard_index_of_small_sets(a, b, index):
    assert quality.jaccard(a, b) == pytest.approx(index)


FLIPS = a_result(
    fields=((SIZE, KIND), (SIZE, -1), (SIZE, KIND), (-1, -1)),
    ranking=((SIZE, KIND, RATE),) * 4,
    flips=((5.0, 0.9), (1.0, np.nan), (5.0, 4.0), (np.nan, np.nan)),
)


def test_a_label_flips_after_the_fewest_first_deviations_that_the_detector_accepts():
    assert quality.solved_at(FLIPS).tolist() == [2, 1, 0, 0]
    assert quality.mean_solved_at(FLIPS) == (1.5, 0.5)


def test_flip_rates_count_all_that_is_shown_where_fewer_are():
    assert quality.flip_rates(FLIPS, (1, 2, 10)) == {1: 0.25, 2: 0.5, 10: 0.5}


def test_a_later_deviation_that_undoes_the_flip_counts_against_it():
    found = a_result(fields=((SIZE, KIND),), flips=((0.5, 2.0),))
    assert quality.flip_rates(found, (1, 2)) == {1: 1.0, 2: 0.0}
    assert quality.solved_at(found).tolist() == [1]


@pytest.mark.parametrize(
    ("group", "whole"),
    [((0, 1), True), ((1, 0), True), ((1, 1), False), ((0, 0), False), ((0.5, 0.5), False)],
)
def test_a_category_is_coherent_with_exactly_one_value(group, whole):
    found = a_result(reference=[[1.0, *group, 3.0, 4.0]])
    assert quality.coherent(found).tolist() == [whole]
    assert quality.coherent(found, [np.array([1, 2])]).tolist() == [whole]


def test_groups_that_the_schema_does_not_know_can_be_given():
    found = a_result(reference=[[1.0, 0.0, 1.0, 1.0, 1.0]])
    assert quality.coherent(found, [np.array([3, 4])]).tolist() == [False]
    assert quality.coherent(found, []).tolist() == [True]


def test_a_ranking_is_told_in_columns_and_a_group_as_its_observed_category():
    found = a_result(ranking=((KIND, RATE, SIZE), (RATE, KIND, -1)), fields=((KIND, RATE),) * 2,
                     flips=((0.5, 0.5),) * 2)  # fmt: skip
    assert quality.first_columns(found, 10) == [{2, 3, 4, 0}, {3, 4, 2}]
    assert quality.first_columns(found, 2) == [{2, 3}, {3, 4}]
    assert quality.shown_sets(found) == [{KIND, RATE}] * 2
    assert quality.shown_columns(found) == [{2, 3, 4}] * 2


def test_planted_truth_is_counted_in_ranking_and_in_what_is_shown():
    found = a_result(fields=((SIZE, RATE),), ranking=((SIZE, RATE, KIND),), flips=((5.0, 0.5),))
    truth = quality.found_truth(found, np.array([[0, 1]]), first=3)
    assert truth.ranking.tolist() == [0.5]
    assert truth.recall.tolist() == [0.5]
    assert truth.precision.tolist() == [pytest.approx(1 / 3)]


def test_planted_columns_are_found_by_a_search_and_not_by_chance():
    one = trained(AutoencoderDetector)
    anomalies, guilty = planted_anomalies(60, seed=3, sign=None)
    over = one.threshold.flag(one.detector.score(anomalies))
    shares = {
        make: quality.found_truth(
            make().interpret(anomalies.take(over), Context.of(one)), guilty[over]
        )
        for make in (GreedyTabularInterpreter, RandomInterpreter)
    }
    assert shares[GreedyTabularInterpreter].precision.mean() > 0.9
    assert shares[RandomInterpreter].precision.mean() < 0.3


def test_the_ranking_of_a_series_starts_with_what_is_shown():
    one = trained(LstmForecastDetector)
    plant = planted(one.detector.modality).plants[0]
    found = GreedyCellsInterpreter().interpret(plant.events.take(np.arange(12)), Context.of(one))
    shown = quality.shown_columns(found)
    assert quality.first_columns(found, 100) == [frozenset(range(len(plant.events.schema)))] * 12
    for row, named in enumerate(shown):
        assert quality.first_columns(found, len(named))[row] == named


@pytest.mark.parametrize("make", [GreedyTabularInterpreter, RandomInterpreter])
def test_stability_is_one_for_a_search_without_chance_and_low_for_a_guess(make):
    one = trained(AutoencoderDetector)
    anomalies, _ = planted_anomalies(40, seed=3, sign=1.0)
    index = quality.stability(make(), anomalies, Context.of(one))
    if make is RandomInterpreter:
        assert index.mean() < 0.5
    else:
        assert index.tolist() == [1.0] * len(anomalies)


def test_one_run_cannot_be_compared():
    one = trained(AutoencoderDetector)
    anomalies, _ = planted_anomalies(10, seed=3, sign=1.0)
    with pytest.raises(InvalidParameterError, match="at least 2"):
        quality.stability(GreedyTabularInterpreter(), anomalies, Context.of(one), runs=1)


def test_an_answer_that_was_cut_short_is_not_called_solved():
    unfinished = replace(FLIPS, flip_scores=np.full((4, 2), np.nan))
    assert quality.solved_at(unfinished).tolist() == [0, 0, 0, 0]
    assert quality.flip_rates(unfinished, (1,)) == {1: 0.0}
    mean, share = quality.mean_solved_at(unfinished)
    assert np.isnan(mean)
    assert share == 0.0
