"""From the first page to the audit log: judged by keyboard, put into a case, written up."""

import os
import re
import shutil
import subprocess
import sys

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.figures.numbers import format_score
from tests.end_to_end.conftest import ROOT, Server, walking
from tests.end_to_end.desk_moves import CONFIRM, key, key_until, leave_field, opened, text_of, tick
from tests.end_to_end.report_readers import READERS, opened_offline

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NOTE = "Nobody has announced a scan for that night."
WHY = "It asked every port of the file server."
CATEGORY = "port-scan"
FORMATS = ("HTML", *READERS)
DETECTOR = "packets"


@pytest.fixture
def server(prepared_demo, tmp_path):
    home = tmp_path / "workspace"
    shutil.copytree(prepared_demo, home)
    running = Server(home, {"DEEPAID_USER": "ana"})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def walker(server):
    with walking(server) as one:
        yield one


def judge_by_keyboard(walker) -> None:
    page = walker.page
    category = page.get_by_role("combobox", name="Category")
    key_until(walker, "t", category)
    category.focus()
    page.keyboard.type(CATEGORY)
    key(walker, "Enter")
    page.get_by_role("checkbox", name=CONFIRM).focus()
    key(walker, "Space")
    key(walker, "Control+Enter")
    walker.sees(re.compile(f"^True positive, {CATEGORY}: 1 finding"))


def open_case(walker, title: str) -> None:
    """A new case of what is ticked; its page."""
    leave_field(walker)
    dialog = walker.page.get_by_role("dialog")
    key_until(walker, "e", dialog)
    box = dialog.get_by_role("textbox", name="Title")
    box.fill(title)
    box.press("Tab")
    walker.settle()
    walker.press(re.compile("^Open the case"))
    walker.sees("Opened C-1 with 2 findings.")
    dialog.wait_for(state="detached")
    walker.page.get_by_test_id("stSidebar").get_by_role("link", name="Cases").click()
    walker.page.wait_for_url(re.compile("/cases"))
    walker.settle()
    assert walker.cells("Title") == [title]
    walker.click_cell(0, 40, "case=C-1")


def describe(walker) -> None:
    """A technique with its reason, and a note."""
    page = walker.page
    walker.press("Techniques", role="tab")
    box = page.get_by_role("combobox", name="Technique")
    box.click()
    box.fill("T1046")
    page.get_by_role("option", name=re.compile("T1046")).first.click()
    walker.settle()
    page.get_by_role("textbox", name="Why").fill(WHY)
    page.get_by_role("textbox", name="Why").press("Tab")
    walker.settle()
    walker.press("Add technique")
    walker.sees("Noted T1046 on C-1.")
    walker.press("Notes and activity", role="tab")
    page.get_by_role("textbox", name="New note").fill(NOTE)
    page.get_by_role("textbox", name="New note").press("Tab")
    walker.settle()
    walker.press("Add note")
    walker.sees("Saved a note on C-1.")


def made_in(walker, name: str, folder):
    """Have the open dialog make a report in a format, and keep the file."""
    dialog = walker.page.get_by_role("dialog")
    box = dialog.get_by_role("combobox", name="Format")
    box.click()
    walker.page.get_by_role("option", name=re.compile(f"^{name}")).click()
    walker.settle()
    dialog.get_by_role("button", name="Prepare the file", exact=True).click()
    ready = dialog.get_by_role("button", name=re.compile("^Download "))
    ready.wait_for()
    walker.settle()
    with walker.page.expect_download() as download:
        ready.click()
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    return file


def confirmed(server, file) -> str:
    """What `deepaid verify` says of evidence."""
    done = subprocess.run(
        [sys.executable, "-m", "deepaid_core", "verify", str(file)],
        cwd=ROOT, capture_output=True, text=True, check=False,
        env={**os.environ, "DEEPAID_HOME": str(server.home)},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return " ".join(done.stdout.split())


def test_from_the_first_page_to_a_case_in_every_format_and_the_audit_log(walker, server, tmp_path):
    page = walker.page
    with opened(server.home) as workspace:
        rows = workspace.store.page(FindingQuery(detector_name=DETECTOR, verified=True), limit=2)
        findings = [workspace.store.finding(row.id) for row in rows]
        (most,) = workspace.store.page(FindingQuery(), limit=1)
    ids = [finding.id for finding in findings]

    # The first page leads to the most abnormal finding; a verdict by keyboard, and undone.
    walker.open("/")
    walker.press("Start triage")
    page.wait_for_url(re.compile(f"id={most.id}"))
    judge_by_keyboard(walker)
    with opened(server.home) as workspace:
        assert workspace.store.row(most.id).category == CATEGORY
    leave_field(walker)
    key(walker, "z")
    walker.sees(re.compile("^Took back verdict 1"))
    with opened(server.home) as workspace:
        assert workspace.store.row(most.id).verdict is None

    # Two findings of the queue become a case; one of them is judged.
    walker.open(f"/finding?id={ids[0]}")
    judge_by_keyboard(walker)
    walker.open(f"/queue?detector={DETECTOR}&proof=verified&status=all")
    assert walker.cells("Finding")[:2] == ids
    tick(walker, 0, "1 finding ticked")
    tick(walker, 1, "2 findings ticked")
    open_case(walker, "Night scan of the file server")
    describe(walker)
    with opened(server.home) as workspace:
        case = workspace.store.desk.case(1)
        assert set(case.finding_ids) == set(ids)
        assert [one.id for one in case.techniques] == ["T1046"]
        assert [one.text for one in workspace.store.desk.notes("C-1")] == [NOTE]

    # Written up in every format; each says the same.
    proofs = [finding.interpretation.diagnostics for finding in findings]
    numbers = {
        format_score(score)
        for proof in proofs
        for score in (proof.score, proof.threshold, proof.reference_score)
    }
    walker.press("Report…")
    digests = {}
    for name in FORMATS:
        file = made_in(walker, name, tmp_path)
        digests[name] = file
        said = (
            opened_offline(page.context, file)
            if name == "HTML"
            else READERS[name](file.read_bytes())
        )
        missing = [one for one in (*numbers, *ids, CATEGORY, NOTE, WHY, "T1046") if one not in said]
        assert not missing, f"{name} lacks {missing}"
    assert len(set(digests.values())) == len(FORMATS)
    assert "0 differ" in confirmed(server, digests["JSON"])
    key(walker, "Escape")
    page.get_by_role("dialog").wait_for(state="detached")

    # The audit log has it all, and each line is as it was written.
    walker.open("/audit")
    shown = list(zip(walker.cells("Kind"), walker.cells("What"), walker.cells("Who"), strict=True))
    kinds = [kind for kind, _, _ in shown]
    assert kinds.count("report") == len(FORMATS)
    assert {"verdict", "undo", "new case", "note", "technique"} <= set(kinds), kinds
    # The demo was loaded by nobody; all else ana did.
    assert {who for kind, _, who in shown if kind not in {"demo", "detection"}} == {"ana"}
    walker.press("Check the chain")
    walker.sees(re.compile("each as it was written"))
    assert "Traceback" not in text_of(page)
    assert "Traceback" not in server.log
