"""Drift where it was planted, and nowhere else."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.workflow.detect import detect
from deepaid_core.workflow.drift import drift_of, score_drift
from deepaid_core.workflow.run_scores import run_scores_path
from deepaid_core.workspace import Workspace
from tests.judged import judged, rows

NUMBERS = st.lists(st.sampled_from([-2.0, -1.0, 0.0, 0.5, 3.0]), min_size=1, max_size=40).map(
    np.array
)


@pytest.fixture
def data(tmp_path):
    return judged(tmp_path / "judged")


@pytest.fixture
def workspace(data):
    opened = Workspace.open(data.home)
    yield opened
    opened.close()


@given(NUMBERS, NUMBERS)
@settings(deadline=None, max_examples=50)
def test_the_distance_is_that_of_kolmogorov_and_smirnov(normal, recent):
    found = score_drift(normal, recent)
    points = np.concatenate([normal, recent])
    apart = [abs((normal <= at).mean() - (recent <= at).mean()) for at in points]
    assert found.ks == pytest.approx(max(apart))
    assert sum(found.normal) == pytest.approx(1)
    assert sum(found.recent) == pytest.approx(1)
    assert found.psi >= 0


def test_an_event_that_stands_for_three_weighs_as_three():
    normal = np.random.default_rng(0).normal(size=200)
    recent = np.array([0.1, 0.5, 2.0])
    heavy = score_drift(normal, recent, np.array([3.0, 1.0, 2.0]))
    plain = score_drift(normal, np.repeat(recent, [3, 1, 2]))
    assert (heavy.ks, heavy.psi) == pytest.approx((plain.ks, plain.psi))
    assert heavy.recent == pytest.approx(plain.recent)


def test_the_same_scores_have_not_moved():
    scores = np.random.default_rng(0).normal(size=1001)
    found = score_drift(scores, scores)
    assert (found.ks, found.psi) == (0.0, pytest.approx(0.0))
    assert found.normal_median == found.recent_median == np.median(scores)


def test_the_column_that_was_moved_comes_first_in_its_own_units(workspace, data, tmp_path):
    frame = rows(500, 7)
    frame["b"] += 5.0
    frame["c"] = frame["a"] + frame["b"]
    frame.to_csv(tmp_path / "moved.csv", index=False)
    detect(workspace, tmp_path / "moved.csv", detector_id=data.detector_id)
    found = drift_of(workspace, data.detector_id)
    assert (found.source_name, found.events) == ("moved.csv", 500)
    assert {found.features[0].name, found.features[1].name} == {"b", "c"}
    moved = next(one for one in found.features if one.name == "b")
    assert moved.training[2] == pytest.approx(50, abs=0.5)
    assert moved.recent[2] == pytest.approx(55, abs=0.5)
    assert moved.distance == pytest.approx(0.79, abs=0.07)  # 2 Phi(2.5 / 2) - 1, two sigma wide
    still = next(one for one in found.features if one.name == "a")
    assert still.distance < 0.12
    assert still.outside < 0.02
    assert 0 < moved.outside < moved.distance


def test_normal_events_have_hardly_moved(workspace, data, tmp_path):
    rows(500, 8).to_csv(tmp_path / "same.csv", index=False)
    detect(workspace, tmp_path / "same.csv", detector_id=data.detector_id)
    found = drift_of(workspace, data.detector_id)
    assert found.scores.ks < 0.12
    assert found.scores.psi < 0.1
    assert all(one.distance < 0.12 for one in found.features)
    assert found.notes == ()


def test_what_is_missing_is_said(workspace, data):
    (run,) = workspace.store.runs()
    path = run_scores_path(workspace, run.id)
    path.write_bytes(b"damaged")
    found = drift_of(workspace, data.detector_id)
    assert (found.run_id, found.scores, found.features) == (None, None, ())
    assert [run.id in note for note in found.notes] == [True]
