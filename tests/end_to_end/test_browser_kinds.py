"""One finding of each demo detector, from the queue to its report, in a real browser."""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.figures.numbers import format_score
from deepaid_core.workflow import distill
from deepaid_core.workspace import Workspace
from deepaid_ui.tables import cell_text
from tests.end_to_end.conftest import Server, walking
from tests.end_to_end.report_readers import opened_offline

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FIRST_CELL = 80


@dataclass(frozen=True)
class Kind:
    """What an analyst meets on a finding of one detector.

    Attributes:
        detector: Its name.
        drawn: What the browser draws on the page of a finding.
        twin: A column of the table that says the same.
        folded: Title of what that table is folded into.
        category: What the analyst calls it.
        values: Whether a deviation is named by its observed value rather than by its title.
    """

    detector: str
    drawn: str
    twin: str
    category: str
    folded: str | None = None
    values: bool = False


KINDS = (
    Kind("logins", ".net[data-ready='1']", "Link", "lateral-movement", values=True),
    Kind(
        "ssh-sessions",
        ".ribbon .flagged .line",
        "Closest normal",
        "password-guessing",
        folded="The same as tables",
        values=True,
    ),
    Kind("host-rates", ".js-plotly-plot .hm", "Closest normal", "port-scan"),
    Kind("packets", ".js-plotly-plot .scatterlayer", "Closest normal", "port-scan"),
)


@pytest.fixture(scope="module")
def server(prepared_demo, tmp_path_factory):
    """One server on a copy of the demo; each test leaves it as it was."""
    home = tmp_path_factory.mktemp("kinds") / "workspace"
    shutil.copytree(prepared_demo, home)
    running = Server(home, {"DEEPAID_USER": "ana"})
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def walker(server):
    """One browser for all, as analysts have: what it fetched once it keeps."""
    with walking(server) as one:
        yield one


@dataclass(frozen=True)
class Stored:
    """What the store holds of a pattern, to be told from what the pages show."""

    home: Path
    detector: str

    def _opened(self):
        return Workspace.open(self.home)

    def pattern(self) -> str:
        """The pattern with most open findings among those whose findings are all verified."""
        workspace = self._opened()
        try:
            rows = workspace.store.page(FindingQuery(detector_name=self.detector), limit=10_000)
        finally:
            workspace.close()
        of: dict[str, list[bool]] = {}
        for row in rows:
            of.setdefault(row.pattern_id, []).append(row.verified)
        return max(of, key=lambda one: (all(of[one]), len(of[one]), one))

    def findings(self, pattern: str):
        workspace = self._opened()
        try:
            rows = workspace.store.page(FindingQuery(pattern_id=pattern), limit=10_000)
            return [workspace.store.finding(row.id) for row in rows]
        finally:
            workspace.close()

    def state(self):
        """All that a verdict changes."""
        workspace = self._opened()
        try:
            rows = workspace.store.page(FindingQuery(), limit=10_000)
            return (
                distill.machine(workspace).digest(),
                {row.id: (row.status, row.verdict, row.category) for row in rows},
            )
        finally:
            workspace.close()


def pick(walker, label: str, choice: str) -> None:
    box = walker.page.get_by_role("combobox", name=label)
    box.click()
    box.fill(choice)
    walker.page.get_by_role("option", name=choice, exact=True).click()
    walker.settle()


def accept(walker, category: str) -> None:
    walker.press(re.compile("^Accept"))
    box = walker.page.get_by_role("combobox", name="Category")
    box.click()
    box.fill(category)
    walker.page.keyboard.press("Enter")
    walker.settle()
    walker.page.get_by_text("The drafted reason is right").click()
    walker.settle()
    walker.press(re.compile("^Save & next"))
    walker.sees(re.compile("The Distiller now explains"))


def names_of(finding, kind: Kind) -> list[str]:
    deviations = finding.interpretation.deviations
    assert deviations
    if kind.values:
        # A line never seen in training is marked so, which the pages say in their own words.
        return [one.cells[0].observed.split(" (not seen")[0] for one in deviations]
    return [one.title for one in deviations[:3]]


def text_of(page, selector: str = "body") -> str:
    return " ".join(page.locator(selector).inner_text().split())


@pytest.mark.parametrize("kind", KINDS, ids=[kind.detector for kind in KINDS])
def test_a_finding_of_each_kind_is_read_judged_suggested_undone_and_reported(
    kind, walker, server, tmp_path
):
    page = walker.page
    stored = Stored(server.home, kind.detector)
    pattern, before = stored.pattern(), stored.state()
    finding, sibling = stored.findings(pattern)[:2]

    # The queue of one detector, then of one of its patterns.
    # Without the preview, so that all columns are in sight.
    walker.open("/queue?preview=false")
    pick(walker, "Detector", kind.detector)
    walker.column("Detector", lambda cells: set(cells) == {kind.detector})
    walker.open(f"/queue?detector={kind.detector}&pattern={pattern}")
    walker.column("Suggestion", lambda cells: set(cells) == {"unknown"})
    assert walker.cells("Finding")[:2] == [finding.id, sibling.id]
    walker.click_cell(0, FIRST_CELL, rf"/finding\?id={finding.id}")

    # Why: drawn, in words, and as a table.
    page.locator(kind.drawn).first.wait_for()
    names = names_of(finding, kind)
    if kind.folded:
        page.get_by_text(kind.folded, exact=True).click()
        walker.settle()
    assert any(walker.cells(kind.twin))
    shown = text_of(page)
    assert names[0].casefold() in shown.casefold()
    assert "Traceback" not in shown

    # Proof, evidence, pattern.
    diagnostics = finding.interpretation.diagnostics
    page.locator(f".st-key-flip-{finding.id} .main-svg").first.wait_for()
    proof = text_of(page, "[data-testid=stMain]")
    for score in (diagnostics.score, diagnostics.threshold, diagnostics.reference_score):
        assert format_score(score) in proof
    walker.press("Evidence", role="tab")
    walker.sees("Raw events around the interpreted one")
    tables = page.locator("[data-testid=stDataFrame]").last
    tables.locator("tbody tr td").first.wait_for(state="attached")
    assert "interpreted" in tables.locator("tbody").first.text_content()
    walker.press("Pattern and history", role="tab")
    described = walker.cells("Step")
    for place, state in enumerate(finding.path, start=1):
        assert cell_text(f"{place}. {distill.describe(state)}") in described

    # A verdict teaches the Distiller; another finding of the pattern is told so.
    accept(walker, kind.category)
    page.wait_for_url(re.compile(f"id={sibling.id}"))
    rail = page.locator(".st-key-rail")
    rail.get_by_text(re.compile(f"^{kind.category} [0-9]+ %")).wait_for()
    walker.press("Queue")
    page.wait_for_url(re.compile("/queue"))
    walker.column("Suggestion", lambda cells: all(one.startswith(kind.category) for one in cells))
    page.get_by_test_id("stSidebar").get_by_role("link", name="Patterns").click()
    walker.settle()
    walker.press("Map", role="tab")
    page.locator(".net[data-ready='1']").wait_for()
    nodes = walker.cells("State or category")
    assert f"true positive / {kind.category}" in nodes
    assert not any(node.startswith("[") for node in nodes), "a state as the machine spells it"

    # The report says the same, offline.
    walker.open(f"/finding?id={finding.id}")
    report = walker.report(tmp_path / "report.html")
    said = opened_offline(page.context, report)
    assert finding.id in said
    assert kind.category in said
    assert f"Score of the anomaly {format_score(diagnostics.score)}" in said
    assert f"Threshold {format_score(diagnostics.threshold)}" in said
    for name in names:
        assert name.casefold() in said.casefold()

    # Taken back, nothing is left of it.
    walker.press("Take it back")
    walker.sees(re.compile("Took back verdict"))
    assert stored.state() == before
    rail.get_by_text("unknown", exact=True).wait_for()
    assert "Traceback" not in server.log
