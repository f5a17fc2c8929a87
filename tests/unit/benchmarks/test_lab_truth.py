"""The truth of findings, and the rule by which the scripted analyst joins false positives."""

import dataclasses

import pytest

from benchmarks.lab_truth import BACKGROUND, truth_of
from benchmarks.triage_analyst import run_of
from deepaid_core.domain.finding import Status
from deepaid_core.domain.queries import FindingRow
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import NotFoundError
from tests.factories import make_finding


def finding(detector_name, indices):
    made = make_finding(0)
    return dataclasses.replace(made, detector_name=detector_name, member_indices=tuple(indices))


def packets(kind):
    """Positions of some packets of one kind of event."""
    from benchmarks import lab_truth

    return [place for place, (name, _) in enumerate(lab_truth._packets()) if name == kind][:3]


def test_one_event_of_an_attack_makes_the_finding_an_attack():
    truth = truth_of(finding("packets", packets(BACKGROUND) + packets("syn_flood")[:1]))
    assert truth.is_attack
    assert (truth.label, truth.category) == (VerdictLabel.TRUE_POSITIVE, "syn_flood")
    assert dict(truth.events) == {BACKGROUND: 3, "syn_flood": 1}


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        (BACKGROUND, VerdictLabel.FALSE_POSITIVE),
        ("backup_burst", VerdictLabel.FALSE_POSITIVE),
        ("new_laptop", VerdictLabel.FALSE_POSITIVE),
        ("admin_health_sweep", VerdictLabel.BENIGN_POSITIVE),
        ("mirai_telnet_scan", VerdictLabel.TRUE_POSITIVE),
        ("arp_spoof_mitm", VerdictLabel.TRUE_POSITIVE),
    ],
)
def test_each_kind_of_event_has_its_verdict(kind, label):
    truth = truth_of(finding("packets", packets(kind)))
    assert (truth.label, truth.category) == (label, kind)


def test_what_stands_out_from_the_background_names_a_false_positive():
    truth = truth_of(finding("packets", packets(BACKGROUND) + packets("backup_burst")[:1]))
    assert truth.category == "backup_burst"


@pytest.mark.parametrize("detector_name", ["host-rates", "ssh-sessions", "logins"])
def test_every_demo_detector_has_a_truth(detector_name):
    assert truth_of(finding(detector_name, [0])).label in VerdictLabel


def test_other_detectors_have_none():
    with pytest.raises(NotFoundError, match="mine"):
        truth_of(finding("mine", [0]))


def row(name, start, end=None, entity="a"):
    return FindingRow(
        id=name,
        detector_id="D-1",
        detector_name="packets",
        source_name="eval",
        entity=entity,
        pattern_id="P-1",
        path=("x:up:1",),
        first_time=start,
        last_time=start if end is None else end,
        event_count=1,
        max_score=1.0,
        threshold=0.9,
        ratio=1.1,
        verified=True,
        deviation_count=1,
        summary="",
        status=Status.CLOSED,
        verdict="false positive",
        category=None,
        verdict_number=1,
    )


FALSE = [row("f1", 0), row("f2", 15), row("f3", 30), row("f4", 100), row("f5", 103, entity="b")]


def test_a_run_ends_at_a_long_gap():
    assert run_of(FALSE[1], FALSE, [], 20.0) == ("f1", "f2", "f3")
    assert run_of(FALSE[1], FALSE, [], 80.0) == ("f1", "f2", "f3", "f4", "f5")


def test_a_run_never_holds_what_is_known_to_be_something_else():
    attack = row("t", 60, 61)
    assert run_of(FALSE[1], FALSE, [attack], 80.0) == ("f1", "f2", "f3")
    assert run_of(FALSE[4], FALSE, [attack], 80.0) == ("f4", "f5")
    assert run_of(FALSE[1], FALSE, [row("t", 14, 16)], 80.0) == ()
    elsewhere = row("t", 60, 61, entity="c")
    assert len(run_of(FALSE[1], FALSE, [elsewhere], 80.0)) == 5


def test_a_gap_is_not_bridged_where_an_attack_goes_on_that_began_before():
    attack = row("t", -500, 50)
    assert run_of(FALSE[1], FALSE, [attack], 80.0) == ("f1", "f2", "f3")
    # Short gaps are one burst, whatever else goes on.
    assert run_of(FALSE[0], FALSE[:3], [attack], 80.0) == ("f1", "f2", "f3")


def test_an_entity_joins_only_with_the_time_that_it_keeps_clear():
    # An attack on b lies within the time that the run on a already spans.
    attack = row("t", 101, 102, entity="b")
    assert run_of(FALSE[3], FALSE, [attack], 5.0) == ("f4",)
