"""Tables of logins."""

import csv
import gzip
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepaid_core.domain.batches import LinkBatch
from deepaid_core.domain.schema import LinkSchema, Schema
from deepaid_core.domain.settings import LoginSettings, SeriesSettings
from deepaid_core.errors import (
    CancelledError,
    DetectorMismatchError,
    InvalidEventsError,
    InvalidParameterError,
)
from deepaid_core.sources.logins import LoginSource

SAMPLE = Path(__file__).parents[3] / "sample_data/auth_graph/auth_events.csv"
SETTINGS = LoginSettings(
    time="when", user="account", source="client", destination="server", outcome="result"
)
ROWS = [
    ("2026-01-05T08:00:00Z", "ada", "ws01", "mail01", "success"),
    ("2026-01-05T08:00:10Z", "ben", "ws02", "mail01", "FAILURE"),
    ("2026-01-05T08:00:20Z", "<b>x</b>", "ws01", "=cmd()", "Success"),
    ("2026-01-05T08:00:30Z", " ada ", "ws01", "git01", "denied"),
]


def frame(rows=ROWS):
    return pd.DataFrame(rows, columns=["when", "account", "client", "server", "result"])


def write(tmp_path, rows=ROWS, name="logins.csv"):
    path = tmp_path / name
    frame(rows).to_csv(path, index=False)
    return path


def read(path, settings=SETTINGS, size=8192):
    return LinkBatch.concatenate(list(LoginSource(path, settings).batches(size)))


def assert_same(one, other):
    np.testing.assert_array_equal(one.nodes, other.nodes)
    np.testing.assert_array_equal(one.succeeded, other.succeeded)
    np.testing.assert_array_equal(one.times, other.times)
    np.testing.assert_array_equal(one.indices, other.indices)
    assert list(one.context) == list(other.context)
    for name, column in one.context.items():
        np.testing.assert_array_equal(column, other.context[name])


def test_each_row_is_a_login_about_its_user(tmp_path):
    batch = read(write(tmp_path))
    assert batch.nodes.tolist() == [
        ["ada", "ws01", "mail01"],
        ["ben", "ws02", "mail01"],
        ["<b>x</b>", "ws01", "=cmd()"],
        ["ada", "ws01", "git01"],
    ]
    assert batch.entities.tolist() == ["ada", "ben", "<b>x</b>", "ada"]
    assert batch.succeeded.tolist() == [True, False, True, False]
    assert (batch.times - batch.times[0]).tolist() == [0.0, 10.0, 20.0, 30.0]
    assert batch.context["outcome"].tolist() == ["success", "FAILURE", "Success", "denied"]


def test_plain_packed_and_parquet_files_give_the_same_logins(tmp_path):
    plain = write(tmp_path)
    packed = tmp_path / "logins.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    frame().to_parquet(tmp_path / "logins.parquet")
    assert_same(read(packed), read(plain))
    assert_same(read(tmp_path / "logins.parquet"), read(plain))


def test_what_is_read_does_not_depend_on_the_size_of_batches(tmp_path):
    assert_same(read(write(tmp_path), size=1), read(write(tmp_path)))
    with pytest.raises(InvalidParameterError, match="0 events"):
        LoginSource(write(tmp_path), SETTINGS).batches(0)


def test_without_an_outcome_column_every_login_was_let_in(tmp_path):
    batch = read(write(tmp_path), replace(SETTINGS, outcome=""))
    assert batch.succeeded.all()
    assert "outcome" not in batch.context


@pytest.mark.parametrize("dtype", [int, float, bool])
def test_outcomes_of_parquet_may_be_numbers(tmp_path, dtype):
    values = frame()
    values["result"] = np.array([1, 0, 1, 1]).astype(dtype)
    values.to_parquet(tmp_path / "logins.parquet")
    assert read(tmp_path / "logins.parquet").succeeded.tolist() == [True, False, True, True]


def test_a_login_without_a_name_or_a_time_is_refused_with_its_row(tmp_path):
    rows = [*ROWS, ("2026-01-05T08:00:40Z", "ada", "", "git01", "success")]
    with pytest.raises(InvalidEventsError, match=r"row 5, column 'client': '' is empty"):
        read(write(tmp_path, rows))
    rows = [*ROWS, ("soon", "ada", "ws01", "git01", "success")]
    with pytest.raises(InvalidEventsError, match=r"row 5, column 'when': 'soon' is not a time"):
        read(write(tmp_path, rows))


def test_bad_rows_can_be_left_out_and_are_counted(tmp_path):
    bad = ("2026-01-05T08:00:05Z", "", "ws01", "git01", "success")
    path = write(tmp_path, [ROWS[0], bad, *ROWS[1:]])
    source = LoginSource(path, replace(SETTINGS, skip_bad_rows=True))
    batch = LinkBatch.concatenate(list(source.batches()))
    assert batch.nodes.tolist() == read(write(tmp_path, name="good.csv")).nodes.tolist()
    assert batch.indices.tolist() == [0, 2, 3, 4]
    assert (source.report.events, source.report.seen) == (4, 5)
    assert source.report.skipped == (("rows without a name or a time", 1),)


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(InvalidEventsError, match="no column 'host'"):
        read(write(tmp_path), replace(SETTINGS, source="host"))


def test_settings_that_make_no_sense_are_refused(tmp_path):
    path = write(tmp_path)
    with pytest.raises(InvalidParameterError, match="for the source"):
        LoginSource(path, replace(SETTINGS, source=""))
    with pytest.raises(InvalidParameterError, match="'client' is named for two"):
        LoginSource(path, replace(SETTINGS, destination="client"))
    with pytest.raises(InvalidParameterError, match="SeriesSettings"):
        LoginSource.open(path, SeriesSettings(columns=("a",)))
    with pytest.raises(DetectorMismatchError, match="'planted'"):
        LoginSource.open(path, SETTINGS, known=Schema.of_numbers("planted", ["a"]))
    assert LoginSource.open(path, SETTINGS, known=LinkSchema()).schema() == LinkSchema()


def test_reading_can_be_cancelled(tmp_path):
    source = LoginSource(write(tmp_path), SETTINGS, cancelled=lambda: True)
    with pytest.raises(CancelledError):
        list(source.batches())


def test_rows_can_be_read_again(tmp_path):
    positions, times, columns = LoginSource(write(tmp_path), SETTINGS).rows(np.array([1, 3, 9]))
    assert positions.tolist() == [1, 3]
    assert np.diff(times).tolist() == [20.0]
    assert columns["destination"].tolist() == ["mail01", "git01"]


def test_evidence_is_what_the_user_and_the_source_did_around_a_login(tmp_path):
    others = [("cho", "ws03")] * 40
    pairs = [("ada", "ws01"), *others, ("ada", "ws09"), ("eve", "ws02"), *others]
    rows = [
        (f"2026-01-05T{8 + i // 60:02d}:{i % 60:02d}:00Z", user, source, "mail01", "success")
        for i, (user, source) in enumerate([*pairs, ("ada", "ws02"), ("ben", "ws02")])
    ]
    raw = LoginSource(write(tmp_path, rows), SETTINGS).around(
        np.array([83]), np.array(["ada"], dtype=object)
    )
    assert raw.positions[raw.near[0]].tolist() == [0, 41, 42, 83, 84]
    assert raw.columns["user"][raw.near[0]].tolist() == ["ada", "ada", "eve", "ada", "ben"]


def test_columns_are_proposed_by_their_names(tmp_path):
    assert LoginSource.propose(SAMPLE) == LoginSettings(
        time="time",
        user="user",
        source="src_host",
        destination="dst_host",
        outcome="success",
        success=("1",),
    )
    path = tmp_path / "windows.csv"
    path.write_text(
        "EventTime,TargetUserName,IpAddress,Computer,Result\n"
        "2026-01-05T08:00:00Z,ada,10.0.0.1,dc01,Granted\n"
    )
    proposed = LoginSource.propose(path)
    assert (proposed.user, proposed.source) == ("TargetUserName", "IpAddress")
    assert (proposed.destination, proposed.outcome) == ("Computer", "Result")
    assert proposed.success == ("granted",)


@pytest.mark.parametrize(
    "truth", ["label", "note", "is_attack", "ground_truth", "red_team", "class", "y", "malicious"]
)
def test_no_column_with_the_truth_is_ever_proposed(tmp_path, truth):
    path = tmp_path / "labelled.csv"
    path.write_text(f"{truth},time,user\n1,2026-01-05T08:00:00Z,ada\n")
    proposed = LoginSource.propose(path)
    assert (proposed.time, proposed.user) == ("time", "user")
    assert (proposed.source, proposed.destination, proposed.outcome) == ("", "", "")


def test_a_column_whose_values_do_not_say_yes_is_no_outcome(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_text("time,user,src,dst,status\n2026-01-05,ada,a,b,0x17\n")
    assert LoginSource.propose(path).outcome == ""


def test_the_truth_in_the_sample_is_never_read(tmp_path):
    with SAMPLE.open(newline="") as file:
        rows = list(csv.DictReader(file))[:300]
    for poisoned in (False, True):
        with (tmp_path / f"{poisoned}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, rows[0])
            writer.writeheader()
            for i, row in enumerate(rows):
                truth = {"label": f"{i}?", "note": '"lateral"\n movement'} if poisoned else {}
                writer.writerow({**row, **truth})
    clean, poisoned = tmp_path / "False.csv", tmp_path / "True.csv"
    assert LoginSource.propose(poisoned) == LoginSource.propose(clean)
    settings = LoginSource.propose(clean)
    assert_same(read(poisoned, settings), read(clean, settings))


def test_the_sample_has_the_logins_that_its_notes_count():
    batch = read(SAMPLE, LoginSource.propose(SAMPLE))
    assert len(batch) == 4460
    assert (~batch.succeeded).sum() == 44
    assert (np.diff(batch.times) > 0).all()
