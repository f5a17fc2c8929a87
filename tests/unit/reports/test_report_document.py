import hashlib
import json
from dataclasses import asdict

import pytest

from deepaid_core.domain.queries import FindingQuery
from deepaid_core.errors import InvalidParameterError, NotFoundError
from deepaid_core.reports.document import MAX_FINDINGS, ReportDocument, evidence_json


def build(store, ids, **overrides):
    values = {"generated_time": 1_760_200_000.0, "version": "9.9.9", **overrides}
    return ReportDocument.build(store, ids, **values)


def test_a_report_holds_findings_exactly_as_stored_in_the_order_asked(store, findings):
    ids = [findings[4].id, findings[0].id, findings[4].id]
    document = build(store, ids)
    assert [item.finding for item in document.findings] == [findings[4], findings[0]]
    assert document.findings[1].row == store.row(findings[0].id)


def test_a_report_carries_precedents_undone_verdicts_detector_and_run(store, findings):
    document = build(store, [findings[4].id])
    (item,) = document.findings
    assert [verdict.number for verdict in item.verdicts] == [2]
    assert item.verdicts[0].undone_by == 3
    assert {verdict.number for verdict in item.precedents} == {1, 2}
    assert item.pattern is not None
    assert item.pattern.false_positives == 1
    assert item.detector == store.detectors()[0]
    assert item.run == store.runs()[0]


def test_suggestions_and_states_are_asked_for_in_words(store, findings):
    document = build(
        store,
        [findings[0].id],
        suggest=lambda row: f"looks like {row.entity}",
        describe_state=str.upper,
    )
    (item,) = document.findings
    assert item.suggestion == f"looks like {findings[0].entity}"
    assert item.states == tuple(state.upper() for state in findings[0].path)


def test_equal_content_has_an_equal_digest_and_any_change_another(store, findings):
    one, same = build(store, [findings[0].id]), build(store, [findings[0].id])
    assert one.sha256 == same.sha256
    others = [
        build(store, [findings[1].id]),
        build(store, [findings[0].id], author="ana"),
        build(store, [findings[0].id], generated_time=1.0),
        build(store, [findings[0].id], tlp="red"),
    ]
    assert len({document.id for document in [one, *others]}) == 5


def test_the_evidence_file_can_be_checked_without_this_software(store, findings):
    document = build(store, [finding.id for finding in findings])
    evidence = json.loads(evidence_json(document))
    canonical = json.dumps(evidence["content"], sort_keys=True, separators=(",", ":"))
    assert hashlib.sha256(canonical.encode()).hexdigest() == evidence["sha256"] == document.sha256
    stored = json.loads(json.dumps(asdict(findings[3])))
    assert evidence["content"]["findings"][3]["finding"] == stored


def test_hostile_text_survives_the_evidence_file_unchanged(hostile_store):
    ids = hostile_store.ids(FindingQuery())
    evidence = json.loads(evidence_json(build(hostile_store, ids)))
    kept = {item["finding"]["entity"] for item in evidence["content"]["findings"]}
    assert kept == {hostile_store.finding(finding_id).entity for finding_id in ids}


@pytest.mark.parametrize(
    ("ids", "overrides", "said"),
    [
        ([], {}, "none was picked"),
        ([f"F-{number}" for number in range(MAX_FINDINGS + 1)], {}, f"holds {MAX_FINDINGS}"),
        (["F-1"], {"tlp": "purple"}, "'purple' is no TLP marking"),
    ],
)
def test_what_cannot_be_reported_is_refused_with_a_sentence(store, ids, overrides, said):
    with pytest.raises(InvalidParameterError, match=said):
        build(store, ids, **overrides)


def test_an_unknown_finding_is_refused(store):
    with pytest.raises(NotFoundError, match="F-nothing"):
        build(store, ["F-nothing"])


def test_a_title_is_drafted_from_what_the_findings_share(store, findings):
    assert build(store, [findings[0].id]).title == f"Finding {findings[0].id} on 10.77.0.10"
    everything = build(store, [finding.id for finding in findings])
    assert everything.title == "9 findings on 9 entities"
    assert build(store, [findings[0].id], title="Monday").title == "Monday"


def test_the_command_names_every_finding(store, findings):
    document = build(store, [findings[0].id, findings[1].id])
    assert document.command == f"deepaid report {findings[0].id} {findings[1].id}"
