"""Normal scores that are read again for detectors which kept none."""

from dataclasses import replace

import numpy as np
import pytest

from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.domain.settings import Period
from deepaid_core.domain.threshold_choice import ThresholdChoice
from deepaid_core.errors import InvalidEventsError
from deepaid_core.workflow import thresholds
from deepaid_core.workflow.demo import DEMOS, sample_data
from deepaid_core.workflow.normal_scores import keep_normal_scores
from deepaid_core.workflow.train import register
from deepaid_core.workspace import Workspace
from tests.judged import START, judged, rows


@pytest.fixture
def data(tmp_path):
    return judged(tmp_path / "judged")


@pytest.fixture
def workspace(data):
    opened = Workspace.open(data.home)
    yield opened
    opened.close()


@pytest.fixture
def bare(workspace, data):
    """The same detector, without the scores that its training held back."""
    trained = load_trained(workspace.artifacts / data.detector_id)
    return register(workspace, replace(trained, name="bare", held_back_scores=None))


def test_the_file_it_learned_from_gives_what_the_training_held_back(workspace, data, bare):
    assert not thresholds.scores_of(workspace, bare.id).held_back
    assert keep_normal_scores(workspace, bare.id, data.normal) == 400
    found = thresholds.scores_of(workspace, bare.id)
    held = load_trained(workspace.artifacts / data.detector_id).held_back_scores
    np.testing.assert_allclose(found.normal, held)
    assert "'normal.csv': the last fifth of what it learned from" in found.normal_from
    assert found.held_back


def test_another_file_counts_whole_and_too_few_events_are_refused(workspace, data, bare, tmp_path):
    rows(300, 5).to_csv(tmp_path / "more.csv", index=False)
    part = Period(until=START + 60 * 50)
    with pytest.raises(InvalidEventsError, match="leaves 50 normal events"):
        keep_normal_scores(workspace, bare.id, tmp_path / "more.csv", period=part)
    assert not thresholds.scores_of(workspace, bare.id).held_back
    assert keep_normal_scores(workspace, bare.id, tmp_path / "more.csv") == 300
    assert "given as normal" in thresholds.scores_of(workspace, bare.id).normal_from
    for kept in (workspace.home / "runs").glob("N-*"):
        kept.write_bytes(b"damaged")
    assert not thresholds.scores_of(workspace, bare.id).held_back


def test_the_threshold_of_the_shipped_logins_is_found_again(workspace):
    demo = next(one for one in DEMOS if one.name == "logins")
    record = register(workspace, load_trained(demo.shipped))
    keep_normal_scores(workspace, record.id, sample_data() / demo.normal, period=demo.learned)
    found = thresholds.suggest(workspace, record.id, ThresholdChoice("quantile", 0.98))
    assert found.value == pytest.approx(record.threshold, abs=1e-9)
    assert found.method == record.threshold_method
