import os
import time

import pytest

from deepaid_core.workflow.preparation import announced, preparation


def test_nobody_at_work_is_none(tmp_path):
    assert preparation(tmp_path) is None


def test_others_read_what_was_reported_and_nothing_once_it_is_over(tmp_path):
    told = []
    with announced(tmp_path, lambda share, text: told.append((share, text))) as report:
        assert preparation(tmp_path).share == 0.0
        time.sleep(0.3)
        report(0.5, "half <b>of it</b>")
        said = preparation(tmp_path)
        assert (said.share, said.text) == (0.5, "half <b>of it</b>")
    assert told == [(0.5, "half <b>of it</b>")]
    assert preparation(tmp_path) is None
    assert list(tmp_path.iterdir()) == []


def test_an_error_leaves_no_trace(tmp_path):
    with pytest.raises(RuntimeError), announced(tmp_path, lambda share, text: None):
        raise RuntimeError
    assert preparation(tmp_path) is None


def test_the_last_word_of_a_killed_process_is_forgotten(tmp_path):
    path = tmp_path / "preparing.json"
    path.write_text('{"share": 0.4, "text": "Reading"}')
    assert preparation(tmp_path).share == 0.4
    long_ago = time.time() - 60
    os.utime(path, (long_ago, long_ago))
    assert preparation(tmp_path) is None


@pytest.mark.parametrize("content", ["", "[]", '{"share": "x"}', '{"share": {}, "text": 1}', "\0"])
def test_a_damaged_note_is_no_note(tmp_path, content):
    (tmp_path / "preparing.json").write_text(content)
    assert preparation(tmp_path) is None
