"""Thresholds on scores whose distribution is known."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.detectors.thresholds import choose, events_needed, just_below, tail
from deepaid_core.detectors.trained import _evenly, train_detector
from deepaid_core.domain.threshold_choice import METHODS, ThresholdChoice
from deepaid_core.errors import InvalidParameterError
from deepaid_core.testing.planted_tables import normal_tables

SCORES = st.lists(
    st.floats(-1e6, 1e6, allow_subnormal=False), min_size=1, max_size=60
).map(np.array)  # fmt: skip
LABELLED = st.lists(
    st.tuples(st.sampled_from([0.0, 0.5, 1.0, 1.5, 7.0]), st.booleans()), min_size=1, max_size=40
).filter(lambda pairs: any(label for _, label in pairs))


@pytest.mark.parametrize("shape", [-0.3, 0.0, 0.2, 0.8, 1.5])
def test_the_tail_is_as_likely_as_the_one_that_scipy_fits(shape):
    excesses = stats.genpareto.rvs(shape, scale=3.0, size=400, random_state=5)
    found, scale = tail(excesses)
    theirs, _, their_scale = stats.genpareto.fit(excesses, floc=0)

    def likelihood(c, s):
        return stats.genpareto.logpdf(excesses, c, scale=s).sum()

    assert likelihood(found, scale) >= likelihood(theirs, their_scale) - 1e-4
    assert found == pytest.approx(theirs, abs=1e-3)
    assert scale == pytest.approx(their_scale, rel=1e-3)


def test_peaks_over_threshold_meets_the_quantile_that_no_score_has_reached():
    scores = np.random.default_rng(3).exponential(2.0, 20_000)
    risk = 1e-5  # one in a hundred thousand, of twenty thousand scores
    found = choose(ThresholdChoice("peaks-over-threshold", risk), scores)
    truth = -2.0 * math.log(risk)
    assert found.value > scores.max()
    assert found.value == pytest.approx(truth, rel=0.15)
    assert "peaks over threshold: exceeded with probability 1e-05, from 400 of 20,000" in (
        found.method
    )


@pytest.mark.parametrize(
    ("count", "risk", "why"),
    [(200, 0.001, "only 4 of them lie over"), (5000, 0.05, "the tail of the scores begins above")],
)
def test_where_the_tail_says_nothing_the_quantile_is_taken_and_says_why(count, risk, why):
    scores = np.random.default_rng(0).normal(0, 1, count)
    found = choose(ThresholdChoice("peaks-over-threshold", risk), scores)
    assert found.value == choose(ThresholdChoice("quantile", 1 - risk), scores).value
    assert why in found.method


def test_equal_scores_have_no_tail():
    found = choose(ThresholdChoice("peaks-over-threshold", 0.001), np.full(3000, 4.0))
    assert found.value == 4.0
    assert "only 0 of them" in found.method


@given(SCORES, st.floats(0.01, 0.9))
@settings(max_examples=40, deadline=None)
def test_the_rate_is_kept_by_the_lowest_bound_that_keeps_it(scores, rate):
    choice = ThresholdChoice("false-positive-rate", rate)
    n = len(scores)

    def limit(flagged):
        return stats.beta.ppf(0.95, flagged + 1, n - flagged) if flagged < n else 1.0

    if n < events_needed(rate):
        with pytest.raises(InvalidParameterError, match=f"at least {events_needed(rate):,} of"):
            choose(choice, scores)
        return
    found = choose(choice, scores)
    assert limit(int((scores > found.value).sum())) <= rate
    lower = scores[scores < found.value]
    if len(lower):
        assert limit(int((scores > lower.max()).sum())) > rate


@pytest.mark.parametrize("rate", [0.5, 0.1, 0.01, 0.001])
def test_the_number_of_events_that_a_rate_needs_is_exact(rate):
    n = events_needed(rate)
    assert stats.beta.ppf(0.95, 1, n) <= rate < stats.beta.ppf(0.95, 1, n - 1)


def test_the_limit_holds_in_nineteen_of_twenty_draws():
    random, kept = np.random.default_rng(1), 0
    for _ in range(200):
        found = choose(ThresholdChoice("false-positive-rate", 0.02), random.exponential(1.0, 1000))
        kept += math.exp(-found.value) <= 0.02  # the share of all events that lies over it
    assert kept >= 0.92 * 200


@given(LABELLED)
@settings(max_examples=50, deadline=None)
def test_no_bound_has_a_better_f1_than_the_best(pairs):
    scores = np.array([score for score, _ in pairs])
    labels = np.array([label for _, label in pairs])

    def f1(bound):
        flagged = scores > bound
        return 2 * (flagged & labels).sum() / (flagged.sum() + labels.sum())

    found = choose(ThresholdChoice("best-f1"), np.zeros(0), scores=scores, labels=labels)
    assert f1(found.value) == max(f1(bound) for bound in (-1.0, 0.0, 0.5, 1.0, 1.5, 7.0))
    assert "the labels were used" in found.method


def test_the_best_f1_is_never_chosen_without_labels():
    for labels in (None, np.zeros(3, dtype=bool)):
        with pytest.raises(InvalidParameterError, match="label"):
            choose(ThresholdChoice("best-f1"), np.ones(50), scores=np.arange(3.0), labels=labels)


@given(SCORES)
@settings(max_examples=50)
def test_just_below_parts_a_score_from_the_next(scores):
    for score in np.unique(scores).tolist():
        bound = just_below(scores, score)
        assert ((scores > bound) == (scores >= score)).all()


def test_by_hand_says_what_it_flags():
    found = choose(ThresholdChoice("by-hand", 7.5), np.arange(10.0))
    assert (found.value, found.method) == (7.5, "set by hand: flags 2 of 10 held-back events")
    assert choose(ThresholdChoice("by-hand", -3.0), np.zeros(0)).method == "set by hand"


@pytest.mark.parametrize("method", ["quantile", "peaks-over-threshold", "false-positive-rate"])
def test_nothing_is_chosen_from_no_score(method):
    with pytest.raises(InvalidParameterError, match="no normal score"):
        choose(ThresholdChoice.default(method), np.zeros(0))


@pytest.mark.parametrize(
    ("method", "level"),
    [
        ("quantile", 0.0), ("quantile", 1.0), ("quantile", math.nan),
        ("peaks-over-threshold", 0.5), ("false-positive-rate", -0.1), ("by-hand", math.inf),
        ("by-hand", math.nan), ("guess\n", 0.5),
    ],
)  # fmt: skip
def test_a_choice_out_of_range_is_refused(method, level):
    with pytest.raises(InvalidParameterError):
        ThresholdChoice(method, level)


def test_every_method_has_a_number_to_begin_with():
    assert [ThresholdChoice.default(name).method for name in METHODS] == list(METHODS)
    with pytest.raises(InvalidParameterError, match="There is no way 'guess'"):
        ThresholdChoice.default("guess")


class NeverTrained(AutoencoderDetector):
    """Fails as soon as it is to learn."""

    def _fit(self, normal, training):
        raise AssertionError("it was trained although its threshold cannot be chosen")


class Fixed(NeverTrained):
    fixed_threshold = "The threshold of this one is fixed."


@pytest.mark.parametrize(
    ("kind", "choice", "sentence"),
    [
        (NeverTrained, ThresholdChoice("best-f1"), "needs labelled events"),
        (NeverTrained, ThresholdChoice("false-positive-rate", 1e-5), "at least 299,572"),
        (Fixed, ThresholdChoice("by-hand", 2.0), "The threshold of this one is fixed"),
    ],
)
def test_what_cannot_be_chosen_is_said_before_the_training(kind, choice, sentence):
    with pytest.raises(InvalidParameterError, match=sentence):
        train_detector(
            normal_tables(1000, seed=1), kind, name="x", kind="x", trained_on="x",
            trained_on_sha256="0" * 64, quantile=0.9, choice=choice,
        )  # fmt: skip


def test_a_training_chooses_its_threshold_as_it_is_told():
    trained = train_detector(
        normal_tables(1000, seed=1), lambda: AutoencoderDetector(epochs=1), name="x",
        kind="autoencoder", trained_on="x", trained_on_sha256="0" * 64, quantile=0.9,
        choice=ThresholdChoice("false-positive-rate", 0.05),
    )  # fmt: skip
    held = trained.held_back_scores
    assert len(held) == 200
    assert trained.threshold == choose(ThresholdChoice("false-positive-rate", 0.05), held)


def test_of_many_held_back_scores_an_even_draw_is_kept():
    scores = np.arange(50_001.0)
    kept = _evenly(scores)
    assert (len(kept), kept[0], kept[-1]) == (20_000, 0.0, 50_000.0)
    assert set(np.diff(kept)) <= {2.0, 3.0}
