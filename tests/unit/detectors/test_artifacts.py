import json
import pickle

import numpy as np
import pytest

from deepaid_core.detectors.artifacts import artifact_digest, load_trained, save_trained
from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.errors import ArtifactError
from deepaid_core.testing.planted import train_planted
from deepaid_core.testing.planted_tables import normal_tables


@pytest.fixture(scope="module")
def trained():
    return train_planted(AutoencoderDetector, epochs=2)


@pytest.fixture
def folder(trained, tmp_path):
    save_trained(trained, tmp_path / "detector")
    return tmp_path / "detector"


def test_a_saved_detector_gives_the_same_scores_and_threshold(trained, folder):
    restored = load_trained(folder)
    events = normal_tables(100, seed=3)
    np.testing.assert_array_equal(restored.detector.score(events), trained.detector.score(events))
    assert restored.threshold == trained.threshold
    assert restored.detector.fitted_schema == trained.detector.fitted_schema
    np.testing.assert_allclose(restored.profile.events, trained.profile.events, rtol=1e-6)


def test_saving_twice_gives_the_same_digest(trained, folder, tmp_path):
    assert save_trained(trained, tmp_path / "again") == artifact_digest(folder)
    assert save_trained(trained, folder) == artifact_digest(folder)  # replaces
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again", "detector"]  # nothing unfinished


def test_a_changed_array_is_refused(folder):
    raw = bytearray((folder / "arrays.safetensors").read_bytes())
    raw[-1] ^= 1
    (folder / "arrays.safetensors").write_bytes(raw)
    with pytest.raises(ArtifactError, match="does not match its recorded digest"):
        load_trained(folder)


def edited(folder, **changes):
    description = json.loads((folder / "detector.json").read_text())
    (folder / "detector.json").write_text(json.dumps({**description, **changes}))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"format": 99}, "has format 99"),
        ({"kind": "os:system"}, "There is no 'os:system'"),
        ({"hyperparameters": {"epochs": 1, "bogus": 2}}, "do not fit together"),
        ({"hyperparameters": {"bottleneck": 0.5}}, "do not fit together"),
        ({"threshold": {}}, "do not fit together"),
        ({"schema": {"name": "x", "features": [], "field_titles": []}}, "has no columns"),
        ({"schema": 5}, "do not fit together"),
    ],
)
def test_a_description_that_does_not_fit_is_refused(folder, changes, sentence):
    edited(folder, **changes)
    with pytest.raises(ArtifactError, match=sentence):
        load_trained(folder)


@pytest.mark.parametrize("content", [b"", b"\x80\x04K\x01.", b"[1]", b"{}", b"\xff\xfe"])
def test_a_foreign_description_is_refused(folder, content):
    (folder / "detector.json").write_bytes(content)
    with pytest.raises(ArtifactError, match="refused"):
        load_trained(folder)


class Runs:
    def __reduce__(self):
        return (open, ("ran", "w"))


def test_a_pickle_in_place_of_the_arrays_is_refused_and_does_not_run(folder, tmp_path, monkeypatch):
    import hashlib

    monkeypatch.chdir(tmp_path)
    content = pickle.dumps(Runs())
    (folder / "arrays.safetensors").write_bytes(content)
    edited(folder, arrays_sha256=hashlib.sha256(content).hexdigest())
    with pytest.raises(ArtifactError, match="refused"):
        load_trained(folder)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["detector.json", "arrays.safetensors"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        load_trained(folder)


def test_a_folder_that_cannot_be_written_is_named(trained, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ArtifactError, match="could not be written"):
        save_trained(trained, tmp_path / "file" / "detector")
