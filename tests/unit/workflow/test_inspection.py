import gzip
import json

import pandas as pd
import pytest

from deepaid_core.domain.schema import Schema
from deepaid_core.domain.settings import (
    CaptureSettings,
    LoginSettings,
    LogSettings,
    Period,
    SeriesSettings,
    TableSettings,
)
from deepaid_core.errors import CancelledError, DeepAidError, InvalidParameterError
from deepaid_core.registry import SOURCES
from deepaid_core.workflow.demo import sample_data
from deepaid_core.workflow.inspection import KINDS, columns_of, fits, offered, proposal
from deepaid_core.workflow.previews import preview, try_log
from deepaid_core.workflow.sniffing import sniff
from deepaid_core.workflow.validation import validate
from tests.factories import make_detector_record
from tests.unit.sources.table_files import connections, connections_csv, public_table

RECORDED = {
    "network/train_benign.pcap.gz": "capture",
    "logs/auth.log.gz": "log",
    "logs/nginx_access.log.gz": "log",
    "auth_graph/dropbear.log.gz": "log",
    "logs/sessions.csv": "table",
    "timeseries/train.csv.gz": "series",
    "auth_graph/auth_events.csv": "logins",
}


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return connections_csv(tmp_path_factory.mktemp("tables") / "connections.csv", 3000)


def given(tmp_path, text, name="given"):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_every_source_has_a_name_in_an_analysts_words():
    assert set(SOURCES) <= set(KINDS)
    assert set(offered()) == set(SOURCES)


@pytest.mark.parametrize(("name", "kind"), RECORDED.items())
def test_recorded_files_are_told_by_their_content(name, kind, tmp_path):
    renamed = tmp_path / "download"
    renamed.write_bytes((sample_data() / name).read_bytes())
    assert sniff(renamed) == kind
    assert preview(renamed, kind, proposal(renamed, kind), limit=5).rows


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("nsl_kdd/KDDTrain+_20Percent.txt.gz", "table"),
        ("hdfs_deeplog/hdfs_train", "keys"),
        ("hdfs_deeplog/deepaid_test_normal.txt.gz", "keys"),
        ("loghub/HDFS_2k.log", "log"),
        ("loghub/Apache_2k.log", "log"),
    ],
)
def test_public_files_are_told_by_their_content(name, kind):
    assert sniff(public_table(name)) == kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("5 5 22 5 11\n5 22 9\n", "keys"),
        ("time,cpu,memory,disk\n" + "".join(f"{n},1,2,3\n" for n in range(9)), "series"),
        ("time,user,src_host,dst_host\n1,a,b,c\n2,a,b,d\n", "logins"),
        ("a;b;c\n1;2;3\n4;5;6\n", "table"),
        ('{"a": 1, "b": 2, "c": 3}\n' * 9, "log"),
        ("2026-03-01 10:00:00,123 INFO started\n2026-03-01 10:00:01,5 WARN late\n", "log"),
        ("Hello, world.\nThis is a letter, and it has, now and then, a comma.\nBye.\n", "log"),
    ],
)
def test_texts_are_told_by_their_content(tmp_path, text, kind):
    assert sniff(given(tmp_path, text)) == kind
    assert sniff(given(tmp_path, gzip.compress(text.encode()))) == kind


@pytest.mark.parametrize("content", [b"", b"\n \n", gzip.compress(b"a,b\n" * 99, mtime=0)[:-9]])
def test_what_is_nothing_is_told_in_a_sentence(tmp_path, content):
    with pytest.raises(DeepAidError, match=r"empty|holds no text|damaged"):
        sniff(given(tmp_path, content))


def test_proposals_are_of_the_kind_they_were_asked_for(table):
    assert isinstance(proposal(table, "table"), TableSettings)
    assert isinstance(proposal(table, "capture"), CaptureSettings)
    assert isinstance(proposal(table, "logins"), LoginSettings)
    assert isinstance(proposal(table, "log"), LogSettings)
    with pytest.raises(InvalidParameterError, match="no 'tabel'"):
        proposal(table, "tabel")


def test_a_preview_is_text_however_long_the_cells(tmp_path):
    path = given(tmp_path, f"a,b\n{'x' * 10_000},<script>\n")
    (row,) = preview(path, "table").rows
    assert len(row[0]) < 500
    assert row[1] == "<script>"


def test_a_log_is_tried_on_its_first_lines():
    path = sample_data() / "logs/auth.log.gz"
    settings = proposal(path, "log")
    trial = try_log(path, settings, lines=200)
    assert (trial.lines, trial.fitting) == (200, 200)
    assert {"time", "message", "line"} <= set(trial.parsed.columns)
    assert len(trial.templates) > 5
    assert trial.sessions > 1
    misfit = try_log(path, LogSettings(line=r"^nothing (?P<message>.*)$", session=()))
    assert (misfit.fitting, misfit.templates, misfit.sessions) == (0, (), 0)
    with pytest.raises(InvalidParameterError, match="regular expression"):
        try_log(path, LogSettings(line="(?P<message>", session=()))


def test_a_detector_says_why_it_cannot_read_a_file(table, tmp_path):
    record = make_detector_record(source_kind="table", source_settings=proposal(table, "table"))
    assert fits(record, table, "table") is None
    assert "another kind of file" in fits(record, table, "log")
    connections(9).drop(columns="sent").to_csv(tmp_path / "less.csv", index=False)
    assert fits(record, tmp_path / "less.csv", "table") == "The file has no column 'sent'."
    # The label is not read, so it may be absent.
    connections(9).drop(columns="label").to_csv(tmp_path / "bare.csv", index=False)
    assert fits(record, tmp_path / "bare.csv", "table") is None


def test_columns_are_known_without_reading_the_file(table, tmp_path):
    connections(9).to_parquet(tmp_path / "t.parquet")
    assert columns_of(tmp_path / "t.parquet") == columns_of(table)
    headless = given(tmp_path, "1,2\n3,4\n")
    assert columns_of(headless, TableSettings(numbers=(), header=False)) == ("column 1", "column 2")


def test_a_good_table_is_counted(table):
    report = validate(table, "table", proposal(table, "table"))
    assert report.usable
    assert (report.events, report.seen, report.entities) == (3000, 3000, 10)
    assert report.last_time - report.first_time == 5 * 2999
    assert (report.problems, report.problems_total, report.warnings) == ((), 0, ())


def test_problems_are_listed_up_to_a_hundred_and_all_counted(tmp_path):
    frame = connections(2500).astype({"sent": object})
    frame.loc[:149, "sent"] = "?"
    frame.loc[10, "errors"] = float("nan")
    frame.to_csv(tmp_path / "bad.csv", index=False)
    settings = TableSettings(numbers=("sent", "errors"), time="time")
    report = validate(tmp_path / "bad.csv", "table", settings)
    assert not report.usable
    assert report.problems_total == 151
    assert len(report.problems) == 100
    assert [one.row for one in report.problems] == sorted(one.row for one in report.problems)
    assert (report.problems[0].row, report.problems[0].column) == (1, "sent")
    assert report.events == 0


@pytest.mark.parametrize(
    ("change", "warning"),
    [
        ({"constant": 1}, "'constant' has the same value in every event"),
        ({"is_attack": [0, 1] * 1500}, "'is_attack' looks like a label"),
        ({"time": [f"{5000 - n}" for n in range(3000)]}, "not in order of time"),
    ],
)
def test_what_should_be_known_is_said(tmp_path, change, warning):
    frame = connections(3000).assign(**change)
    frame.to_csv(tmp_path / "odd.csv", index=False)
    settings = TableSettings(numbers=("sent", *(set(change) - {"time"})), time="time")
    report = validate(tmp_path / "odd.csv", "table", settings)
    assert report.usable
    assert any(warning in said for said in report.warnings)


def test_few_events_and_many_categories_are_said(tmp_path):
    frame = pd.DataFrame({"n": range(300), "kind": [f"k{n}" for n in range(300)]})
    frame.to_csv(tmp_path / "few.csv", index=False)
    settings = TableSettings(numbers=("n",), categories=("kind",))
    said = " ".join(validate(tmp_path / "few.csv", "table", settings).warnings)
    assert "300 events are too few to train on" in said
    assert "'kind' has 300 different texts" in said


def test_unknown_categories_are_said_to_who_detects(table, tmp_path):
    from deepaid_core.sources.tables import TableSource

    settings = proposal(table, "table")
    known = TableSource.open(table, settings).schema()
    assert isinstance(known, Schema)
    connections(100).assign(service="gopher").to_csv(tmp_path / "new.csv", index=False)
    (said,) = validate(tmp_path / "new.csv", "table", settings, known=known).warnings
    assert said == "100% of the events have a 'service' that training did not show."


def test_a_period_without_events_is_refused(table):
    settings = proposal(table, "table")
    whole = validate(table, "table", settings)
    half = Period(until=whole.first_time + 5 * 1500)
    assert validate(table, "table", settings, period=half).events == 1500
    report = validate(table, "table", settings, period=Period(until=0.0))
    assert not report.usable
    assert "period" in report.refusal


def test_series_and_logins_name_their_cells_too(tmp_path):
    series = given(tmp_path, "time,cpu,disk\n" + "1,1,1\n2,high,1\n3,1,1\n" * 9, "s.csv")
    report = validate(series, "series", SeriesSettings(columns=("cpu", "disk"), time="time"))
    assert report.problems[0].row == 2
    assert report.problems_total == 9
    logins = given(tmp_path, "time,user,src,dst\n1,a,b,c\n2,,b,c\n", "l.csv")
    settings = LoginSettings(time="time", user="user", source="src", destination="dst")
    report = validate(logins, "logins", settings)
    assert [(one.row, one.column, one.reason) for one in report.problems] == [
        (2, "user", "is empty")
    ]


def test_a_check_can_be_cancelled(table):
    with pytest.raises(CancelledError):
        validate(table, "table", proposal(table, "table"), cancelled=lambda: True)


def test_a_report_is_the_same_every_time(table):
    settings = proposal(table, "table")
    one, other = (validate(table, "table", settings) for _ in range(2))
    assert json.dumps(repr(one)) == json.dumps(repr(other))
