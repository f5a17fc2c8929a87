import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deepaid_core.domain.batches import SequenceBatch, TabularBatch
from deepaid_core.domain.schema import Schema, Vocabulary
from deepaid_core.domain.settings import Period
from deepaid_core.workflow.findings import Flagged
from deepaid_core.workflow.periods import within


def windows(sessions):
    n = len(sessions)
    return SequenceBatch(
        schema=Vocabulary("log", ("a", "b")),
        keys=np.zeros((n, 3), dtype=np.int64),
        times=np.arange(n, dtype=float),
        entities=np.array(sessions, dtype=object),
        indices=np.arange(n),
    )


def test_of_a_session_only_the_worst_window_is_interpreted():
    flagged = Flagged.of(windows(["x", "y", "x", "x", "y"]), np.array([1.0, 5.0, 3.0, 2.0, 4.0]))
    assert flagged.interpreted.tolist() == [1, 2]
    assert flagged.stands_for.tolist() == [1, 0, 1, 1, 0]


def test_of_equally_bad_windows_the_first_speaks():
    flagged = Flagged.of(windows(["x", "x"]), np.array([2.0, 2.0]))
    assert flagged.interpreted.tolist() == [0]


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 3)), min_size=1, max_size=30))
def test_every_window_is_spoken_for_by_the_worst_of_its_own_session(rows):
    sessions, scores = [one for one, _ in rows], np.array([float(score) for _, score in rows])
    flagged = Flagged.of(windows(sessions), scores)
    for row, place in enumerate(flagged.stands_for):
        speaker = flagged.interpreted[place]
        assert sessions[speaker] == sessions[row]
        assert scores[speaker] == max(
            scores[i] for i, one in enumerate(sessions) if one == sessions[row]
        )
    assert sorted(flagged.interpreted) == flagged.interpreted.tolist()


def test_feature_vectors_each_speak_for_themselves():
    events = TabularBatch.of_values(Schema.of_numbers("t", ["a"]), np.zeros((3, 1)))
    flagged = Flagged.of(events, np.array([1.0, 2.0, 3.0]))
    assert flagged.interpreted.tolist() == flagged.stands_for.tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("period", "kept"),
    [
        (Period(), [0, 1, 2, 3]),
        (Period(since=1.0), [1, 2, 3]),
        (Period(until=2.0), [0, 1]),
        (Period(since=1.0, until=3.0), [1, 2]),
        (Period(since=9.0), []),
    ],
)
def test_a_period_takes_in_its_first_moment_and_not_its_last(period, kept):
    assert within(windows(["x"] * 4), period).indices.tolist() == kept
