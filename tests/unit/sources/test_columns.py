import bz2
import gzip
import lzma
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.errors import DeepAidError, InvalidEventsError
from deepaid_core.sources.column_problems import Problems, refuse, usable_rows
from deepaid_core.sources.columns import (
    numbers_of,
    read_frame,
    texts_of,
    times_of,
)

PLAIN = b"host,bytes\na,1\nb,2\n"


def written(tmp_path: Path, content: bytes, name: str = "given.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content)
    return path


@pytest.mark.parametrize(
    "pack", [bytes, gzip.compress, bz2.compress, lzma.compress], ids=["plain", "gz", "bz2", "xz"]
)
def test_compression_is_found_by_content_whatever_the_name(tmp_path, pack):
    frame = read_frame(written(tmp_path, pack(PLAIN), "table.txt"))
    assert frame.to_dict("list") == {"host": ["a", "b"], "bytes": ["1", "2"]}


@pytest.mark.parametrize("mark", [";", "\t", "|", ","])
def test_separators_are_found_by_looking(tmp_path, mark):
    content = PLAIN.replace(b",", mark.encode())
    assert list(read_frame(written(tmp_path, content)).columns) == ["host", "bytes"]


def test_a_separator_inside_quotes_is_no_separator(tmp_path):
    content = b'"who, when";bytes\n"a, b";1\n"c;d";2\n'
    frame = read_frame(written(tmp_path, content))
    assert frame.to_dict("list") == {"who, when": ["a, b", "c;d"], "bytes": ["1", "2"]}


def test_columns_without_a_name_are_called_by_their_place(tmp_path):
    assert list(read_frame(written(tmp_path, b",bytes\n0,1\n")).columns) == ["column 1", "bytes"]
    frame = read_frame(written(tmp_path, b"a,1\nb,2\n"), header=False)
    assert frame.to_dict("list") == {"column 1": ["a", "b"], "column 2": ["1", "2"]}
    named = read_frame(written(tmp_path, b"a,1\nb,2\n"), header=False, names=("x", "y"))
    assert list(named.columns) == ["x", "y"]


def test_utf_16_with_its_mark_is_read(tmp_path):
    content = "host,bytes\nä,1\n".encode("utf-16")
    assert read_frame(written(tmp_path, content))["host"].tolist() == ["ä"]


def test_parquet_is_known_by_its_content_and_keeps_its_types(tmp_path):
    path = tmp_path / "table.csv"
    pd.DataFrame({"a": [1.5, None], "b": ["x", None], "when": pd.to_datetime([0, 1])}).to_parquet(
        path
    )
    frame = read_frame(path, columns=["b", "a"])
    assert list(frame.columns) == ["b", "a"]
    assert texts_of(frame, "b").tolist() == ["x", ""]
    assert len(read_frame(path, limit=1)) == 1
    assert times_of(read_frame(path), "when", Problems()).tolist() == [0.0, 1e-9]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b" \n\n", "is empty", id="blank"),
        pytest.param(b"a,b\n1,2\n1,2,3\n", "Row 2 of 'given.csv' has 3 cells", id="ragged"),
        pytest.param(
            b"a,b\n" + b"1,2\n" * 500 + b"1,2,3\n", "Line 502 of 'given.csv' has 3 cells", id="late"
        ),
        pytest.param(b"a,b,a\n1,2,3\n", "has the column 'a' twice", id="twice"),
        pytest.param("a,b\n1,2\n".encode("utf-16-le"), "is no text in UTF-8", id="utf16"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(99), "is no text in UTF-8", id="picture"),
        pytest.param(gzip.compress(PLAIN, mtime=0)[:-6], "is damaged or cut off", id="half gzip"),
        pytest.param(b"PAR1 and no more", "cannot be read as a table", id="half parquet"),
    ],
)
def test_what_is_no_table_is_told_in_a_sentence(tmp_path, content, sentence):
    with pytest.raises(InvalidEventsError) as caught:
        read_frame(written(tmp_path, content))
    assert sentence in str(caught.value)
    assert len(str(caught.value)) < 400


def test_a_missing_file_or_column_is_told_in_a_sentence(tmp_path):
    with pytest.raises(InvalidEventsError, match=r"'none\.csv' cannot be read"):
        read_frame(tmp_path / "none.csv")
    with pytest.raises(InvalidEventsError, match="has no column 'x'"):
        read_frame(written(tmp_path, PLAIN), columns=["x"])
    with pytest.raises(InvalidEventsError, match="has no column"):
        read_frame(written(tmp_path, PLAIN), columns=["y" * 10_000])


def test_names_of_kilobytes_make_short_sentences(tmp_path):
    name = "n" * 10_000
    path = written(tmp_path, f"{name},{name}\n1,2\n".encode())
    with pytest.raises(InvalidEventsError, match="twice") as caught:
        read_frame(path)
    assert len(str(caught.value)) < 300


def test_cells_that_are_no_numbers_are_named_by_row_and_column():
    frame = pd.DataFrame({"bytes": ["1", "x", "nan", "inf", "", "2e3"]})
    problems = Problems()
    values = numbers_of(frame, "bytes", problems)
    assert values.tolist() == [1.0, 0.0, 0.0, 0.0, 0.0, 2000.0]
    assert [(one.row, one.column, one.value) for one in problems] == [
        (2, "bytes", "x"), (3, "bytes", "nan"), (4, "bytes", "inf"), (5, "bytes", ""),
    ]  # fmt: skip
    with pytest.raises(InvalidEventsError, match=r"4 cells of 't' .* row 2, column 'bytes': 'x'"):
        refuse("t", problems)


def test_all_bad_rows_are_counted_however_many():
    n = 30_000
    frame = pd.DataFrame({"bytes": ["x"] * n + ["1"]})
    problems = Problems()
    numbers_of(frame, "bytes", problems)
    assert problems.total == n
    assert len(problems) < n
    assert usable_rows("t", n + 1, problems, skip=True).tolist() == [n]


def test_lists_and_dictionaries_of_parquet_are_no_numbers(tmp_path):
    path = tmp_path / "nested.parquet"
    pq.write_table(pa.table({"a": [[1], [2]], "b": [{"x": 1}, {"x": 2}]}), path)
    frame = read_frame(path)
    for column in ("a", "b"):
        problems = Problems()
        numbers_of(frame, column, problems)
        assert problems.total == 2


@pytest.mark.parametrize(
    ("cells", "seconds"),
    [
        (["10", "20.5"], [10.0, 20.5]),
        (["1700000000123", "1700000001123"], [1700000000.123, 1700000001.123]),
        (["2026-03-01T00:00:00Z", "2026-03-01T01:00:00+01:00"], [1772323200.0, 1772323200.0]),
        (["2026-03-01 00:00:00", "2026-03-01"], [1772323200.0, 1772323200.0]),
        (["03/01/2026 00:00", "03/02/2026 00:00"], [1772323200.0, 1772409600.0]),
    ],
)
def test_times_are_read_in_the_usual_spellings(cells, seconds):
    problems = Problems()
    assert times_of(pd.DataFrame({"t": cells}), "t", problems) == pytest.approx(np.array(seconds))
    assert not problems


def test_a_cell_that_is_no_time_is_named():
    problems = Problems()
    times_of(pd.DataFrame({"t": ["2026-03-01", "yesterday", "2026-03-02"]}), "t", problems)
    assert str(problems[0]) == "row 2, column 't': 'yesterday' is not a time"


@settings(deadline=None, max_examples=150)
@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_table_or_a_sentence(tmp_path_factory, content, header):
    path = tmp_path_factory.mktemp("bytes") / "any.csv"
    path.write_bytes(content)
    try:
        frame = read_frame(path, header=header)
    except DeepAidError:
        return
    assert frame.columns.is_unique
