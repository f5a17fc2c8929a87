"""Reports as STIX 2.1: valid offline, the same ids each time, opinions that say verdicts."""

import datetime
import json
import re
import uuid
from dataclasses import replace

import pytest
import stix2

from deepaid_core.domain.actions import Note
from deepaid_core.domain.case import Case, CaseStatus, Technique
from deepaid_core.domain.log import NewUndo
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.reports.document import ReportDocument
from deepaid_core.reports.stix import OPINIONS, render
from deepaid_core.store.sql import SqlStore
from tests.empty import empty_database
from tests.factories import make_detector_record, make_finding, make_run, make_verdict
from tests.kinds import make_link_finding
from tests.unit.reports.planted import HOSTILE

# Ids that follow from ours are of version 5; a page of ATT&CK has no digest.
ACCEPTED = re.compile(r"\{(103|302)\}")


def build(store, findings, **around):
    return ReportDocument.build(
        store,
        [finding.id for finding in findings],
        generated_time=1_760_200_000.0,
        version="9.9.9",
        author="kai",
        **around,
    )


def of_kind(text, kind):
    return [one for one in json.loads(text)["objects"] if one["type"] == kind]


def complaints(text):
    # Takes five seconds to import, which each process would spend for the tests of one.
    from stix2validator import ValidationOptions, validate_string

    result = validate_string(text, ValidationOptions(version="2.1"))
    assert result.is_valid, [str(error) for error in result.errors]
    return [str(one) for one in result.warnings if not ACCEPTED.search(str(one))]


def make_case(findings, status=CaseStatus.OPEN):
    return Case(
        7, "Night scans", "Somebody looked around.", "None yet.", "Blocked.", "", status, "red",
        "bo", None, "kai", 1_760_050_000.0, 1_760_060_000.0, 9,
        tuple(finding.id for finding in findings),
        (Technique("T1046", "It asked every port.", "bo"),
         Technique("T1110.001", "", "kai")),
    )  # fmt: skip


@pytest.fixture
def labelled(tmp_path):
    """Four findings, each with another verdict."""
    store = SqlStore(empty_database(tmp_path / "labelled.db"), clock=lambda: 1_760_100_000.0)
    findings = [make_finding(number) for number in range(4)]
    store.add_detector(make_detector_record())
    store.add_run(make_run(), findings)
    for finding, label in zip(findings, VerdictLabel, strict=True):
        store.append([make_verdict(finding, label=label, reason=f"seen as {label}")])
    yield store, findings
    store.close()


def test_a_verdict_becomes_an_opinion_on_what_the_software_says(labelled):
    text = render(build(*labelled))
    assert complaints(text) == []
    notes = {one["id"]: one for one in of_kind(text, "note")}
    said = {}
    for opinion in of_kind(text, "opinion"):
        (about,) = opinion["object_refs"]
        said[opinion["explanation"].split(" (")[0]] = opinion["opinion"]
        assert notes[about]["created_by_ref"] != opinion["created_by_ref"]
    assert said == {
        "true positive": "strongly-agree",
        "benign positive": "agree",
        "undetermined": "neutral",
        "false positive": "strongly-disagree",
    }
    assert set(OPINIONS) == set(VerdictLabel)


def test_a_verdict_that_was_taken_back_is_no_opinion(labelled):
    store, findings = labelled
    store.append([NewUndo(entry_number=1, author="bo")])
    text = render(build(store, findings[:1]))
    assert of_kind(text, "opinion") == []


def test_findings_are_seen_with_their_times_counts_and_numbers(labelled):
    store, findings = labelled
    text = render(build(store, findings))
    seen = {
        one["external_references"][0]["external_id"]: one for one in of_kind(text, "observed-data")
    }
    for finding in findings:
        one = seen[finding.id]
        assert one["number_observed"] == finding.event_count
        assert one["first_observed"] == stix2.utils.format_datetime(
            stix2.utils.parse_into_datetime(
                datetime.datetime.fromtimestamp(finding.first_time, tz=datetime.UTC)
            )
        )
    assert of_kind(text, "indicator") == []


def test_the_same_finding_has_the_same_ids_in_two_reports(labelled):
    store, findings = labelled
    one, other = (
        {item["id"] for item in json.loads(render(document))["objects"]}
        for document in (build(store, findings[:1]), build(store, findings[:2]))
    )
    assert len(one & other) >= len(one) - 1  # all but the report itself
    assert render(build(store, findings)) == render(build(store, findings))
    assert all(uuid.UUID(item.split("--")[1]) for item in one)


@pytest.mark.parametrize("tlp", ["clear", "amber+strict"])
def test_everything_carries_the_marking(labelled, tlp):
    store, findings = labelled
    text = render(build(store, findings[:1], tlp=tlp))
    assert complaints(text) == []
    (marking,) = of_kind(text, "marking-definition")
    assert marking["name"] == f"TLP:{tlp.upper()}"
    (extension,) = marking["extensions"].values()
    assert extension["tlp_2_0"] == tlp
    for one in json.loads(text)["objects"]:
        if one is not marking and one["type"] != "marking-definition":
            assert one["object_marking_refs"] == [marking["id"]]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (CaseStatus.OPEN, "grouping"),
        (CaseStatus.IN_PROGRESS, "grouping"),
        (CaseStatus.CLOSED, "report"),
    ],
)
def test_a_case_is_a_grouping_until_it_is_closed(labelled, status, kind):
    store, findings = labelled
    case = make_case(findings, status)
    notes = (
        Note(3, 1_760_070_000.0, "bo", "C-7", "Called the owner."),
        Note(4, 1_760_070_001.0, "bo", findings[0].id, "Not the backup."),
    )
    text = render(build(store, findings, case=case, subject="C-7", notes=notes))
    assert complaints(text) == []
    (container,) = of_kind(text, kind)
    everything = {one["id"] for one in json.loads(text)["objects"]}
    assert set(container["object_refs"]) <= everything
    assert "Somebody looked around." in container["description"]
    contents = [one["content"] for one in of_kind(text, "note")]
    assert "It asked every port." in contents
    assert {"Called the owner.", "Not the backup."} <= set(contents)
    numbers = [
        one["external_references"][0]["external_id"] for one in of_kind(text, "attack-pattern")
    ]
    assert numbers == ["T1046", "T1110.001"]


def test_users_and_hosts_of_a_login_are_observables(tmp_path):
    store = SqlStore(empty_database(tmp_path / "links.db"), clock=lambda: 1_760_100_000.0)
    finding = make_link_finding()
    store.add_detector(make_detector_record())
    store.add_run(make_run(), [finding])
    text = render(build(store, [finding]))
    store.close()
    details = finding.interpretation.details
    names = dict(zip(details.roles, details.observed, strict=True))
    (user,) = of_kind(text, "user-account")
    assert user["account_login"] == names.pop("user")
    assert {one["value"] for one in of_kind(text, "domain-name")} == set(names.values())


def test_hostile_text_stays_text(tmp_path):
    store = SqlStore(empty_database(tmp_path / "hostile.db"), clock=lambda: 1_760_100_000.0)
    # A database takes no half characters; those of a document are planted after it.
    text = HOSTILE.replace("\ud800", "").replace("\x00", "")
    finding = make_finding(0, entity=text, summary=text, detector_name=text, peers={text: 2})
    store.add_detector(make_detector_record(name=text))
    store.add_run(make_run(), [finding])
    store.append([make_verdict(finding, reason=text, category=text, author=text)])
    document = build(store, [finding], title=text)
    store.close()
    document = replace(document, title=HOSTILE, case=make_case([finding]))
    bundle = render(document)
    assert complaints(bundle) == []
    assert "\\u202e" not in bundle
    assert "\\ud800" not in bundle
    assert any("⟨U+202E⟩" in one["name"] for one in of_kind(bundle, "identity"))
