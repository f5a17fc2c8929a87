"""An analyst's own table, from upload to a finding, in a real browser."""

import gzip
import re

import pytest

from tests.unit.sources.table_files import connections_csv, public_table

pytestmark = [pytest.mark.browser, pytest.mark.slow]

JOB_MS = 180_000
FIRST_CELL = 80
NAMES = "duration, protocol, service, flag, sent, received"


def upload(walker, path):
    page = walker.page
    page.locator("input[type=file]").set_input_files(str(path))
    walker.sees(re.compile("^What it is|2 · What it is"))
    walker.settle()


def check(walker):
    walker.press("Check the file")
    walker.page.get_by_text(re.compile("can be read|cannot be used")).first.wait_for(timeout=JOB_MS)
    walker.settle()


def train_as(walker, name):
    box = walker.page.get_by_role("textbox", name="Name of the detector")
    box.fill(name)
    # Straight from typing to the button: what was typed counts.
    walker.press("Train")
    walker.page.get_by_text(re.compile("is ready")).first.wait_for(timeout=JOB_MS)
    walker.settle()


def detect(walker, path):
    walker.press("Detect anomalies with it")
    # A click before the steps have changed would be taken as one on the old ones.
    walker.sees(re.compile("^A trained detector looks for"))
    walker.press("Take another file")
    upload(walker, path)
    check(walker)
    walker.page.get_by_test_id("stButton").get_by_role(
        "button", name="Detect anomalies", exact=True
    ).click()
    walker.page.get_by_text("Open the queue").first.wait_for(timeout=JOB_MS)
    walker.settle()


def open_finding_about(walker, text):
    walker.open(f"/queue?q={text.replace(' ', '+')}")
    assert text in walker.cells("What deviates")[0]
    walker.click_cell(0, FIRST_CELL, r"/finding\?id=F-")
    walker.page.locator("[data-testid=stPlotlyChart] .main-svg").first.wait_for()


def test_a_table_goes_from_upload_to_a_readable_category(walker, server, tmp_path):
    page = walker.page
    walker.open("/data?tab=Train+a+detector")
    upload(walker, connections_csv(tmp_path / "normal.csv", 1000, seed=1))
    walker.sees("Ignored: label")
    check(walker)
    walker.sees("1,000 events can be read.")
    train_as(walker, "office")
    detect(walker, connections_csv(tmp_path / "monday.csv", 500, seed=2, attacks=15))
    open_finding_about(walker, "service: smtp instead of http")
    assert "smtp" in walker.cells("Observed")
    assert "http" in walker.cells("Closest normal")
    walker.sees(re.compile('service was "smtp" where the closest normal'))
    walker.open(page.url.partition(server.url)[2] + "&tab=Evidence")
    walker.sees("Raw events around the interpreted one")
    assert set(walker.cells("service")) <= {"http", "smtp", "dns"}
    assert "Traceback" not in server.log
    assert not list(server.home.glob("upload-*/normal.csv"))


def test_a_bad_table_names_its_cells_and_is_read_without_them(walker, server, tmp_path):
    path = connections_csv(tmp_path / "bad.csv", 600)
    lines = path.read_text().splitlines()
    hostile = "<img src=http://evil.example/a.png>"
    lines[5] = lines[5].replace(",tcp,", f",{hostile},").rpartition(",")[0] + ",normal"
    cells = lines[8].split(",")
    lines[8] = ",".join([*cells[:5], hostile, *cells[6:]])
    path.write_text("\n".join(lines) + "\n")
    walker.open("/data?tab=Train+a+detector")
    upload(walker, path)
    check(walker)
    walker.sees(re.compile("cannot be used; the first is in row 8, column 'sent'"))
    walker.page.get_by_text("Leave out rows with a cell that cannot be read").click()
    walker.settle()
    check(walker)
    walker.sees("599 events can be read.")
    walker.sees("1 left out: a cell cannot be read")
    assert "Traceback" not in server.log


def test_public_connection_records_without_a_header_go_the_same_way(walker, server, tmp_path):
    recorded = gzip.decompress(
        public_table("nsl_kdd/KDDTrain+_20Percent.txt.gz").read_bytes()
    ).decode()
    normal = [line for line in recorded.splitlines() if ",normal," in line][:3000]
    tested = gzip.decompress(public_table("nsl_kdd/KDDTest+.txt.gz").read_bytes()).decode()
    (tmp_path / "normal.txt").write_text("\n".join(normal) + "\n")
    (tmp_path / "tested.txt.gz").write_bytes(
        gzip.compress("\n".join(tested.splitlines()[:1500]).encode() + b"\n")
    )
    page = walker.page
    walker.open("/data?tab=Train+a+detector")
    upload(walker, tmp_path / "normal.txt")
    walker.sees("Ignored: column 42, column 43")
    # Names for the first columns are not enough, and that is said.
    names = page.get_by_role("textbox", name=re.compile("^Names of the columns"))
    names.fill(NAMES)
    names.press("Control+Enter")
    walker.settle()
    walker.sees(re.compile("has 43 columns and 6 names were given"))
    rest = ", ".join(f"c{number}" for number in range(7, 42))
    names.fill(f"{NAMES}, {rest}, attack, difficulty")
    names.press("Control+Enter")
    walker.settle()
    walker.sees("Ignored: attack, difficulty")
    check(walker)
    walker.sees("3,000 events can be read.")
    train_as(walker, "connections")
    detect(walker, tmp_path / "tested.txt.gz")
    open_finding_about(walker, "flag: S0 instead of SF")
    observed, normal_value = walker.cells("Observed"), walker.cells("Closest normal")
    what = walker.cells("What")
    categories = [at for at, name in enumerate(what) if name in {"protocol", "service", "flag"}]
    assert categories
    for at in categories:
        assert observed[at] != normal_value[at]
        assert re.fullmatch(r"[A-Za-z0-9_()]+", observed[at])
    assert "Traceback" not in server.log
