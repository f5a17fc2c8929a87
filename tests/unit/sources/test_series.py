import gzip

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain.batches import SeriesBatch
from deepaid_core.domain.schema import LinkSchema
from deepaid_core.domain.settings import CaptureSettings, Period, SeriesSettings
from deepaid_core.errors import (
    CancelledError,
    DetectorMismatchError,
    InvalidEventsError,
    InvalidParameterError,
)
from deepaid_core.sources.series import SeriesSource
from tests.unit.sources.capture_files import ROOT

LAB = ROOT / "sample_data/timeseries/train.csv.gz"


def table(n=40, **columns):
    random = np.random.default_rng(0)
    made = {
        "time": np.arange(n) + 1000.0,
        "a": random.integers(0, 9, n),
        "b": random.normal(size=n),
    }
    return pd.DataFrame({**made, **columns})


def write(tmp_path, frame, name="series.csv"):
    path = tmp_path / name
    if name.endswith(".parquet"):
        frame.to_parquet(path)
    else:
        frame.to_csv(path, index=False)
    return path


def read(path, *, size=8192, **settings):
    chosen = SeriesSettings(**{"columns": ("a", "b"), "time": "time", "history": 3, **settings})
    source = SeriesSource.open(path, chosen)
    return source, SeriesBatch.concatenate(list(source.batches(size)))


@pytest.mark.parametrize("name", ["series.csv", "series.csv.gz", "series.parquet"])
def test_windows_are_the_steps_before_a_row_and_the_row(tmp_path, name):
    frame = table()
    source, batch = read(write(tmp_path, frame, name))
    assert batch.indices.tolist() == list(range(3, 40))
    for row, end in enumerate(batch.indices):
        expected = frame[["a", "b"]].to_numpy()[end - 3 : end + 1]
        np.testing.assert_allclose(batch.values[row], expected)
        times = np.arange(end - 3, end + 1) + 1000
        np.testing.assert_array_equal(batch.context["step_times"][row], times)
    np.testing.assert_array_equal(batch.times, frame["time"][3:])
    assert set(batch.entities) == {name}
    assert (source.report.seen, source.report.events) == (40, 37)
    assert source.report.skipped == (("fewer than 3 steps before it", 3),)


@given(
    gaps=st.lists(st.sampled_from([1.0, 1.0, 1.0, 1.4, 0.0, 60.0]), min_size=12, max_size=60),
    history=st.integers(1, 5),
)
@settings(deadline=None, max_examples=40)
def test_no_window_spans_a_gap_and_none_is_lost(tmp_path_factory, gaps, history):
    times = np.concatenate([[0.0], np.cumsum(gaps)])
    path = write(tmp_path_factory.mktemp("gaps"), table(len(times), time=times))
    steps = np.diff(times)
    far = 5 * np.median(steps[steps > 0])
    expected = [
        end
        for end in range(history, len(times))
        if (np.diff(times[end - history : end + 1]) <= far).all()
    ]
    if expected:
        _, batch = read(path, history=history)
        assert batch.indices.tolist() == expected
    else:
        with pytest.raises(InvalidEventsError, match=f"has {history} steps before it"):
            read(path, history=history)


@given(size=st.integers(1, 50))
@settings(deadline=None, max_examples=15)
def test_the_same_events_whatever_the_batch_size(tmp_path_factory, size):
    path = write(tmp_path_factory.mktemp("sizes"), table())
    _, whole = read(path)
    source, parts = read(path, size=size)
    np.testing.assert_array_equal(parts.values, whole.values)
    np.testing.assert_array_equal(parts.indices, whole.indices)
    assert all(0 < len(batch) <= size for batch in source.batches(size))
    assert next(iter(source.batches(size))).times[0] == whole.times[0]


@pytest.mark.parametrize("cell", ["", "n/a", "inf", "NaN", "<b>"])
def test_a_cell_that_is_no_finite_number_is_named_by_row_and_column(tmp_path, cell):
    frame = table().astype(object)
    frame.loc[7, "b"] = cell
    with pytest.raises(InvalidEventsError, match="row 8, column 'b'"):
        read(write(tmp_path, frame))


def test_time_that_runs_backwards_is_refused_with_the_row(tmp_path):
    frame = table()
    frame.loc[20, "time"] = 5.0
    with pytest.raises(InvalidEventsError, match=r"Row 21 .* lies before"):
        read(write(tmp_path, frame))


def test_a_missing_column_is_named(tmp_path):
    with pytest.raises(InvalidEventsError, match="no column 'c'"):
        read(write(tmp_path, table()), columns=("a", "c"))


def test_without_a_time_column_steps_lie_a_second_apart(tmp_path):
    _, batch = read(write(tmp_path, table().drop(columns="time")), time="")
    np.testing.assert_array_equal(batch.times, np.arange(3.0, 40.0))


def test_columns_that_stand_still_stay(tmp_path):
    _, batch = read(write(tmp_path, table(a=np.full(40, 7))))
    assert batch.schema.names == ("a", "b")
    assert (batch.values[..., 0] == 7).all()


def test_whole_numbers_are_learned_from_the_training_period_only(tmp_path):
    values = np.arange(40.0)
    values[30:] += 0.5
    path = write(tmp_path, table(a=values))
    early = SeriesSource.open(
        path, SeriesSettings(columns=("a", "b"), time="time"), period=Period(until=1030.0)
    )
    assert [f.kind for f in early.schema().features] == ["integer", "number"]
    whole = SeriesSource.open(path, SeriesSettings(columns=("a", "b"), time="time"))
    assert [f.kind for f in whole.schema().features] == ["number", "number"]
    again = SeriesSource.open(
        path, SeriesSettings(columns=("a", "b"), time="time"), known=early.schema()
    )
    assert again.schema() is early.schema()
    assert next(iter(again.batches())).schema is early.schema()


def test_metrics_say_whom_they_are_about(tmp_path):
    frame = table().rename(columns={"a": "web01.bytes_out", "b": "db.pkts_in"})
    settings = SeriesSource.propose(write(tmp_path, frame))
    assert settings.separator == "."
    features = SeriesSource.open(tmp_path / "series.csv", settings).schema().features
    assert [(f.entity, f.title, f.unit) for f in features] == [
        ("web01", "web01 bytes out", "bytes"),
        ("db", "db packets in", ""),
    ]


def test_proposals_leave_out_labels_text_and_time(tmp_path):
    frame = table(note=["x"] * 40, is_attack=0, label=1)
    assert SeriesSource.propose(write(tmp_path, frame)) == SeriesSettings(
        columns=("a", "b"), time="time"
    )
    with pytest.raises(InvalidEventsError, match="holds numbers"):
        SeriesSource.propose(write(tmp_path, frame[["time", "note"]]))


def test_the_recorded_rates_are_proposed_without_their_labels():
    settings = SeriesSource.propose(LAB)
    assert len(settings.columns) == 187
    assert (settings.time, settings.separator) == ("time", ".")
    source = SeriesSource.open(LAB, settings)
    assert sum(len(batch) for batch in source.batches()) == 1069


def test_evidence_shows_the_metrics_of_the_own_host_around_the_event(tmp_path):
    frame = pd.DataFrame(
        {"time": np.arange(40.0)}
        | {f"h{i}.m{j}": np.arange(40) + 100 * i + 1000 * j for i in range(3) for j in range(2)}
    )
    path = write(tmp_path, frame)
    source = SeriesSource.open(path, SeriesSource.propose(path))
    raw = source.around(np.array([3, 20]), np.array(["h2", "h0"], dtype=object))
    assert list(raw.columns) == ["m0", "m1"]
    first, second = raw.near
    assert raw.positions[first].tolist() == list(range(10))
    assert raw.positions[second].tolist() == list(range(10, 27))
    assert raw.columns["m1"][first].tolist() == [str(1200 + i) for i in range(10)]
    assert raw.columns["m0"][second].tolist() == [str(i) for i in range(10, 27)]
    np.testing.assert_array_equal(raw.times[second], np.arange(10.0, 27.0))


def test_evidence_of_unnamed_hosts_shows_what_stands_out(tmp_path):
    values = {f"m{j}": np.random.default_rng(j).normal(size=40) for j in range(30)}
    values["m17"][20] = 50.0
    path = write(tmp_path, table(**values))
    source = SeriesSource.open(path, SeriesSettings(columns=tuple(values), time="time"))
    raw = source.around(np.array([20]), np.array(["series.csv"], dtype=object))
    assert "m17" in raw.columns
    assert len(raw.columns) == 12
    assert raw.columns["m17"][10] == "50"


def test_evidence_of_no_event_is_empty(tmp_path):
    source, _ = read(write(tmp_path, table()))
    assert source.around(np.zeros(0, dtype=int), np.zeros(0, dtype=object)).near == ()


def test_rows_are_read_again(tmp_path):
    source, _ = read(write(tmp_path, table()))
    positions, times, columns = source.rows(np.array([0, 5, 99]))
    assert positions.tolist() == [0, 5]
    assert times.tolist() == [1000.0, 1005.0]
    assert set(columns) == {"a", "b"}


def test_settings_that_cannot_work_are_refused(tmp_path):
    path = write(tmp_path, table())
    for wrong in (
        SeriesSettings(columns=()),
        SeriesSettings(columns=("a", "a")),
        SeriesSettings(columns=("a",), history=0),
        CaptureSettings(),
    ):
        with pytest.raises(InvalidParameterError):
            SeriesSource.open(path, wrong)
    with pytest.raises(DetectorMismatchError):
        SeriesSource.open(path, SeriesSettings(columns=("a",)), known=LinkSchema())
    with pytest.raises(InvalidParameterError):
        read(path, size=0)


def test_cancelling_stops_reading(tmp_path):
    source = SeriesSource.open(
        write(tmp_path, table()), SeriesSettings(columns=("a",)), cancelled=lambda: True
    )
    with pytest.raises(CancelledError):
        list(source.batches())


def test_a_file_that_is_no_table_is_refused(tmp_path):
    path = tmp_path / "broken.csv.gz"
    path.write_bytes(gzip.compress(b"time,a\n1,2\n" * 500)[:-20])
    with pytest.raises(InvalidEventsError, match=r"broken\.csv\.gz"):
        read(path)
    with pytest.raises(InvalidEventsError, match="cannot be read"):
        read(tmp_path / "nowhere.csv")
