import gzip

import pytest
from sqlalchemy import create_engine, text

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.store.tables import VERSION_TABLE
from deepaid_core.workflow.demo import sample_data
from tests.pages.test_data import finished, take
from tests.pages.test_verdicts import press, problems

WHOLE = gzip.decompress((sample_data() / "network/eval.pcap.gz").read_bytes())[:40_000]
HEADER = WHOLE[:24]


def record(time_s: int) -> bytes:
    size = int.from_bytes(WHOLE[32:36], "little")
    return time_s.to_bytes(4, "little") + WHOLE[28:40] + WHOLE[40 : 40 + size]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"\x89PNG\r\n\x1a\n" + bytes(60), "is no text in UTF-8", id="foreign"),
        pytest.param(WHOLE, "is cut off inside a packet", id="truncated"),
        pytest.param(HEADER + record(200) + record(50), "jumps back by 150", id="backwards"),
    ],
)
def test_a_bad_capture_is_told_in_a_sentence_and_leaves_no_finding(
    open_page, findings, workspace, tmp_path, content, sentence
):
    from deepaid_core.detectors.artifacts import load_trained
    from deepaid_core.workflow.train import register

    register(workspace, load_trained(sample_data() / "detectors/packets"))
    before = workspace.store.count(FindingQuery()), len(workspace.store.runs())
    capture = tmp_path / "given.pcap"
    capture.write_bytes(content)
    page = open_page("pages/system/data.py")
    take(page, capture)
    if not problems(page):
        press(page, "Detect anomalies")
        finished(page)
    assert not page.exception
    assert sentence in problems(page)[0]
    assert (workspace.store.count(FindingQuery()), len(workspace.store.runs())) == before


def test_a_table_named_like_a_capture_is_no_capture(open_page, findings, tmp_path):
    renamed = tmp_path / "given.pcap"
    renamed.write_bytes(b"host,ip,port\na,1,2\n" * 9)
    page = open_page("pages/system/data.py")
    take(page, renamed)
    assert next(box for box in page.selectbox if box.label == "Kind of data").value == "table"
    assert "No detector can read this file yet" in page.info[0].value


@pytest.mark.parametrize("path", ["pages/triage/overview.py", "pages/triage/queue.py"])
def test_an_unwritable_workspace_is_told_in_a_sentence(open_page, tmp_path, monkeypatch, path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("DEEPAID_HOME", str(tmp_path / "file" / "workspace"))
    page = open_page(path)
    assert not page.exception
    assert "cannot be written" in problems(page)[0]


@pytest.mark.parametrize("path", ["pages/triage/overview.py", "pages/triage/queue.py"])
def test_a_database_of_a_newer_version_is_told_in_a_sentence(open_page, workspace, path):
    engine = create_engine(f"sqlite:///{workspace.home / 'deepaid.db'}")
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9001'"))
    engine.dispose()
    page = open_page(path)
    assert not page.exception
    assert "newer version" in problems(page)[0]
