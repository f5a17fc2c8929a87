"""Teaching the Distiller and suppressing, safely, in a real browser; then taking all of it back."""

import re

import pytest

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workspace import Workspace
from tests.factories import PATHS, make_detector_record, make_finding, make_run

pytestmark = [pytest.mark.browser, pytest.mark.slow]

COUNT = 40
BELOW_CRITICAL = 0.4  # a score; the threshold of these findings is 0.25


@pytest.fixture
def patterns(server):
    """Ids of the patterns of 40 stored findings, ten of each; none is of critical severity."""
    findings = [make_finding(number, max_score=BELOW_CRITICAL) for number in range(COUNT)]
    workspace = Workspace.open(server.home)
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), findings)
    workspace.close()
    return {finding.path: finding.pattern_id for finding in findings}


def state(server) -> list[tuple]:
    """What the store says of every finding."""
    workspace = Workspace.open(server.home)
    rows = workspace.store.page(FindingQuery(sort="oldest"), limit=COUNT)
    workspace.close()
    return [(r.id, r.status, r.verdict, r.category, r.suppression_number) for r in rows]


def listed(walker) -> int:
    """How many findings the queue says there are."""
    walker.open("/queue")
    said = walker.page.get_by_text(re.compile("^[0-9,]+ to [0-9,]+ of [0-9,]+ finding")).first
    return int(said.inner_text().split(" of ")[1].split()[0].replace(",", ""))


def judge(walker, *, button, category):
    walker.press(re.compile(f"^{button}"))
    box = walker.page.get_by_role("combobox", name="Category")
    box.click()
    box.fill(category)
    walker.page.keyboard.press("Enter")
    walker.settle()
    walker.page.get_by_text("The drafted reason is right").click()
    walker.settle()
    walker.press("Save")
    walker.sees(re.compile("The Distiller now explains"))


@pytest.mark.slow
def test_label_a_pattern_be_refused_suppress_another_and_undo_everything(patterns, server, walker):
    attack, backup = patterns[PATHS[0]], patterns[PATHS[1]]
    page = walker.page
    before = state(server)
    assert listed(walker) == COUNT

    # One decision on a whole pattern, after a preview of what it reaches.
    walker.open(f"/patterns?pattern={attack}")
    walker.press("Label all 10 open findings…")
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("What it reaches").wait_for()
    dialog.get_by_text(re.compile("^Reaches 10 open findings")).wait_for()
    dialog.get_by_text("5 examples drawn at random").wait_for()
    judge(walker, button="Accept", category="port-scan")
    assert listed(walker) == COUNT - 10

    # An attack's pattern cannot be suppressed; the page says why, and by which finding.
    walker.open(f"/patterns?pattern={attack}")
    walker.press("Suppress…")
    dialog.get_by_text("no confirmed attack").first.wait_for()
    dialog.get_by_text(re.compile("it must never be hidden|they must never be hidden")).wait_for()
    dialog.get_by_role("link", name=re.compile("F-[0-9a-f]{10}")).first.wait_for()
    assert dialog.get_by_role("button", name=re.compile("^Suppress")).is_disabled()
    page.keyboard.press("Escape")

    # A benign one can, once three verdicts agree.
    workspace = Workspace.open(server.home)
    ids = workspace.store.ids(FindingQuery(pattern_id=backup, sort="oldest"))
    workspace.close()
    for finding_id in ids[:3]:
        walker.open(f"/finding?id={finding_id}")
        judge(walker, button="Reject", category="backup-job")
    walker.open(f"/patterns?pattern={backup}")
    walker.press("Suppress…")
    button = dialog.get_by_role("button", name=re.compile("^Suppress [0-9]+ findings"))
    button.wait_for()
    button.click()
    walker.settle()
    walker.sees(re.compile("left the queue"))
    rows = [row for row in state(server) if row[0] in ids]
    suppressed = sum(row[1] is Status.SUPPRESSED for row in rows)
    assert suppressed >= 5, "at most a few stay in the queue as a check"
    assert listed(walker) == COUNT - 10 - 3 - suppressed
    walker.open("/suppressions")
    assert walker.cells("Suppression") == ["S-5"]

    # Everything is taken back at once, and is as it was.
    walker.open("/versions?to=0")
    page.get_by_text("Roll back to M-0").first.wait_for()
    page.get_by_text("I have looked at the attacks").click()
    walker.settle()
    page.get_by_role("textbox", name="Why").fill("Only a rehearsal.")
    walker.press("Roll back to M-0")
    walker.sees(re.compile("Rolled back"))
    assert state(server) == before
    assert listed(walker) == COUNT
