"""The demo: four shipped detectors on four recordings fill one queue, and each proof holds."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.interpreters.stored import observed_events, reference_events
from deepaid_core.registry import SOURCES, load
from deepaid_core.workflow.demo import DEMOS, learn_demo, prepare_demo, sample_data
from deepaid_core.workflow.periods import within
from deepaid_core.workspace import Workspace

NAMES = [demo.name for demo in DEMOS]
pytestmark = pytest.mark.slow

FAST = [demo for demo in DEMOS if demo.name != "packets"]


@pytest.fixture(scope="module")
def workspace(prepared_demo):
    opened = Workspace.open(prepared_demo)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def findings(workspace):
    rows = workspace.store.page(FindingQuery(), limit=100_000)
    return [workspace.store.finding(row.id) for row in rows]


def test_the_demo_has_a_detector_for_every_kind_of_data(workspace):
    assert {record.modality for record in workspace.store.detectors()} == set(Modality)


def test_using_a_trained_detector_does_not_wait_for_what_only_training_needs():
    code = (
        "import sys; from deepaid_core.detectors.artifacts import load_trained; "
        "from deepaid_core.workflow.demo import DEMOS; "
        "used = [load_trained(demo.shipped) for demo in DEMOS]; print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False"]


@pytest.mark.parametrize("name", NAMES)
def test_every_demo_detector_brings_findings_of_its_kind(workspace, findings, name):
    record = next(one for one in workspace.store.detectors() if one.name == name)
    mine = [one for one in findings if one.detector_name == name]
    assert mine
    assert {one.interpretation.modality for one in mine} == {record.modality}
    for one in mine:
        assert one.summary
        assert one.evidence
        assert one.entity
        assert 1 <= len(one.path) <= 3


@pytest.mark.parametrize("name", NAMES)
def test_what_the_store_holds_scores_as_it_says(workspace, findings, name):
    record = next(one for one in workspace.store.detectors() if one.name == name)
    trained = load_trained(workspace.artifacts / record.artifact)
    stored = [one.interpretation for one in findings if one.detector_name == name]
    schema = trained.detector.fitted_schema
    observed = trained.detector.score(observed_events(stored, schema))
    reference = trained.detector.score(reference_events(stored, schema))
    proofs = [one.diagnostics for one in stored]
    np.testing.assert_allclose(observed, [p.score for p in proofs], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(reference, [p.reference_score for p in proofs], rtol=1e-4, atol=1e-5)
    verified = np.array([p.verified for p in proofs])
    assert verified.mean() > 0.5
    assert (reference[verified] <= trained.threshold.value).all()


def test_every_finding_is_stored_with_how_firm_its_interpretation_is(findings):
    for one in findings:
        quality = one.interpretation.quality
        assert 0.0 <= quality.stability <= 1.0
        accepted = [s <= one.threshold for s in one.interpretation.diagnostics.flip_scores]
        assert quality.flips_at == (accepted.index(True) + 1 if any(accepted) else 0)
        has_numbers = one.detector_name in {"packets", "host-rates"}
        assert (quality.noise is not None) == has_numbers
        if has_numbers and quality.noise.flagged:
            assert 0.0 <= quality.noise.shown <= 1.0
    # Near ties may fall the other way when sums are rounded in batches of another size.
    assert np.mean([one.interpretation.quality.stability for one in findings]) > 0.98


def test_preparing_the_demo_twice_changes_nothing(workspace):
    before = workspace.store.version()
    results = prepare_demo(workspace)
    assert [result.new_findings for result in results] == [0] * len(DEMOS)
    assert workspace.store.version() == before


@pytest.mark.slow
@pytest.mark.parametrize("demo", DEMOS, ids=NAMES)
def test_a_retrained_demo_detector_flags_the_same_events(demo):
    shipped, retrained = load_trained(demo.shipped), learn_demo(demo)
    source = load(SOURCES, shipped.source_kind).open(
        Path(sample_data() / demo.mixed),
        shipped.source_settings,
        known=shipped.detector.fitted_schema,
        period=demo.period,
    )
    parts = [within(batch, demo.period) for batch in source.batches()]
    events = type(parts[0]).concatenate(parts)
    one, other = shipped.detector.score(events), retrained.detector.score(events)
    close = (np.abs(one - shipped.threshold.value) < 1e-4) | (
        np.abs(other - retrained.threshold.value) < 1e-4
    )
    same = shipped.threshold.flag(one) == retrained.threshold.flag(other)
    assert (same | close).all()
