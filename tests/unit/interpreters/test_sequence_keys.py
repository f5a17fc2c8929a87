import time
from itertools import pairwise

import numpy as np
import pytest

from deepaid_core.detectors.deeplog import DeepLogDetector
from deepaid_core.detectors.trained import train_detector
from deepaid_core.domain.batches import PADDING, SequenceBatch
from deepaid_core.domain.details import SequenceDetails
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.settings import KeyFileSettings
from deepaid_core.errors import DetectorMismatchError
from deepaid_core.interpreters.base import Context
from deepaid_core.interpreters.key_search import DEPTH
from deepaid_core.interpreters.sequence import UNKNOWN_TEXT, KeySubstitutionInterpreter
from deepaid_core.sources.key_files import KeyFileSource
from deepaid_core.testing.planted import planted, trained
from tests.unit.sources.log_files import public_file, read


@pytest.fixture(scope="module")
def one():
    return trained(DeepLogDetector)


@pytest.fixture(scope="module")
def plants(one):
    """Flagged anomalies of each plant, with the windows they were made from, and the answers."""
    found = {}
    for plant in planted(Modality.SEQUENCE).plants:
        rows = one.detector.score(plant.events) > 0
        events, before = plant.events.take(rows), plant.originals.take(rows)
        answers = KeySubstitutionInterpreter().interpret(events, context(one))
        found[plant.name] = events, before, list(answers)
    return found


@pytest.fixture(scope="module")
def public():
    """A detector of the public sessions, and different windows of theirs that it flags."""
    train = KeyFileSource(public_file("hdfs_deeplog/hdfs_train"), KeyFileSettings())
    normal = read(train)
    detector = train_detector(
        normal.take(np.arange(30_000)),
        lambda: DeepLogDetector(steps=200, width=32),
        name="hdfs",
        kind="deeplog",
        trained_on="",
        trained_on_sha256="",
        quantile=0.99,
    )
    path = public_file("hdfs_deeplog/deepaid_test_abnormal.txt.gz")
    events = read(KeyFileSource(path, KeyFileSettings(shift=1), known=train.schema()))
    events = events.take(detector.detector.score(events) > 0)
    different = np.unique(events.keys, axis=0)
    random = np.random.default_rng(0)
    chosen = different[random.permutation(len(different))[:150]]
    return detector, SequenceBatch.of_keys(normal.schema, chosen)


def context(one, **changes):
    return Context(one.detector, one.threshold, one.profile, **changes)


def single_edits(window, vocabulary):
    """Every window that differs from one in a single key of its history."""
    edits = []
    for place in np.flatnonzero(window[:-1] != PADDING):
        for key in range(len(vocabulary)):
            edits.append(window.copy())
            edits[-1][place] = key
    return np.array(edits).reshape(-1, len(window))


def test_a_wrong_key_in_the_history_is_named_and_put_right(plants):
    for name, (_, before, answers) in plants.items():
        if "history" in name:
            right = [
                one.reference == tuple(map(float, keys))
                for one, keys in zip(answers, before.keys.tolist(), strict=True)
            ]
            assert len(right) >= 30
            assert np.mean(right) > 0.9, name


def test_a_wrong_next_key_is_named_and_said_to_have_no_other_answer(plants):
    _, _, answers = plants["wrong next key"]
    assert len(answers) >= 30
    for one in answers:
        assert [deviation.field for deviation in one.deviations] == ["position:0"]
        assert one.details.history_edits == 0
        assert one.details.next_key.text == one.details.reference[-1]


def test_the_flagged_key_answer_stands_beside_the_history_edit(plants):
    for name, (events, _, answers) in plants.items():
        if "history" in name:
            for one in answers:
                assert one.details.history_edits == len(one.deviations)
                assert one.details.next_key.score <= 0
                assert one.details.observed[-1] == one.details.reference[-1]
                assert one.deviations[0].title.endswith("before the flagged line")
            assert len(events) == len(answers)


def test_details_show_templates_and_probabilities(one, plants):
    vocabulary = one.detector.vocabulary
    for events, _, answers in plants.values():
        for keys, answer in zip(events.keys.tolist(), answers, strict=True):
            details = answer.details
            assert isinstance(details, SequenceDetails)
            texts = (*vocabulary.texts, UNKNOWN_TEXT, "")  # padding is -1: the last one
            assert details.observed == tuple(texts[key] for key in keys)
            chances = [likely.probability for likely in details.expected]
            assert chances == sorted(chances, reverse=True)
            assert len(chances) == details.top == one.detector.accepted_keys()
            assert details.observed_probability < chances[-1]
            assert 0 <= details.reference_probability <= 1


def test_the_beginning_of_a_session_is_never_edited(one):
    random = np.random.default_rng(0)
    keys = random.integers(0, len(one.detector.vocabulary), (60, 11))
    keys[np.arange(11) < random.integers(0, 10, 60)[:, None]] = PADDING
    events = SequenceBatch.of_keys(one.detector.vocabulary, keys)
    events = events.take(one.detector.score(events) > 0)
    for window, answer in zip(
        events.keys, KeySubstitutionInterpreter().interpret(events, context(one)), strict=True
    ):
        reference = np.array(answer.reference)
        np.testing.assert_array_equal(reference == PADDING, window == PADDING)
        assert answer.details.history_edits <= DEPTH
        assert (reference[:-1] != window[:-1]).sum() == answer.details.history_edits


def test_locked_positions_stay(one, plants):
    events, _, answers = plants["wrong place in the history"]
    (field,) = {deviation.field for one in answers for deviation in one.deviations}
    locked = KeySubstitutionInterpreter().interpret(events, context(one, locked=frozenset({field})))
    assert all(field not in {d.field for d in answer.deviations} for answer in locked)
    both = frozenset({f"position:{place}" for place in range(-10, 1)})
    nothing = KeySubstitutionInterpreter().interpret(events, context(one, locked=both))
    assert not nothing.verified.any()
    assert all(answer.deviations == () and answer.details.next_key is None for answer in nothing)


def test_shorter_answers_come_first_and_no_more_deviations_than_allowed(one):
    random = np.random.default_rng(1)
    keys = random.integers(0, len(one.detector.vocabulary), (40, 11))
    events = SequenceBatch.of_keys(one.detector.vocabulary, keys)
    events = events.take(one.detector.score(events) > 0)
    by_depth = [
        [
            answer.details.history_edits
            for answer in KeySubstitutionInterpreter().interpret(
                events, context(one, max_deviations=depth)
            )
        ]
        for depth in (1, 2, 3, 10)
    ]
    for shallow, deep in pairwise(by_depth):
        for few, many in zip(shallow, deep, strict=True):
            assert few in (0, many)
    assert set(by_depth[0]) <= {0, 1}
    assert max(by_depth[3]) <= DEPTH


def test_only_detectors_of_keys_are_supported():
    class Other:
        modality = Modality.SERIES

    assert "log keys" in KeySubstitutionInterpreter().supports(Other())
    Other.modality = Modality.SEQUENCE
    assert "predicts no keys" in KeySubstitutionInterpreter().supports(Other())
    events = planted(Modality.SEQUENCE).fresh
    with pytest.raises(DetectorMismatchError):
        KeySubstitutionInterpreter().interpret(events, Context(Other(), None, None))


@pytest.mark.slow
def test_every_single_edit_of_the_history_that_exists_is_found_on_public_sessions(public):
    detector, events = public
    events = events.take(np.arange(100))
    answers = KeySubstitutionInterpreter().interpret(events, context(detector))
    exists = []
    for window, answer in zip(events.keys, answers, strict=True):
        edits = single_edits(window, events.schema)
        batch = SequenceBatch.of_keys(events.schema, edits)
        accepted = edits[detector.detector.score(batch) <= 0] if len(edits) else edits
        exists.append(len(accepted) > 0)
        assert (answer.details.history_edits == 1) == exists[-1]
        if len(accepted):
            # Of all of them it is the likeliest one.
            reference = np.array([answer.reference], dtype=np.int64)
            likeliest = detector.detector.log_likelihood(accepted).max()
            assert detector.detector.log_likelihood(reference)[0] == pytest.approx(likeliest)
        elif answer.details.history_edits == 0:
            assert [one.field for one in answer.deviations] == ["position:0"]
    assert 0.02 < np.mean(exists) < 0.98


@pytest.mark.slow
def test_interpreting_takes_seconds_for_hundreds_and_little_for_one(public):
    detector, events = public
    started = time.process_time()
    answers = KeySubstitutionInterpreter().interpret(events, context(detector))
    assert answers.verified.all()
    assert time.process_time() - started < 15  # 1 s on an idle machine
    singles = []
    for row in range(10):
        started = time.perf_counter()
        KeySubstitutionInterpreter().interpret(events.take(np.array([row])), context(detector))
        singles.append(time.perf_counter() - started)
    assert np.median(singles) < 0.3  # 20 ms on an idle machine
