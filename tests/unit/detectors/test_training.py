"""A training that was cut off and resumed ends as if it had not been."""

import numpy as np
import pytest

from deepaid_core.detectors.training import FolderCheckpoints
from deepaid_core.errors import CancelledError, InvalidParameterError
from deepaid_core.registry import DETECTORS, load
from deepaid_core.testing.planted import planted, quick

NAMES = ("autoencoder", "vae", "flow", "aae", "bigan", "lstm-forecast", "seq2seq", "deeplog")


class Cut:
    """Cancels after so many epochs."""

    def __init__(self, epochs):
        self.left = epochs

    def progress(self, share, text):
        self.left -= 1

    def cancelled(self):
        return self.left <= 0


def cut_off(cls, events, folder, epochs=1):
    cut = Cut(epochs)
    with pytest.raises(CancelledError):
        quick(cls).fit(
            events,
            checkpoints=FolderCheckpoints(folder),
            progress=cut.progress,
            cancelled=cut.cancelled,
        )


@pytest.mark.parametrize("name", NAMES)
def test_a_resumed_training_ends_as_one_that_was_not_cut_off(name, tmp_path):
    cls = load(DETECTORS, name)
    data = planted(cls.modality)
    events = data.normal.take(np.arange(400))
    whole = quick(cls).fit(events)
    cut_off(cls, events, tmp_path)
    shares = []
    resumed = quick(cls).fit(
        events,
        checkpoints=FolderCheckpoints(tmp_path),
        progress=lambda share, text: shares.append(share),
    )
    np.testing.assert_array_equal(resumed.score(data.fresh), whole.score(data.fresh))
    assert resumed.curve_ == whole.curve_
    assert len(shares) < len(whole.curve_), "it began anew"


def test_the_curve_can_be_read_while_it_trains(tmp_path):
    cls = load(DETECTORS, "autoencoder")
    cut_off(cls, planted(cls.modality).normal.take(np.arange(300)), tmp_path)
    (curve,) = FolderCheckpoints(tmp_path).curves().values()
    assert len(curve) == 1
    assert all(loss > 0 for loss in curve[0])


@pytest.mark.parametrize("damage", [b"", b"nothing of the sort", b"\x80\x04."])
def test_a_damaged_state_is_as_good_as_none(damage, tmp_path):
    cls = load(DETECTORS, "autoencoder")
    data = planted(cls.modality)
    events = data.normal.take(np.arange(300))
    cut_off(cls, events, tmp_path)
    (tmp_path / "network.safetensors").write_bytes(damage)
    resumed = quick(cls).fit(events, checkpoints=FolderCheckpoints(tmp_path))
    np.testing.assert_array_equal(
        resumed.score(data.fresh), quick(cls).fit(events).score(data.fresh)
    )


def test_a_state_of_another_network_is_left_alone(tmp_path):
    cls = load(DETECTORS, "autoencoder")
    data = planted(cls.modality)
    events = data.normal.take(np.arange(300))
    cut_off(cls, events, tmp_path)
    wide = {"bottleneck": 0.9, "epochs": 2}
    other = cls(**wide).fit(events, checkpoints=FolderCheckpoints(tmp_path))
    np.testing.assert_array_equal(
        other.score(data.fresh), cls(**wide).fit(events).score(data.fresh)
    )


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"epochs": 0}, "1 to 2000"),
        ({"epochs": 2.5}, "2.5"),
        ({"epochs": True}, "True"),
        ({"learning_rate": float("nan")}, "nan"),
        ({"learning_rate": "fast"}, "fast"),
    ],
)
def test_a_hyperparameter_out_of_range_is_refused(values, word):
    with pytest.raises(InvalidParameterError, match=word):
        load(DETECTORS, "autoencoder")(**values)
