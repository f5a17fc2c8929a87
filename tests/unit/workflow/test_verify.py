"""Asking a report's detectors again, for detectors of every kind."""

import hashlib
import json

import pytest

from deepaid_core.domain.modality import Modality
from deepaid_core.errors import ReportRefusedError
from deepaid_core.workflow.reporting import ReportRequest, make
from deepaid_core.workflow.verify import verify
from deepaid_core.workspace import Workspace
from tests.benches import planted_finding
from tests.empty import empty_home
from tests.factories import make_run


class Stored(dict):
    def __init__(self, workspace):
        self.workspace = workspace

    def __missing__(self, key):
        kind, number = key if isinstance(key, tuple) else (key, 0)
        self[key] = planted_finding(self.workspace, kind, number)
        self.workspace.store.add_run(make_run(len(self)), [self[key]])
        return self[key]


# Training takes seconds; detectors of tables are the quickest.
KINDS = [
    pytest.param(kind, marks=[] if kind is Modality.TABULAR else pytest.mark.slow)
    for kind in Modality
]


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A workspace, and findings in it by kind and number, stored when first asked for."""
    workspace = Workspace.open(empty_home(tmp_path_factory.mktemp("verify")))
    yield workspace, Stored(workspace)
    workspace.close()


def evidence(workspace, *findings, **asked):
    ids = tuple(finding.id for finding in findings)
    request = ReportRequest(finding_ids=ids, format="json", **asked)
    return make(workspace, request).data.decode()


def sealed(content):
    """An evidence file with this content and the digest that belongs to it."""
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return json.dumps({"content": content, "report": "report-x", "sha256": digest})


@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_an_honest_report_is_confirmed(stored, kind):
    workspace, findings = stored
    finding = findings[kind]
    result = verify(workspace, evidence(workspace, finding))
    assert result.holds
    assert {one.outcome for one in result.checks} == {"confirmed"}
    steps = [one for one in result.checks if one.what.startswith("score after deviation")]
    assert len(steps) == len(finding.interpretation.diagnostics.flip_scores) > 0


@pytest.mark.parametrize(
    ("name", "value", "what"),
    [
        ("score", 0.5, "score of the anomaly"),
        ("reference_score", -3.0, "score of the closest normal"),
        ("threshold", 12.5, "threshold of the proof"),
        ("verified", None, "verified"),
    ],
)
def test_a_number_that_was_changed_is_named_even_where_the_digest_was_made_anew(
    stored, name, value, what
):
    workspace, findings = stored
    content = json.loads(evidence(workspace, findings[Modality.TABULAR]))["content"]
    proof = content["findings"][0]["finding"]["interpretation"]["diagnostics"]
    proof[name] = not proof[name] if value is None else value
    result = verify(workspace, sealed(content))
    assert not result.holds
    assert [one.what for one in result.of("differs")] == [what]


@pytest.mark.parametrize(("factor", "told"), [(1.0 + 1e-6, "confirmed"), (1.001, "differs")])
def test_a_thousandth_is_a_difference_and_rounding_is_none(stored, factor, told):
    workspace, findings = stored
    content = json.loads(evidence(workspace, findings[Modality.TABULAR]))["content"]
    proof = content["findings"][0]["finding"]["interpretation"]["diagnostics"]
    proof["score"] *= factor
    (check,) = [
        one
        for one in verify(workspace, sealed(content)).checks
        if one.what == "score of the anomaly"
    ]
    assert check.outcome == told


def test_a_changed_event_gives_other_scores(stored):
    workspace, findings = stored
    content = json.loads(evidence(workspace, findings[Modality.TABULAR]))["content"]
    observed = content["findings"][0]["finding"]["interpretation"]["observed"]
    observed[:] = [value * 1.5 for value in observed]
    wrong = {one.what for one in verify(workspace, sealed(content)).of("differs")}
    assert "score of the anomaly" in wrong
    assert "score of the closest normal" not in wrong


def test_a_digest_that_does_not_fit_is_told_while_the_numbers_still_hold(stored):
    workspace, findings = stored
    whole = json.loads(evidence(workspace, findings[Modality.TABULAR]))
    whole["content"]["author"] = "somebody else"
    result = verify(workspace, json.dumps(whole))
    assert [one.subject for one in result.of("differs")] == ["report"]
    assert not result.holds


@pytest.mark.slow
def test_masked_names_cannot_be_checked_and_that_is_said(stored):
    workspace, findings = stored
    masked = evidence(
        workspace, findings[Modality.LINK], findings[Modality.TABULAR], masks=("users", "addresses")
    )
    result = verify(workspace, masked)
    (skipped,) = result.of("not checkable")
    assert "masked" in skipped.told
    assert result.holds
    alone = evidence(workspace, findings[Modality.LINK], masks=("users",))
    assert not verify(workspace, alone).holds


def test_another_workspace_confirms_nothing(stored, tmp_path):
    workspace, findings = stored
    finding = findings[Modality.TABULAR]
    other = Workspace.open(empty_home(tmp_path / "other"))
    result = verify(other, evidence(workspace, finding))
    other.close()
    assert not result.holds
    assert any(finding.detector_id in one.told for one in result.of("not checkable"))


def test_files_of_a_detector_that_were_changed_are_noticed(stored):
    workspace, findings = stored
    finding = findings[Modality.TABULAR]
    text = evidence(workspace, finding)
    (record,) = (one for one in workspace.store.detectors() if one.id == finding.detector_id)
    file = workspace.artifacts / record.artifact / "detector.json"
    whole = file.read_text()
    try:
        file.write_text(whole + "\n")
        differing = [one.what for one in verify(workspace, text).of("differs")]
        assert differing == [f"SHA-256 of detector {record.id}"]
    finally:
        file.write_text(whole)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no evidence file"),
        ("{", "no evidence file"),
        ("[1, 2]", "no evidence file"),
        ('{"content": {"findings": 3}, "sha256": "", "report": ""}', "no evidence file"),
        ('{"content": {"findings": [], "schema": 1}, "sha256": "", "report": ""}', "schema 1"),
        ('{"content": NaN, "sha256": "", "report": ""}', "no evidence file"),
    ],
)
def test_other_files_are_refused_with_a_sentence(stored, text, said):
    with pytest.raises(ReportRefusedError, match=said):
        verify(stored[0], text)


def test_a_finding_that_cannot_be_read_is_named_and_the_others_are_checked(stored):
    workspace, findings = stored
    chosen = (findings[Modality.TABULAR], findings[Modality.TABULAR, 1])
    content = json.loads(evidence(workspace, *chosen))["content"]
    del content["findings"][0]["finding"]["interpretation"]["observed"]
    result = verify(workspace, sealed(content))
    assert [one.subject for one in result.of("differs")] == [chosen[0].id]
    assert chosen[1].id in {one.subject for one in result.of("confirmed")}
