"""The first page: its numbers, its ways on, and what it says when there is nothing or too much."""

import threading
import time

import pytest
from streamlit.testing.v1 import AppTest

from deepaid_core.domain.actions import NewAssignment, NewCase
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.figures.numbers import format_time_utc
from deepaid_core.workflow.suppress import DAY_S
from deepaid_ui.jobs import registry
from tests.factories import make_finding, make_run, make_suppression, make_verdict
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown, texts

PAGE = "pages/triage/overview.py"


def metrics(app):
    return {one.label: (one.value, one.delta) for one in app.metric}


def said(app):
    return markdown(app).replace("\\", "")


def links(app):
    return {
        one.proto.label.replace("\\", ""): one.proto.query_string for one in app.get("page_link")
    }


def press(app, label):
    return next(one for one in app.button if one.label == label).click().run()


def test_the_numbers_come_first_and_say_what_they_count(open_page, findings, workspace):
    app = open_page(PAGE)
    assert list(metrics(app)) == ["Open findings", "New patterns", "Suppressed", "Time to judge"]
    assert metrics(app)["Open findings"][0] == "60"
    assert metrics(app)["New patterns"] == ("4", "of 4 patterns")
    assert metrics(app)["Suppressed"] == ("0", "0 % of all findings")
    assert metrics(app)["Time to judge"] == ("–", "no verdict in 30 days")
    assert all(one.help for one in app.metric)
    workspace.store.append([make_verdict(findings[0], findings[4])])
    later = metrics(open_page(PAGE))
    assert later["Open findings"][0] == "58"
    assert later["New patterns"][0] == "3"
    assert later["Time to judge"][1] == "median of 2"


def test_start_triage_opens_the_most_abnormal_finding(open_page, findings):
    app = press(open_page(PAGE), "Start triage")
    # Of equal scores the id decides.
    best = min(findings, key=lambda one: (-one.ratio, -one.max_score, one.id))
    assert app.query_params["id"] == best.id


def test_what_waits_is_named_with_the_way_to_it(open_page, findings, workspace):
    workspace.store.desk.act(
        [
            NewAssignment({findings[1].id: "ana", findings[2].id: "ben"}, "ana"),
            NewCase("Scans", (findings[1].id,), "ana"),
        ]
    )
    soon = time.time() + 2.5 * DAY_S
    workspace.store.append([make_suppression(findings[0], expires_time=soon)])
    app = open_page(PAGE)
    ways = links(app)
    assert "assignee=mine" in ways["Your open findings: 1"]
    assert "Your open cases: 1" in ways
    assert "1 suppression ends within 7 days, S-1 in 2 days." in texts(app, "text")
    app = press(app, "Review expiring suppressions")
    assert not app.exception
    assert app.session_state["state"] == "expiring"
    assert app.dataframe[0].value["Suppression"].tolist() == ["S-1"]


def test_nothing_that_waits_is_said_too(open_page, findings):
    assert any(text.startswith("Nothing else:") for text in texts(open_page(PAGE), "text"))


def test_a_suppression_that_an_attack_disabled_is_named(open_page, findings, workspace):
    workspace.store.append([make_suppression(findings[0])])
    attack = make_verdict(findings[0], label=VerdictLabel.TRUE_POSITIVE, category="port-scan")
    workspace.store.append([attack])
    ways = links(open_page(PAGE))
    assert "state=disabled" in ways["Disabled by an attack: 1"]


def test_a_detector_without_its_files_is_told_with_what_to_do(open_page, findings):
    app = open_page(PAGE)
    assert "its files are not there" in app.warning[0].value.replace("\\", "")
    assert "train the detector again" in app.warning[0].value
    table = next(one.value for one in app.dataframe if "State" in one.value)
    assert table["State"].tolist() == ["✕ cannot be used"]
    assert table["Not verified"].tolist() == ["6 (10 %)"]


def test_the_charts_have_a_table_whose_rows_open_their_hour(open_page, findings, workspace):
    app = open_page(PAGE)
    assert not [one for one in app.dataframe if "Hour (UTC)" in one.value]
    app = open_page(PAGE, table="true")
    table = next(one.value for one in app.dataframe if "Hour (UTC)" in one.value)
    assert table["Findings"].sum() == len(findings)
    version = (*workspace.store.version(), workspace.store.desk.version())
    key = "-".join(map(str, ("hours-table", *version)))
    assert key in app.session_state
    app.session_state[key] = {"selection": {"rows": [1], "columns": [], "cells": []}}
    app.run()
    assert not app.exception
    asked = app.query_params
    assert (asked["detector"], asked["status"]) == ("packets", "all")
    assert table["Hour (UTC)"][1] == format_time_utc(float(asked["since"]))[:16]


def test_a_queue_that_is_done_says_so(open_page, findings, workspace):
    workspace.store.append([make_verdict(*findings)])
    app = open_page(PAGE)
    assert any(text.startswith("All clear") for text in texts(app, "text"))
    assert "Start triage" not in [button.label for button in app.button]
    assert not app.error


def test_data_without_a_finding_reads_differently_from_no_data(open_page, workspace):
    workspace.store.add_run(make_run(events=1234, findings=0, anomalies=0), [])
    assert "1,234 events were read and none is over the threshold" in said(open_page(PAGE))


def loading(release):
    return registry().start("demo", "Loading the demo data", lambda *_: release.wait(20))


def test_findings_can_be_judged_while_the_rest_of_the_demo_is_being_loaded(open_page, findings):
    release = threading.Event()
    job = loading(release)
    app = open_page(PAGE)
    release.set()
    assert "Loading the demo data" in texts(app, "text")
    assert "Cancel" in [button.label for button in app.button]
    assert metrics(app)["Open findings"][0] == "60"
    until = time.monotonic() + 20
    while job.is_active and time.monotonic() < until:
        time.sleep(0.01)
    assert "Loading the demo data" not in texts(app.run(), "text")


def a_page_that_shows_none_at_first():
    from dataclasses import replace

    import streamlit as st

    from deepaid_ui import overview

    st.session_state.runs = st.session_state.get("runs", 0) + 1
    shown = overview.numbers().overview
    overview.demo_outcome(replace(shown, findings=0) if st.session_state.runs == 1 else shown)


def test_the_page_is_drawn_anew_when_findings_come_while_the_demo_is_loaded(findings):
    release = threading.Event()
    loading(release)
    app = AppTest.from_function(a_page_that_shows_none_at_first, default_timeout=30).run()
    release.set()
    assert not app.exception
    assert app.session_state["runs"] == 2


@pytest.mark.parametrize("hostile", [HOSTILE, "\u202e\n" + "n" * 10_000])
def test_hostile_names_stay_text(open_page, workspace, hostile):
    one = make_finding(1, entity=hostile, summary=hostile, detector_name=hostile, max_score=9.0)
    workspace.store.add_run(make_run(), [one])
    app = open_page(PAGE)
    assert not app.exception
    assert not app.error
    assert "](http" not in markdown(app)
    assert "\u202e" not in markdown(app) + "".join(texts(app, "text"))
    assert all(len(text) < 1_000 for text in texts(app, "text"))
