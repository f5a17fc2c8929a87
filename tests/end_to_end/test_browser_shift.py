"""A shift at the desk, kind by kind: read, try what would be normal, judge, look at the pattern."""

import re
import shutil
from dataclasses import dataclass

import pytest

from deepaid_core.domain.finding import Finding, Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.figures.bench import standing
from deepaid_core.figures.numbers import format_score
from deepaid_core.workflow.bench import Bench, open_bench
from deepaid_ui.investigate_keys import TABS
from tests.end_to_end.conftest import Server, walking
from tests.end_to_end.desk_moves import CONFIRM, key, key_until, leave_field, opened, text_of

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST_CELL = 80
UNCHANGED = "nothing is edited yet"


@dataclass(frozen=True)
class Kind:
    """One detector of the demo, and what its findings are taken for.

    Attributes:
        detector: Its name.
        letter: Key of the verdict.
        verdict: As the store keeps it.
        category: What the analyst types.
        drawn: What the browser draws of the deviations.
    """

    detector: str
    letter: str
    verdict: str
    category: str
    drawn: str


KINDS = (
    Kind("packets", "t", "true positive", "port-scan", ".js-plotly-plot .main-svg"),
    Kind("ssh-sessions", "t", "true positive", "password-guessing", ".ribbon .flagged .line"),
    Kind("host-rates", "f", "false positive", "backup-burst", ".js-plotly-plot .main-svg"),
    Kind("logins", "f", "false positive", "new-laptop", ".net[data-ready='1']"),
)


@pytest.fixture(scope="module")
def server(prepared_demo, tmp_path_factory):
    """One server on a copy of the demo; each test judges a finding of another detector."""
    home = tmp_path_factory.mktemp("shift") / "workspace"
    shutil.copytree(prepared_demo, home)
    running = Server(home, {"DEEPAID_USER": "ana"})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def walker(server):
    with walking(server) as one:
        yield one


def strongest(workspace, detector: str) -> Finding:
    """The first verified finding of a detector in the queue's order."""
    rows = workspace.store.page(
        FindingQuery(status=Status.OPEN, detector_name=detector, verified=True), limit=1
    )
    return workspace.store.finding(rows[0].id)


def words(finding: Finding, bench: Bench, edits) -> str:
    now = bench.score(edits)
    proof = finding.interpretation.diagnostics
    return standing(now.score, now.threshold, anomaly=proof.score, ratio=finding.ratio)


def says(walker, text: str) -> None:
    walker.page.locator(".st-key-bench_now").get_by_text(text).wait_for()


def edit_first(walker, finding: Finding, bench: Bench) -> None:
    """Give the first part that deviates another value, and see the score that it then has."""
    at = next(place for place, part in enumerate(bench.parts) if part.deviates)
    part = bench.parts[at]
    if part.kind == "choice":
        box = walker.page.locator(f".st-key-bench-{finding.id}-{at}-choice input")
        values = [one.value for one in bench.choices(part) if one.value != part.observed]
        told = {words(finding, bench, bench.turn(part, value, {})) for value in values}
        now = walker.page.locator(".st-key-bench_now")
        # The list may move while it opens, and what stands there already is one of its lines.
        for line in (0, 1, 0, 1):
            box.click()
            walker.page.get_by_role("option").nth(line).click()
            walker.settle()
            if not now.get_by_text(UNCHANGED).count():
                break
        now.get_by_text(re.compile("|".join(map(re.escape, told)))).first.wait_for()
        return
    box = walker.page.locator(f".st-key-bench-{finding.id}-{at}-number input")
    middle = (float(part.observed) + float(part.reference)) / 2
    chosen = round(middle) if part.kind == "integer" else float(f"{middle:.6g}")
    box.fill(f"{chosen:.6g}")
    box.press("Enter")
    says(walker, words(finding, bench, bench.turn(part, chosen, {})))


def try_the_bench(walker, finding: Finding, bench: Bench) -> None:
    says(walker, UNCHANGED)
    edit_first(walker, finding, bench)
    assert walker.page.get_by_text(UNCHANGED).count() == 0

    # As the closest normal event is, the detector lets it pass.
    whole = {}
    for part in bench.parts:
        if not part.alone:
            whole = bench.take_reference(part, whole)
    walker.press("All as closest normal")
    says(walker, words(finding, bench, whole))
    assert bench.score(whole).accepted

    walker.press("Reset")
    says(walker, UNCHANGED)
    walker.press("Smallest fix")
    walker.sees(re.compile("^The smallest fix found changes"))
    says(walker, "The detector would accept this: score")
    # What is on the bench is a draft, so a refresh keeps it.
    walker.page.reload()
    says(walker, "The detector would accept this: score")


def choose_by_keyboard(walker, kind: Kind) -> None:
    """Letter, category, confirmation, Ctrl+Enter."""
    page = walker.page
    leave_field(walker)
    category = page.get_by_role("combobox", name="Category")
    key_until(walker, kind.letter, category)
    category.focus()
    page.keyboard.type(kind.category)
    key(walker, "Enter")
    page.get_by_role("checkbox", name=CONFIRM).focus()
    key(walker, "Space")
    key(walker, "Control+Enter")


@pytest.mark.parametrize("kind", KINDS, ids=[kind.detector for kind in KINDS])
def test_a_finding_is_read_in_each_tab_tried_on_the_bench_and_judged_by_keyboard(
    kind, walker, server
):
    page = walker.page
    with opened(server.home) as workspace:
        finding = strongest(workspace, kind.detector)
        bench = open_bench(workspace, finding)
        before = workspace.store.pattern(finding.pattern_id)
    proof = finding.interpretation.diagnostics

    walker.open("/")
    page.get_by_test_id("stSidebar").get_by_role("link", name="Queue").click()
    page.wait_for_url(re.compile("/queue"))
    walker.open(f"/queue?detector={kind.detector}&proof=verified")
    assert walker.cells("Finding")[0] == finding.id
    walker.click_cell(0, FIRST_CELL, rf"/finding\?id={finding.id}")

    # Each tab by its key.
    page.locator(kind.drawn).first.wait_for()
    walker.sees("Verified")
    walker.sees("Proof: how far to trust this")
    shown = text_of(page, "[data-testid=stMain]")
    for score in (proof.score, proof.threshold, proof.reference_score):
        assert format_score(score) in shown
    marks = dict(
        zip(
            TABS[1:],
            (
                "Smallest fix",
                "What the Distiller makes of it",
                "Raw events around the interpreted one",
                "What happened to it",
            ),
            strict=True,
        )
    )
    for place, (tab, mark) in enumerate(marks.items(), start=2):
        key_until(walker, str(place), page.get_by_role("tab", name=tab, selected=True))
        walker.sees(mark)
        assert "Traceback" not in text_of(page)

    key_until(walker, "2", page.locator(".st-key-bench_now"))
    try_the_bench(walker, finding, bench)

    choose_by_keyboard(walker, kind)
    walker.sees(re.compile(f"{kind.category}: 1 finding"))
    with opened(server.home) as workspace:
        row = workspace.store.row(finding.id)
        after = workspace.store.pattern(finding.pattern_id)
    assert (row.verdict, row.category) == (kind.verdict, kind.category)
    assert after.open_findings == before.open_findings - 1

    # Its pattern knows of the verdict.
    walker.open(f"/finding?id={finding.id}")
    link = page.get_by_role("link", name="Open the pattern")
    key_until(walker, "3", link)
    link.click()
    page.wait_for_url(re.compile(f"pattern={finding.pattern_id}"))
    walker.sees(finding.pattern_id)
    walker.sees(re.compile(kind.category))
    assert "Traceback" not in text_of(page)
    assert "Traceback" not in server.log
