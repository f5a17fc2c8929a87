import re
from pathlib import Path

import pytest

from deepaid_core.workflow.demo import DEMOS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST_CELL, ENTITY_CELL = 80, 260
DEMO_MS = 240_000


def judge_false_positive(walker, *, category):
    walker.press(re.compile("^Reject"))
    box = walker.page.get_by_role("combobox", name="Category")
    box.click()
    box.fill(category)
    walker.page.keyboard.press("Enter")
    walker.settle()
    confirm = walker.page.get_by_text("The drafted reason is right")
    confirm.click()
    walker.settle()
    walker.press("Save")
    walker.sees(re.compile("The Distiller now explains"))


def suggestion_of(walker, pattern):
    walker.open(f"/queue?pattern={pattern}")
    return set(walker.cells("Suggestion"))


def listed(walker) -> int:
    """How many findings the queue says there are; its table holds those on the screen only."""
    said = walker.page.get_by_text(re.compile("^[0-9,]+ to [0-9,]+ of [0-9,]+ finding")).first
    return int(said.inner_text().split(" of ")[1].split()[0].replace(",", ""))


def nodes_of_the_state_graph(walker):
    walker.open("/patterns?tab=Map")
    walker.page.locator("[data-testid=stBidiComponentRegular], .net").first.wait_for()
    walker.page.locator(".net[data-ready='1']").wait_for()
    return walker.cells("State or category")


def test_from_a_fresh_workspace_to_a_taught_distiller_and_back(walker, server, tmp_path):
    page = walker.page
    walker.open()
    walker.sees("No data yet")
    walker.press("Load the demo data")
    # The first findings are shown while the other detectors are at work.
    page.get_by_text("Open findings").first.wait_for(timeout=DEMO_MS)
    page.get_by_text("Loading the demo data").first.wait_for(state="detached", timeout=DEMO_MS)

    # One queue, filled by a detector of each kind of data.
    walker.open("/queue?group=detector")
    assert set(walker.cells("Detector")) == {demo.name for demo in DEMOS}

    # The pattern that most open findings share.
    walker.open()
    walker.press("Open the pattern")
    page.wait_for_url(re.compile(r"pattern=P-"))
    pattern = re.search(r"P-[0-9a-f]{10}", page.url).group()
    assert suggestion_of(walker, pattern) == {"unknown"}
    findings = walker.cells("Finding")
    assert len(findings) > 4
    total = listed(walker)
    with page.expect_download() as table:
        page.get_by_role("button", name=re.compile("^CSV of all")).click()
    lines = Path(table.value.path()).read_text(encoding="utf-8").splitlines()
    assert len(lines) == total + 1

    # A finding, of a log session: why it was flagged, as a chart and as a table.
    walker.click_cell(0, FIRST_CELL, r"/finding\?id=F-")
    walker.sees("Verified")
    page.locator("[data-testid=stPlotlyChart] .main-svg").first.wait_for()
    page.get_by_text("The same as tables", exact=True).click()
    walker.settle()
    assert any(walker.cells("Closest normal"))

    # Three false positives of one pattern.
    for number in range(3):
        walker.open(f"/finding?id={findings[number]}")
        judge_false_positive(walker, category="backup-job")
    taught = suggestion_of(walker, pattern)
    assert listed(walker) == total - 3
    assert all(cell.startswith("backup-job ") for cell in taught), taught
    nodes = nodes_of_the_state_graph(walker)
    assert "false positive / backup-job" in nodes

    # The last verdict is taken back: its finding is open again and the count is two.
    walker.open(f"/finding?id={findings[2]}")
    walker.press("Take it back")
    walker.sees(re.compile("Took back verdict 3"))
    assert suggestion_of(walker, pattern) != taught
    assert listed(walker) == total - 2
    assert findings[2] in walker.cells("Finding")

    # The report is one file that opens offline.
    walker.open(f"/finding?id={findings[0]}&tab=Evidence")
    walker.sees("Raw events around the interpreted one")
    report = walker.report(tmp_path / "report.html")
    assert_opens_offline(page.context, report, findings[0])

    # A refresh keeps what is shown.
    address = page.url
    page.reload()
    walker.settle()
    assert page.url == address
    walker.sees(findings[0])
    walker.sees("Raw events around the interpreted one")
    assert "Traceback" not in server.log


def assert_opens_offline(context, report: Path, finding_id: str) -> None:
    asked = []
    other = context.new_page()
    other.on("request", lambda request: asked.append(request.url))
    other.goto(report.as_uri())
    other.get_by_text(finding_id).first.wait_for()
    assert [url for url in asked if not url.startswith(("data:", "blob:"))] == [report.as_uri()]
    other.close()


def test_letters_choose_a_verdict_and_do_nothing_while_typing(walker, server):
    from deepaid_core.workspace import Workspace
    from tests.factories import make_detector_record, make_finding, make_run

    workspace = Workspace.open(server.home)
    workspace.store.add_detector(make_detector_record())
    values = [make_finding(number) for number in range(3)]
    workspace.store.add_run(make_run(findings=3), values)
    workspace.close()
    page = walker.page
    # The last has the highest score, so it stands first in the queue and has a next one.
    first = values[-1].id
    walker.open(f"/finding?id={first}")
    page.get_by_role("button", name=re.compile("^Accept")).wait_for()
    page.keyboard.press("f")
    walker.sees("Category")
    reason = page.get_by_role("textbox", name="Reason")
    reason.fill("")
    reason.press_sequentially("jkt is no verdict")
    walker.settle()
    assert first in page.url
    assert reason.input_value() == "jkt is no verdict"
    page.locator("h3").first.click()
    walker.settle()
    page.keyboard.press("j")
    page.wait_for_url(lambda url: first not in url)
