"""Half-typed verdicts in real browsers: nothing is lost, nobody sees another one's."""

import re
from contextlib import contextmanager

import pytest

from deepaid_core.workspace import Workspace
from tests.end_to_end.conftest import PATIENCE_MS, Walker, walking
from tests.factories import make_detector_record, make_finding, make_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

LINE = "Half a sentence jkt1 and"


@pytest.fixture
def finding_id(server):
    workspace = Workspace.open(server.home)
    workspace.store.add_detector(make_detector_record())
    values = [make_finding(number) for number in range(3)]
    workspace.store.add_run(make_run(findings=3), values)
    workspace.close()
    return values[-1].id


@contextmanager
def beside(walker):
    """Another browser, with cookies of its own, on the same server."""
    context = walker.page.context.browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    yield Walker(page, walker.url)
    context.close()


def reason(page):
    return page.get_by_role("textbox", name="Reason")


def choose(walker, name):
    walker.press(re.compile(f"^{name}"))
    reason(walker.page).wait_for()


def reads(walker, text):
    """Wait for the field's text: a field is drawn a moment before it is filled."""
    box = reason(walker.page)
    box.wait_for()
    walker.page.wait_for_function(
        "([box, text]) => box.value === text", arg=[box.element_handle(), text]
    )


def test_what_is_typed_survives_a_refresh_and_a_colleague_who_is_faster(server, finding_id):
    address = f"/finding?id={finding_id}"
    with walking(server) as walker:
        page = walker.page
        walker.open(address)
        choose(walker, "Undetermined")
        reason(page).fill("")
        # The field keeps the focus: a refresh comes in the middle of the sentence.
        reason(page).press_sequentially(LINE)
        page.wait_for_timeout(1500)
        walker.settle()
        assert reason(page).input_value() == LINE
        page.reload()
        reads(walker, LINE)

        with beside(walker) as other:
            other.open(address)
            other.page.get_by_role("button", name=re.compile("^Accept")).wait_for()
            assert reason(other.page).count() == 0
            choose(other, "Benign positive")
            reason(other.page).fill("I started that scan.")
            reason(other.page).blur()
            other.settle()
            other.press("Save")
            other.sees(re.compile("^Benign positive: 1 finding"))

        walker.press("Save")
        walker.sees(re.compile(f"^ana set {finding_id} to benign positive .* ago"))
        assert reason(page).input_value() == LINE
        walker.press("Save mine anyway")
        walker.sees(re.compile("^Undetermined: 1 finding"))
        reason(page).wait_for(state="detached")

    workspace = Workspace.open(server.home)
    reasons = [one.decision.reason for one in workspace.store.verdicts(finding_id=finding_id)]
    workspace.close()
    assert reasons == [LINE, "I started that scan."]
