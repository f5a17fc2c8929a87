"""The queue by keyboard in a browser: keys act, but neither while typing nor behind dialogs."""

import re

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workspace import Workspace
from tests.factories import make_detector_record, make_finding, make_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT = 30
TICK = 16


@pytest.fixture
def workspace(server):
    opened = Workspace.open(server.home)
    opened.store.add_detector(make_detector_record())
    values = [make_finding(number) for number in range(COUNT)]
    opened.store.add_run(make_run(findings=COUNT), values)
    yield opened
    opened.close()


def tick(walker, row, said):
    """Tick a line; the table is a canvas, and a click before it listens is lost."""
    grid = walker.page.locator("[data-testid=stDataFrame]").first
    grid.locator("canvas").first.wait_for()
    for _ in range(10):
        box = grid.bounding_box()
        walker.page.mouse.click(box["x"] + TICK, box["y"] + 35 + 35 * row + 17)
        walker.page.wait_for_timeout(1500)
        walker.settle()
        if walker.page.get_by_text(said).count():
            return
    pytest.fail(f"No tick led to “{said}”")


def key(walker, name):
    walker.page.keyboard.press(name)
    walker.page.wait_for_timeout(300)
    walker.settle()


def picked(walker, finding_id):
    walker.page.wait_for_url(re.compile(f"peek={finding_id}"))
    walker.settle()


def test_a_shift_in_the_queue_by_keyboard(walker, server, workspace):
    store, page = workspace.store, walker.page
    ids = store.ids(FindingQuery())
    walker.open("/queue")
    page.get_by_role("button", name=re.compile("^Next.*J")).wait_for()
    walker.page.locator("[data-testid=stDataFrame] canvas").first.wait_for()
    for letter, place in (("j", 1), ("j", 2), ("k", 1)):
        key(walker, letter)
        picked(walker, ids[place])

    # What is ticked is assigned to me, and taken back.
    tick(walker, 3, "1 finding ticked")
    tick(walker, 4, "2 findings ticked")
    key(walker, "a")
    walker.sees("Assigned 2 findings to ana.")
    assert set(store.ids(FindingQuery(assignees=("ana",)))) == {ids[3], ids[4]}
    walker.sees("2 findings ticked")
    key(walker, "z")
    walker.sees("Took it back: 2 findings as before.")
    assert store.ids(FindingQuery(assignees=("ana",))) == ()

    # Behind the dialog no key of the page acts.
    key(walker, "e")
    walker.sees("Add to case")
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("heading", name="Add to case").click()
    for letter in "ajzt":
        key(walker, letter)
    assert dialog.is_visible()
    assert store.ids(FindingQuery(assignees=("ana",))) == ()
    key(walker, "Escape")
    dialog.wait_for(state="hidden")
    walker.press("Untick all")

    # Letters that are typed are text.
    search = page.get_by_role("textbox", name="Search")
    search.click()
    search.press_sequentially("jakeztfbu")
    walker.settle()
    assert search.input_value() == "jakeztfbu"
    assert f"peek={ids[1]}" in page.url
    search.fill("")
    search.press("Enter")
    walker.settle()

    # A verdict on the picked finding, saved without the mouse; the next one follows.
    page.locator("h2").first.click()
    walker.settle()
    key(walker, "u")
    page.get_by_text("The drafted reason is right").click()
    walker.settle()
    key(walker, "Control+Enter")
    walker.sees(re.compile("teaches the Distiller nothing"))
    assert store.row(ids[1]).verdict == "undetermined"
    picked(walker, ids[2])

    # A refresh keeps what is shown.
    page.reload()
    page.get_by_role("button", name=re.compile("Investigate")).wait_for()
    walker.settle()
    assert f"peek={ids[2]}" in page.url
    key(walker, "o")
    page.wait_for_url(re.compile(f"/finding.*id={ids[2]}"))
    assert "Traceback" not in server.log
