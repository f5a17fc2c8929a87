"""Small changes of an event: noise, and an attacker."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.lstm_forecast import LstmForecastDetector
from deepaid_core.detectors.own_model import adapt
from deepaid_core.domain.batches import SequenceBatch, TabularBatch
from deepaid_core.domain.schema import Feature, Schema, Vocabulary
from deepaid_core.errors import (
    CancelledError,
    DetectorMismatchError,
    InvalidParameterError,
)
from deepaid_core.interpreters import quality
from deepaid_core.interpreters.base import Context, InterpretationList
from deepaid_core.interpreters.baselines.simple import LargestErrorInterpreter, RandomInterpreter
from deepaid_core.interpreters.quality_attack import attacked_values
from deepaid_core.interpreters.quality_box import Box
from deepaid_core.interpreters.series import GreedyCellsInterpreter
from deepaid_core.interpreters.tabular import GreedyTabularInterpreter
from deepaid_core.testing.planted import planted, trained
from deepaid_core.testing.planted_tables import planted_anomalies


@pytest.fixture(scope="module")
def tables():
    one = trained(AutoencoderDetector)
    anomalies, _ = planted_anomalies(24, seed=3, sign=None)
    flagged = anomalies.take(one.threshold.flag(one.detector.score(anomalies)))
    return flagged, Context.of(one)


@pytest.fixture(scope="module")
def series():
    one = trained(LstmForecastDetector)
    anomalies = planted(one.detector.modality).plants[0].events.take(np.arange(12))
    flagged = anomalies.take(one.threshold.flag(one.detector.score(anomalies)))
    return flagged, Context.of(one)


@pytest.fixture(scope="module")
def greedy(tables):
    return GreedyTabularInterpreter().interpret(*tables)


def two_columns(score, values, *, tolerance=0.0):
    """A model of two columns from 0 to 1, threshold 1, and what largest-error says of events."""
    schema = Schema(
        "two", tuple(Feature(n, n, n, low=0.0, high=10.0, tolerance=tolerance) for n in "ab")
    )
    normal = np.random.default_rng(0).uniform(0, 0.1, size=(50, 2))
    one = adapt(schema, normal, score=score, reconstruct=torch.zeros_like, threshold=1.0)
    events = TabularBatch.of_values(schema, np.array(values))
    return LargestErrorInterpreter().interpret(events, Context.of(one))


def test_no_noise_changes_nothing(greedy):
    kept = quality.noise_robustness(GreedyTabularInterpreter(), greedy, sigma=0.0, draws=2)
    assert kept.ranking.tolist() == [1.0] * len(greedy)
    assert kept.shown.tolist() == [1.0] * len(greedy)


def test_a_guess_does_not_survive_noise(tables):
    guess = RandomInterpreter().interpret(*tables)
    kept = quality.noise_robustness(RandomInterpreter(), guess)
    assert kept.means[0] < 0.5
    assert kept.means[1] < 0.5


def test_the_same_seed_gives_the_same_noise_and_another_seed_other_noise(tables):
    guess = RandomInterpreter().interpret(*tables)
    first, again, other = (
        quality.noise_robustness(RandomInterpreter(), guess, draws=1, seed=seed)
        for seed in (0, 0, 1)
    )
    assert first.ranking.tolist() == again.ranking.tolist()
    assert first.ranking.tolist() != other.ranking.tolist()


def test_a_draw_that_is_no_longer_an_anomaly_does_not_count():
    # The first event is a hair over the threshold: noise brings it under every second time.
    found = two_columns(lambda x: x[:, 0], [[1.0001, 0.0], [5.0, 0.0]])
    draws = [
        quality.noise_robustness(LargestErrorInterpreter(), found, draws=1, seed=seed).shown
        for seed in range(10)
    ]
    assert {bool(np.isnan(first)) for first, _ in draws} == {True, False}
    assert {second for _, second in draws} == {1.0}
    many = quality.noise_robustness(LargestErrorInterpreter(), found, draws=10)
    assert many.shown.tolist() == [1.0, 1.0]


def test_noise_leaves_categories_whole_numbers_and_bounds_alone(tables):
    events, context = tables
    box = Box.around(events, context)
    kinds = np.array([one.kind for one in events.schema.features])
    random = np.random.default_rng(0)
    moved = box.moved(5.0 * random.normal(size=events.values.shape) * box.reach)
    assert (moved[:, kinds == "category"] == events.values[:, kinds == "category"]).all()
    assert (moved[:, kinds == "number"] != events.values[:, kinds == "number"]).any(axis=0).all()
    change = (moved - events.values)[:, kinds == "integer"]
    np.testing.assert_allclose(change, np.rint(change), atol=1e-9)
    low = np.array([-np.inf if f.low is None else f.low for f in events.schema.features])
    assert (moved >= np.minimum(low, events.values)).all()


@pytest.mark.parametrize("kind", ["tables", "series"])
@pytest.mark.parametrize("differentiable", [True, False])
def test_an_attack_stays_in_its_box_and_on_anomalies(kind, differentiable, request):
    events, context = request.getfixturevalue(kind)
    interpreter = GreedyTabularInterpreter() if kind == "tables" else GreedyCellsInterpreter()
    found = interpreter.interpret(events, context)
    detector = context.detector
    detector.differentiable = differentiable
    try:
        ends = attacked_values(found, steps=8, first=2)
    finally:
        del detector.differentiable
    box = Box.around(events, context)
    assert (np.abs(ends - events.values) <= 0.01 * box.reach + 1e-9 * np.abs(events.values)).all()
    assert (np.abs(ends - events.values) > 0).any(axis=tuple(range(2, ends.ndim))).mean() > 0.9
    for end in ends:
        assert (end >= box.low).all()
        assert (end <= box.high).all()
        assert context.threshold.flag(detector.score(box.with_values(end))).all()


def test_an_attack_of_no_size_changes_nothing(greedy):
    kept = quality.attack_robustness(GreedyTabularInterpreter(), greedy, size=0.0, steps=3)
    assert kept.ranking.tolist() == [1.0] * len(greedy)
    assert kept.shown.tolist() == [1.0] * len(greedy)


def test_an_attack_turns_a_near_tie_around_and_leaves_a_clear_answer():
    found = two_columns(
        lambda x: x.square().sum(dim=1).sqrt(), [[5.02, 5.0], [8.0, 2.0]], tolerance=0.01
    )
    kept = quality.attack_robustness(LargestErrorInterpreter(), found, first=1, steps=30)
    assert kept.ranking.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("make", [GreedyTabularInterpreter, LargestErrorInterpreter])
def test_an_attack_hurts_more_than_noise_whoever_ranks(tables, make):
    found = make().interpret(*tables)
    noise = quality.noise_robustness(make(), found, draws=3)
    attack = quality.attack_robustness(make(), found, steps=40)
    assert attack.means[0] < noise.means[0] - 0.02
    assert attack.means[1] <= noise.means[1]


def test_an_attack_follows_its_seed_and_leaves_the_anomalies_as_they_were(greedy):
    before = greedy.anomalies.values.copy()
    first, again = (attacked_values(greedy, steps=5, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(before, greedy.anomalies.values)
    other = attacked_values(greedy, steps=5, seed=5)
    assert (other[-1] != first[-1]).any(), "the random corner is not random"
    assert len(first) == 2 * 3, "each restart ends in what it found and in a corner"


def test_robustness_of_a_series_is_measured_by_its_columns(series):
    events, context = series
    found = GreedyCellsInterpreter().interpret(events, context)
    for kept in (
        quality.noise_robustness(GreedyCellsInterpreter(), found, draws=2, first=2),
        quality.attack_robustness(GreedyCellsInterpreter(), found, steps=5, restarts=2, first=2),
    ):
        for part in (kept.ranking, kept.shown):
            assert part.shape == (len(events),)
            assert 0.0 <= part.min() <= part.max() <= 1.0
        assert kept.means[1] > 0.5


def test_keys_cannot_change_a_little(tables):
    keys = SequenceBatch.of_keys(Vocabulary("log", ("in", "out")), np.array([[0, 1]]))
    found = InterpretationList("made-up", tables[1], keys, (), np.ones(1), np.zeros(1))
    for measure in (quality.noise_robustness, quality.attack_robustness):
        with pytest.raises(DetectorMismatchError, match="no numbers"):
            measure(GreedyTabularInterpreter(), found)


def test_measures_can_be_cancelled_and_refuse_nonsense(greedy):
    interpreter = GreedyTabularInterpreter()
    for measure in (quality.noise_robustness, quality.attack_robustness):
        with pytest.raises(CancelledError):
            measure(interpreter, greedy, cancelled=lambda: True)
    with pytest.raises(InvalidParameterError, match="0 draws"):
        quality.noise_robustness(interpreter, greedy, draws=0)
    with pytest.raises(InvalidParameterError, match="0 restarts"):
        quality.attack_robustness(interpreter, greedy, restarts=0)


def test_nothing_to_measure_gives_nothing(tables):
    events, context = tables
    none = events.take(np.zeros(len(events), dtype=bool))
    found = GreedyTabularInterpreter().interpret(none, replace(context))
    for measure in (quality.noise_robustness, quality.attack_robustness):
        kept = measure(GreedyTabularInterpreter(), found)
        assert kept.ranking.shape == kept.shown.shape == (0,)
