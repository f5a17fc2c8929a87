import time

import pytest

from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewSetting
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.suppression import SuppressionScope
from deepaid_core.workflow import suppress, triage
from tests.factories import make_detector_record, make_finding, make_run
from tests.pages.conftest import HOSTILE
from tests.pages.test_pages import markdown, texts
from tests.suppressing import (
    FINDINGS,
    FIRST,
    PATTERN,
    TRUE,
    judge,
    judge_falsely,
    make_suppression,
)

PAGE = "pages/knowledge/suppressions.py"
SECOND_PATTERN = FINDINGS[1].pattern_id


def press(app, label):
    return next(button for button in app.button if button.label == label).click().run()


def said(app):
    """All that a reader sees, with Markdown's escapes taken out."""
    return (markdown(app) + "\n" + "\n".join(texts(app, "text"))).replace("\\", "")


def add(workspace, scope=None, **changes):
    (line,) = workspace.store.append([make_suppression(scope, **changes)])
    return line.number


@pytest.fixture
def calm(workspace):
    """Forty findings of four patterns, none critical; a suppression takes seven of the first."""
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), FINDINGS)
    workspace.store.append([NewSetting("resurfaced_share", "0", "ana")])
    return workspace


@pytest.fixture
def suppressed(calm):
    judge_falsely(calm)
    return suppress.suppress(calm, make_suppression()).number


def test_without_any_it_says_how_to_make_one(open_page, calm):
    app = open_page(PAGE)
    assert not app.error
    assert not app.dataframe
    assert "Nothing is suppressed" in said(app)
    assert "Suppress…" in said(app)


def test_each_state_is_listed_with_its_sign_and_what_it_does(open_page, suppressed, calm):
    now = time.time()
    scope = SuppressionScope("packets", SECOND_PATTERN)
    add(calm, scope, expires_time=now - 60.0, owner="cem")
    add(calm, scope, expires_time=now + suppress.DAY_S, owner="dea")
    disabled = add(calm, SuppressionScope("packets", FINDINGS[2].pattern_id))
    judge(calm, FINDINGS[2].id, label=TRUE, category="port-scan")
    undone = add(calm, scope)
    triage.undo(calm, entry_numbers=(undone,), author="ana")
    app = open_page(PAGE)
    table = app.dataframe[0].value.set_index("Suppression")
    states = {name: state[0] for name, state in table["State"].items()}
    assert states[f"S-{suppressed}"] == "● active"
    assert states[f"S-{disabled}"] == "✕ disabled"
    assert states[f"S-{undone}"] == "↩ undone"
    assert sorted(states.values()) == [
        "↩ undone", "○ expired", "● active", "◐ expiring", "✕ disabled",
    ]  # fmt: skip
    row = table.loc[f"S-{suppressed}"]
    # Ten findings share the pattern, three of them carry a verdict.
    assert (row["Hits"], row["Out now"], row["To check"]) == (7, 7, 0)
    assert row["Last hit (UTC)"].startswith("2025-10-09 ")
    assert (row["Owner"], row["Ticket"]) == ("ben", "OPS-7")
    assert "backup-job (packets): HH_mean up 3" in row["Takes out"]
    assert "1 suppression ends within seven days" in said(app)
    assert f"S-{disabled} is disabled" in said(app)


def test_one_that_never_hit_says_so_and_why(open_page, calm):
    ids = [one.id for one in FINDINGS[::4]]
    judge(calm, *ids)
    number = add(calm)
    listed = open_page(PAGE).dataframe[0].value
    assert listed["Last hit (UTC)"].tolist() == ["never hit"]
    app = open_page(PAGE, s=str(number))
    assert "It hits nothing today. 10 findings in its scope: 10 have a verdict." in said(app)


def test_filters_find_by_state_and_by_text_and_can_be_cleared(open_page, suppressed, calm):
    other = add(calm, SuppressionScope("packets", SECOND_PATTERN), owner="cem", ticket="NET-9")
    assert len(open_page(PAGE, state="active").dataframe[0].value) == 2
    found = open_page(PAGE, q="net-9").dataframe[0].value
    assert found["Suppression"].tolist() == [f"S-{other}"]
    narrow = open_page(PAGE, state="expired")
    assert "0 of 2 suppressions" in said(narrow)
    press(narrow, "Clear filters")
    assert len(narrow.dataframe[0].value) == 2


def test_one_suppression_says_what_it_takes_out_why_and_what_it_holds(open_page, suppressed):
    app = open_page(PAGE, s=str(suppressed))
    assert not app.error
    words = said(app)
    assert "It keeps 7 findings out of the queue." in words
    assert f"(pattern {PATTERN})" in words
    assert "about any host or user" in words
    assert "Nightly copy to the file server." in words
    assert "**agreeing verdicts**: 3 false positive decisions on this pattern" in words
    assert "**replay of attacks**" in words
    held = app.dataframe[0].value
    assert len(held) == 7
    assert set(held["Finding"]) <= set(FIRST[3:])


def test_what_it_holds_is_one_click_away_in_the_queue(open_page, suppressed):
    app = open_page(PAGE, s=str(suppressed))
    press(app, "What it holds, in the queue")
    assert app.query_params["suppression"] == str(suppressed)


def test_a_scope_of_hosts_and_times_is_told_in_words(open_page, calm):
    scope = SuppressionScope(
        "packets", PATTERN, ("10.77.0.10", "10.77.0.14"), 1_760_000_000.0, 1_760_003_600.0
    )
    app = open_page(PAGE, s=f"S-{add(calm, scope)}")
    assert "about 10.77.0.10, 10.77.0.14" in said(app)
    assert "from 2025-10-09 08:53:20 UTC to 2025-10-09 09:53:20 UTC" in said(app)


def test_findings_left_for_a_check_are_listed_apart(open_page, suppressed, calm):
    calm.store.append([NewSetting("resurfaced_share", "1", "ana")])
    app = open_page(PAGE, s=str(suppressed))
    assert "Left in the queue for a check" in said(app)
    assert set(app.dataframe[0].value["Finding"]) == set(FIRST[3:])
    assert calm.store.count(FindingQuery(status=Status.SUPPRESSED)) == 0


def test_a_disabled_one_names_the_attack_and_is_enabled_by_undoing_its_verdict(
    open_page, suppressed, calm
):
    outcome = judge(calm, FIRST[9], label=TRUE, category="exfiltration")
    app = open_page(PAGE, s=str(suppressed))
    assert f"Finding {FIRST[9]} in its scope is a true positive, exfiltration" in said(app)
    assert ":red[✗] **no confirmed attack**" in said(app)
    triage.undo(calm, entry_numbers=outcome.numbers, author="ana")
    assert "It keeps 7 findings out of the queue." in said(open_page(PAGE, s=str(suppressed)))


def test_undo_brings_everything_back_and_can_be_written_again(open_page, suppressed, calm):
    app = open_page(PAGE, s=str(suppressed))
    press(app, "Undo it")
    assert not app.error
    assert calm.store.count(FindingQuery(status=Status.SUPPRESSED)) == 0
    assert "↩ undone" in said(app)
    assert "Undo it" not in [button.label for button in app.button]
    press(app, "Write it again…")
    press(app, "Save the new suppression")
    assert not app.error
    assert calm.store.count(FindingQuery(status=Status.SUPPRESSED)) == 7


def test_undoing_what_somebody_else_undid_is_told_in_a_sentence(open_page, suppressed, calm):
    app = open_page(PAGE, s=str(suppressed))
    triage.undo(calm, entry_numbers=(suppressed,), author="ben")
    press(app, "Undo it")
    assert not app.exception
    assert len(app.error) == 1
    assert "unexpected" not in app.error[0].value


def test_renewing_goes_through_the_same_guards(open_page, suppressed, calm):
    app = open_page(PAGE, s=str(suppressed))
    press(app, "Renew…")
    days = next(box for box in app.number_input if box.label == "Days from now")
    days.set_value(90)
    next(box for box in app.text_input if box.label == "Owner").set_value("dea").run()
    press(app, "Save the new suppression")
    assert not app.error
    newest = calm.store.suppressions()[0]
    assert newest.decision.owner == "dea"
    assert newest.decision.scope == make_suppression().scope
    assert 89 < (newest.decision.expires_time - time.time()) / suppress.DAY_S < 91
    assert f"S-{newest.number} continues S-{suppressed}" in said(app)
    assert app.subheader[0].value == newest.id


def test_renewing_is_refused_where_an_attack_was_confirmed(open_page, suppressed, calm):
    judge(calm, FIRST[9], label=TRUE, category="exfiltration")
    app = open_page(PAGE, s=str(suppressed))
    press(app, "Write it again…")
    save = next(one for one in app.button if one.label == "Save the new suppression")
    assert save.disabled
    assert "1 finding on this pattern is a confirmed attack" in said(app)


def test_an_attack_confirmed_meanwhile_refuses_the_renewal_in_words(open_page, suppressed, calm):
    # The page was drawn before: the core refuses, not only the page.
    app = open_page(PAGE, s=str(suppressed))
    press(app, "Renew…")
    judge(calm, FIRST[9], label=TRUE, category="exfiltration")
    press(app, "Save the new suppression")
    assert not app.exception
    refused = app.error[0].value.replace("\\", "")
    assert "refused" in refused
    assert FIRST[9] in refused
    assert len(calm.store.suppressions()) == 1


@pytest.mark.parametrize("state", ["list", "detail", "renewal"])
def test_hostile_texts_never_reach_markdown(open_page, calm, state):
    calm.store.add_run(
        make_run(1),
        [make_finding(n, entity=HOSTILE, summary=HOSTILE, max_score=0.3) for n in (100, 104)],
    )
    judge(calm, *FIRST[:3], category="backup-job", reason=HOSTILE)
    number = add(
        calm,
        SuppressionScope("packets", PATTERN, (HOSTILE,)),
        category=HOSTILE[:60],
        reason=HOSTILE,
        owner=HOSTILE,
        ticket=HOSTILE,
    )
    app = open_page(PAGE) if state == "list" else open_page(PAGE, s=str(number))
    if state == "renewal":
        press(app, "Renew…")
    assert not app.exception
    assert "](http" not in markdown(app)
    assert "<img" not in markdown(app)


@pytest.mark.parametrize("number", ["999", "0", "-1", "S-x", "1e3", "²", "9" * 300, "<img src=x>"])
def test_an_unknown_number_lists_all(open_page, suppressed, number):
    app = open_page(PAGE, s=number)
    assert not app.exception
    assert not app.error
    assert "There is no such suppression" in said(app)
    assert len(app.dataframe[0].value) == 1


def test_a_long_list_has_pages(open_page, calm):
    calm.store.append([make_suppression(ticket=f"OPS-{n}") for n in range(60)])
    app = open_page(PAGE)
    assert len(app.dataframe[0].value) == 50
    second = open_page(PAGE, page="2")
    assert second.dataframe[0].value["Ticket"].tolist()[-1] == "OPS-0"
