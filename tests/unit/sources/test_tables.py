from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Vocabulary
from deepaid_core.domain.settings import CaptureSettings, Period, TableSettings
from deepaid_core.errors import (
    CancelledError,
    DetectorMismatchError,
    InvalidEventsError,
    InvalidParameterError,
)
from deepaid_core.sources.table_columns import NOTHING, OTHER
from deepaid_core.sources.tables import EVERYONE, TableSource
from tests.unit.sources.table_files import (
    CATEGORIES,
    NUMBERS,
    connections,
    connections_csv,
    public_table,
)

SETTINGS = TableSettings(
    numbers=NUMBERS, categories=CATEGORIES, time="time", entity="host", context=()
)


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    return connections_csv(tmp_path_factory.mktemp("tables") / "connections.csv", 1000)


def read(source: TableSource, size: int = 8192) -> TabularBatch:
    return TabularBatch.concatenate(list(source.batches(size)))


def small(tmp_path, text: str) -> Path:
    path = tmp_path / "small.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_proposal_scores_numbers_and_categories_and_hides_the_label(table):
    assert TableSource.propose(table) == SETTINGS


def test_every_cell_arrives_in_its_column(table):
    frame, batch = connections(1000), read(TableSource.open(table, SETTINGS))
    names = batch.schema.names
    for column in NUMBERS:
        assert batch.values[:, names.index(column)] == pytest.approx(frame[column].to_numpy())
    for column in CATEGORIES:
        for text in frame[column].unique():
            at = batch.values[:, names.index(f"{column}={text}")]
            assert (at == (frame[column] == text).to_numpy()).all()
    assert batch.entities.tolist() == frame["host"].tolist()
    assert batch.times[:2].tolist() == [1_770_000_000.0, 1_770_000_005.0]


def test_a_category_is_one_field_of_columns_that_sum_to_one(table):
    batch = read(TableSource.open(table, SETTINGS))
    fields = {one.name: one for one in batch.schema.fields}
    assert [one.name for one in batch.schema.fields] == [*NUMBERS, *CATEGORIES]
    for column in CATEGORIES:
        group = [batch.schema.features[place] for place in fields[column].columns]
        assert {one.kind for one in group} == {"category"}
        assert group[-1].category == OTHER
        assert (batch.values[:, fields[column].columns].sum(axis=1) == 1.0).all()


def test_batches_of_any_size_give_the_same_events(table):
    whole = read(TableSource.open(table, SETTINGS))
    parts = list(TableSource.open(table, SETTINGS).batches(7))
    assert max(len(part) for part in parts) == 7
    joined = TabularBatch.concatenate(parts)
    assert (joined.values == whole.values).all()
    assert (joined.indices == np.arange(1000)).all()


def test_whole_numbers_stay_whole_and_small_differences_do_not_count(table):
    features = {one.name: one for one in TableSource.open(table, SETTINGS).schema().features}
    assert features["errors"].kind == "integer"
    assert features["errors"].tolerance == 0.5
    assert features["seconds"].kind == "number"
    assert 0 < features["seconds"].tolerance < 0.1


def test_a_detector_keeps_its_categories_and_new_ones_are_others(table, tmp_path):
    known = TableSource.open(table, SETTINGS).schema()
    strange = connections(20, seed=5)
    strange["service"] = ["gopher", "", "http", OTHER] * 5
    path = tmp_path / "strange.csv"
    strange.to_csv(path, index=False)
    batch = read(TableSource.open(path, SETTINGS, known=known))
    assert batch.schema == known
    other = batch.values[:, known.names.index(f"service={OTHER}")]
    assert other.tolist() == [1.0, 1.0, 0.0, 1.0] * 5


def test_only_the_period_is_learned_from(tmp_path):
    rows = "".join(f"{second},{'a' if second < 50 else 'b'},1\n" for second in range(100))
    path = small(tmp_path, "time,kind,x\n" + rows)
    settings = TableSettings(numbers=("x",), categories=("kind",), time="time")
    early = TableSource.open(path, settings, period=Period(until=50)).schema()
    assert [one.category for one in early.features if one.field == "kind"] == ["a", OTHER]
    with pytest.raises(InvalidEventsError, match="no row in the chosen period"):
        TableSource.open(path, settings, period=Period(since=1000)).schema()


def test_beyond_a_hundred_categories_the_rarest_count_as_others(tmp_path):
    rows = [f"k{number}" for number in range(150) for _ in range(1 if number >= 100 else 3)]
    path = small(tmp_path, "kind\n" + "\n".join(rows) + "\n")
    settings = TableSettings(numbers=(), categories=("kind",))
    batch = read(TableSource.open(path, settings))
    assert len(batch.schema) == 101
    assert batch.values[:, -1].sum() == 50


def test_an_empty_category_has_a_name(tmp_path):
    path = small(tmp_path, "kind,who,x\na,,1\n,b,2\n")
    settings = TableSettings(numbers=("x",), categories=("kind",), entity="who")
    batch = read(TableSource.open(path, settings))
    assert f"kind={NOTHING}" in batch.schema.names
    assert batch.entities.tolist() == [NOTHING, "b"]


def test_without_time_and_entity_rows_lie_a_second_apart_and_are_about_everybody(tmp_path):
    source = TableSource.open(small(tmp_path, "x\n5\n6\n7\n"), TableSettings(numbers=("x",)))
    batch = read(source)
    assert batch.times.tolist() == [0.0, 1.0, 2.0]
    assert set(batch.entities) == {EVERYONE}
    assert source.report.first_time is None


def test_a_bad_cell_is_refused_by_row_and_column_or_its_row_left_out(tmp_path):
    path = small(tmp_path, "time,x,y\n1,1,1\n2,oops,1\nnever,3,1\n4,4,4\n5,,5\n")
    settings = TableSettings(numbers=("x", "y"), time="time")
    with pytest.raises(
        InvalidEventsError, match=r"3 cells of 'small\.csv' .* row 2, column 'x': 'oops'"
    ):
        read(TableSource.open(path, settings))
    source = TableSource.open(path, replace(settings, skip_bad_rows=True))
    batch = read(source)
    assert batch.indices.tolist() == [0, 3]
    assert batch.values.tolist() == [[1.0, 1.0], [4.0, 4.0]]
    report = source.report
    assert (report.seen, report.events) == (5, 2)
    assert report.skipped == (("a cell cannot be read", 3),)


def test_a_table_of_bad_rows_only_is_told(tmp_path):
    settings = TableSettings(numbers=("x",), skip_bad_rows=True)
    with pytest.raises(InvalidEventsError, match="Each of the 2 rows"):
        read(TableSource.open(small(tmp_path, "x\na\nb\n"), settings))


def test_a_header_alone_is_told(tmp_path):
    with pytest.raises(InvalidEventsError, match="has no rows"):
        read(TableSource.open(small(tmp_path, "x,y\n"), TableSettings(numbers=("x",))))


def test_evidence_is_the_cells_as_they_stand_around_rows_of_the_same_host(table):
    settings = replace(SETTINGS, context=("label",))
    source = TableSource.open(table, settings)
    frame = connections(1000)
    entities = frame["host"].to_numpy(dtype=object)
    raw = source.around(np.array([400]), entities[[400]])
    rows = raw.near[0]
    assert 400 in raw.positions[rows]
    assert set(raw.columns["host"][rows]) == {entities[400]}
    text = pd.read_csv(table, dtype=str)
    for name in ("label", "service", "sent"):
        assert raw.columns[name].tolist() == text[name].iloc[raw.positions].tolist()
    positions, _, _ = source.rows(np.array([-3, 0, 999, 1000]))
    assert positions.tolist() == [0, 999]


def test_evidence_without_entity_is_whatever_stands_around(tmp_path):
    path = small(tmp_path, "x\n" + "\n".join(map(str, range(100))) + "\n")
    source = TableSource.open(path, TableSettings(numbers=("x",)))
    raw = source.around(np.array([50]), np.array([EVERYONE], dtype=object))
    assert raw.positions[raw.near[0]].tolist() == list(range(42, 59))


def test_a_table_without_header_is_recognized_and_read(tmp_path):
    path = small(tmp_path, "".join(f"{n % 7},tcp,{n % 3},normal,20\n" for n in range(50)))
    settings = TableSource.propose(path)
    assert settings == TableSettings(
        numbers=("column 1", "column 3"), categories=("column 2",), header=False
    )
    assert len(read(TableSource.open(path, settings))) == 50
    named = replace(settings, names=("a", "b", "c", "d", "e"), numbers=("a",), categories=("b",))
    assert read(TableSource.open(path, named)).schema.names[0] == "a"


def test_identifiers_and_free_text_are_shown_but_not_scored(tmp_path):
    rows = "".join(f"{n},session {n * 7919},{n % 5},x{n % 3}\n" for n in range(200))
    settings = TableSource.propose(small(tmp_path, "id,note,count,kind\n" + rows))
    assert settings.context == ("id", "note")
    assert (settings.numbers, settings.categories) == (("count",), ("kind",))


@pytest.mark.parametrize(
    "name", ["label", "Class", "attack_cat", "is_attack", "target", "difficulty", "Label.1"]
)
def test_what_is_named_like_a_label_is_never_proposed(tmp_path, name):
    path = small(tmp_path, f"x,{name}\n" + "".join(f"{n},{n % 2}\n" for n in range(50)))
    settings = TableSource.propose(path)
    assert name not in (*settings.numbers, *settings.categories, *settings.context)


def test_names_and_cells_of_strangers_are_data(tmp_path):
    hostile = "<script>alert(1)</script>"
    long = "n" * 10_000
    frame = pd.DataFrame({hostile: range(30), "=1+1": ["@a", "=b", long] * 10, long: range(30)})
    path = tmp_path / "hostile.csv"
    frame.to_csv(path, index=False)
    settings = TableSettings(numbers=(hostile, long), categories=("=1+1",))
    batch = read(TableSource.open(path, settings))
    assert batch.schema.names[:2] == (hostile, long)
    # A text that long is no category.
    assert {one.category for one in batch.schema.features[2:]} == {"@a", "=b", OTHER}


def test_parquet_and_csv_give_the_same_events(table, tmp_path):
    path = tmp_path / "connections.parquet"
    connections(1000).to_parquet(path)
    one, other = read(TableSource.open(table, SETTINGS)), read(TableSource.open(path, SETTINGS))
    assert one.schema == other.schema
    assert (one.values == other.values).all()
    assert (one.times == other.times).all()


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        (TableSettings(numbers=()), "No column is chosen"),
        (TableSettings(numbers=("x", "x")), "chosen twice"),
        (TableSettings(numbers=("x",), categories=("x",)), "chosen twice"),
        (CaptureSettings(), "cannot say how to read a table"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(table, settings, sentence):
    with pytest.raises(InvalidParameterError, match=sentence):
        TableSource.open(table, settings)


def test_a_detector_of_other_events_is_refused(table):
    with pytest.raises(DetectorMismatchError, match="not on a table"):
        TableSource.open(table, SETTINGS, known=Vocabulary("auth.log", ("x",)))


def test_cancelling_stops_the_reading(table):
    with pytest.raises(CancelledError):
        read(TableSource.open(table, SETTINGS, cancelled=lambda: True))


def test_public_connection_records_are_read_without_their_labels():
    path = public_table("nsl_kdd/KDDTrain+_20Percent.txt.gz")
    settings = TableSource.propose(path)
    assert settings.categories == ("column 2", "column 3", "column 4")
    assert len(settings.numbers) == 38
    assert not {"column 42", "column 43"} & {*settings.numbers, *settings.context}
    batch = read(TableSource.open(path, settings))
    assert batch.values.shape == (25_192, 121)


def test_analysts_may_call_columns_by_other_names(tmp_path):
    path = small(tmp_path, "bytes,proto\n1,udp\n2,tcp\n3,tcp\n")
    titles = (("bytes", "bytes that the client sent"), ("proto", "protocol"))
    settings = TableSettings(numbers=("bytes",), categories=("proto",), titles=titles)
    schema = TableSource.open(path, settings).schema()
    assert [field.title for field in schema.fields] == ["bytes that the client sent", "protocol"]
    assert [one.title for one in schema.features][1] == "protocol: tcp"
    assert schema.names[0] == "bytes"  # the data and the detector know the column as before
    with pytest.raises(InvalidParameterError, match="'byte' has a title but is not scored"):
        TableSource.open(path, replace(settings, titles=(("byte", "x"),)))
