import threading

import numpy as np
import pandas as pd
import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workflow.detect import detect
from deepaid_core.workflow.train import TrainingPlan, train
from deepaid_ui.jobs import registry
from tests.pages.conftest import HOSTILE
from tests.pages.test_verdicts import press, problems
from tests.unit.sources.table_files import connections, connections_csv


@pytest.fixture
def data_page(open_page, findings):
    return open_page("pages/system/data.py")


@pytest.fixture
def training_page(open_page, findings):
    return open_page("pages/system/data.py", tab="Train a detector")


def finished(app):
    job = registry().latest()
    for _ in range(600):
        if not job.is_active:
            return app.run()
        threading.Event().wait(0.05)
    raise AssertionError(f"still {job.state}: {job.message}")


def path_box(app):
    return next(box for box in app.text_input if box.label.startswith("Or the path"))


def take(app, path):
    return path_box(app).set_value(str(path)).run()


def chosen(app, label):
    return next(box for box in (*app.multiselect, *app.selectbox) if box.label == label).value


def texts(app):
    return " ".join(one.value.replace("\\", "") for one in (*app.caption, *app.text, *app.success))


def frames_with(app, column):
    return [one.value for one in app.dataframe if column in one.value.columns]


def test_no_file_is_told_in_a_sentence_and_starts_nothing(data_page):
    press(data_page, "Use this file")
    assert problems(data_page) == [
        "No file is chosen; upload one or give the path of one on the server."
    ]
    assert registry().latest() is None


def test_a_path_without_a_file_is_told_in_a_sentence(data_page):
    take(data_page, "/no/such/file.pcap")
    assert problems(data_page) == ["There is no file '/no/such/file.pcap'; check the path."]


def test_an_upload_keeps_what_is_harmless_of_its_name_and_leaves_with_the_next(
    training_page, workspace
):
    training_page.file_uploader[0].upload("../../we ird.csv", b"a,b\n1,2\n").run()
    (copy,) = workspace.home.glob("upload-*/*")
    assert copy.name == "_.._we_ird.csv"
    assert copy.resolve().is_relative_to(workspace.home)
    press(training_page, "Take another file")
    assert not list(workspace.home.glob("upload-*"))


def test_a_table_is_recognized_and_its_label_is_not_proposed(training_page, tmp_path):
    take(training_page, connections_csv(tmp_path / "given.log", 800))
    assert not problems(training_page)
    assert chosen(training_page, "Kind of data") == "table"
    assert chosen(training_page, "Time") == "time"
    assert chosen(training_page, "Whom a row is about") == "host"
    assert chosen(training_page, "Categories to score") == ["protocol", "service"]
    assert "Ignored: label" in texts(training_page)
    assert frames_with(training_page, "service")[0]["label"].tolist() == ["normal"] * 20


def test_the_check_names_row_column_and_value(training_page, tmp_path):
    frame = connections(800).astype({"sent": object})
    frame.loc[3, "sent"] = "<script>"
    frame.loc[7, "time"] = "yesterday"
    frame.to_csv(tmp_path / "given.csv", index=False)
    take(training_page, tmp_path / "given.csv")
    # A cell in a hundred is a slip; the column is still one of numbers.
    assert "sent" in chosen(training_page, "Numbers to score")
    press(training_page, "Check the file")
    finished(training_page)
    assert "2 cells of 'given.csv' cannot be used" in problems(training_page)[0]
    (table,) = frames_with(training_page, "Why not")
    assert table[["Row", "Column", "Value"]].to_numpy().tolist() == [
        [4, "sent", "<script>"], [8, "time", "yesterday"],
    ]  # fmt: skip
    box = next(b for b in training_page.checkbox if b.label.startswith("Leave out rows"))
    box.check().run()
    press(training_page, "Check the file")
    finished(training_page)
    assert not problems(training_page)
    assert "798 events can be read" in texts(training_page)
    assert "2 left out: a cell cannot be read" in texts(training_page)


def test_a_check_is_about_the_settings_it_was_made_with(training_page, tmp_path):
    take(training_page, connections_csv(tmp_path / "given.csv", 800))
    press(training_page, "Check the file")
    finished(training_page)
    assert "800 events can be read" in texts(training_page)
    box = next(b for b in training_page.multiselect if b.label == "Numbers to score")
    box.set_value(["sent"]).run()
    assert "can be read" not in texts(training_page)


def test_training_without_a_name_or_a_column_is_told(training_page, tmp_path):
    take(training_page, connections_csv(tmp_path / "given.csv", 800))
    press(training_page, "Train")
    assert problems(training_page) == ["The detector has no name; give it one, e.g. office-logins."]
    for box in list(training_page.multiselect)[:2]:
        box.set_value([])
    training_page.run()
    assert "Nothing is scored yet" in training_page.warning[0].value
    assert not [button for button in training_page.button if button.label == "Train"]


@pytest.mark.slow
def test_from_a_table_to_a_detector_to_findings(training_page, tmp_path, workspace):
    page = training_page
    take(page, connections_csv(tmp_path / "normal.csv", 1500, seed=1))
    next(box for box in page.text_input if box.label == "Name of the detector").set_value("office")
    press(page, "Train")
    finished(page)
    assert not problems(page)
    record = workspace.store.detectors()[0]
    assert (record.name, record.source_kind) == ("office", "table")
    press(page, "Detect anomalies with it")
    press(page, "Take another file")
    take(page, connections_csv(tmp_path / "monday.csv", 600, seed=2, attacks=20))
    assert chosen(page, "Detector") == record.id
    # The detector of the packets is there too, and it says why it is not offered.
    (others,) = frames_with(page, "Why not")
    assert others["Why not"].tolist() == ["It reads another kind of file (Packet capture)."]
    press(page, "Detect anomalies")
    finished(page)
    assert not problems(page)
    found = workspace.store.page(FindingQuery(detector_name="office"), limit=1000)
    summaries = [row.summary for row in found if row.first_time >= 1_770_000_000 + 580 * 5]
    assert sum("service: smtp instead of http" in summary for summary in summaries) >= 10


def test_a_detector_that_misses_a_column_says_so(open_page, workspace, tmp_path):
    normal = connections_csv(tmp_path / "normal.csv", 600)
    from deepaid_core.workflow.inspection import proposal

    plan = TrainingPlan(
        source_kind="table", settings=proposal(normal, "table"), hyperparameters={"epochs": 1}
    )
    train(workspace, normal, name="office", plan=plan)
    connections(50).drop(columns=["sent", "errors"]).to_csv(tmp_path / "less.csv", index=False)
    page = open_page("pages/system/data.py")
    take(page, tmp_path / "less.csv")
    assert "No detector can read this file yet" in page.info[0].value
    (others,) = frames_with(page, "Why not")
    assert others["Why not"].tolist() == ["The file has no column 'sent' and 1 more."]
    with pytest.raises(Exception, match="has no column 'sent'"):
        detect(workspace, tmp_path / "less.csv")


def test_hostile_names_and_cells_stay_text(training_page, tmp_path):
    frame = pd.DataFrame(
        {
            HOSTILE: np.arange(600) % 7,
            "=1+1": ["@SUM(1)", HOSTILE] * 300,
            "n" * 10_000: np.arange(600) % 5,
        }
    )
    frame.to_csv(tmp_path / "given.csv", index=False)
    take(training_page, tmp_path / "given.csv")
    press(training_page, "Check the file")
    finished(training_page)
    assert not training_page.exception
    assert not problems(training_page)
    # What is read as Markdown holds no bare markup of theirs.
    for one in (*training_page.caption, *training_page.markdown, *training_page.success):
        assert "![x](" not in one.value
        assert "<img" not in one.value


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param(b"", "is empty", id="empty"),
        pytest.param(b"a,b\n1,2\n3,4,5\n" * 3, "has 3 cells where", id="ragged"),
        pytest.param(b"a,b,a\n1,2,3\n", "has the column 'a' twice", id="twice"),
        pytest.param("a,b\n1,2\n".encode("utf-16-le"), "is no text in UTF-8", id="encoding"),
        pytest.param(b"PAR1" + bytes(40), "cannot be read", id="parquet"),
    ],
)
def test_a_bad_table_is_told_in_a_sentence(training_page, tmp_path, content, sentence):
    (tmp_path / "given.csv").write_bytes(content)
    take(training_page, tmp_path / "given.csv")
    assert not training_page.exception
    assert sentence in problems(training_page)[0]


def test_a_file_that_goes_away_is_told(training_page, tmp_path):
    path = connections_csv(tmp_path / "given.csv", 50)
    take(training_page, path)
    path.unlink()
    training_page.run()
    assert "is gone" in training_page.info[0].value
    assert not training_page.exception


def test_a_run_shows_its_numbers(data_page):
    (runs,) = frames_with(data_page, "Findings")
    assert runs["File"].tolist() == ["office-monday.pcap.gz"]
    assert runs["Events"].tolist() == [3000]
