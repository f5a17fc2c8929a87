"""From a capture to findings in the store, on the first minutes of the recorded traffic."""

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.finding import pattern_id, pattern_of
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.verdict import VerdictLabel
from deepaid_core.errors import ArtifactError, CancelledError, CaptureError, NotFoundError
from deepaid_core.sources.captures import CaptureSource
from deepaid_core.workflow import distill, triage
from deepaid_core.workflow.demo import sample_data
from deepaid_core.workflow.detect import detect
from deepaid_core.workflow.train import TrainingPlan, register, train
from deepaid_core.workspace import Workspace

PACKETS = 25_000  # background, a scan, a backup, a service scan, password guessing


def cut(to: Path, packets: int) -> Path:
    """The first packets of the evaluation capture."""
    data = gzip.decompress((sample_data() / "network/eval.pcap.gz").read_bytes())
    end = 24
    for _ in range(packets):
        end += 16 + struct.unpack_from("<I", data, end + 8)[0]
    to.write_bytes(data[:end])
    return to


@pytest.fixture(scope="module")
def capture(tmp_path_factory):
    return cut(tmp_path_factory.mktemp("captures") / "morning.pcap", PACKETS)


@pytest.fixture(scope="module")
def shipped():
    return load_trained(sample_data() / "detectors/packets")


@pytest.fixture(scope="module")
def seen(tmp_path_factory, capture, shipped):
    """A workspace that has seen the capture; tests only read it."""
    workspace = Workspace.open(tmp_path_factory.mktemp("seen"))
    register(workspace, shipped)
    result = detect(workspace, capture)
    yield workspace, result
    workspace.close()


@pytest.fixture
def workspace(tmp_path, shipped):
    opened = Workspace.open(tmp_path / "workspace")
    register(opened, shipped)
    yield opened
    opened.close()


def findings(workspace):
    rows = workspace.store.page(FindingQuery(sort="oldest"), limit=10_000)
    return [workspace.store.finding(row.id) for row in rows]


def test_every_packet_is_scored_and_every_anomaly_is_in_one_finding(seen, capture, shipped):
    workspace, result = seen
    events = TabularBatch.concatenate(list(CaptureSource(capture).batches()))
    scores = shipped.detector.score(events)
    over = events.indices[shipped.threshold.flag(scores)]
    members = [i for f in findings(workspace) for i in f.member_indices]
    assert result.run.events == PACKETS
    assert result.run.anomalies == len(over) > 100
    assert sorted(members) == over.tolist()
    assert sum(flagged for _, _, flagged in result.run.volume) == len(over)
    assert sum(count for _, count, _ in result.run.volume) == PACKETS


def test_the_scan_is_found_and_its_source_is_the_entity(seen):
    workspace, _ = seen
    scanner = workspace.store.count(FindingQuery(entity="10.77.0.66"))
    assert scanner > 0


def test_stored_references_are_accepted_when_scored_again(seen, shipped):
    workspace, result = seen
    schema = shipped.detector.fitted_schema
    stored = findings(workspace)
    for finding in stored:
        interpretation = finding.interpretation
        values = np.array([interpretation.reference, interpretation.observed])
        reference, observed = shipped.detector.score(TabularBatch.of_values(schema, values))
        proof = interpretation.diagnostics
        assert proof.verified == (reference <= shipped.threshold.value)
        assert observed > shipped.threshold.value
        assert finding.max_score == pytest.approx(observed, rel=1e-5)
        assert finding.max_score == max(finding.member_scores)
        assert finding.pattern_id == pattern_id("packets", pattern_of(finding.path))
    assert result.run.verified / result.run.anomalies > 0.98


def test_a_finding_shows_raw_packets_of_its_host_around_the_interpreted_one(seen):
    workspace, _ = seen
    for finding in findings(workspace):
        rows = {row.index: row for row in finding.evidence}
        own = rows[finding.event_index]
        assert own.flagged
        assert own.score == pytest.approx(finding.max_score)
        assert own.time == pytest.approx(finding.event_time)
        assert list(rows) == sorted(rows)
        for row in finding.evidence:
            assert finding.entity in row.values
            assert row.flagged == (row.index in finding.member_indices)
        assert finding.peers
        assert len(finding.evidence_columns) == len(own.values)


@pytest.mark.slow
def test_the_same_capture_again_adds_nothing(workspace, capture):
    first = detect(workspace, capture)
    ids = [f.id for f in findings(workspace)]
    again = detect(workspace, capture, name="another name")
    assert first.new_findings == len(ids) > 0
    assert again.new_findings == 0
    assert [f.id for f in findings(workspace)] == ids


@pytest.mark.slow
def test_findings_outlive_their_capture(workspace, tmp_path, capture):
    copy = tmp_path / "gone.pcap"
    shutil.copy(capture, copy)
    detect(workspace, copy)
    copy.unlink()
    assert all(f.interpretation.deviations for f in findings(workspace))


def test_three_false_positives_of_a_pattern_name_it_on_the_rest_until_undone(workspace, capture):
    detect(workspace, capture)
    pattern = max(workspace.store.patterns(), key=lambda p: p.open_findings)
    assert pattern.open_findings >= 4
    rows = workspace.store.page(FindingQuery(pattern_id=pattern.pattern_id), limit=100)
    before = distill.machine(workspace).digest()
    assert not distill.suggestions(workspace, rows[3:4])[rows[3].id].known
    outcomes = [
        triage.give_verdict(
            workspace,
            finding_ids=[row.id],
            label=VerdictLabel.FALSE_POSITIVE,
            category="backup-job",
            reason="nightly copy",
            author="ana",
        )
        for row in rows[:3]
    ]
    for row in rows[3:]:
        suggestion = distill.suggestions(workspace, [row])[row.id]
        assert (suggestion.label, suggestion.category) == (
            VerdictLabel.FALSE_POSITIVE,
            "backup-job",
        )
    numbers = [n for outcome in outcomes for n in outcome.numbers]
    triage.undo(workspace, entry_numbers=numbers, author="ana")
    assert distill.machine(workspace).digest() == before
    assert not distill.suggestions(workspace, rows[3:4])[rows[3].id].known


@pytest.mark.parametrize("after", [1, 3, 30])
def test_cancelling_writes_nothing(workspace, capture, after):
    asked = iter(range(10_000))
    with pytest.raises(CancelledError):
        detect(workspace, capture, cancelled=lambda: next(asked) >= min(after, 4))
    assert workspace.store.runs() == ()
    assert workspace.store.count(FindingQuery()) == 0


def test_a_cut_off_capture_writes_nothing(workspace, tmp_path, capture):
    half = tmp_path / "half.pcap"
    half.write_bytes(capture.read_bytes()[:-7])
    with pytest.raises(CaptureError, match=r"half\.pcap"):
        detect(workspace, half)
    assert workspace.store.runs() == ()
    assert workspace.store.count(FindingQuery()) == 0


@pytest.mark.slow
def test_progress_rises_to_one(workspace, capture):
    shares = []
    detect(workspace, capture, progress=lambda share, _: shares.append(share))
    assert (np.diff(shares) > -1e-9).all()
    assert shares[-1] == 1.0


def test_without_a_detector_it_says_what_to_do(tmp_path, capture):
    empty = Workspace.open(tmp_path / "empty")
    with pytest.raises(NotFoundError, match="train one on normal traffic or load the demo"):
        detect(empty, capture)
    with pytest.raises(NotFoundError, match="no detector 'D-none'"):
        detect(empty, capture, detector_id="D-none")
    empty.close()


def test_a_damaged_detector_is_refused_and_nothing_written(workspace, capture):
    (folder,) = workspace.artifacts.glob("D-*")
    (folder / "arrays.safetensors").write_bytes(b"")
    with pytest.raises(ArtifactError, match="refused"):
        detect(workspace, capture)
    assert workspace.store.runs() == ()


def test_a_detector_of_ones_own_is_trained_and_used(tmp_path, capture):
    workspace = Workspace.open(tmp_path / "own")
    record = train(
        workspace,
        capture,
        name="  my   lan ",
        plan=TrainingPlan(hyperparameters={"epochs": 1}),
    )
    assert record.name == "my lan"
    assert record.training_events == PACKETS
    assert [d.id for d in workspace.store.detectors()] == [record.id]
    result = detect(workspace, capture, detector_id=record.id)
    assert result.run.detector_id == record.id
    workspace.close()


def test_registering_twice_keeps_one(workspace, shipped):
    record = register(workspace, shipped)
    assert [d.id for d in workspace.store.detectors()] == [record.id]
    assert [p.name for p in workspace.artifacts.iterdir()] == [record.id]
