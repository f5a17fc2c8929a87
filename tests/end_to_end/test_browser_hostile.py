"""Every page with hostile text in every place that text can come to, in a real browser."""

import re
from contextlib import contextmanager
from urllib.parse import quote, urlencode

import pytest

from deepaid_core.workflow.reporting import ReportRequest, make
from deepaid_core.workspace import Workspace
from tests.end_to_end.conftest import IDLE, Server, walking
from tests.hostile import MARKUP, plant

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FINDING_TABS = (
    "Deviations", "What would make this normal?", "Pattern and history", "Evidence", "Activity",
)  # fmt: skip
CASE_TABS = ("Story", "Findings", "Timeline", "Entities", "Techniques", "Notes and activity")
DETECTOR_TABS = ("Threshold", "Evaluation", "Drift", "Interpretations", "Versions", "Files")
HIGHEST = 7000  # pixels of a page: a name of 10,000 letters must not bury what stands below it
SHOWN = "<script>alert(1)</script>"

LOOK = """() => {
  const main = document.querySelector('[data-testid=stMain]');
  const made = "img[src='x'], img[src*='evil'], a[href*='evil'], a[href^='javascript'], .katex, "
    + "[onerror], [onload], [onclick], iframe[src*='evil'], iframe[srcdoc]";
  // A field holds what its author wrote, letter by letter, so that saving it changes nothing.
  const shown = document.body.cloneNode(true);
  shown.querySelectorAll('textarea, input').forEach(field => field.remove());
  return {
    exceptions: [...document.querySelectorAll('[data-testid=stException]')].map(e => e.innerText),
    made: [...document.querySelectorAll(made)].map(e => e.outerHTML.slice(0, 300)),
    scripts: [...document.scripts].filter(e => e.text.includes('alert(1)')).length,
    wider: Math.max(document.documentElement.scrollWidth - innerWidth,
                    main.scrollWidth - main.clientWidth),
    height: main.scrollHeight,
    text: shown.textContent,
  };
}"""


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A server on a workspace of hostile text, with what was planted there."""
    home = tmp_path_factory.mktemp("hostile") / "workspace"
    workspace = Workspace.open(home)
    found = plant(workspace)
    suppressions = [one.number for one in workspace.store.suppressions()]
    workspace.close()
    server = Server(home, {"DEEPAID_USER": "ana"})
    server.start()
    yield server, found, suppressions
    server.stop()


@contextmanager
def watched(server):
    """A browser in which nothing may open, ask elsewhere or complain."""
    with walking(server) as walker:
        said = []
        page = walker.page
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: said.append(str(error)))

        def note(message):
            # Streamlit asks below which address it is reached, and misses once.
            if message.type == "error" and "/_stcore/" not in (message.location or {}).get("url"):
                said.append(f"{message.text} {message.location}")

        page.on("console", note)
        yield walker
        assert said == []


def inert(walker, where, *, shows=False, highest=HIGHEST):
    walker.settle()
    walker.page.wait_for_timeout(600)
    walker.page.wait_for_function(IDLE)
    seen = walker.page.evaluate(LOOK)
    assert seen["exceptions"] == [], where
    assert seen["made"] == [], where
    assert seen["scripts"] == 0, where
    assert seen["wider"] <= 0, where
    assert seen["height"] <= highest, where
    assert not set("\u202e\x00") & set(seen["text"]), where
    if shows:
        assert SHOWN in seen["text"], where


def finding_address(finding, tab):
    return f"/finding?{urlencode({'id': finding.id, 'tab': tab})}"


def test_findings_of_every_kind_are_inert_on_every_tab(planted):
    server, found, _ = planted
    with watched(server) as walker:
        for finding in found["markup"].findings[:4]:
            for tab in FINDING_TABS:
                address = finding_address(finding, tab)
                walker.open(address)
                inert(walker, address, shows=True)
        for finding in found["long"].findings[:4]:
            for tab in ("Deviations", "Pattern and history", "Activity"):
                walker.open(finding_address(finding, tab))
                # A note is shown whole.
                inert(walker, (finding.id, tab), highest=HIGHEST + 5000 * (tab == "Activity"))
    assert "Traceback" not in server.log


def test_cases_are_inert_on_every_tab(planted):
    server, found, _ = planted
    with watched(server) as walker:
        for name in ("markup", "long"):
            for tab in CASE_TABS:
                walker.open(
                    f"/cases?{urlencode({'case': f'C-{found[name].case_number}', 'tab': tab})}"
                )
                inert(walker, (name, tab), shows=name == "markup", highest=HIGHEST + 5000)
    assert "Traceback" not in server.log


def test_lists_patterns_suppressions_and_logs_are_inert(planted):
    server, found, suppressions = planted
    markup, long = found["markup"].findings, found["long"].findings
    addresses = [
        "/", "/cases", "/patterns", "/patterns?tab=Map", "/suppressions", "/versions",
        "/versions?tab=Compare", "/versions?tab=What%20if", "/versions?tab=Export%20and%20import",
        "/versions?to=3", "/learning", "/audit", "/data", "/glossary", "/about",
        "/queue?status=all", "/queue?status=all&group=pattern", "/queue?status=all&group=entity",
        "/queue?status=all&group=detector",
        *(f"/queue?status=all&peek={one.id}" for one in (*markup[:4], long[0], long[3])),
        *(f"/patterns?pattern={one.pattern_id}" for one in (*markup[:4], long[0], long[1])),
        *(f"/suppressions?s={number}" for number in suppressions),
        *(f"/versions?entry={number}" for number in (1, 2, 4, 5, 7)),
        *(f"/compare?finding={one.id}" for one in markup[:4]),
        # What is wrong in the address is told in words.
        f"/finding?id={quote(MARKUP)}", f"/cases?case={quote(MARKUP)}",
        f"/queue?entity={quote(MARKUP)}&q={quote(MARKUP)}", f"/patterns?q={quote(MARKUP)}",
        f"/glossary?q={quote(MARKUP)}", f"/audit?q={quote(MARKUP)}",
        "/detectors", f"/detectors?id={quote(MARKUP)}",
        *(f"/detectors?id={markup[0].detector_id}&tab={tab}" for tab in DETECTOR_TABS),
    ]  # fmt: skip
    with watched(server) as walker:
        for address in addresses:
            walker.open(address)
            inert(walker, address)
    assert "Traceback" not in server.log


def test_dialogs_and_popovers_are_inert(planted):
    server, found, _ = planted
    first, session, *_ = found["markup"].findings
    steps = (
        (finding_address(first, "Evidence"), ("Add to case", "Report…", "Assign")),
        (f"/patterns?pattern={found['markup'].findings[2].pattern_id}",
         ("Suppress…", "Report…", "Label")),
        (f"/cases?case=C-{found['markup'].case_number}", ("Report…",)),
        ("/queue?status=all", ("Views", "More")),
    )  # fmt: skip
    with watched(server) as walker:
        page = walker.page
        for address, buttons in steps:
            for name in buttons:
                walker.open(address)
                page.get_by_role("button", name=re.compile(re.escape(name))).first.click()
                inert(walker, (address, name))
        walker.open(finding_address(session, "Deviations"))
        page.get_by_role("button", name=re.compile("^Accept|^Reject|^Judge")).first.click()
        inert(walker, "verdict form")
    assert "Traceback" not in server.log


def test_a_report_on_a_case_of_hostile_text_opens_offline_and_does_nothing(planted, tmp_path):
    server, found, _ = planted
    workspace = Workspace.open(server.home)
    with watched(server) as walker:
        page = walker.page
        asked = []
        page.context.on("request", lambda request: asked.append(request.url))
        for name, one in found.items():
            for audience in ("technical", "executive"):
                request = ReportRequest(case_number=one.case_number, audience=audience)
                file = tmp_path / f"{name}-{audience}.html"
                file.write_bytes(make(workspace, request).data)
                page.goto(file.as_uri())
                page.wait_for_timeout(500)
                page.evaluate(
                    "document.querySelectorAll('.plot').forEach(one => one.scrollIntoView())"
                )
                page.wait_for_timeout(500)
                made = page.locator(
                    "img[src='x'], img[src^='http'], a[href^='http'], a[href^='javascript'], "
                    "iframe, form, object, [onerror], [onload], [onclick]"
                ).evaluate_all(
                    "all => all.filter(e => !e.closest('.modebar')).map(e => e.outerHTML)"
                )
                assert made == []
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (
                    name,
                    audience,
                )
        assert {url for url in asked if not url.startswith(("data:", "blob:", "file:"))} == set()
    workspace.close()
