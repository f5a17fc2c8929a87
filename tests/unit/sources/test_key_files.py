import numpy as np
import pytest

from deepaid_core.domain.batches import PADDING
from deepaid_core.domain.settings import KeyFileSettings, LogSettings
from deepaid_core.errors import CancelledError, InvalidEventsError, InvalidParameterError
from deepaid_core.sources.key_files import KeyFileSource
from tests.unit.sources.log_files import public_file, read, written

TEXT = "5 5 22\n\n9 -1 -1\n22 5 9 9\n"


@pytest.fixture
def path(tmp_path):
    return written(tmp_path / "keys.txt", TEXT)


def test_each_key_is_an_event_after_the_keys_before_it(path):
    batch = read(KeyFileSource(path, KeyFileSettings(history=2)))
    assert batch.schema.texts == ("5", "9", "22")
    p = PADDING
    expected = [[p, p, 0], [p, 0, 0], [0, 0, 2], [p, p, 1], [p, p, 2], [p, 2, 0], [2, 0, 1]]
    assert batch.keys.tolist() == [*expected, [0, 1, 1]]
    assert batch.entities.tolist() == ["session 1"] * 3 + ["session 3"] + ["session 4"] * 4
    assert batch.indices.tolist() == list(range(8))


@pytest.mark.parametrize("size", [1, 2, 100])
def test_what_a_batch_holds_does_not_depend_on_its_size(path, size):
    one = KeyFileSource(path, KeyFileSettings(history=2))
    np.testing.assert_array_equal(read(one).keys, read(one, size).keys)
    assert max(len(batch) for batch in one.batches(size)) <= max(size, 1)


def test_a_file_that_counts_from_zero_can_be_shifted(tmp_path, path):
    known = KeyFileSource(path, KeyFileSettings()).schema()
    other = written(tmp_path / "zero.gz", "4 4 21 99")
    batch = read(KeyFileSource(other, KeyFileSettings(shift=1), known=known))
    assert batch.keys[:, -1].tolist() == [0, 0, 2, known.unknown]


def test_surroundings_are_the_session(path):
    one = KeyFileSource(path, KeyFileSettings())
    raw = one.around(np.array([5, 3]), np.array(["session 4", "session 3"], dtype=object))
    assert [raw.positions[near].tolist() for near in raw.near] == [[4, 5, 6, 7], [3]]
    assert raw.columns["key"].tolist() == ["9", "22", "5", "9", "9"]
    positions, _, columns = one.rows(np.array([2, 4, 50]))
    assert positions.tolist() == [2, 4]
    assert columns["position"].tolist() == [3, 1]


@pytest.mark.parametrize("word", ["x", "1.5", "-2", "99999999999999999999", "²"])
def test_what_is_no_key_is_named_with_its_line(tmp_path, word):
    bad = written(tmp_path / "keys.txt", f"1 2\n3 {word}\n")
    with pytest.raises(InvalidEventsError, match=f"Line 2 of 'keys.txt' holds '{word}'"):
        KeyFileSource(bad, KeyFileSettings()).schema()


def test_files_and_settings_that_cannot_work_are_refused(tmp_path, path):
    with pytest.raises(InvalidEventsError, match="no key"):
        KeyFileSource(written(tmp_path / "e.txt", "\n"), KeyFileSettings()).schema()
    with pytest.raises(InvalidParameterError):
        KeyFileSource(path, KeyFileSettings(history=0))
    with pytest.raises(InvalidParameterError, match="KeyFileSettings"):
        KeyFileSource.open(path, LogSettings(line="(?P<message>.*)", session=()))
    with pytest.raises(CancelledError):
        KeyFileSource.open(path, KeyFileSettings(), cancelled=lambda: True).schema()


def test_the_public_sessions_are_read_whole():
    one = KeyFileSource(public_file("hdfs_deeplog/hdfs_train"), KeyFileSettings())
    batch = read(one)
    assert len(set(batch.entities)) == 4855
    assert one.report.events == len(batch) == 95_125
    assert {int(text) for text in batch.schema.texts} <= set(range(1, 27))
