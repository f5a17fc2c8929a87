"""The timeline of a case, and whom it is about."""

import pytest

from deepaid_core.domain.details import LinkDetails
from deepaid_core.domain.entities import EntityKind
from deepaid_core.domain.finding import EvidenceRow
from deepaid_core.domain.modality import Modality
from deepaid_core.workflow import cases
from deepaid_core.workflow.case_entities import case_entities, entities_of
from deepaid_core.workflow.case_timeline import timeline
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_detector_record, make_finding, make_interpretation, make_run
from tests.suppressing import BENIGN, FALSE, TRUE, judge

HOSTILE = "<img src=x>\u202e\n=1+1"


def links():
    """The details of a login by leo from ws07 to a database."""
    return LinkDetails(
        roles=("user", "source", "destination"),
        observed=("leo", "ws07", "db-fin"),
        reference=("leo", "ws12", "db-fin"),
        groups=("a", "b", "c"),
        reference_groups=("a", "b", "c"),
        unknown=(),
        links=(),
        habits=(),
        neighbors=(),
        neighbor_links=(),
    )


@pytest.fixture
def desk(tmp_path):
    """Three packet findings of two hosts, one of them with a hostile name."""
    workspace = Workspace.open(empty_home(tmp_path / "workspace"))
    findings = [
        make_finding(0, entity="10.77.0.66"),
        make_finding(1, entity="10.77.0.66"),
        make_finding(2, entity=HOSTILE, peers={HOSTILE: 1}),
    ]
    workspace.store.add_detector(make_detector_record())
    workspace.store.add_run(make_run(), findings)
    cases.open_case(workspace, title="A", finding_ids=[one.id for one in findings], author="ana")
    yield workspace, [one.id for one in findings]
    workspace.close()


def test_events_detection_verdicts_notes_and_changes_stand_in_order(desk):
    workspace, ids = desk
    judge(workspace, ids[0], label=TRUE, category="port-scan")
    cases.take_note(workspace, 1, f"Called them.\n{HOSTILE}", author="ben")
    cases.change(workspace, 1, {"status": "closed"}, author="ana")
    found = timeline(workspace, 1)
    assert [one.lane for one in found.entries] == [
        "events", "events", "events", "detection", "case", "verdict", "note", "case",
    ]  # fmt: skip
    assert [one.time for one in found.entries] == sorted(one.time for one in found.entries)
    assert [one.subject for one in found.entries[:3]] == ids
    assert "flagged 3 findings in office-monday.pcap.gz" in found.entries[3].text
    assert (found.entries[6].who, found.entries[6].words) == ("ben", f"Called them.\n{HOSTILE}")
    assert found.first_event == make_finding(0).first_time
    assert found.last_event == make_finding(2).last_time
    assert found.detected <= found.first_verdict
    # Nothing of it can break a line, or turn the reading order.
    shown = "".join(one.who + one.text for one in found.entries)
    assert "\u202e" not in shown
    assert "\n" not in shown


def test_findings_that_left_the_case_leave_the_timeline(desk):
    workspace, ids = desk
    cases.remove_findings(workspace, 1, ids[:2], author="ana")
    found = timeline(workspace, 1)
    assert [one.subject for one in found.entries if one.lane == "events"] == ids[2:]


def test_too_many_findings_are_cut_and_that_is_said(desk, monkeypatch):
    workspace, ids = desk
    monkeypatch.setattr("deepaid_core.workflow.case_timeline.MOST_FINDINGS", 2)
    monkeypatch.setattr("deepaid_core.workflow.case_entities.MOST_FINDINGS", 2)
    found = timeline(workspace, 1)
    assert [one.subject for one in found.entries if one.lane == "events"] == ids[:2]
    assert found.left_out == case_entities(workspace, 1).left_out == 1


def test_entities_are_counted_by_finding_with_what_became_of_them(desk):
    workspace, ids = desk
    judge(workspace, ids[0], label=TRUE, category="port-scan")
    judge(workspace, ids[1], label=FALSE)
    found = {one.name: one for one in case_entities(workspace, 1).entities}
    scanner = found["10.77.0.66"]
    assert (scanner.kind, scanner.roles) == (EntityKind.ADDRESS, ("subject",))
    assert (scanner.findings, scanner.confirmed, scanner.dismissed) == (2, 1, 1)
    assert found["203.0.113.9"].roles == ("counterpart",)
    assert found["10.77.0.200"].roles == ("counterpart", "destination")
    # Its row of evidence is not flagged, and nobody talked to it.
    assert "10.77.0.203" not in found
    assert (found[HOSTILE].kind, found[HOSTILE].roles) == (
        EntityKind.HOST, ("subject", "counterpart"),
    )  # fmt: skip


def test_what_was_dismissed_is_no_indicator(desk):
    workspace, ids = desk
    judge(workspace, *ids[:2], label=BENIGN, category="authorized-scan")
    found = case_entities(workspace, 1)
    names = {one.name for one in found.indicators}
    assert "10.77.0.66" not in names
    # The finding of the hostile name waits for a verdict, and names this one too.
    assert "203.0.113.9" not in names
    assert HOSTILE in names


def test_a_login_names_its_user_and_both_hosts():
    finding = make_finding(
        0,
        entity="leo",
        peers={"db-fin": 1},
        interpretation=make_interpretation(modality=Modality.LINK, details=links()),
        evidence_columns=("user", "source", "destination"),
        evidence=(EvidenceRow(1, 0.0, 1.0, True, ("leo", "ws07", "db-fin")),),
    )
    found = {one.name: (one.kind, one.roles) for one in entities_of([finding], [])}
    assert found == {
        "leo": (EntityKind.USER, ("subject",)),
        "ws07": (EntityKind.HOST, ("source",)),
        "db-fin": (EntityKind.HOST, ("counterpart", "destination")),
    }


def test_a_log_session_names_its_host_users_and_addresses():
    line = "Failed password for root from 203.0.113.7"
    finding = make_finding(
        0,
        entity="web01:4711",
        peers={},
        interpretation=make_interpretation(modality=Modality.SEQUENCE),
        evidence_columns=("line", "parameters", "host"),
        evidence=(
            EvidenceRow(1, 0.0, 1.0, True, (line, "user=root, ip=203.0.113.7, number=3", "web01")),
            EvidenceRow(2, 0.0, None, False, (line, "user=nobody, ip=203.0.113.8", "web02")),
        ),
    )
    found = {one.name: one for one in entities_of([finding], [])}
    assert {name: one.kind for name, one in found.items()} == {
        "web01:4711": EntityKind.SESSION,
        "root": EntityKind.USER,
        "203.0.113.7": EntityKind.ADDRESS,
        "web01": EntityKind.HOST,
    }
    assert not found["web01:4711"].is_indicator
