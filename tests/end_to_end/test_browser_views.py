"""Sequences, series and links in a real browser: drawn, clickable, inert."""

import json

import pytest

from deepaid_core.workspace import Workspace
from tests.factories import make_detector_record, make_run
from tests.kinds import make_link_finding, make_sequence_finding, make_series_finding, renamed

pytestmark = [pytest.mark.browser, pytest.mark.slow]

HOSTILE = "<img src=x onerror=alert(1)>![x](http://203.0.113.1/a.png)\u202e"


@pytest.fixture
def stored(server):
    """Stores findings in the workspace of the running server."""

    def store(*findings):
        workspace = Workspace.open(server.home)
        workspace.store.add_detector(make_detector_record())
        workspace.store.add_run(make_run(), list(findings))
        workspace.close()

    return store


def test_every_kind_is_drawn_and_a_node_answers_a_click(stored, walker):
    session, window, login = make_sequence_finding(), make_series_finding(1), make_link_finding(2)
    stored(session, window, login)
    page = walker.page

    walker.open(f"/finding?id={session.id}")
    ribbon = page.get_by_role("list").filter(has=page.get_by_role("listitem"))
    ribbon.locator(".flagged .line").wait_for()
    assert "backup" in ribbon.locator(".flagged .line").inner_text()
    assert "would differ" in ribbon.locator(".changed").inner_text()
    assert "Invalid user <*>" in ribbon.locator(".changed .reference").inner_text()
    page.locator(".js-plotly-plot .bars").first.wait_for()

    walker.open(f"/finding?id={window.id}")
    page.locator(".js-plotly-plot .hm").first.wait_for()
    walker.sees("web01.pkts_out was 2,900 packets in the scored step")

    walker.open(f"/finding?id={login.id}")
    net = page.locator(".net")
    page.locator(".net[data-ready='1']").wait_for()
    box, spots = net.bounding_box(), json.loads(net.get_attribute("data-spots"))
    x, y = spots["2"]  # the destination is the third of the stored neighbors
    page.mouse.click(box["x"] + x, box["y"] + y)
    walker.sees("host plc-gw01, group of plc-gw01")


def test_hostile_names_run_nothing_and_load_nothing(stored, walker):
    findings = [
        renamed(make(number), HOSTILE)
        for number, make in enumerate(
            (make_sequence_finding, make_series_finding, make_link_finding)
        )
    ]
    stored(*findings)
    page = walker.page
    alerts = []
    page.on("dialog", lambda dialog: alerts.append(dialog.message))
    for finding in findings:
        walker.open(f"/finding?id={finding.id}")
        page.wait_for_timeout(500)
        assert page.locator("img[src='x'], img[src^='http://203']").count() == 0
    assert not alerts
