"""What another threshold does, and versions of a detector that differ in it."""

import time

import numpy as np
import pytest

from deepaid_core.detectors.artifacts import load_trained, save_trained, stored_scores
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.detector_scores import DetectorScores, RunScores
from deepaid_core.domain.queries import FindingQuery
from deepaid_core.domain.threshold_choice import ThresholdChoice
from deepaid_core.errors import ArtifactError, InvalidParameterError, NotFoundError
from deepaid_core.workflow import audit, thresholds
from deepaid_core.workflow.demo import DEMOS
from deepaid_core.workflow.detect import detect
from deepaid_core.workflow.evaluate import LabelColumn, evaluate
from deepaid_core.workflow.run_scores import run_scores_path
from deepaid_core.workflow.train import register
from deepaid_core.workspace import Workspace
from tests.judged import ROWS, judged


@pytest.fixture
def data(tmp_path):
    return judged(tmp_path / "judged")


@pytest.fixture
def workspace(data):
    opened = Workspace.open(data.home)
    yield opened
    opened.close()


def state(workspace):
    return (
        workspace.store.version(),
        [record.id for record in workspace.store.detectors()],
        len(audit.lines(workspace, limit=1000)),
        sorted(str(path) for path in workspace.home.rglob("*") if "deepaid.db" not in path.name),
    )


def test_held_back_scores_are_kept_and_give_the_threshold_again(workspace, data):
    trained = load_trained(workspace.artifacts / data.detector_id)
    held = trained.held_back_scores
    assert len(held) == 400
    assert stored_scores(workspace.artifacts / data.detector_id).held_back.tolist() == held.tolist()
    scores = thresholds.scores_of(workspace, data.detector_id)
    assert scores.normal.tolist() == held.tolist()
    assert "400 events of 'normal.csv' that were held back" in scores.normal_from
    again = thresholds.suggest(workspace, data.detector_id, ThresholdChoice("quantile", 0.98))
    assert again == trained.threshold


def test_detectors_without_held_back_scores_keep_their_digest(tmp_path):
    shipped = DEMOS[0].shipped
    assert load_trained(shipped).held_back_scores is None
    for name in ("arrays.safetensors", "detector.json"):
        save_trained(load_trained(shipped), tmp_path / "again")
        assert (tmp_path / "again" / name).read_bytes() == (shipped / name).read_bytes()


def test_at_its_own_bound_the_effect_is_what_the_run_brought(workspace, data):
    scores = thresholds.scores_of(workspace, data.detector_id)
    (run,) = workspace.store.runs()
    found = thresholds.effect(scores, scores.threshold)
    assert (found.events, found.anomalies, found.findings) == (ROWS, run.anomalies, run.findings)
    assert found.days == pytest.approx((ROWS - 1) * 60 / 86_400)
    assert found.anomalies_per_day == pytest.approx(run.anomalies / found.days)
    assert found.normal_flagged == (scores.normal > scores.threshold).sum() <= 8
    assert found.normal_share == found.normal_flagged / 400


def test_a_higher_bound_never_flags_more(workspace, data):
    scores = thresholds.scores_of(workspace, data.detector_id)
    bounds = np.sort(np.concatenate([scores.normal[::20], scores.runs[0].scores[::10]]))
    found = [thresholds.effect(scores, bound) for bound in bounds]
    for what in ("anomalies", "findings", "normal_flagged"):
        counts = [getattr(one, what) for one in found]
        assert counts == sorted(counts, reverse=True)


def test_the_estimate_of_findings_is_near_a_run_with_that_bound(workspace, data):
    scores = thresholds.scores_of(workspace, data.detector_id)
    for share in (0.3, 0.08):
        bound = float(np.quantile(scores.runs[0].scores, 1 - share))
        foretold = thresholds.effect(scores, bound)
        made = thresholds.apply(workspace, data.detector_id, Threshold(bound, "tried"))
        run = detect(workspace, data.mixed, detector_id=made.id).run
        assert run.anomalies == foretold.anomalies
        assert foretold.findings / 2 <= run.findings <= foretold.findings * 2


def test_a_click_on_a_hundred_thousand_events_is_quick():
    random = np.random.default_rng(0)
    n = 100_000
    run = RunScores(
        run_id="R-0", threshold=1.0, finding_scores=np.zeros(0), source_name="x",
        finished_time=0.0, events=n, seconds=3600.0, times=np.sort(random.uniform(0, 3600, n)),
        scores=random.normal(size=n), entities=random.integers(0, 200, n), weights=np.ones(n),
    )  # fmt: skip
    scores = DetectorScores("D-0", 1.0, random.normal(size=20_000), "", True, (run,))
    thresholds.effect(scores, 0.0)  # sorts once
    best = np.inf
    for _ in range(5):
        started = time.thread_time()
        for bound in np.linspace(-2, 3, 50):
            thresholds.effect(scores, float(bound))
        best = min(best, time.thread_time() - started)
    assert best < 0.05


def test_a_new_bound_makes_a_version_and_older_ones_stay(workspace, data):
    old = thresholds.record_of(workspace, data.detector_id)
    wanted = thresholds.suggest(workspace, old.id, ThresholdChoice("false-positive-rate", 0.05))
    made = thresholds.apply(workspace, old.id, wanted, author="ben")
    assert made.id != old.id
    assert (made.threshold, made.threshold_method) == (wanted.value, wanted.method)
    assert [one.id for one in thresholds.versions(workspace, "rows")] == [made.id, old.id]
    before, after = (load_trained(workspace.artifacts / one.id) for one in (old, made))
    assert (before.version, after.version) == (1, 2)
    assert after.threshold == wanted
    for name, array in before.detector.arrays().items():
        np.testing.assert_array_equal(array, after.detector.arrays()[name])
    # What another version ran over counts for this one too, as it scores alike.
    assert thresholds.scores_of(workspace, made.id).runs[0].events == ROWS
    line = audit.lines(workspace)[0]
    assert (line.kind, line.author, line.about) == ("threshold", "ben", (made.id,))
    assert line.text == f"new threshold of detector rows, {made.id}"
    (bound, version) = line.changes
    assert (bound.what, version.before, version.after) == ("threshold", old.id, made.id)
    assert repr(old.threshold) in bound.before
    assert repr(made.threshold) in bound.after


def test_one_can_return_to_an_older_bound_as_often_as_one_likes(workspace, data):
    first = thresholds.record_of(workspace, data.detector_id)
    own = Threshold(first.threshold, first.threshold_method)
    other = Threshold(first.threshold * 2, "by hand")
    ids = [first.id]
    for wanted in (other, own, other, own):
        made = thresholds.apply(workspace, ids[-1], wanted)
        assert thresholds.versions(workspace, "rows")[0] == made
        assert made.threshold == wanted.value
        ids.append(made.id)
    assert len(set(ids)) == 5
    # An older version itself may be the one to begin from.
    assert thresholds.apply(workspace, first.id, own).threshold == first.threshold


def test_a_refused_bound_leaves_everything_as_it_was(workspace, data):
    before = state(workspace)
    own = thresholds.record_of(workspace, data.detector_id).threshold
    for value, sentence in ((np.nan, "finite"), (np.inf, "finite"), (own, "already")):
        with pytest.raises(InvalidParameterError, match=sentence):
            thresholds.apply(workspace, data.detector_id, Threshold(value, "by hand"))
    with pytest.raises(NotFoundError, match="no detector 'D-gone'"):
        thresholds.apply(workspace, "D-gone", Threshold(1.0, "by hand"))
    with pytest.raises(InvalidParameterError, match=r"400 held-back events .* at least 2,995"):
        thresholds.suggest(
            workspace, data.detector_id, ThresholdChoice("false-positive-rate", 0.001)
        )
    assert state(workspace) == before


def test_a_damaged_detector_gets_no_new_version(workspace, data):
    path = workspace.artifacts / data.detector_id / "arrays.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    before = state(workspace)
    with pytest.raises(ArtifactError, match="refused"):
        thresholds.apply(workspace, data.detector_id, Threshold(1.0, "by hand"))
    assert state(workspace) == before


def test_scores_that_are_missing_are_named_and_the_rest_is_shown(workspace, data):
    (run,) = workspace.store.runs()
    run_scores_path(workspace, run.id).unlink()
    scores = thresholds.scores_of(workspace, data.detector_id)
    assert scores.runs == ()
    assert [run.id in sentence for sentence in scores.missing] == [True]
    found = thresholds.effect(scores, scores.threshold)
    assert (found.events, found.anomalies_per_day, found.normal_events) == (0, None, 400)


def test_the_best_f1_comes_from_an_evaluation_and_says_that_it_saw_labels(workspace, data):
    with pytest.raises(InvalidParameterError, match="evaluate it on labelled events first"):
        thresholds.suggest(workspace, data.detector_id, ThresholdChoice("best-f1"))
    evaluate(workspace, data.detector_id, data.mixed, labels=LabelColumn(column="truth"))
    found = thresholds.suggest(workspace, data.detector_id, ThresholdChoice("best-f1"))
    assert (
        found.method == "best F1, 1.000, on 400 labelled events of mixed.csv: the labels were used"
    )
    made = thresholds.apply(workspace, data.detector_id, found)
    assert detect(workspace, data.mixed, detector_id=made.id).run.anomalies == 50


def test_where_nothing_was_held_back_the_profile_stands_in_and_says_so(workspace):
    packets = register(
        workspace, load_trained(next(d for d in DEMOS if d.name == "packets").shipped)
    )
    scores = thresholds.scores_of(workspace, packets.id)
    assert (len(scores.normal), scores.held_back) == (3000, False)
    assert "training events that 'packets' accepted" in scores.normal_from
    assert thresholds.effect(scores, packets.threshold).normal_flagged == 0
    found = thresholds.suggest(workspace, packets.id, ThresholdChoice("quantile", 0.9))
    assert found.method == "0.9 quantile of 3,000 training events it accepts"


def test_what_cannot_be_changed_says_why(workspace):
    names = ("ssh-sessions", "logins")
    logs, logins = (
        register(workspace, load_trained(next(d for d in DEMOS if d.name == name).shipped))
        for name in names
    )
    assert "0 by its rule" in thresholds.scores_of(workspace, logs.id).fixed
    for choice in (ThresholdChoice("by-hand", 3.0), ThresholdChoice("quantile", 0.9)):
        with pytest.raises(InvalidParameterError, match="not among the likeliest keys"):
            thresholds.suggest(workspace, logs.id, choice)
    with pytest.raises(InvalidParameterError, match="not among the likeliest keys"):
        thresholds.apply(workspace, logs.id, Threshold(3.0, "by hand"))
    assert thresholds.scores_of(workspace, logins.id).fixed == ""
    with pytest.raises(InvalidParameterError, match="can be chosen by hand only"):
        thresholds.suggest(workspace, logins.id, ThresholdChoice("quantile", 0.9))
    by_hand = thresholds.suggest(workspace, logins.id, ThresholdChoice("by-hand", 0.999))
    made = thresholds.apply(workspace, logins.id, by_hand)
    assert workspace.store.count(FindingQuery(detector_name=made.name)) == 0
