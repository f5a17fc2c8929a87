import csv
import gzip
import time
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain.batches import PADDING
from deepaid_core.domain.schema import Vocabulary
from deepaid_core.domain.settings import LogSettings, Period, TableSettings
from deepaid_core.errors import CancelledError, InvalidEventsError, InvalidParameterError
from deepaid_core.sources.log_lines import LONGEST_LINE, LineTimes
from deepaid_core.sources.log_templates import Masks, TemplateMatcher, learn_templates
from deepaid_core.sources.logs import NOT_SEEN, LogSource
from tests.unit.sources.log_files import LOGIN, SAMPLE, public_file, read, stamp, syslog, written

MASKS = Masks(LogSettings(line=r"(?P<message>.*)", session=()))


def source(path, **changes) -> LogSource:
    known = {name: changes.pop(name) for name in ("known", "period") if name in changes}
    return LogSource(path, replace(LogSource.propose(path), **changes), **known)


@pytest.fixture(scope="module")
def sample():
    one = LogSource(SAMPLE, LogSource.propose(SAMPLE), period=Period(until=1795324131.421))
    started = time.process_time()
    batch = read(one)
    return one, batch, time.process_time() - started


def test_every_line_of_the_recorded_log_is_an_event_of_the_session_it_belongs_to(sample):
    one, batch, _ = sample
    assert one.report.events == one.report.seen == len(batch) == 49_123
    with gzip.open(SAMPLE.parent / "events.csv.gz", "rt") as file:
        rows = list(csv.DictReader(file))
    truth = np.array([row["session_id"] for row in rows])[batch.indices]
    # Daemons run through several sessions of the truth, as they are reloaded.
    daemons = np.array([":main:" in name or ":service:" in name for name in truth])
    kept = (truth != "") & ~daemons
    pairs = np.unique(np.stack([truth, batch.entities.astype(str)])[:, kept], axis=1)
    together = np.unique(pairs[0], return_counts=True)[1]
    apart = np.unique(pairs[1], return_counts=True)[1]
    # A login whose sudo has no process number, and a daemon's fault, are what can be missed.
    assert (together == 1).mean() > 0.995
    assert (apart == 1).mean() > 0.995


def test_reading_the_recorded_log_takes_seconds(sample):
    assert sample[2] < 20  # 4 s on an idle machine; many tests may run beside this one


def test_templates_hide_what_varies_and_keep_what_was_done(sample):
    texts = sample[0].schema().texts
    assert 30 <= len(texts) <= 60
    assert "sshd: User child is on pid <NUMBER>" in texts
    assert "sudo: <USER> : PWD=<PATH> ; USER=root ; COMMAND=/usr/bin/id" in texts
    names = ("elena", "deploy", "10.79.0", "ED25519 SHA256:x")
    assert not [text for text in texts if any(name in text for name in names)]


def test_templates_are_learned_from_the_period_only(sample):
    one, batch, _ = sample
    later = batch.times >= 1795324131.421
    unknown = batch.keys[:, -1] == one.schema().unknown
    assert not unknown[~later].any()
    assert 0.01 < unknown[later].mean() < 0.2


def test_child_sudo_and_their_lines_stay_in_the_session_of_the_login(tmp_path):
    other = (1.35, "sudo[13]", "     bob : PWD=/var/lib/bob ; USER=root ; COMMAND=/usr/bin/id")
    batch = read(source(written(tmp_path / "auth.log", syslog(*sorted((*LOGIN, other))))))
    assert sorted(set(batch.entities)) == ["web01:10", "web01:13"]
    assert (batch.entities == "web01:13").sum() == 1
    assert batch.context["position"][batch.entities == "web01:10"].tolist() == [*range(1, 8)]


def test_a_process_number_that_comes_back_is_another_session(tmp_path):
    again = tuple((when + 100, who, what) for when, who, what in LOGIN)
    batch = read(source(written(tmp_path / "auth.log", syslog(*LOGIN, *again))))
    assert batch.entities.tolist() == ["web01:10"] * 7 + ["web01:10#2"] * 7
    assert (batch.keys[7] == batch.keys[0]).all()


def test_a_pause_ends_a_session(tmp_path):
    path = written(tmp_path / "a.log", syslog((0, "app[1]", "start"), (500, "app[1]", "go on")))
    assert len(set(read(source(path)).entities)) == 1
    assert len(set(read(source(path, pause_s=60.0)).entities)) == 2


def test_windows_reach_back_as_padding_and_no_line_is_dropped(tmp_path):
    path = written(tmp_path / "auth.log", syslog(*LOGIN))
    batch = read(source(path, history=3))
    assert batch.keys.shape == (7, 4)
    last = batch.keys[:, -1]
    padded = np.concatenate([[PADDING] * 3, last])
    np.testing.assert_array_equal(batch.keys, np.lib.stride_tricks.sliding_window_view(padded, 4))


@pytest.mark.parametrize("size", [1, 3, 100])
def test_what_a_batch_holds_does_not_depend_on_its_size(tmp_path, size):
    path = written(tmp_path / "auth.log.gz", syslog(*LOGIN))
    whole, parts = read(source(path)), read(source(path), size)
    np.testing.assert_array_equal(whole.keys, parts.keys)
    assert whole.context["line"].tolist() == parts.context["line"].tolist()
    assert whole.entities.tolist() == parts.entities.tolist()


def test_lines_of_no_known_template_are_unknown_and_still_shown(tmp_path):
    known = source(written(tmp_path / "a.log", syslog(*LOGIN))).schema()
    odd = (1.25, "sshd[11]", "error: <b>never</b> [seen](http://x) before")
    path = written(tmp_path / "b.log", syslog(*sorted((*LOGIN, odd))))
    batch = read(source(path, known=known))
    where = batch.keys[:, -1] == known.unknown
    assert where.sum() == 1
    assert batch.context["line"][where][0].endswith(odd[2])
    assert batch.context["template"][where][0].endswith(NOT_SEEN)
    assert batch.schema is known


def test_parameters_are_told(tmp_path):
    batch = read(source(written(tmp_path / "auth.log", syslog(*LOGIN))))
    assert batch.context["parameters"][1] == ("user=ana, ip=10.0.0.5, number=4001, key=SHA256:ab")
    assert batch.context["host"][0] == "web01"
    assert batch.context["process"][4] == "sudo"


def test_rows_and_surroundings_are_those_of_the_events(sample):
    one, batch, _ = sample
    picked = np.array([100, 5000, 40_000])
    positions, times, columns = one.rows(batch.indices[picked])
    np.testing.assert_array_equal(positions, batch.indices[picked])
    np.testing.assert_array_equal(times, batch.times[picked])
    assert columns["line"].tolist() == batch.context["line"][picked].tolist()
    raw = one.around(batch.indices[picked], batch.entities[picked])
    for place, row in enumerate(picked):
        near = raw.positions[raw.near[place]]
        session = batch.indices[batch.entities == batch.entities[row]]
        assert batch.indices[row] in near
        assert set(near) <= set(session)
        assert len(near) == min(len(session), len(near)) <= 201
    assert {"line", "template", "parameters", "position"} <= set(raw.columns)


def test_only_the_lines_nearest_to_an_event_of_a_long_session_are_shown(tmp_path):
    lines = [(float(i), "app[1]", f"step {i}") for i in range(1000)]
    one = source(written(tmp_path / "a.log", syslog(*lines)))
    raw = one.around(np.array([500]), np.array(["web01:1"], dtype=object))
    assert raw.positions[raw.near[0]].tolist() == list(range(400, 601))


@pytest.mark.parametrize(
    ("text", "session"),
    [
        (f"{stamp(1)} h p[1]: m\n", ("host", "pid")),
        ("Nov 22 05:01:06 h proc[12]: m\n", ("host", "pid")),
        ("<34>Nov  2 05:01:06 h su: m\n", ("host", "pid")),
        ("081109 203615 148 INFO dfs.DataNode: served blk_-16 to /10.2.1.4\n", ("block",)),
        ("2026-11-22 05:01:06,123 something happened\n", ()),
        ("[Sun Dec 04 04:47:44 2005] [notice] ready\n", ()),
        ("no form at all\n", ()),
    ],
)
def test_the_form_of_a_log_is_guessed(tmp_path, text, session):
    path = written(tmp_path / "a.log", text * 20)
    proposed = LogSource.propose(path)
    assert proposed.session == session
    batch = read(LogSource(path, proposed))
    assert len(batch) == 20
    assert np.isfinite(batch.times).all()


def test_the_assumed_year_stands_in_the_settings(tmp_path):
    path = written(tmp_path / "a.log", "Dec 31 23:59:59 h p[1]: m\nJan  1 00:00:01 h p[1]: m\n")
    now = datetime.now(UTC)
    assert LogSource.propose(path).year == now.year - (now.month < 12)
    times = read(source(path, year=2027)).times
    assert datetime.fromtimestamp(times[0], UTC).year == 2027
    assert times[1] - times[0] == 2.0


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:01+00:00", 1.0),
        ("1970-01-01 01:00:01.5+01:00", 1.5),
        ("1970-01-01T00:00:02", 2.0),
        ("01/Jan/1970:00:00:03 +0000", 3.0),
        ("Thu Jan 01 00:00:04 1970", 4.0),
        ("5.25", 5.25),
    ],
)
def test_times_are_read_in_many_forms(text, seconds):
    assert LineTimes().seconds(text) == seconds


def test_what_is_no_time_is_told_as_such():
    times = LineTimes()
    assert times.seconds("yesterday") is None
    assert times.seconds("1970-01-01T00:00:01") == 1.0
    assert times.seconds("1970-13-01T00:00:01") is None


def test_lines_of_another_form_are_counted_and_keep_their_place(tmp_path):
    text = syslog(*LOGIN[:2]) + "\tat some.trace\n" + syslog(*LOGIN[2:])
    one = source(written(tmp_path / "a.log", text * 5))
    batch = read(one)
    assert batch.indices.tolist()[:4] == [0, 1, 3, 4]
    assert one.report.skipped == (("lines not of the expected form", 5),)


def test_bytes_that_are_no_text_and_endless_lines_are_read(tmp_path):
    lines = [syslog((i, "app[1]", "fine")).encode() for i in range(8)]
    odd = syslog((9, "app[1]", "x")).encode()[:-1] + b"\xff\x00\x1b[31m\x0b\x85" + b"A" * 50_000
    batch = read(source(written(tmp_path / "a.log", b"".join([*lines, odd, b"\n"]))))
    assert len(batch) == 9
    assert len(batch.context["line"][-1]) <= LONGEST_LINE
    assert len(batch.schema.texts[batch.keys[-1, -1]]) <= 1100


def test_a_log_that_cannot_be_used_says_why(tmp_path):
    path = written(tmp_path / "a.log", "no syslog\n" * 3)
    asked = replace(LogSource.propose(path), line=r"^(?P<time>\d+) (?P<message>.*)$")
    with pytest.raises(InvalidEventsError, match=r"None of the 3 lines of 'a\.log'"):
        read(LogSource(path, asked))
    with pytest.raises(InvalidEventsError, match="cannot be read"):
        read(LogSource(tmp_path / "missing.log", asked))
    with pytest.raises(InvalidEventsError, match="no line"):
        LogSource.propose(written(tmp_path / "empty.log", ""))
    cut = written(tmp_path / "cut.log", gzip.compress(syslog(*LOGIN).encode() * 100)[:-20])
    with pytest.raises(InvalidEventsError, match="cut off"):
        read(LogSource(cut, LogSettings(line=r"(?P<message>.*)", session=())))
    with pytest.raises(InvalidEventsError, match="period"):
        source(written(tmp_path / "b.log", syslog(*LOGIN)), period=Period(until=1.0)).schema()


@pytest.mark.parametrize(
    "changes",
    [
        {"line": "("},
        {"line": "(?P<time>.*)"},
        {"session": ("nothing",)},
        {"child": "no group"},
        {"masks": (("X", "["),)},
        {"similarity": 0.0},
        {"history": 0},
        {"pause_s": -1.0},
    ],
)
def test_settings_that_cannot_work_are_refused_with_a_sentence(tmp_path, changes):
    path = written(tmp_path / "a.log", syslog(*LOGIN))
    with pytest.raises(InvalidParameterError) as error:
        source(path, **changes)
    assert str(error.value).endswith(".")


def test_settings_and_detectors_of_another_kind_are_refused(tmp_path):
    with pytest.raises(InvalidParameterError, match="another kind"):
        LogSource.open(tmp_path / "a.log", TableSettings(numbers=("x",)))


def test_cancelling_and_progress(tmp_path):
    path = written(tmp_path / "a.log", syslog(*LOGIN))
    with pytest.raises(CancelledError):
        read(LogSource(path, LogSource.propose(path), cancelled=lambda: True))
    told = []
    read(LogSource(path, LogSource.propose(path), progress=lambda share, text: told.append(share)))
    assert told
    assert all(0 <= share <= 1 for share in told)


@pytest.mark.parametrize(
    ("message", "shape"),
    [
        ("from 10.1.2.3 port 22", "from <IP> port <NUMBER>"),
        ("on fe80::1 and ::", "on <IP> and <IP>"),
        ("at 02:4c:0a:00:00:01 now", "at <MAC> now"),
        ("open /etc/passwd (0x1f) -5 3.5", "open <PATH> (<HEX>) <NUMBER> <NUMBER>"),
        ("ssh2 ED25519 x1 v1.2.3", "ssh2 ED25519 x1 v1.2.3"),
        ("COMMAND=/usr/bin/id", "COMMAND=/usr/bin/id"),
    ],
)
def test_common_variable_parts_are_hidden(message, shape):
    assert MASKS.shape("", message)[0] == shape


@given(st.text())
def test_hiding_never_fails_and_a_shape_has_single_spaces(message):
    shape, _ = MASKS.shape("p", message)
    assert shape == " ".join(shape.split())


WORDS = st.lists(st.sampled_from(["open", "close", "file", "user", "a", "b"]), min_size=1)


@settings(deadline=None)
@given(st.lists(WORDS, min_size=1, max_size=30), st.sampled_from([0.4, 0.7, 1.0]))
def test_every_line_that_was_learned_from_fits_a_template(lines, similarity):
    shapes = dict.fromkeys(" ".join(words) for words in lines)
    vocabulary = learn_templates([(shape, "") for shape in shapes], "log", similarity)
    matcher = TemplateMatcher(vocabulary)
    assert all(matcher.key(shape) < vocabulary.unknown for shape in shapes)


def test_the_template_with_fewest_wildcards_fits_first():
    matcher = TemplateMatcher(Vocabulary("log", ("<*> b c", "a b <*>", "a b c", "a <*> <*>")))
    shapes = ("a b c", "a b x", "z b c", "a y x", "a b", "q q q")
    assert [matcher.key(shape) for shape in shapes] == [2, 1, 0, 3, 4, 4]


@pytest.mark.parametrize("name", ["OpenSSH_2k", "HDFS_2k", "Linux_2k", "Apache_2k"])
def test_public_logs_get_about_as_many_templates_as_people_found(name):
    path = public_file(f"loghub/{name}.log")
    with public_file(f"loghub/{name}.log_templates.csv").open() as file:
        expected = sum(1 for _ in csv.DictReader(file))
    one = source(path)
    batch = read(one)
    assert len(batch) >= 1999  # one line of Linux has no message
    assert expected / 2 <= len(one.schema()) <= expected * 2
