"""Two tabs of one analyst and two analysts at once: nothing is lost, nothing overwritten unseen."""

import re

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workflow import cases
from tests.end_to_end.conftest import Server, Walker, walking
from tests.end_to_end.desk_moves import (
    another_browser,
    another_tab,
    leave_field,
    opened,
    tick,
)
from tests.factories import make_detector_record, make_finding, make_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HALF = "Half a sentence, jktfbuz 123 and"


@pytest.fixture
def server(tmp_path):
    """A dashboard that asks each browser once who judges."""
    running = Server(tmp_path / "workspace")
    running.start()
    yield running
    running.stop()


@pytest.fixture
def ids(server):
    """Findings in the queue's order; the first two are in case C-1."""
    with opened(server.home) as workspace:
        workspace.store.add_detector(make_detector_record())
        values = [make_finding(number) for number in range(6)]
        workspace.store.add_run(make_run(findings=6), values)
        found = workspace.store.ids(FindingQuery())
        cases.open_case(workspace, title="Scan", finding_ids=found[:2], author="cem")
    return found


@pytest.fixture
def walker(server):
    with walking(server) as one:
        yield one


def call_oneself(walker: Walker, name: str) -> None:
    walker.open("/about")
    box = walker.page.get_by_test_id("stSidebar").get_by_role("textbox", name="Analyst")
    box.fill(name)
    box.press("Enter")
    walker.settle()


def field(walker: Walker, name: str):
    return walker.page.get_by_role("textbox", name=name, exact=True)


def reads(walker: Walker, name: str, text: str) -> None:
    """Wait for a field's text: a field is drawn a moment before it is filled."""
    box = field(walker, name)
    box.wait_for()
    walker.page.wait_for_function(
        "([box, text]) => box.value === text", arg=[box.element_handle(), text]
    )


def write(walker: Walker, name: str, text: str) -> None:
    box = field(walker, name)
    box.fill(text)
    leave_field(walker)


def choose(walker: Walker, label: str) -> None:
    walker.press(re.compile(f"^{label}"))
    field(walker, "Reason").wait_for()


def test_a_draft_is_in_each_tab_of_a_browser_and_in_no_other_browser(walker, server, ids):
    address = f"/finding?id={ids[0]}"
    walker.open(address)
    choose(walker, "Undetermined")
    write(walker, "Reason", HALF)

    # A second tab goes on where the first one is; what it types the first one has after a look.
    second = another_tab(walker)
    second.open(address)
    reads(second, "Reason", HALF)
    write(second, "Reason", f"{HALF} the rest.")
    walker.page.reload()
    reads(walker, "Reason", f"{HALF} the rest.")

    # Away by a link and Back: the same finding, the same words.
    walker.page.get_by_test_id("stSidebar").get_by_role("link", name="Queue").click()
    walker.page.wait_for_url(re.compile("/queue"))
    walker.settle()
    walker.page.go_back()
    walker.page.wait_for_url(re.compile(f"id={ids[0]}"))
    reads(walker, "Reason", f"{HALF} the rest.")

    with another_browser(walker) as colleague:
        colleague.open(address)
        colleague.page.get_by_role("button", name=re.compile("^Accept")).first.wait_for()
        colleague.settle()
        assert field(colleague, "Reason").count() == 0
        assert HALF not in colleague.page.locator("body").inner_text()
    assert "Traceback" not in server.log


def test_who_judges_second_is_told_who_was_first(walker, server, ids):
    call_oneself(walker, "ana")
    with another_browser(walker) as colleague:
        call_oneself(colleague, "ben")
        # Each browser keeps its own name.
        walker.open(f"/finding?id={ids[0]}")
        choose(walker, "Undetermined")
        write(walker, "Reason", "Ana cannot say.")

        colleague.open("/queue")
        tick(colleague, 0, "1 finding ticked")
        tick(colleague, 1, "2 findings ticked")
        choose(colleague, "Benign positive")
        write(colleague, "Reason", "Ben announced it.")

        walker.press("Save")
        walker.sees("Undetermined: 1 finding. This verdict teaches the Distiller nothing.")

        # Ben's verdict would have replaced one that he never saw.
        colleague.press("Save")
        colleague.sees(re.compile(f"ana set {ids[0]} to undetermined|ticked finding changed"))
        with opened(server.home) as workspace:
            verdicts = [
                [one.decision.author for one in workspace.store.verdicts(finding_id=one_id)]
                for one_id in ids[:2]
            ]
        assert verdicts == [["ana"], []]
    assert "Traceback" not in server.log


def test_a_case_that_two_write_at_once_has_what_both_wrote(walker, server, ids):
    call_oneself(walker, "ana")
    with another_browser(walker) as colleague:
        call_oneself(colleague, "ben")
        for one in (walker, colleague):
            one.open("/cases?case=C-1")
            field(one, "Summary").wait_for()
        write(walker, "Summary", "Ana saw a scan.")
        write(walker, "Impact", "None, says Ana.")
        write(colleague, "Impact", "Much, says Ben.")
        write(colleague, "Recommendations", "Ben would close the port.")
        walker.press(re.compile("^Save"))
        walker.sees("Saved the summary, impact of C-1.")

        # What only Ben wrote is saved; what both wrote waits for his choice.
        colleague.press(re.compile("^Save"))
        colleague.sees("Saved the recommendations of C-1.")
        colleague.sees(re.compile("ana changed the impact"))
        colleague.sees("None, says Ana.")
        reads(colleague, "Impact", "Much, says Ben.")
        with opened(server.home) as workspace:
            case = workspace.store.desk.case(1)
        assert case.summary == "Ana saw a scan."
        assert case.impact == "None, says Ana."
        assert case.recommendations == "Ben would close the port."
        colleague.press("Put both together")
        reads(colleague, "Impact", "None, says Ana.\n\nMuch, says Ben.")
        colleague.press(re.compile("^Save"))
        colleague.sees("Saved the impact of C-1.")

        # Ana's page is older than that: undoing hers leaves Ben's.
        walker.press(re.compile("^Undo"))
        walker.sees(re.compile("Took it back|Took back|changed since|cannot"))
        with opened(server.home) as workspace:
            case = workspace.store.desk.case(1)
        assert "Much, says Ben." in case.impact
        assert case.recommendations == "Ben would close the port."
    assert "Traceback" not in server.log
