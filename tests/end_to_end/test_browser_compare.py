"""Several methods on one finding of each demo detector, in a real browser."""

import re
import shutil

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workspace import Workspace
from tests.end_to_end.conftest import Server, walking

pytestmark = [pytest.mark.browser, pytest.mark.slow]

DETECTORS = ("packets", "ssh-sessions", "host-rates", "logins")
STOPPED = "() => ![...document.querySelectorAll('button')].some(b => b.innerText === 'Cancel')"


@pytest.fixture(scope="module")
def home(prepared_demo, tmp_path_factory):
    """A copy of the demo; comparing writes nothing, so all tests share it."""
    copy = tmp_path_factory.mktemp("compare") / "workspace"
    shutil.copytree(prepared_demo, copy)
    return copy


@pytest.fixture(scope="module")
def walker(home):
    running = Server(home, {"DEEPAID_USER": "ana"})
    running.start()
    try:
        with walking(running) as one:
            yield one
    finally:
        running.stop()


@pytest.fixture(scope="module")
def strongest(home):
    """Id of the strongest finding of each detector."""
    workspace = Workspace.open(home)
    try:
        return {
            name: workspace.store.page(FindingQuery(detector_name=name, sort="score"), limit=1)[
                0
            ].id
            for name in DETECTORS
        }
    finally:
        workspace.close()


def settled(walker):
    walker.settle()
    walker.page.wait_for_function(STOPPED)
    walker.settle()


@pytest.mark.parametrize("detector", DETECTORS)
def test_a_finding_of_each_detector_is_compared(walker, strongest, detector):
    walker.open(f"/compare?finding={strongest[detector]}")
    settled(walker)
    walker.sees(strongest[detector])
    walker.sees(re.compile("(flips?|Neither method flips|not flip) the label", re.IGNORECASE))
    assert walker.page.get_by_role("alert").count() == 0


def test_a_method_is_added_by_hand_and_stays_in_the_address(walker, strongest):
    walker.open(f"/compare?finding={strongest['packets']}&with=largest-error")
    settled(walker)
    walker.page.get_by_role("combobox").click()
    walker.page.get_by_role("option", name="Nearest normal", exact=True).click()
    settled(walker)
    walker.page.wait_for_url(re.compile("with=largest-error(,|%2C)nearest-normal"))
    methods = walker.cells("Method")
    assert methods == ["Greedy search (stored)", "Largest error", "Nearest normal"]
    walker.page.reload()
    settled(walker)
    assert walker.cells("Method") == methods


def test_from_the_proof_of_a_finding_to_its_comparison_and_back(walker, strongest):
    finding_id = strongest["packets"]
    walker.open(f"/finding?id={finding_id}")
    walker.page.get_by_role("link", name="Compare with other methods").click()
    settled(walker)
    walker.page.wait_for_url(re.compile(f"/compare.*finding={finding_id}"))
    walker.press(re.compile("Open the finding"))
    walker.page.wait_for_url(re.compile(f"/finding.*id={finding_id}"))


def test_a_click_on_an_offered_finding_compares_it(walker):
    walker.open("/compare")
    walker.click_cell(0, 60, "finding=F-")
    settled(walker)
    walker.sees(re.compile("Compare the stored answer|is the only method"))


def test_how_firm_the_answers_are_appears_when_asked_for(walker, strongest):
    walker.open(f"/compare?finding={strongest['packets']}&with=largest-error")
    settled(walker)
    walker.press(re.compile("Measure how firm"))
    settled(walker)
    walker.sees("How much of what each method names stays")
