"""A detector's life in a real browser: trained, evaluated, its threshold set, its findings read."""

import re

import pytest

from tests.unit.sources.table_files import connections_csv

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
]

JOB_MS = 180_000
FIRST_CELL = 60


def upload(walker, path, until):
    # A label file may be asked for too; the events are first.
    walker.page.locator("input[type=file]").first.set_input_files(str(path))
    walker.sees(until)
    walker.settle()


def train(walker, path):
    page = walker.page
    walker.open("/detectors?part=Train+a+detector")
    upload(walker, path, "Detector and settings")
    epochs = page.get_by_role("spinbutton", name="Epochs")
    epochs.fill("40")
    epochs.press("Tab")
    walker.settle()
    page.get_by_role("textbox", name="Name of the detector").fill("office")
    walker.press("Train")
    # The losses are drawn while it learns, or at least stand behind the outcome.
    page.get_by_text(re.compile("is ready")).first.wait_for(timeout=JOB_MS)
    walker.settle()
    page.get_by_text("How the training went").click()
    walker.sees(re.compile(r"\d+ epochs? done, best on held-back events"))


def evaluate(walker, path):
    page = walker.page
    walker.press("Evaluation", role="tab")
    walker.sees("This version was not evaluated yet")
    # The file that it learned from is still the chosen one.
    walker.press("Take another file")
    upload(walker, path, re.compile("^Where its labels are"))
    walker.press("Evaluate")
    page.get_by_text(re.compile("^ROC: area")).first.wait_for(timeout=JOB_MS)
    walker.settle()
    for title in (re.compile("^Precision and recall"), "Confusion at this threshold", "Measures"):
        walker.sees(title)


def set_threshold(walker):
    """Try another bound by a click on the chart, and by a number; make it the one in force."""
    page = walker.page
    walker.press("Threshold", role="tab")
    chart = page.locator("[data-testid=stPlotlyChart] .plot-container .nsewdrag").first
    chart.wait_for()
    box = chart.bounding_box()
    number = page.get_by_role("spinbutton", name="Or as a number")
    number.and_(page.locator("input:not([value='0'])")).wait_for()
    in_force = number.input_value()
    for _ in range(10):
        # A click before the chart listens is lost.
        page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.5)
        walker.settle()
        page.wait_for_timeout(1500)
        if float(number.input_value()) < float(in_force):
            break
    else:
        pytest.fail("No click on the chart was noticed")
    walker.press("Back to the one in force")
    walker.press(re.compile("Suggest one"))
    walker.press("Try it")
    walker.sees(re.compile("^Suggested: 0.995 quantile"))
    page.keyboard.press("Escape")
    number.fill(f"{float(in_force) * 0.9:.4f}")
    number.press("Enter")
    walker.settle()
    walker.press(re.compile(r"Apply [\d.]+"))
    walker.press("Make the new version")
    walker.sees(re.compile("^office has a new version, D-[0-9a-f]{10}, with threshold"))
    walker.sees(re.compile("This version has read no file yet"))


def detect(walker, path):
    page = walker.page
    walker.press("Run it on a file")
    page.wait_for_url(re.compile(r"/data\?detector=D-"))
    walker.sees(re.compile("^A trained detector looks for"))
    wanted = page.url.partition("detector=")[2][:12]
    walker.press("Take another file")
    upload(walker, path, re.compile("^3 · Detector"))
    page.get_by_test_id("stButton").get_by_role(
        "button", name="Detect anomalies", exact=True
    ).click()
    page.get_by_text("Open the queue").first.wait_for(timeout=JOB_MS)
    walker.settle()
    return wanted


def test_a_detector_is_trained_evaluated_set_and_its_findings_are_interpreted(
    walker, server, tmp_path
):
    page = walker.page
    train(walker, connections_csv(tmp_path / "normal.csv", 1000, seed=1))
    walker.press("Open it")
    page.wait_for_url(re.compile(r"/detectors\?id=D-"))
    monday = connections_csv(tmp_path / "monday.csv", 500, seed=2, attacks=15)
    evaluate(walker, monday)
    set_threshold(walker)
    version = detect(walker, monday)

    walker.open("/queue?detector=office")
    walker.column("Finding", lambda cells: len(cells) > 0 and all("F-" in one for one in cells))
    walker.click_cell(0, 80, r"/finding\?id=F-")
    page.locator("[data-testid=stPlotlyChart] .main-svg").first.wait_for()
    walker.sees(re.compile("closest normal"))

    walker.open("/detectors")
    walker.column("Detector", lambda cells: cells == ["office"])
    walker.click_cell(0, FIRST_CELL, r"/detectors\?id=D-")
    assert version in page.url
    walker.press("Interpretations", role="tab")
    walker.sees("Deviations, median")
    walker.press("Drift", role="tab")
    walker.sees(re.compile("^Stability index"))
    walker.press("Versions", role="tab")
    walker.sees("Side by side")
    # The address brings the same tab of the same version back.
    walker.open(page.url.partition(server.url)[2])
    walker.sees("Side by side")
    assert "Traceback" not in server.log
