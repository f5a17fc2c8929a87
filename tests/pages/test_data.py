import threading

import pytest

from deepaid_ui.jobs import registry
from tests.pages.test_verdicts import press, problems


@pytest.fixture
def data_page(open_page, findings):
    return open_page("pages/system/data.py")


def finished(app):
    job = registry().latest()
    for _ in range(600):
        if not job.is_active:
            return app.run()
        threading.Event().wait(0.05)
    raise AssertionError(f"still {job.state}: {job.message}")


def path_box(app):
    return next(box for box in app.text_input if box.label.startswith("Or the path"))


def test_no_capture_is_told_in_a_sentence_and_starts_nothing(data_page):
    press(data_page, "Detect anomalies")
    assert problems(data_page) == [
        "No capture is chosen; upload one or give the path of one on the server."
    ]
    assert registry().latest() is None


def test_a_path_without_a_file_is_told_in_a_sentence(data_page):
    path_box(data_page).set_value("/no/such/file.pcap")
    press(data_page, "Detect anomalies")
    assert problems(data_page) == ["There is no file '/no/such/file.pcap'; check the path."]


def test_a_file_that_is_no_capture_is_told_in_a_sentence_and_leaves_nothing(data_page, workspace):
    data_page.file_uploader[0].upload("../../we ird.pcap", b"not a capture").run()
    data_page.session_state["tab"] = "Train a detector"
    data_page.run()
    next(box for box in data_page.text_input if box.label == "Name of the detector").set_value("x")
    data_page.file_uploader[0].upload("../../we ird.pcap", b"not a capture").run()
    press(data_page, "Train")
    finished(data_page)
    assert "is not a packet capture" in problems(data_page)[0]
    assert "we_ird.pcap" in problems(data_page)[0]
    assert not list(workspace.home.glob("upload-*"))
    assert len(workspace.store.detectors()) == 1


def test_a_run_shows_its_numbers(data_page):
    runs = data_page.dataframe[0].value
    assert runs["Capture"].tolist() == ["office-monday.pcap.gz"]
    assert runs["Events"].tolist() == [3000]
