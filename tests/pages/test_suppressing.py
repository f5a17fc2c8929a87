"""Suppressing from a pattern, from ticked findings and from a finding; where it shows."""

import pytest

from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.suppression import SuppressionScope
from deepaid_core.errors import SuppressionRefusedError
from deepaid_core.workflow import suppress
from deepaid_ui.suppress_scope import read_time, shown_time
from tests.factories import START, make_finding, make_run
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown, texts
from tests.pages.test_verdicts import banner, press, problems
from tests.suppressing import (
    BENIGN,
    FINDINGS,
    FIRST,
    PATTERN,
    TRUE,
    judge,
    judge_falsely,
    make_suppression,
)

PAGE, QUEUE, FINDING = (
    "pages/knowledge/patterns.py",
    "pages/triage/queue.py",
    "pages/triage/finding.py",
)
OPEN = FindingQuery(status=Status.OPEN)
SUPPRESSED = FindingQuery(status=Status.SUPPRESSED)


@pytest.fixture
def stored(workspace):
    """Forty findings of four patterns, none of them critical."""
    workspace.store.add_run(make_run(findings=len(FINDINGS)), FINDINGS)
    return FINDINGS


@pytest.fixture
def burst(workspace):
    """Eight findings of eight patterns about two hosts within eight seconds, and a later one."""
    values = [
        make_finding(
            number,
            path=(f"HH_mean:up:{number}",),
            entity=f"10.77.0.{number % 2}",
            max_score=0.3,
            first_time=START + number,
            last_time=START + number + 0.5,
        )
        for number in range(8)
    ]
    values.append(make_finding(8, path=("HH_mean:up:8",), max_score=0.3, first_time=START + 5000))
    workspace.store.add_run(make_run(findings=len(values)), values)
    return values


def save(app):
    return next(button for button in app.button if (button.key or "").endswith("-save"))


def field(app, label):
    kinds = (app.text_input, app.text_area, app.number_input, app.multiselect, app.selectbox)
    return next(one for kind in kinds for one in kind if one.label == label)


def links(app):
    return [one.proto.label.replace("\\", "") for one in app.get("page_link")]


def test_a_pattern_is_suppressed_and_it_is_undone(open_page, stored, workspace):
    judge_falsely(workspace)
    app = open_page(PAGE, pattern=PATTERN)
    press(app, "Suppress…")
    assert "Takes" in banner(app)
    assert not save(app).disabled
    save(app).click().run()
    assert not app.error
    (made,) = workspace.store.suppressions()
    assert made.suppressed == workspace.store.count(SUPPRESSED) >= 6
    assert (made.decision.category, made.decision.owner) == ("backup-job", "ana")
    assert f"S-{made.number}: {made.suppressed} findings left the queue" in banner(app)
    assert "act" not in app.query_params
    press(app, "Undo")
    assert f"Took back S-{made.number}" in banner(app)
    assert workspace.store.count(SUPPRESSED) == 0


def test_the_guards_are_listed_and_too_few_verdicts_keep_it_from_being_saved(
    open_page, stored, workspace
):
    judge_falsely(workspace, count=2)
    app = open_page(PAGE, pattern=PATTERN, act="suppress")
    said = markdown(app).replace("\\", "")
    assert ":red[✗] **agreeing verdicts**: Only 2 false positive decisions" in said
    assert ":green[✓] **no confirmed attack**" in said
    assert save(app).disabled
    assert "cannot be saved while" in said


def test_an_attack_in_the_way_is_named_and_linked(open_page, stored, workspace):
    judge_falsely(workspace)
    judge(workspace, FIRST[5], label=TRUE, category="port-scan")
    app = open_page(PAGE, pattern=PATTERN, act="suppress")
    assert ":red[✗] **no confirmed attack**" in markdown(app).replace("\\", "")
    assert FIRST[5] in links(app)
    assert save(app).disabled


def test_what_is_still_to_be_typed_is_refused_in_a_sentence(open_page, stored, workspace):
    judge_falsely(workspace)
    app = open_page(PAGE, pattern=PATTERN, act="suppress")
    field(app, "Owner").set_value("").run()
    assert not save(app).disabled
    save(app).click().run()
    assert "name an owner" in problems(app)[0]
    assert not workspace.store.suppressions()


def test_an_attack_confirmed_meanwhile_is_refused_when_saved(open_page, stored, workspace):
    judge_falsely(workspace)
    app = open_page(PAGE, pattern=PATTERN, act="suppress")
    judge(workspace, FIRST[5], label=TRUE, category="port-scan")
    save(app).click().run()
    assert FIRST[5] in problems(app)[0]
    assert not workspace.store.suppressions()


def test_hosts_times_and_expiry_become_the_scope(open_page, stored, workspace):
    judge_falsely(workspace)
    host = FINDINGS[0].entity
    app = open_page(PAGE, pattern=PATTERN, act="suppress")
    field(app, "About").set_value([host])
    field(app, "From (UTC)").set_value("2025-10-09 08:53:20")
    field(app, "Ticket (optional)").set_value("OPS-7")
    field(app, "Expires after (days)").set_value(7).run()
    save(app).click().run()
    (made,) = workspace.store.suppressions()
    assert made.decision.scope == SuppressionScope("packets", PATTERN, (host,), START)
    assert made.decision.ticket == "OPS-7"
    assert round((made.decision.expires_time - made.time) / 86_400) == 7


def test_a_time_that_nobody_can_read_is_said_so(open_page, stored, workspace):
    judge_falsely(workspace)
    app = open_page(PAGE, pattern=PATTERN, act="suppress")
    field(app, "From (UTC)").set_value("yesterday").run()
    assert "'yesterday' is no time" in problems(app)[0]
    # What was typed elsewhere stays.
    assert field(app, "Reason").value == "Nightly copy."


def test_a_benign_positive_needs_its_host(open_page, stored, workspace):
    judge(workspace, FIRST[0], label=BENIGN, category="authorized-scan")
    app = open_page(PAGE, pattern=PATTERN, act="suppress")
    assert field(app, "About").value == [FINDINGS[0].entity]
    assert not save(app).disabled
    field(app, "About").set_value([]).run()
    assert save(app).disabled


def test_who_suppresses_is_asked_where_nobody_is_known(open_page, stored, workspace, monkeypatch):
    judge_falsely(workspace)
    monkeypatch.delenv("DEEPAID_USER")
    app = open_page(PAGE, pattern=PATTERN, act="suppress")
    field(app, "Your name (asked once)").set_value("bo")
    field(app, "Owner").set_value("bo").run()
    save(app).click().run()
    assert workspace.store.suppressions()[0].decision.author == "bo"


def test_ticked_false_positives_are_suppressed_as_a_burst(open_page, burst, workspace):
    judged = [one.id for one in burst[:3]]
    judge(workspace, *judged)
    app = open_page(QUEUE, status="closed")
    app.session_state[app.dataframe[0].key] = {
        "selection": {"rows": [0, 1, 2], "columns": [], "cells": []}
    }
    app.run()
    press(app, "Suppress this burst…")
    assert field(app, "From (UTC)").value == shown_time(START - 5)
    assert not save(app).disabled
    save(app).click().run()
    assert not app.error
    # Those within the three judged ones and five seconds around them, of whatever pattern.
    ids = set(workspace.store.ids(SUPPRESSED)) | set(
        workspace.store.ids(FindingQuery(resurfaced=True))
    )
    assert ids == {one.id for one in burst[3:8]}
    assert workspace.store.row(burst[8].id).status == Status.OPEN
    assert "left the queue" in banner(app)


def test_a_burst_is_offered_for_judged_false_positives_only(open_page, burst, workspace):
    judge(workspace, burst[0].id)
    judge(workspace, burst[1].id, label=TRUE, category="port-scan")
    app = open_page(QUEUE, status="closed")
    app.session_state[app.dataframe[0].key] = {
        "selection": {"rows": [0, 1], "columns": [], "cells": []}
    }
    app.run()
    assert "Suppress this burst…" not in [button.label for button in app.button]


def test_a_burst_starts_from_a_finding_too_and_joins_its_judged_neighbours(
    open_page, burst, workspace
):
    judge(workspace, *[one.id for one in burst[:3]])
    judge(workspace, burst[3].id, category="software-update")
    judge(workspace, burst[8].id)
    row = workspace.store.row(burst[1].id)
    assert set(suppress.false_positives_of_burst(workspace, row)) == {one.id for one in burst[:3]}
    app = open_page(FINDING, id=burst[1].id)
    press(app, "Suppress this burst…")
    assert field(app, "About").value == ["10.77.0.0", "10.77.0.1"]
    assert "S-" not in banner(app)
    save(app).click().run()
    assert workspace.store.count(SUPPRESSED) >= 3


def test_the_queue_shows_what_a_suppression_holds(open_page, stored, workspace):
    judge_falsely(workspace)
    workspace.store.append([make_suppression()])
    number = workspace.store.suppressions()[0].number
    app = open_page(QUEUE, status="suppressed", suppression=f"S-{number}")
    shown = app.dataframe[0].value
    assert len(shown) == workspace.store.count(SUPPRESSED)
    assert set(shown["Suppression"]) == {f"⊘ S-{number}"}
    press(app, f"Only under suppression S-{number}")
    assert "suppression" not in app.query_params


def test_a_queue_without_open_findings_says_what_is_suppressed(open_page, workspace):
    workspace.store.add_run(make_run(), FINDINGS[0:40:4])
    judge_falsely(workspace)
    workspace.store.append([make_suppression()])
    # What was left as a check is judged too.
    for one in workspace.store.ids(OPEN):
        judge(workspace, one)
    app = open_page(QUEUE)
    held = workspace.store.count(SUPPRESSED)
    assert f"is suppressed ({held})" in markdown(app)


def test_a_finding_says_which_suppression_holds_it(open_page, stored, workspace):
    judge_falsely(workspace)
    workspace.store.append([make_suppression(reason=HOSTILE)])
    number = workspace.store.suppressions()[0].number
    held = workspace.store.ids(SUPPRESSED)[0]
    app = open_page(FINDING, id=held)
    assert f"Suppressed (S-{number})" in markdown(app)
    assert f"Open suppression S-{number}" in links(app)
    assert HOSTILE in banner(app)
    assert "](http" not in markdown(app)


def test_what_is_left_for_a_check_is_marked_and_counted(open_page, stored, workspace):
    from deepaid_core.domain.log import NewSetting

    judge_falsely(workspace)
    workspace.store.append([NewSetting("resurfaced_share", "1", "ana"), make_suppression()])
    number = workspace.store.suppressions()[0].number
    app = open_page(QUEUE, resurfaced="yes")
    assert set(app.dataframe[0].value["Suppression"]) == {f"⟳ S-{number}"}
    first = app.dataframe[0].value["Finding"][0]
    assert "Re-surfaced for a check" in markdown(open_page(FINDING, id=first))
    overview = open_page("pages/triage/overview.py")
    assert "Re-surfaced to check: 7" in links(overview)


def test_the_overview_counts_what_is_suppressed(open_page, stored, workspace):
    judge_falsely(workspace)
    workspace.store.append([make_suppression()])
    app = open_page("pages/triage/overview.py")
    metric = next(one for one in app.metric if one.label == "Suppressed")
    assert int(metric.value) == workspace.store.count(SUPPRESSED) > 0


def test_an_attack_that_disables_a_suppression_is_told_in_the_banner(open_page, stored, workspace):
    judge_falsely(workspace)
    workspace.store.append([make_suppression()])
    number = workspace.store.suppressions()[0].number
    held = workspace.store.ids(SUPPRESSED)[0]
    app = open_page(FINDING, id=held)
    press(app, "Accept")
    field(app, "Category").set_value("port-scan")
    app.text_area[0].set_value("Seen in the firewall.").run()
    press(app, "Save")
    assert not app.error
    assert f"disabled S-{number}" in banner(app)
    assert "came back to the queue" in banner(app)
    assert workspace.store.count(SUPPRESSED) == 0


@pytest.mark.parametrize("text", ["2025-10-09 08:53:20", "2025-10-09T08:53:20 UTC"])
def test_times_are_read_as_they_are_shown(text):
    assert read_time(text) == START
    assert shown_time(START) == "2025-10-09 08:53:20"


@pytest.mark.parametrize("text", ["x", "25:99", "2025-13-01", "-1"])
def test_no_time_is_refused(text):
    with pytest.raises(SuppressionRefusedError, match="is no time"):
        read_time(text)


def test_undoing_a_verdict_and_a_suppression_says_which(open_page, stored, workspace):
    outcome = judge_falsely(workspace)
    app = open_page(FINDING, id=FIRST[0])
    press(app, "Take it back")
    assert f"Took back verdict {outcome.numbers[0]}" in banner(app)
    assert texts(app, "error") == []


def test_keys_of_the_page_rest_while_a_burst_is_asked_for(open_page, burst, workspace):
    judge(workspace, burst[0].id)
    app = open_page(FINDING, id=burst[0].id)

    def keys():
        return {button.proto.shortcut for button in app.button if button.proto.shortcut}

    assert len(keys()) >= 6
    press(app, "Suppress this burst…")
    assert keys() == set()
