"""The walk of a verdict without a mouse: Tab, Enter, Space, arrows and letters only."""

import re

import pytest

from deepaid_core.domain.queries import FindingQuery
from tests.end_to_end.desk_moves import CONFIRM, focused, key, key_until, opened, tab_to
from tests.factories import make_detector_record, make_finding, make_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT = 12
CATEGORY = "port-scan"
REASON = " Nobody announced it."


@pytest.fixture
def ids(server):
    """Findings in the queue's order."""
    with opened(server.home) as workspace:
        workspace.store.add_detector(make_detector_record())
        values = [make_finding(number) for number in range(COUNT)]
        workspace.store.add_run(make_run(findings=COUNT), values)
        return workspace.store.ids(FindingQuery())


def row_of(server, finding_id):
    with opened(server.home) as workspace:
        return workspace.store.row(finding_id)


def without_a_mouse(page):
    """Fail as soon as anything moves or clicks a pointer."""
    page.add_init_script(
        "for (const kind of ['mousedown', 'mouseup', 'touchstart'])"
        " window.addEventListener(kind, event => { window.pointed = kind; }, true);"
    )


def press_undo(walker):
    """Press Z once the form of the verdict is gone: no key is heard while it has the keyboard."""
    walker.page.get_by_role("button", name=re.compile("^Undo")).wait_for()
    walker.settle()
    if focused(walker)["tag"] in {"INPUT", "TEXTAREA"}:
        pytest.fail("the keyboard was left in a field of a form that is gone")
    key(walker, "z")


def test_from_the_first_page_to_a_verdict_and_back_without_a_mouse(walker, server, ids):
    page = walker.page
    without_a_mouse(page)
    walker.open("/")
    page.get_by_role("button", name="Start triage").wait_for()

    # From the first page into the most abnormal finding.
    tab_to(walker, re.compile("Start triage$"))
    key(walker, "Enter")
    page.wait_for_url(re.compile(f"/finding.*id={ids[0]}"))

    # Tabs by their digits, and by arrows once they have the keyboard.
    key_until(walker, "4", page.get_by_role("tab", name="Evidence", selected=True))
    tab_to(walker, "Evidence")
    key(walker, "ArrowRight")
    key(walker, "Enter")
    page.get_by_role("tab", name="Activity", selected=True).wait_for()
    key_until(walker, "1", page.get_by_role("tab", name="Deviations", selected=True))

    # A verdict: letter, category, reason, save.
    key_until(walker, "t", page.get_by_role("combobox", name="Category"))
    tab_to(walker, re.compile("Category"), tag="INPUT")
    page.keyboard.type(CATEGORY)
    key(walker, "Enter")
    tab_to(walker, "Reason", tag="TEXTAREA")
    key(walker, "Control+End")
    page.keyboard.type(REASON)
    walker.settle()
    assert page.get_by_role("textbox", name="Reason").input_value().endswith(REASON)
    key(walker, "Control+Enter")
    walker.sees(re.compile(f"^True positive, {CATEGORY}: 1 finding"))
    row = row_of(server, ids[0])
    assert (row.verdict, row.category) == ("true positive", CATEGORY)
    page.wait_for_url(re.compile(f"id={ids[1]}"))

    # Taken back: by its key.
    press_undo(walker)
    walker.sees(re.compile("^Took back verdict 1"))
    assert row_of(server, ids[0]).verdict is None

    # The queue: its page by a link, its findings by letters, a verdict beside it.
    tab_to(walker, re.compile("Queue$"))
    key(walker, "Enter")
    page.wait_for_url(re.compile("/queue"))
    page.get_by_role("button", name=re.compile("^Next.*J")).wait_for()
    page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    walker.settle()
    key(walker, "j")
    page.wait_for_url(re.compile(f"peek={ids[1]}"))
    walker.settle()
    key_until(walker, "f", page.get_by_role("checkbox", name=CONFIRM))
    tab_to(walker, re.compile("Category"), tag="INPUT")
    page.keyboard.type("backup")
    key(walker, "Enter")
    tab_to(walker, re.compile(CONFIRM), tag="INPUT")
    key(walker, "Space")
    key(walker, "Control+Enter")
    walker.sees(re.compile("^False positive, backup: 1 finding"))
    assert row_of(server, ids[1]).verdict == "false positive"
    page.wait_for_url(re.compile(f"peek={ids[2]}"))
    press_undo(walker)
    walker.sees(re.compile("^Took back verdict"))
    assert row_of(server, ids[1]).verdict is None
    assert page.evaluate("window.pointed") is None
    assert "Traceback" not in server.log
