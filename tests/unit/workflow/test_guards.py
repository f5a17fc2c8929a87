"""Each rule of a suppression fails for its own reason, and passes otherwise."""

from dataclasses import replace

import pytest

from deepaid_core.domain.distiller_settings import DistillerSettings
from deepaid_core.domain.queries import Reach
from deepaid_core.domain.suppression import NewSuppression, SuppressionScope
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.workflow.guards import Facts, Judged, guards
from deepaid_core.workflow.scopes import MOST_ENTITIES, scope_problem
from deepaid_core.workflow.suppression_texts import DAY_S, LONGEST_DAYS, cleaned, text_checks

FALSE, TRUE = VerdictLabel.FALSE_POSITIVE, VerdictLabel.TRUE_POSITIVE
BENIGN, UNDETERMINED = VerdictLabel.BENIGN_POSITIVE, VerdictLabel.UNDETERMINED
NOW = 1_760_000_000.0
PATTERN = SuppressionScope("packets", "P-0123456789")
HOST = replace(PATTERN, entities=("10.0.0.1",))
BURST = SuppressionScope("packets", None, ("10.0.0.1",), NOW, NOW + 60)
REACH = Reach(10, 7, 0, 3, 0, 0, 40, 2, NOW, NOW + 9, (), (), {}, {})
FINE = Facts(
    settings=DistillerSettings(),
    reach=REACH,
    agreeing=3,
    verified=10,
    replayed=4,
    covered=7,
    queue=100,
    suggested=(FALSE, "backup-job"),
)
SOME = Judged(2, ("F-1", "F-2"))


def decision(scope=PATTERN, **changes):
    values = {
        "scope": scope,
        "basis": FALSE,
        "category": "backup-job",
        "reason": "Nightly copy.",
        "author": "ana",
        "owner": "ben",
        "ticket": "",
        "expires_time": NOW + 30 * DAY_S,
    }
    return NewSuppression(**{**values, **changes})


def failing(facts, scope=PATTERN, **changes):
    found = guards(decision(scope, **changes), facts)
    assert len({one.name for one in found}) == len(found)
    return {one.name: one for one in found if not one.passed}


@pytest.mark.parametrize("scope", [PATTERN, HOST, BURST])
def test_what_fulfils_everything_passes_everything(scope):
    assert failing(FINE, scope) == {}
    assert failing(replace(FINE, agreeing=1, suggested=None), HOST, basis=BENIGN) == {}


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        (
            "agreeing verdicts",
            {"agreeing": 2},
            "Only 2 false positive decisions on this pattern, 3",
        ),
        ("agreeing verdicts", {"agreeing": 1}, "Only 1 false positive decision on"),
        ("no confirmed attack", {"attacks": SOME}, "2 findings on this pattern are a confirmed"),
        ("no contradicting verdict", {"contradicting": SOME}, "2 findings in this scope were"),
        ("no imported attack", {"imported": True}, "Imported lessons hold an attack on this"),
        ("verified interpretation", {"verified": 0}, "nothing proves what would be hidden"),
        ("replay of attacks", {"silenced": SOME}, "Of 4 confirmed attacks found again, 2"),
    ],
)
def test_one_fact_blocks_for_its_own_reason(name, changes, words):
    (check,) = failing(replace(FINE, **changes)).values()
    assert (check.name, check.blocking) == (name, True)
    assert words in check.sentence
    named = [value.finding_ids for value in changes.values() if isinstance(value, Judged)]
    assert check.finding_ids == (named[0] if named else ())


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("no attack nearby", {"near": SOME}, "2 findings one state away are a confirmed attack"),
        ("no attack nearby", {"near_imported": True}, "Imported lessons hold an attack one state"),
        ("limited reach", {"covered": 26}, "26 findings of today's queue (26 % of the queue)"),
        ("limited reach", {"covered": 1001, "queue": 99_999}, "1,001 findings"),
        ("Distiller agrees", {"suggested": (TRUE, "port-scan")}, "true positive, 'port-scan'"),
        ("Distiller agrees", {"suggested": (FALSE, "update")}, "false positive, 'update'"),
        (
            "no other suppression",
            {"overlapping": ((5, 6), (4, 1))},
            "7 findings, is under S-5, S-4",
        ),
        ("no other suppression", {"same_scope": 9}, "S-9 has this very scope already"),
    ],
)
def test_one_fact_warns_for_its_own_reason(name, changes, words):
    (check,) = failing(replace(FINE, **changes)).values()
    assert (check.name, check.blocking) == (name, False)
    assert words in check.sentence


def test_warnings_keep_quiet_at_their_bounds():
    at_bounds = {"covered": 25, "overlapping": ((5, 6),), "suggested": None}
    assert failing(replace(FINE, **at_bounds)) == {}
    assert failing(replace(FINE, covered=1000, queue=99_999)) == {}
    assert failing(replace(FINE, covered=0, queue=0, replayed=0)) == {}


def test_least_verdicts_is_a_setting_and_a_benign_positive_needs_one():
    one = replace(FINE, agreeing=1)
    assert failing(replace(one, settings=DistillerSettings(least_verdicts=1))) == {}
    assert "agreeing verdicts" in failing(one)
    assert failing(replace(one, suggested=None), HOST, basis=BENIGN) == {}
    (check,) = failing(replace(one, agreeing=0, suggested=None), HOST, basis=BENIGN).values()
    assert "Only 0 benign positive decisions on this pattern, 1 needed" in check.sentence


def test_what_is_left_in_the_queue_is_counted_and_blocks_nothing():
    left = replace(FINE, reach=replace(REACH, unverified=3, critical=1))
    assert failing(left) == {}
    sentences = {one.name: one.sentence for one in guards(decision(), left)}
    assert "3 findings without one are left in the queue" in sentences["verified interpretation"]
    assert sentences["critical findings stay"].startswith("1 finding of critical severity is left")


def test_critical_findings_that_settings_let_go_are_warned_of():
    settings = DistillerSettings(suppress_critical=True)
    facts = replace(FINE, reach=replace(REACH, critical=2), settings=settings)
    (check,) = failing(facts).values()
    assert not check.blocking
    assert "2 findings of critical severity may be hidden" in check.sentence


def test_a_burst_tells_what_protected_patterns_keep_and_asks_nothing_of_a_pattern():
    (check,) = failing(replace(FINE, protected=4), BURST).values()
    assert (check.name, check.blocking) == ("protected patterns", False)
    assert "4 findings in this scope are of a pattern that an attack protects" in check.sentence
    names = {one.name for one in guards(decision(BURST), FINE)}
    assert not names & {"no imported attack", "no attack nearby", "Distiller agrees"}
    (attack,) = failing(replace(FINE, attacks=Judged(1, ("F-1",))), BURST).values()
    assert attack.sentence.startswith("1 finding in this scope is a confirmed attack")


def test_of_a_benign_positive_the_distiller_only_warns_where_it_sees_an_attack():
    assert failing(replace(FINE, suggested=(FALSE, "other")), HOST, basis=BENIGN) == {}
    assert "Distiller agrees" in failing(
        replace(FINE, suggested=(TRUE, "backup-job")), HOST, basis=BENIGN
    )


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"basis": TRUE}, "not on 'true positive'"),
        ({"basis": UNDETERMINED}, "not on 'undetermined'"),
        ({"basis": BENIGN}, "named entities and one pattern only"),
        ({"basis": BENIGN, "scope": BURST}, "named entities and one pattern only"),
        ({"scope": SuppressionScope("packets")}, "without a pattern needs entities and a time"),
        ({"scope": replace(BURST, entities=())}, "without a pattern needs entities and a time"),
        ({"scope": replace(BURST, since=None)}, "without a pattern needs entities and a time"),
        ({"scope": replace(BURST, until=None)}, "without a pattern needs entities and a time"),
        ({"scope": replace(PATTERN, since=float("nan"))}, "not a number"),
        ({"scope": replace(BURST, until=float("inf"))}, "not a number"),
        ({"scope": replace(BURST, since=NOW + 61)}, "ends before it begins"),
        (
            {"scope": replace(PATTERN, entities=tuple(map(str, range(MOST_ENTITIES + 1))))},
            "names 1,001 entities",
        ),
    ],
)
def test_a_scope_of_the_wrong_form_is_told_in_a_sentence(changes, words):
    assert words in str(scope_problem(decision(**changes)))


@pytest.mark.parametrize(
    "scope", [PATTERN, HOST, BURST, replace(PATTERN, since=NOW), replace(BURST, until=NOW)]
)
def test_a_scope_of_the_right_form_has_no_problem(scope):
    assert scope_problem(decision(scope)) is None


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("reason", {"reason": ""}, "give a reason in words"),
        ("reason", {"reason": " \n\t"}, "give a reason in words"),
        ("reason", {"reason": "\u200b\u2060\u202e"}, "give a reason in words"),
        ("reason", {"reason": "-- ..."}, "give a reason in words"),
        ("reason", {"reason": "a\x1b[2Jb"}, "U+001B"),
        ("reason", {"reason": "x" * 4001}, "at most 4,000"),
        ("owner", {"owner": " "}, "name an owner"),
        ("owner", {"owner": "ben\u202e"}, "cannot be seen"),
        ("owner", {"owner": "b" * 201}, "at most 200"),
        ("author", {"author": ""}, "Nobody is named"),
        ("author", {"author": "\ud800"}, "cannot be seen"),
        ("category", {"category": ""}, "needs a category"),
        ("category", {"category": "", "basis": BENIGN, "scope": HOST}, "give a category"),
        ("category", {"category": "unknown"}, "another category"),
        ("category", {"category": "a\0b"}, "cannot be seen"),
        ("ticket", {"ticket": "SEC-1\0"}, "cannot be seen"),
        ("ticket", {"ticket": "t" * 201}, "at most 200"),
        ("expiry", {"expires_time": NOW}, "in the past"),
        ("expiry", {"expires_time": NOW - 1e300}, "in the past"),
        ("expiry", {"expires_time": NOW + (LONGEST_DAYS + 1) * DAY_S}, "within a year"),
        ("expiry", {"expires_time": float("inf")}, "not a date"),
        ("expiry", {"expires_time": float("nan")}, "not a date"),
    ],
)
def test_one_text_or_date_blocks_for_its_own_reason(name, changes, words):
    failed = [one for one in text_checks(decision(**changes), NOW) if not one.passed]
    assert [(one.name, one.blocking) for one in failed] == [(name, True)]
    assert words in failed[0].sentence
    failed[0].sentence.encode("utf-8")


def test_texts_and_dates_that_are_fine_pass_and_are_kept_one_way():
    written = decision(
        replace(PATTERN, entities=("b", "a", "b", "\x1b[2J\ud800")),
        reason=" Two\r\nlines <b> [x](http://x) ",
        owner=" ben \t b ",
        ticket=" https://t/1 ",
        category=" Backup  JOB",
        expires_time=NOW + LONGEST_DAYS * DAY_S,
    )
    assert all(one.passed for one in text_checks(written, NOW))
    kept = cleaned(written)
    assert kept.scope.entities == ("\x1b[2J\ud800", "a", "b")
    assert kept.reason == "Two\nlines <b> [x](http://x)"
    assert (kept.owner, kept.ticket, kept.category) == ("ben b", "https://t/1", "backup job")
    assert cleaned(kept) == kept
