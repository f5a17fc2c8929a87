"""Suppressions through the core: refused for their reasons, written, listed, undone."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import pytest

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewLessons, NewSetting, TaughtPath
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.suppression import SuppressionScope
from deepaid_core.errors import NotFoundError, StaleWriteError, SuppressionRefusedError
from deepaid_core.workflow import suppress, triage
from deepaid_core.workspace import Workspace
from tests.factories import PATHS, make_finding, make_run
from tests.suppressing import (
    BENIGN,
    FALSE,
    FINDINGS,
    FIRST,
    PATTERN,
    SECOND,
    TRUE,
    UNDETERMINED,
    copied,
    judge,
    judge_falsely,
    make_suppression,
    make_template,
)

HOSTILE = "<script>alert(1)</script> [x](http://evil) `rm` \u202e=HYPERLINK(1)".replace(
    "\u202e", ""
)
HOSTS = tuple(sorted({finding.entity for finding in FINDINGS}))
WHOLE_TIME = (FINDINGS[0].first_time, FINDINGS[-1].last_time)


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    return make_template(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def workspace(template, tmp_path):
    opened = copied(template, tmp_path / "home")
    yield opened
    opened.close()


def hidden(workspace):
    return set(workspace.store.ids(FindingQuery(status=Status.SUPPRESSED)))


def share_of_checks(workspace, share):
    workspace.store.append([NewSetting("resurfaced_share", str(share), "ana")])


def failing(workspace, decision):
    found = suppress.preview(workspace, decision)
    failed = {one.name: one for one in found.checks if not one.passed}
    assert found.allowed is not any(one.blocking for one in failed.values())
    return failed


def refused(workspace, decision, *names):
    """The only guards that block are these; the core refuses and writes nothing."""
    before = workspace.store.version()
    failed = failing(workspace, decision)
    blocking = [one for one in failed.values() if one.blocking]
    assert {one.name for one in blocking} == set(names)
    with pytest.raises(SuppressionRefusedError) as refusal:
        suppress.suppress(workspace, decision)
    for check in blocking:
        assert check.sentence in str(refusal.value)
        assert all(finding_id in str(refusal.value) for finding_id in check.finding_ids)
    assert workspace.store.version() == before
    assert hidden(workspace) == set()
    return failed


def test_three_false_positives_let_the_rest_of_the_pattern_leave_the_queue(workspace):
    share_of_checks(workspace, 0)
    judge_falsely(workspace)
    decision = make_suppression()
    seen = suppress.preview(workspace, decision)
    assert seen.allowed
    assert (seen.covered, seen.resurfaced, seen.replayed) == (7, 0, 0)
    assert (seen.reach.findings, seen.reach.open_findings, seen.reach.closed) == (10, 7, 3)
    assert {row.id for row in seen.examples} < set(FIRST[3:])
    assert len(seen.examples) == 5
    outcome = suppress.suppress(workspace, decision)
    assert outcome == suppress.SuppressionOutcome(number=5, suppressed=7, resurfaced=0)
    assert hidden(workspace) == set(FIRST[3:])
    (view,) = suppress.listing(workspace)
    assert (view.state, view.suppression.id, view.suppression.hits) == ("active", "S-5", 7)
    back = triage.undo(workspace, entry_numbers=[outcome.number], author="ben", reason="oops")
    assert (back.findings, back.reopened, back.disabled) == (7, 7, ())
    assert hidden(workspace) == set()
    assert suppress.listing(workspace)[0].state == "undone"


def test_a_verdict_on_many_findings_is_one_decision_and_not_enough(workspace):
    judge(workspace, *FIRST[:5], scope="selection")
    refused(workspace, make_suppression(), "agreeing verdicts")
    judge(workspace, FIRST[5])
    judge(workspace, FIRST[5])
    judge(workspace, FIRST[5], category="other")
    refused(workspace, make_suppression(), "agreeing verdicts")
    judge(workspace, FIRST[6])
    assert suppress.preview(workspace, make_suppression()).allowed


def test_a_decision_that_was_undone_no_longer_counts(workspace):
    judge_falsely(workspace)
    triage.undo(workspace, entry_numbers=[2], author="ana")
    refused(workspace, make_suppression(), "agreeing verdicts")


def test_how_many_decisions_are_needed_is_a_setting(workspace):
    judge_falsely(workspace, count=2)
    refused(workspace, make_suppression(), "agreeing verdicts")
    workspace.store.append([NewSetting("least_verdicts", "2", "ana")])
    assert suppress.preview(workspace, make_suppression()).allowed


def test_an_attack_on_the_pattern_blocks_even_outside_of_the_scope(workspace):
    judge_falsely(workspace)
    judge(workspace, FIRST[8], label=TRUE, category="port-scan")
    failed = refused(workspace, make_suppression(), "no confirmed attack", "replay of attacks")
    assert failed["no confirmed attack"].finding_ids == (FIRST[8],)
    elsewhere = SuppressionScope("packets", PATTERN, (FINDINGS[0].entity,))
    assert FINDINGS[32].entity not in elsewhere.entities
    refused(workspace, make_suppression(elsewhere), "no confirmed attack")


@pytest.mark.parametrize("label", [UNDETERMINED, BENIGN])
def test_a_contradicting_verdict_in_the_scope_blocks_and_is_named(workspace, label):
    judge_falsely(workspace)
    judge(workspace, FIRST[7], label=label)
    failed = refused(workspace, make_suppression(), "no contradicting verdict")
    assert failed["no contradicting verdict"].finding_ids == (FIRST[7],)
    others = tuple(entity for entity in HOSTS if entity != FINDINGS[28].entity)
    assert suppress.preview(
        workspace, make_suppression(SuppressionScope("packets", PATTERN, others))
    ).allowed


def test_an_imported_attack_on_the_pattern_blocks(workspace):
    judge_falsely(workspace)
    lessons = TaughtPath("packets", TRUE, "port-scan", PATHS[0], 1)
    workspace.store.append([NewLessons((lessons,), "there.json", "0" * 64, "ana")])
    refused(workspace, make_suppression(), "no imported attack")
    triage.undo(workspace, entry_numbers=[4], author="ana")
    assert suppress.preview(workspace, make_suppression()).allowed


def test_findings_without_proof_are_left_out_and_cannot_stand_alone(template, tmp_path):
    workspace = copied(template, tmp_path / "home")
    share_of_checks(workspace, 0)
    path = ("MI_mean:up:1", "MI_weight:down:1", "HH_std:up:1")
    proven = [make_finding(number, path=path, max_score=0.3) for number in range(50, 52)]
    unproven = [
        make_finding(number, path=path, max_score=0.3, verified=False) for number in range(52, 57)
    ]
    workspace.store.add_run(make_run(1), unproven)
    judge_falsely(workspace, [finding.id for finding in unproven])
    decision = make_suppression(SuppressionScope("packets", unproven[0].pattern_id))
    refused(workspace, decision, "verified interpretation")
    workspace.store.add_run(make_run(2), proven)
    checks = {one.name: one for one in suppress.preview(workspace, decision).checks}
    assert "2 findings without one are left" in checks["verified interpretation"].sentence
    assert suppress.suppress(workspace, decision).suppressed == 2
    assert hidden(workspace) == {finding.id for finding in proven}
    workspace.close()


def test_critical_findings_stay_unless_the_settings_let_them_go(template, tmp_path):
    workspace = copied(template, tmp_path / "home")
    share_of_checks(workspace, 0)
    critical = make_finding(60, path=PATHS[0], max_score=0.6)
    workspace.store.add_run(make_run(1), [critical])
    judge_falsely(workspace)
    seen = suppress.preview(workspace, make_suppression())
    sentences = {one.name: one.sentence for one in seen.checks}
    assert "1 finding of critical severity is left" in sentences["critical findings stay"]
    assert seen.covered == 7
    workspace.store.append([NewSetting("suppress_critical", "yes", "ana")])
    assert suppress.preview(workspace, make_suppression()).covered == 8
    suppress.suppress(workspace, make_suppression())
    assert critical.id in hidden(workspace)
    workspace.close()


def test_benign_positives_are_suppressed_for_their_hosts_only(workspace):
    share_of_checks(workspace, 0)
    host = FINDINGS[4].entity
    judge(workspace, FIRST[1], label=BENIGN, category="authorized-scan")
    whole = make_suppression(basis=BENIGN, category="authorized-scan")
    refused(workspace, whole, "scope")
    scoped = replace(whole, scope=SuppressionScope("packets", PATTERN, (FINDINGS[0].entity,)))
    refused(workspace, scoped, "agreeing verdicts")
    proposed = suppress.proposal(workspace, PATTERN, author="ana")
    assert (proposed.basis, proposed.scope.entities) == (BENIGN, (host,))
    suppress.suppress(workspace, proposed)
    assert {workspace.store.row(one).entity for one in hidden(workspace)} == {host}


def test_scopes_without_a_pattern_count_the_decisions_inside_and_spare_protected_patterns(
    workspace,
):
    share_of_checks(workspace, 0)
    scope = SuppressionScope("packets", None, HOSTS, *WHOLE_TIME)
    judge(workspace, FIRST[0], SECOND[0])
    judge(workspace, SECOND[1])
    inside = replace(scope, until=FINDINGS[4].last_time)
    refused(workspace, make_suppression(inside), "agreeing verdicts")
    third = FINDINGS[2]
    attack = make_finding(70, path=PATHS[2], entity="203.0.113.7", max_score=0.3)
    workspace.store.add_run(make_run(1), [attack])
    judge(workspace, attack.id, label=TRUE, category="port-scan")
    seen = suppress.preview(workspace, make_suppression(scope))
    assert seen.allowed
    (warned,) = [one for one in seen.checks if one.name == "protected patterns"]
    assert "10 findings in this scope are of a pattern" in warned.sentence
    assert seen.covered == 40 - 3 - 10
    assert suppress.suppress(workspace, make_suppression(scope)).suppressed == seen.covered
    assert workspace.store.row(third.id).status is Status.OPEN
    judge(workspace, FINDINGS[39].id, label=TRUE, category="port-scan")
    assert suppress.listing(workspace)[0].state == "disabled"
    assert hidden(workspace) == set()


def test_an_attack_within_a_scope_without_a_pattern_blocks(workspace):
    judge_falsely(workspace)
    judge(workspace, SECOND[0], label=TRUE, category="port-scan")
    scope = SuppressionScope("packets", None, HOSTS, *WHOLE_TIME)
    failed = refused(workspace, make_suppression(scope), "no confirmed attack", "replay of attacks")
    assert failed["replay of attacks"].finding_ids == (SECOND[0],)


def test_an_attack_one_state_away_is_a_warning_that_names_it(template, tmp_path):
    workspace = copied(template, tmp_path / "home")
    near = make_finding(80, path=(*PATHS[0][:2], "MI_mean:up:1"), max_score=0.3)
    workspace.store.add_run(make_run(1), [near])
    judge_falsely(workspace)
    assert "no attack nearby" not in failing(workspace, make_suppression())
    judge(workspace, near.id, label=TRUE, category="port-scan")
    failed = failing(workspace, make_suppression())
    assert failed["no attack nearby"].finding_ids == (near.id,)
    assert suppress.preview(workspace, make_suppression()).allowed
    workspace.close()


def test_an_imported_attack_one_state_away_is_a_warning_too(workspace):
    judge_falsely(workspace)
    path = (*PATHS[0][:2], "MI_mean:up:1")
    lessons = TaughtPath("packets", TRUE, "port-scan", path, 2)
    workspace.store.append([NewLessons((lessons,), "there.json", "0" * 64, "ana")])
    assert "Imported" in failing(workspace, make_suppression())["no attack nearby"].sentence


def test_wide_reach_other_words_and_overlaps_are_warnings(workspace):
    share_of_checks(workspace, 0)
    judge_falsely(workspace)
    assert failing(workspace, make_suppression()) == {}
    assert "Distiller agrees" in failing(workspace, make_suppression(category="other"))
    judge_falsely(workspace, SECOND)
    burst = make_suppression(SuppressionScope("packets", None, HOSTS, *WHOLE_TIME))
    assert "limited reach" in failing(workspace, burst)
    suppress.suppress(workspace, make_suppression())
    overlap = failing(workspace, make_suppression())["no other suppression"]
    assert "S-8 has this very scope" in overlap.sentence
    hosts = SuppressionScope("packets", PATTERN, HOSTS)
    overlap = failing(workspace, make_suppression(hosts))["no other suppression"]
    assert "7 findings, is under S-8" in overlap.sentence
    assert suppress.preview(workspace, make_suppression(hosts)).covered == 0


def test_the_preview_says_exactly_what_writing_does_with_checks_left_in_the_queue(workspace):
    share_of_checks(workspace, 0.5)
    judge_falsely(workspace)
    seen = suppress.preview(workspace, make_suppression())
    outcome = suppress.suppress(workspace, make_suppression())
    assert outcome.resurfaced == seen.resurfaced > 0
    assert outcome.suppressed == seen.covered - seen.resurfaced == len(hidden(workspace))
    again = suppress.preview(
        workspace, make_suppression(SuppressionScope("packets", PATTERN, HOSTS))
    )
    assert (again.covered, again.resurfaced) == (0, 0)


def test_a_scope_of_another_detector_or_of_the_wrong_form_shows_no_reach(workspace):
    judge_falsely(workspace)
    foreign = make_suppression(SuppressionScope("logins", PATTERN))
    refused(workspace, foreign, "scope")
    assert suppress.preview(workspace, foreign).reach.findings == 0
    with pytest.raises(NotFoundError):
        suppress.preview(workspace, make_suppression(SuppressionScope("packets", "P-nothing")))


def test_whatever_is_half_written_shows_its_reach_and_is_refused(workspace):
    judge_falsely(workspace)
    half = make_suppression(reason="", owner="", category="", expires_time=0.0)
    assert suppress.preview(workspace, half).covered == 7
    refused(workspace, half, "reason", "owner", "category", "expiry")


def test_hostile_texts_are_kept_as_they_are_and_those_nobody_can_read_refused(workspace):
    judge_falsely(workspace)
    texts = {"reason": HOSTILE, "owner": HOSTILE, "ticket": HOSTILE}
    suppress.suppress(workspace, make_suppression(**texts))
    kept = suppress.listing(workspace)[0].suppression.decision
    assert {name: getattr(kept, name) for name in texts} == texts
    triage.undo(workspace, entry_numbers=[4], author="ana")
    for name in ("reason", "owner", "ticket", "author"):
        refused(workspace, make_suppression(**{name: "a\x1b[2Jb\0\ud800"}), name)


def test_hostile_entities_match_only_themselves(template, tmp_path):
    workspace = copied(template, tmp_path / "home")
    share_of_checks(workspace, 0)
    names = ("' OR 1=1 --", "%", "x\0y\ud800", "h" * 5000)
    odd = [
        make_finding(90 + at, path=PATHS[0], entity=name, max_score=0.3)
        for at, name in enumerate(names)
    ]
    workspace.store.add_run(make_run(1), odd)
    judge_falsely(workspace)
    for finding in odd:
        scope = SuppressionScope("packets", PATTERN, (finding.entity,))
        outcome = suppress.suppress(workspace, make_suppression(scope))
        assert outcome.suppressed == 1
    assert hidden(workspace) == {finding.id for finding in odd}
    workspace.close()


def test_states_are_told_by_time_and_by_what_happened(workspace):
    judge_falsely(workspace)
    written = suppress.suppress(workspace, make_suppression()).number

    def state(days):
        (view,) = suppress.listing(workspace, now=time.time() + days * suppress.DAY_S)
        return view.state

    assert [state(days) for days in (0, 26.9, 27.1, 29.9, 30.1)] == [
        "active",
        "active",
        "expiring",
        "expiring",
        "expired",
    ]
    outcome = judge(workspace, FIRST[9], label=TRUE, category="port-scan")
    assert (outcome.disabled, outcome.reopened) == ((written,), 6)
    assert [state(0), state(31)] == ["disabled", "disabled"]
    back = triage.undo(workspace, entry_numbers=outcome.numbers, author="ana")
    assert (back.disabled, back.reopened) == ((), 0)
    assert state(0) == "active"
    triage.undo(workspace, entry_numbers=[written], author="ana")
    assert state(31) == "undone"


def test_a_pattern_verdict_tells_what_it_brought_back(workspace):
    share_of_checks(workspace, 0)
    judge_falsely(workspace)
    number = suppress.suppress(workspace, make_suppression()).number
    extra = make_finding(100, path=PATHS[0], max_score=0.9)  # critical, so it stays in the queue
    workspace.store.add_run(make_run(1), [extra])
    outcome = triage.give_pattern_verdict(
        workspace,
        pattern_id=PATTERN,
        label=TRUE,
        category="port-scan",
        reason="",
        author="ben",
    )
    assert (outcome.findings, outcome.reopened, outcome.disabled) == (1, 7, (number,))


def test_verdicts_that_are_no_attack_bring_nothing_back(workspace):
    judge_falsely(workspace)
    suppress.suppress(workspace, make_suppression())
    outcome = judge(workspace, FIRST[9])
    assert (outcome.findings, outcome.reopened, outcome.disabled) == (1, 0, ())


def test_a_proposal_takes_basis_category_and_reason_from_the_verdicts(workspace):
    nothing = suppress.proposal(workspace, PATTERN, author="ana")
    assert (nothing.basis, nothing.category, nothing.reason) == (FALSE, "", "")
    assert not suppress.preview(workspace, nothing).allowed
    judge(workspace, FIRST[0], category="update", reason="one")
    judge(workspace, FIRST[1], category="backup-job", reason="two")
    judge(workspace, FIRST[2], category="backup-job", reason="three", author="ben")
    proposed = suppress.proposal(workspace, PATTERN, author="cleo")
    assert proposed.scope == SuppressionScope("packets", PATTERN)
    assert (proposed.category, proposed.reason) == ("backup-job", "three")
    assert (proposed.author, proposed.owner) == ("cleo", "cleo")
    left = (proposed.expires_time - time.time()) / suppress.DAY_S
    assert suppress.DEFAULT_DAYS - 1 < left <= suppress.DEFAULT_DAYS
    assert suppress.preview(workspace, proposed).allowed
    with pytest.raises(NotFoundError):
        suppress.proposal(workspace, "P-nothing", author="ana")


def test_a_burst_is_the_hosts_and_the_time_of_judged_false_positives(workspace):
    share_of_checks(workspace, 0)
    chosen = [FIRST[1], SECOND[1], FINDINGS[6].id]
    judge(workspace, *chosen, category="data-import")
    proposed = suppress.burst_proposal(workspace, chosen, author="ana", margin_s=100.0)
    assert proposed.scope == SuppressionScope(
        "packets",
        None,
        tuple(sorted(FINDINGS[number].entity for number in (4, 5, 6))),
        FINDINGS[4].first_time - 100.0,
        FINDINGS[6].last_time + 100.0,
    )
    assert (proposed.basis, proposed.category) == (FALSE, "data-import")
    assert suppress.preview(workspace, proposed).allowed
    none = suppress.burst_proposal(workspace, chosen, author="ana", margin_s=0.0)
    assert (none.scope.since, none.scope.until) == (FINDINGS[4].first_time, FINDINGS[6].last_time)


def test_a_burst_is_made_of_false_positives_of_one_detector_only(template, tmp_path):
    workspace = copied(template, tmp_path / "home")
    other = make_finding(110, detector_name="logins")
    workspace.store.add_run(make_run(1), [other])
    judge(workspace, FIRST[0], other.id)
    judge(workspace, FIRST[1], label=BENIGN)
    for chosen, words in (
        ([], "No finding was chosen"),
        ([FIRST[0], FIRST[1]], "is judged benign positive"),
        ([FIRST[0], FIRST[2]], "is judged by nobody"),
        ([FIRST[0], other.id], "of the detectors logins, packets"),
    ):
        with pytest.raises(SuppressionRefusedError, match=words):
            suppress.burst_proposal(workspace, chosen, author="ana")
    with pytest.raises(NotFoundError):
        suppress.burst_proposal(workspace, ["F-nothing"], author="ana")
    workspace.close()


def test_entries_of_all_kinds_are_undone_together_or_not_at_all(workspace):
    judge_falsely(workspace)
    number = suppress.suppress(workspace, make_suppression()).number
    workspace.store.append([NewSetting("least_verdicts", "5", "ana")])
    with pytest.raises(NotFoundError):
        triage.undo(workspace, entry_numbers=[1, number, 99], author="ana")
    assert suppress.listing(workspace)[0].state == "active"
    triage.undo(workspace, entry_numbers=[1, number, number + 1], author="ana")
    assert suppress.listing(workspace)[0].state == "undone"
    assert workspace.store.settings() == DistillerSettings()
    assert workspace.store.row(FIRST[0]).verdict is None
    with pytest.raises(StaleWriteError):
        triage.undo(workspace, entry_numbers=[number], author="ben")


@pytest.mark.parametrize("turn", range(4))
def test_one_suppresses_while_another_finds_the_attack_and_nothing_is_hidden(workspace, turn):
    judge_falsely(workspace)
    together = Barrier(2)

    def hide():
        # Each analyst has a connection of their own, as in two browsers on two servers.
        elsewhere = Workspace.open(workspace.home)
        together.wait()
        try:
            return suppress.suppress(elsewhere, make_suppression()).number
        except SuppressionRefusedError as refusal:
            return str(refusal)
        finally:
            elsewhere.close()

    def accept():
        together.wait()
        return judge(workspace, FIRST[5 + turn], label=TRUE, category="port-scan", author="ben")

    with ThreadPoolExecutor(2) as pool:
        hiding, accepting = pool.submit(hide), pool.submit(accept)
        written, verdict = hiding.result(), accepting.result()
    assert hidden(workspace) == set()
    assert workspace.store.row(FIRST[5 + turn]).verdict == TRUE
    assert [line.number for line in workspace.store.log()] == list(
        range(1, 5 + isinstance(written, int))
    )
    if isinstance(written, int):
        assert suppress.listing(workspace)[0].state == "disabled"
        assert written < verdict.numbers[0]
    else:
        assert "is a confirmed attack" in written


def test_what_is_decided_between_checking_and_writing_is_checked_again(workspace, monkeypatch):
    judge_falsely(workspace)
    append, calls = type(workspace.store).append, []
    other = make_suppression(SuppressionScope("packets", PATTERN, HOSTS[:1]))

    def after_somebody_else(store, entries, *, expected=None):
        if not calls:
            append(store, [other])
        calls.append(expected)
        return append(store, entries, expected=expected)

    monkeypatch.setattr(type(workspace.store), "append", after_somebody_else)
    outcome = suppress.suppress(workspace, make_suppression())
    assert calls == [3, 4]
    assert outcome.number == 5


def test_who_is_always_overtaken_hears_so_and_nothing_is_written(workspace, monkeypatch):
    judge_falsely(workspace)
    append = type(workspace.store).append

    def after_somebody_else(store, entries, *, expected=None):
        append(store, [NewSetting("least_verdicts", "3", "ben")])
        return append(store, entries, expected=expected)

    monkeypatch.setattr(type(workspace.store), "append", after_somebody_else)
    with pytest.raises(StaleWriteError):
        suppress.suppress(workspace, make_suppression())
    assert suppress.listing(workspace) == ()
