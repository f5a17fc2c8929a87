"""Every page can be read by a screen reader and by eyes that tell few colors apart."""

import shutil
from urllib.parse import quote

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.workspace import Workspace
from deepaid_ui.navigation import PAGES
from tests.end_to_end.conftest import Server, chromium_path

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SERIOUS = {"serious", "critical"}
# Parts of Streamlit's own page that no application can reach, each with the reason.
NOT_OURS: dict[str, str] = {}


@pytest.fixture(scope="module")
def addresses(tmp_path_factory, prepared_demo):
    """A running server, and the addresses of every page with something on it."""
    home = tmp_path_factory.mktemp("access") / "workspace"
    shutil.copytree(prepared_demo, home)
    workspace = Workspace.open(home)
    findings = {
        row.detector_name: row for row in workspace.store.page(FindingQuery(), limit=10_000)
    }
    workspace.close()
    first = next(iter(findings.values()))
    paths = ["/" + page.url_path for page in PAGES if page.in_menu]
    paths += [f"/finding?id={row.id}" for row in findings.values()]
    paths += [f"/patterns?pattern={quote(first.pattern_id)}"]
    paths += [
        f"/detectors?id={first.detector_id}&tab={tab}"
        for tab in ("Threshold", "Evaluation", "Drift", "Interpretations", "Versions", "Files")
    ]
    server = Server(home, {"DEEPAID_USER": "ana"})
    server.start()
    yield server, paths
    server.stop()


def problems_of(page, axe) -> list[str]:
    found = axe.run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node.get('failureSummary', '')[:300]}"
        for one in found
        if one["impact"] in SERIOUS and one["id"] not in NOT_OURS
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious_on_any_page(addresses, scheme):
    tools = pytest.importorskip("playwright.sync_api")
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    server, paths = addresses
    told: dict[str, list[str]] = {}
    with tools.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        context = browser.new_context(
            viewport={"width": 1440, "height": 900}, color_scheme=scheme, bypass_csp=True
        )
        page = context.new_page()
        page.set_default_timeout(60_000)
        from tests.end_to_end.conftest import IDLE

        for path in paths:
            page.goto(server.url + path)
            page.wait_for_function(IDLE)
            page.wait_for_timeout(2500)
            if some := problems_of(page, axe):
                told[path] = some
        browser.close()
    assert told == {}, "\n".join(f"{path}: {line}" for path, some in told.items() for line in some)
