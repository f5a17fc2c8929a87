"""Measures against those of scikit-learn, and on events with known answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

from deepaid_core.errors import InvalidEventsError
from deepaid_core.workflow.measures import at_threshold, measures_of

EVENTS = st.lists(
    st.tuples(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 0.75, 2.0]), st.booleans()),
    min_size=2,
    max_size=60,
)


@given(EVENTS, st.sampled_from([-2.0, -1.0, 0.0, 0.3, 0.5, 2.0, 3.0]))
@settings(max_examples=25, deadline=None)
def test_measures_are_those_of_scikit_learn(pairs, threshold):
    scores = np.array([score for score, _ in pairs])
    labels = np.array([label for _, label in pairs])
    found = measures_of(scores, labels, threshold)
    flagged = scores > threshold
    at = found.at_threshold
    assert at.precision == pytest.approx(metrics.precision_score(labels, flagged, zero_division=0))
    assert at.recall == pytest.approx(metrics.recall_score(labels, flagged, zero_division=0))
    for beta, mine in ((1, at.f1), (2, at.f2)):
        assert mine == pytest.approx(
            metrics.fbeta_score(labels, flagged, beta=beta, zero_division=0)
        )
    assert at.accuracy == pytest.approx(metrics.accuracy_score(labels, flagged))
    assert found.events == len(pairs)
    if labels.any() and not labels.all():
        assert found.roc_auc == pytest.approx(metrics.roc_auc_score(labels, scores))
        assert found.average_precision == pytest.approx(
            metrics.average_precision_score(labels, scores)
        )
        bounds = np.concatenate([[-9.0], np.unique(scores)])
        best = max(metrics.accuracy_score(labels, scores > bound) for bound in bounds)
        assert found.at_best_accuracy.accuracy == pytest.approx(best)
        best = max(metrics.f1_score(labels, scores > bound, zero_division=0) for bound in bounds)
        assert found.at_best_f1.f1 == pytest.approx(best)
    else:
        assert found.roc_auc is None
        assert found.at_best_accuracy is None


def test_a_higher_bound_never_flags_more():
    random = np.random.default_rng(0)
    scores, labels = random.normal(size=200), random.random(200) < 0.3
    found = [at_threshold(scores, labels, bound) for bound in np.sort(scores)]
    counts = [at.true_positives + at.false_positives for at in found]
    assert counts == sorted(counts, reverse=True)


def test_the_shares_of_categories_are_counted_apart_for_what_is_to_be_found():
    scores = np.array([0.1, 0.9, 0.8, 0.2, 0.95, 0.3])
    labels = np.array([0, 1, 1, 1, 0, 0], dtype=bool)
    names = ["", "scan", "scan", "flood", "backup", "backup"]
    found = measures_of(scores, labels, 0.5, names).categories
    assert [(one.category, one.wanted, one.events, one.flagged) for one in found] == [
        ("scan", True, 2, 2),
        ("flood", True, 1, 0),
        ("backup", False, 2, 1),
    ]
    assert [one.share for one in found] == [1.0, 0.0, 0.5]


def test_curves_are_short_keep_their_ends_and_go_one_way():
    random = np.random.default_rng(0)
    labels = random.random(20_000) < 0.1
    found = measures_of(random.normal(size=20_000) + labels, labels, 1.0)
    assert len(found.roc.x) <= 200
    assert (found.roc.x[0], found.roc.y[0]) == (0.0, 0.0)
    assert (found.roc.x[-1], found.roc.y[-1]) == (1.0, 1.0)
    assert list(found.roc.x) == sorted(found.roc.x)
    assert list(found.precision_recall.x) == sorted(found.precision_recall.x)
    area = np.trapezoid(found.roc.y, found.roc.x)
    assert area == pytest.approx(found.roc_auc, abs=2e-3)
    assert np.isfinite(found.roc.thresholds).all()


def test_the_histogram_counts_every_event_once():
    scores = np.concatenate([np.random.default_rng(0).normal(size=500), [1e6, 1e9]])
    labels = np.arange(502) >= 490
    found = measures_of(scores, labels, 3.0).histogram
    assert sum(found.normal) == 490
    assert sum(found.wanted) == 12
    assert list(found.edges) == sorted(set(found.edges))
    equal = measures_of(np.full(5, 2.0), np.arange(5) > 2, 3.0).histogram
    assert sum(equal.normal) + sum(equal.wanted) == 5


@pytest.mark.parametrize(
    ("scores", "labels"),
    [([], []), ([1.0, 2.0], [True]), ([np.nan, 1.0], [True, False])],
)
def test_events_that_cannot_be_compared_are_refused(scores, labels):
    with pytest.raises(InvalidEventsError):
        measures_of(np.array(scores), np.array(labels, dtype=bool), 0.5)
