import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from deepaid_core.detectors.kitnet import KitnetDetector
from deepaid_core.detectors.kitnet_network import KitnetNetwork, clusters_of
from deepaid_core.detectors.kitnet_online import learn_in_passing
from deepaid_core.detectors.training import FolderCheckpoints, Training
from deepaid_core.domain.batches import TabularBatch
from deepaid_core.domain.schema import Schema
from deepaid_core.errors import CancelledError
from deepaid_core.testing.planted import make, planted, trained

BLOCKS = (5, 5, 5)


@pytest.fixture(scope="module")
def data():
    return planted(KitnetDetector.modality)


def blocks(n=2000, *, seed=0):
    """Columns that follow one hidden number for each block, and the block of each, shuffled."""
    random = np.random.default_rng(seed)
    of_column = np.random.default_rng(1).permutation(np.repeat(np.arange(len(BLOCKS)), BLOCKS))
    hidden = random.normal(size=(n, len(BLOCKS)))
    values = hidden[:, of_column] + 0.2 * random.normal(size=(n, sum(BLOCKS)))
    return values * 10.0 ** (np.arange(sum(BLOCKS)) % 5) + 7.0, of_column


def batch(values):
    return TabularBatch.of_values(
        Schema.of_numbers("blocks", [f"c{i}" for i in range(values.shape[1])]), values
    )


def same_parts(first, second):
    return (first[:, None] == first) == (second[:, None] == second)


@pytest.mark.parametrize("mode", ["batch", "online"])
def test_blocks_of_correlated_columns_become_clusters(mode):
    values, of_column = blocks()
    detector = KitnetDetector(epochs=1, mode=mode, cluster_size=8).fit(batch(values[:600]))
    assert same_parts(detector.clusters_, of_column).all()


@pytest.mark.parametrize("most", [1, 2, 4, 14])
def test_no_cluster_is_larger_than_allowed_and_every_column_is_in_one(most):
    values, of_column = blocks()
    found = clusters_of(torch.from_numpy(values), most)
    assert np.bincount(found).max() <= most
    assert np.bincount(found).min() >= 1
    if most < max(BLOCKS):
        # A block is parted, but nothing of two blocks is put together.
        together = found[:, None] == found
        assert not (together & (of_column[:, None] != of_column)).any()


def test_columns_that_never_move_are_correlated_with_none():
    z = torch.randn(500, 1, generator=torch.Generator().manual_seed(0)).repeat(1, 4)
    found = clusters_of(torch.cat([z, torch.zeros(500, 2)], dim=1), 4)
    assert len(set(found[:4])) == 1
    assert found[0] not in found[4:]


@pytest.mark.parametrize("mode", ["batch", "online"])
def test_planted_anomalies_rank_first_in_either_mode(mode, data):
    one = trained(KitnetDetector).detector
    detector = one if mode == "batch" else make(KitnetDetector, mode=mode).fit(data.normal)
    normal = detector.score(data.fresh)
    for plant in data.plants:
        scores = detector.score(plant.events)
        truth = np.r_[np.zeros(len(normal)), np.ones(len(scores))]
        assert roc_auc_score(truth, np.r_[normal, scores]) > 0.95


def test_a_broken_block_scores_higher_than_one_that_moved_as_a_whole():
    values, of_column = blocks(1000)
    detector = KitnetDetector(epochs=20, batch_size=64, learning_rate=3e-3).fit(batch(values))
    calm, _ = blocks(200, seed=5)
    broken = calm.copy()
    column = int(np.flatnonzero(of_column == 2)[0])
    broken[:, column] = 2 * values[:, column].mean() - broken[:, column]
    broken = broken[np.abs(calm[:, column] - 7) > np.abs(calm[:, column] - 7).mean()]
    normal = detector.score(batch(calm))
    assert np.median(detector.score(batch(broken))) > np.quantile(normal, 0.95)


def test_the_further_outside_the_higher_the_score(data):
    detector = trained(KitnetDetector).detector
    values = data.fresh.values[:20]
    away = [
        detector.score(TabularBatch.of_values(data.fresh.schema, np.abs(values) * size))
        for size in (1e1, 1e3, 1e5)
    ]
    assert (np.diff(away, axis=0) > 0).all()


def test_the_pass_is_that_of_automatic_differentiation():
    values, of_column = blocks(60)
    z = torch.from_numpy(values / values.std(axis=0))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        passed, followed = (KitnetNetwork(of_column, 0.6).double() for _ in range(2))
    followed.load_state_dict(passed.state_dict())
    learn_in_passing(passed, z, 0.01, Training())
    optimizer = torch.optim.Adam(followed.parameters(), lr=0.01)
    for number, row in enumerate(z):
        squares = followed.small.squares(row[None])
        errors = squares.detach().sqrt()[0]
        share, away = 1 / (number + 1), errors - followed.usual
        followed.usual += share * away
        followed.spread.copy_(
            ((1 - share) * (followed.spread.square() + share * away.square())).sqrt()
        )
        loss = squares.mean() + followed.output.squares(followed.compare(errors)[None]).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    for name, tensor in followed.state_dict().items():
        torch.testing.assert_close(passed.state_dict()[name], tensor, rtol=1e-5, atol=1e-7)


def test_one_pass_does_not_look_ahead(data):
    # What comes later must not have moved the map: the same first part, another rest.
    first = data.normal.values[:1000]
    detectors = [
        make(KitnetDetector, mode="online", mapping=0.5).fit(
            TabularBatch.of_values(data.normal.schema, np.concatenate([first, rest]))
        )
        for rest in (data.normal.values[1000:2000], data.normal.values[2000:3000] * 3.0)
    ]
    one, other = (detector.arrays() for detector in detectors)
    for name in ("clusters", "scaler.center", "scaler.spread", "scaler.norm"):
        np.testing.assert_array_equal(one[name], other[name])
    assert not np.array_equal(one["network.small.encode"], other["network.small.encode"])


def test_one_pass_is_the_same_again_and_depends_on_the_order(data):
    events = data.normal.take(np.arange(600))
    turned = data.normal.take(np.r_[np.arange(300), np.arange(300, 600)[::-1]])

    def scores(batch):
        return make(KitnetDetector, mode="online").fit(batch).score(data.fresh)

    np.testing.assert_array_equal(scores(events), scores(events))
    assert not np.array_equal(scores(events), scores(turned))


@pytest.mark.parametrize("epochs", [1, 3])
def test_training_is_resumed_in_either_of_its_two_loops(epochs, data, tmp_path):
    events = data.normal.take(np.arange(400))
    done = []

    def small():
        return make(KitnetDetector, epochs=2)

    with pytest.raises(CancelledError):
        small().fit(
            events,
            checkpoints=FolderCheckpoints(tmp_path),
            progress=lambda share, text: done.append(share),
            cancelled=lambda: len(done) >= epochs,
        )
    assert set(FolderCheckpoints(tmp_path).curves()) <= {"small", "output"}
    resumed = small().fit(events, checkpoints=FolderCheckpoints(tmp_path))
    whole = small().fit(events)
    np.testing.assert_array_equal(resumed.score(data.fresh), whole.score(data.fresh))
    assert resumed.curve_ == whole.curve_
    assert len(whole.curve_) == 4


@pytest.mark.parametrize("numbers", [[0, 1, 3], [0.0, 0.5, 1.0], [-1, 0, 1], [1, 2, 3]])
def test_clusters_that_are_no_clusters_are_refused(numbers):
    detector = KitnetDetector(epochs=1).fit(batch(blocks(50)[0][:, :3]))
    arrays = {**detector.arrays(), "clusters": np.array(numbers)}
    with pytest.raises(ValueError, match="without a gap"):
        KitnetDetector(epochs=1).restore(detector.fitted_schema, arrays)


def test_a_table_of_one_column_has_one_cluster():
    values, _ = blocks(300)
    detector = KitnetDetector(epochs=20, batch_size=16, learning_rate=1e-2).fit(
        batch(values[:, :1])
    )
    assert detector.clusters_.tolist() == [0]
    far = values[:1, :1] + 20 * values[:, :1].std()
    assert detector.score(batch(far))[0] > detector.score(batch(values[:, :1])).max()
