"""Cases in a real browser: drafts survive, colleagues never see them, and nothing is lost."""

import re

import pytest

from deepaid_core.workflow import cases
from deepaid_core.workspace import Workspace
from tests.end_to_end.conftest import Walker
from tests.factories import make_detector_record, make_finding, make_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DOUBLE = "Theirs.\n\nMine."


@pytest.fixture
def case(server):
    """C-1 with four findings."""
    findings = [make_finding(number) for number in range(8)]
    workspace = Workspace.open(server.home)
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), findings)
    ids = [finding.id for finding in findings[:4]]
    cases.open_case(workspace, title="Scan of the office", finding_ids=ids, author="ben")
    yield workspace
    workspace.close()


def impact(walker):
    return walker.page.get_by_label("Impact", exact=True)


def shows_impact(walker, text):
    """Wait until the field holds this; a page that loads fills it a moment after drawing it."""
    impact(walker).wait_for()
    walker.page.wait_for_function(
        """text => [...document.querySelectorAll('textarea')].some(
          one => one.ariaLabel === 'Impact' && one.value === text)""",
        arg=text,
    )


def test_a_draft_survives_a_refresh_and_meets_a_colleagues_change(case, server, walker):
    address = "/cases?case=C-1"
    walker.open(address)
    # Kept while it is typed, before the field is left.
    impact(walker).click()
    walker.page.keyboard.type("Mine.", delay=40)
    walker.sees("Not saved yet, kept as your draft: impact.")
    walker.page.reload()
    walker.settle()
    walker.sees("Not saved yet, kept as your draft: impact.")
    shows_impact(walker, "Mine.")

    # A colleague at another computer sees nothing of it, and saves a text first.
    other = walker.page.context.browser.new_context()
    colleague = Walker(other.new_page(), server.url)
    colleague.open(address)
    colleague.sees("What you type is kept for you as a draft")
    impact(colleague).wait_for()
    colleague.page.wait_for_timeout(2000)
    assert impact(colleague).input_value() == ""
    cases.change(case, 1, {"impact": "Theirs."}, author="cem")
    other.close()

    walker.page.reload()
    walker.settle()
    walker.sees(re.compile("cem changed the impact"))
    shows_impact(walker, "Mine.")
    walker.press("Put both together")
    shows_impact(walker, DOUBLE)
    walker.press(re.compile("^Save"))
    walker.sees("Saved the impact of C-1.")
    assert case.store.desk.case(1).impact == DOUBLE
    # A key that is pressed before its button is there would be lost.
    walker.page.get_by_role("button", name=re.compile("^Undo")).wait_for()
    walker.settle()
    walker.page.keyboard.press("z")
    walker.sees(re.compile("Took it back|Took back"))
    assert case.store.desk.case(1).impact == "Theirs."
