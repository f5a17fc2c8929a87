import time

import numpy as np
import pytest

from deepaid_core.detectors.deeplog import DeepLogDetector
from deepaid_core.detectors.key_counts import KeyCounts
from deepaid_core.detectors.key_network import KeyNetwork
from deepaid_core.domain.batches import PADDING, SequenceBatch
from deepaid_core.domain.schema import Vocabulary
from deepaid_core.errors import InvalidEventsError
from tests.unit.sources.log_files import public_file, read

HISTORY = 6
KEYS = 12
RING = Vocabulary("ring", tuple(f"step {k}" for k in range(KEYS)))


def ring(starts: np.ndarray, length: int = 14) -> np.ndarray:
    """Windows of sessions that count upwards in a ring of 8 keys; keys 8 and up never occur."""
    sessions = (starts[:, None] + np.arange(length)) % 8
    padded = np.pad(sessions, ((0, 0), (HISTORY, 0)), constant_values=PADDING)
    windows = np.lib.stride_tricks.sliding_window_view(padded, HISTORY + 1, axis=1)
    return windows.reshape(-1, HISTORY + 1).astype(np.int64)


@pytest.fixture(scope="module")
def detector():
    normal = SequenceBatch.of_keys(RING, ring(np.arange(40)))
    small = DeepLogDetector(top=2, width=24, steps=150, batch_size=32, learning_rate=1e-2)
    return small.fit(normal)


def score(detector, windows):
    return detector.score(SequenceBatch.of_keys(RING, np.asarray(windows)))


def test_a_key_is_flagged_exactly_when_it_is_not_among_the_likeliest(detector):
    windows = ring(np.arange(8))
    after = detector.next_log_probabilities(windows[:, :-1])
    rank = (-after).argsort(axis=1).argsort(axis=1)[np.arange(len(windows)), windows[:, -1]]
    for key in range(KEYS):
        changed = windows.copy()
        changed[:, -1] = key
        rank = (-after).argsort(axis=1).argsort(axis=1)[:, key]
        np.testing.assert_array_equal(score(detector, changed) > 0, rank >= detector.top)


def test_what_always_follows_is_accepted_and_what_never_did_is_not(detector):
    windows = ring(np.arange(8))
    windows = windows[windows[:, -2] != PADDING]
    assert (score(detector, windows) <= 0).all()
    wrong = windows.copy()
    wrong[:, -1] = (wrong[:, -1] + 4) % 8
    assert (score(detector, wrong) > 0).mean() > 0.9
    chances = np.exp(detector.next_log_probabilities(windows[:, :-1]))
    np.testing.assert_allclose(chances.sum(axis=1), 1, rtol=1e-5)


def test_an_unknown_key_is_worse_than_every_known_one(detector):
    windows = ring(np.arange(8))
    worst = np.full(len(windows), -np.inf)
    for key in range(KEYS):
        windows[:, -1] = key
        worst = np.maximum(worst, score(detector, windows))
    windows[:, -1] = RING.unknown
    assert (score(detector, windows) > worst).all()
    assert (score(detector, windows) > 0).all()


def test_an_unknown_key_in_the_history_is_no_crash_and_no_information(detector):
    windows = ring(np.arange(8))
    windows[:, 2] = np.where(windows[:, 2] == PADDING, PADDING, RING.unknown)
    assert np.isfinite(score(detector, windows)).all()


def test_the_threshold_is_zero_and_says_what_that_flags(detector):
    threshold = detector.threshold(np.array([-1.0, -1.0, 0.0, 1.0]), 0.9)
    assert threshold.value == 0.0
    assert "2 likeliest" in threshold.method
    assert "25.00% of 4" in threshold.method


def test_running_step_by_step_gives_what_training_saw(detector):
    windows = ring(np.arange(8))[:, :-1]
    network = detector._network
    trained = network.logits(network.inputs(windows)).log_softmax(dim=1).detach().numpy()
    np.testing.assert_allclose(network.after(windows), trained, atol=1e-5)


@pytest.mark.parametrize("layers", [1, 2, pytest.param(3, marks=pytest.mark.slow)])
def test_substitution_equals_running_every_changed_window(layers):
    network = KeyNetwork(KEYS, width=9, layers=layers, seed=3)
    network.freeze()
    random = np.random.default_rng(0)
    histories = random.integers(-1, KEYS + 1, (5, HISTORY))
    (found,) = network.after_substitution(histories)
    for place in range(HISTORY):
        for key in range(KEYS):
            changed = histories.copy()
            changed[:, place] = key
            np.testing.assert_allclose(found[:, place, key], network.after(changed), atol=1e-5)


def test_padding_cannot_be_replaced(detector):
    windows = ring(np.arange(3))
    scores = detector.substitution_scores(windows)
    np.testing.assert_array_equal(np.isnan(scores).all(axis=2), windows[:, :-1] == PADDING)
    np.testing.assert_array_equal(np.isnan(scores).any(axis=2), windows[:, :-1] == PADDING)


def test_normal_windows_are_likelier_as_a_whole_than_shuffled_ones(detector):
    windows = ring(np.arange(8), length=20)
    windows = windows[(windows != PADDING).all(axis=1)]
    shuffled = np.random.default_rng(0).permuted(windows, axis=1)
    assert detector.log_likelihood(windows).min() > np.median(detector.log_likelihood(shuffled))
    assert np.median(detector.plausibility(windows)) < 70
    assert np.median(detector.plausibility(shuffled)) > 95


def test_a_window_of_another_length_is_refused(detector):
    with pytest.raises(InvalidEventsError, match="windows of 6 \\+ 1 keys"):
        score(detector, ring(np.arange(3))[:, 1:])


def test_a_log_with_a_single_key_is_refused():
    one = Vocabulary("one", ("only",))
    with pytest.raises(InvalidEventsError, match="has 1 key"):
        DeepLogDetector().fit(SequenceBatch.of_keys(one, np.zeros((20, 4), dtype=int)))


def test_a_key_counted_once_is_not_likelier_than_one_counted_often():
    windows = np.array([[0, 1, 2]] * 9 + [[0, 1, 3]])
    counts = KeyCounts.of(windows, 4)
    each = np.exp(counts.log_probabilities(np.array([[-1, 0, 1], [0, 1, 2], [0, 1, 3], [0, 1, 0]])))
    assert np.isnan(each[0, 0])
    assert each[1, 2] > each[2, 2] > each[3, 2] > 0
    # A triple that was seen 9 times of 10, a little of it kept for what was not.
    assert 0.75 < each[1, 2] < 0.9


def test_counted_probabilities_sum_to_one_for_every_context():
    random = np.random.default_rng(1)
    counts = KeyCounts.of(random.integers(-1, 6, (200, 4)).clip(min=0), 5)
    for before in random.integers(0, 6, (20, 2)):
        every = np.array([[*before, key] for key in range(6)] + [[*before, -1]])
        shares = np.exp(counts.log_probabilities(every)[:-1, -1])
        padding = (counts.one[6] + 0.5) / (counts.one.sum() + 3.5)
        assert 1 - padding <= shares.sum() <= 1 + 1e-9


def test_many_windows_of_a_log_that_repeats_itself_are_scored_in_a_moment(detector):
    windows = np.tile(ring(np.arange(8)), (2000, 1))
    started = time.perf_counter()
    assert len(score(detector, windows)) == len(windows) > 200_000
    assert time.perf_counter() - started < 10  # 0.5 s on an idle machine


@pytest.mark.slow
def test_most_different_abnormal_sessions_of_the_public_log_are_found():
    from deepaid_core.domain.settings import KeyFileSettings
    from deepaid_core.sources.key_files import KeyFileSource

    train = KeyFileSource(public_file("hdfs_deeplog/hdfs_train"), KeyFileSettings())
    detector = DeepLogDetector().fit(read(train))
    flagged = {}
    for name in ("normal", "abnormal"):
        path = public_file(f"hdfs_deeplog/deepaid_test_{name}.txt.gz")
        events = read(KeyFileSource(path, KeyFileSettings(shift=1), known=train.schema()))
        _, session = np.unique(events.entities.astype(str), return_inverse=True)
        worst = np.full(session.max() + 1, -np.inf)
        np.maximum.at(worst, session, detector.score(events))
        flagged[name] = (worst > 0).mean()
    assert flagged["abnormal"] > 0.98
    assert flagged["normal"] < 0.15
