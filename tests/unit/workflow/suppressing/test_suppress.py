"""Suppressions through the core: refused for their reasons, written, listed, undone."""

from dataclasses import replace

import pytest

from deepaid_core.domain.finding import Status
from deepaid_core.domain.log import NewLessons, NewSetting, TaughtPath
from deepaid_core.domain.suppression import SuppressionScope
from deepaid_core.errors import NotFoundError
from deepaid_core.workflow import suppress, triage
from tests.factories import PATHS, make_finding, make_run
from tests.suppressing import (
    BENIGN,
    FINDINGS,
    FIRST,
    PATTERN,
    SECOND,
    TRUE,
    UNDETERMINED,
    copied,
    failing,
    hidden,
    judge,
    judge_falsely,
    make_suppression,
    refused,
    share_of_checks,
)

HOSTILE = "<script>alert(1)</script> [x](http://evil) `rm` \u202e=HYPERLINK(1)".replace(
    "\u202e", ""
)
HOSTS = tuple(sorted({finding.entity for finding in FINDINGS}))
WHOLE_TIME = (FINDINGS[0].first_time, FINDINGS[-1].last_time)


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
