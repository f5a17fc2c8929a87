"""Scores of a run, kept and read again."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deepaid_core.domain.batches import SequenceBatch, TabularBatch
from deepaid_core.domain.schema import Schema, Vocabulary
from deepaid_core.errors import ArtifactError, WorkspaceError
from deepaid_core.workflow.bursts import group_bursts
from deepaid_core.workflow.run_scores import ScoreKeeper, read_run_scores, run_scores_path
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.factories import make_run

SCHEMA = Schema.of_numbers("planted", ["a", "b"])
RUN = replace(make_run(), id="R-0123456789", first_time=0.0, last_time=86_400.0)


@pytest.fixture
def workspace(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "home"))
    yield opened
    opened.close()


def events(n, seed=0, hosts=3):
    random = np.random.default_rng(seed)
    return TabularBatch(
        schema=SCHEMA,
        values=random.normal(size=(n, 2)),
        times=np.sort(random.uniform(0, 1000.0, n)),
        entities=np.array([f"h{i}" for i in random.integers(0, hosts, n)], dtype=object),
        indices=np.arange(n),
    )


def test_what_is_kept_is_what_was_scored(workspace):
    batch, scores = events(500), np.random.default_rng(5).normal(size=500)
    keeper = ScoreKeeper()
    for part in np.split(np.arange(500), [7, 300]):
        keeper.add(batch.take(part), scores[part])
    keeper.save(workspace, RUN, 1.5, [3.0, 2.0])
    found = read_run_scores(workspace, RUN)
    np.testing.assert_array_equal(found.times, batch.times)
    np.testing.assert_array_equal(found.scores, scores)
    assert (found.entities[:, None] == found.entities).tolist() == (
        batch.entities[:, None] == batch.entities
    ).tolist()
    assert (found.events, found.seconds, found.threshold) == (500, 86_400.0, 1.5)
    assert found.finding_scores.tolist() == [2.0, 3.0]
    np.testing.assert_allclose(found.quantiles[0], batch.values.min(axis=0))
    np.testing.assert_allclose(found.quantiles[100], np.median(batch.values, axis=0))
    assert [path.name for path in (workspace.home / "runs").iterdir()] == [f"{RUN.id}.safetensors"]


def test_of_long_runs_the_highest_scores_are_whole_and_the_rest_stands_for_itself(workspace):
    random = np.random.default_rng(0)
    batch, scores = events(30_000), random.normal(size=30_000)
    keeper = ScoreKeeper(most=1000)
    for part in np.array_split(np.arange(30_000), 40):
        keeper.add(batch.take(part), scores[part])
    keeper.save(workspace, RUN, 2.0)
    found = read_run_scores(workspace, RUN)
    assert (len(found.scores), found.events) == (1000, 30_000)
    assert found.weights.sum() == pytest.approx(30_000)
    kept = np.sort(scores)[-500:]
    assert np.isin(kept, found.scores).all()
    for bound in (2.5, float(kept[0])):
        assert found.anomalies(bound) == (scores > bound).sum()
    for bound in (-1.0, 0.0, 1.0):
        assert found.anomalies(bound) == pytest.approx((scores > bound).sum(), rel=0.12)


@given(st.lists(st.tuples(st.integers(0, 400), st.sampled_from("abc"), st.integers(0, 5)),
                min_size=1, max_size=40))  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_bursts_are_those_that_detection_makes_of_one_pattern(tmp_path_factory, rows):
    rows = sorted(rows)
    batch = replace(
        events(len(rows)),
        times=np.array([float(time) for time, _, _ in rows]),
        entities=np.array([name for _, name, _ in rows], dtype=object),
    )
    scores = np.array([float(score) for _, _, score in rows])
    keeper = ScoreKeeper()
    keeper.add(batch, scores)
    folder = tmp_path_factory.mktemp("bursts")
    workspace = Workspace(folder, None, None)
    keeper.save(workspace, RUN, 9.0)
    found = read_run_scores(workspace, RUN)
    for bound in (-1.0, 0.0, 2.5, 4.0, 5.0):
        over = scores > bound
        patterns = np.full(int(over.sum()), "P", dtype=object)
        made = group_bursts(batch.entities[over], patterns, batch.times[over])
        assert found.bursts(bound, 60.0) == len(made)
        assert found.anomalies(bound) == over.sum()


def test_a_session_is_one_burst_however_long_it_paused(workspace):
    words = Vocabulary("log", ("x", "y"))
    batch = SequenceBatch(
        schema=words,
        keys=np.zeros((4, 3), dtype=np.int64),
        times=np.array([0.0, 10.0, 5000.0, 5001.0]),
        entities=np.array(["s", "t", "s", "u"], dtype=object),
        indices=np.arange(4),
    )
    keeper = ScoreKeeper()
    keeper.add(batch, np.array([2.0, 2.0, 2.0, 0.0]))
    keeper.save(workspace, RUN, 1.0)
    found = read_run_scores(workspace, RUN)
    assert found.bursts(1.0, 60.0) == 2
    assert found.quantiles is None


def test_a_run_without_an_event_is_kept_too(workspace):
    ScoreKeeper().save(workspace, RUN, 1.0)
    found = read_run_scores(workspace, RUN)
    assert (found.events, found.anomalies(0.0), found.findings(0.0, 60.0)) == (0, 0.0, 0.0)


def test_a_missing_or_damaged_file_is_a_sentence(workspace):
    with pytest.raises(ArtifactError, match=r"No scores are kept of run R-0123456789 .* detect"):
        read_run_scores(workspace, RUN)
    keeper = ScoreKeeper()
    keeper.add(events(50), np.arange(50.0))
    keeper.save(workspace, RUN, 1.0)
    path = run_scores_path(workspace, RUN.id)
    whole = path.read_bytes()
    contents = (b"", b"\x80\x04K\x01.", whole[:-20], whole[:40], b"x" * 500,
                whole.replace(b'"events":"50"', b'"events":"51"'),
                whole.replace(b'"format":"1"', b'"format":"7"'),
                whole.replace(b"R-0123456789", b"R-9876543210"))  # fmt: skip
    for content in contents:
        path.write_bytes(content)
        with pytest.raises(ArtifactError, match="cannot be read"):
            read_run_scores(workspace, RUN)
    path.write_bytes(whole)
    assert read_run_scores(workspace, RUN).events == 50


def test_a_folder_that_cannot_be_written_is_named_and_nothing_is_left(workspace):
    (workspace.home / "runs").write_text("in the way")
    with pytest.raises(WorkspaceError, match="scores of the run cannot be written"):
        ScoreKeeper().save(workspace, RUN, 1.0)
