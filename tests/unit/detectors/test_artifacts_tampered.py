"""A model file that was tampered with is refused with a sentence; nothing in it runs."""

import copy
import hashlib
import json
import os
import pickle
import struct

import numpy as np
import pytest
import torch
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from deepaid_core.detectors.artifacts import (
    artifact_digest,
    load_trained,
    save_trained,
    stored_scores,
)
from deepaid_core.detectors.autoencoder import AutoencoderDetector
from deepaid_core.errors import ArtifactError
from deepaid_core.testing.planted import train_planted

FILES = ("detector.json", "arrays.safetensors")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "detector"
    save_trained(train_planted(AutoencoderDetector, epochs=2), folder)
    return {name: (folder / name).read_bytes() for name in FILES}


@pytest.fixture
def folder(whole, tmp_path):
    (tmp_path / "detector").mkdir()
    for name, content in whole.items():
        (tmp_path / "detector" / name).write_bytes(content)
    return tmp_path / "detector"


def refused(folder, **record):
    with pytest.raises(ArtifactError) as told:
        load_trained(folder, **record)
    sentence = str(told.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 500 + len(str(folder))
    return sentence


def described(folder):
    return json.loads((folder / "detector.json").read_text())


def forge(folder, description=None, tensors=None, raw=None):
    """Rewrite both files so that they agree with each other."""
    description = description or described(folder)
    if tensors is not None:
        raw = save_tensors(tensors)
    raw = (folder / "arrays.safetensors").read_bytes() if raw is None else raw
    description["arrays_sha256"] = hashlib.sha256(raw).hexdigest()
    (folder / "arrays.safetensors").write_bytes(raw)
    (folder / "detector.json").write_text(json.dumps(description))


def arrays(folder):
    return {
        k: v.copy() for k, v in load_tensors((folder / "arrays.safetensors").read_bytes()).items()
    }


@pytest.mark.parametrize("name", FILES)
def test_no_byte_can_be_changed_once_a_detector_is_registered(folder, whole, name):
    sha256 = artifact_digest(folder)
    assert load_trained(folder, sha256=sha256).name == "planted"
    for place in range(0, len(whole[name]), max(1, len(whole[name]) // 40)):
        flipped = bytearray(whole[name])
        flipped[place] ^= 1
        (folder / name).write_bytes(flipped)
        assert "not those that were registered" in refused(folder, sha256=sha256)


def test_a_changed_byte_of_a_folder_that_nobody_registered_never_ends_otherwise(folder, whole):
    random, told = np.random.default_rng(0), []
    for _ in range(60):
        flipped = bytearray(whole["detector.json"])
        flipped[random.integers(len(flipped))] = random.integers(256)
        (folder / "detector.json").write_bytes(flipped)
        try:
            load_trained(folder)
        except ArtifactError as error:
            told.append(str(error))
    assert told
    assert all(sentence.endswith(".") for sentence in told)


CHANGES = {
    "another format": ({"format": 2}, "has format 2"),
    "a format that is no number": ({"format": [1]}, "has format [1]"),
    "true is no format": ({"format": True}, "has format True"),
    "an unknown kind": ({"kind": "alien"}, "There is no 'alien'"),
    "a function as kind": ({"kind": "os:system"}, "There is no 'os:system'"),
    "a kind of another data": ({"kind": "deeplog"}, "do not fit together"),
    "a kind of the same data": (
        {"kind": "pca", "hyperparameters": {}},
        "do not fit together",
    ),
    "a kind that is a list": ({"kind": []}, "is no text"),
    "another key": ({"on_load": "os.system"}, "'on_load' is unknown"),
    "a name that is none": ({"name": {"a": 1}}, "is no text"),
    "events that are none": ({"training_events": 10**400}, "is no number of events"),
    "half an event": ({"training_events": 0.5}, "is no number of events"),
    "no hyperparameters": ({"hyperparameters": None}, "do not fit together"),
    "a hyperparameter too large": ({"hyperparameters": {"epochs": 10**9}}, "1 to 2000"),
    "an unknown hyperparameter": ({"hyperparameters": {"exec": "id"}}, "do not fit together"),
    "a bound that is none": ({"threshold": {"value": "1", "method": ""}}, "is no number"),
    "an infinite bound": ({"threshold": {"value": 10**400, "method": ""}}, "refused"),
    "another key of the bound": ({"threshold": {"value": 1, "method": "", "run": 1}}, "unknown"),
    "another source": ({"source": {"kind": "alien", "settings": {}}}, "no source 'alien'"),
    "settings of nothing": ({"source": {"kind": "table", "settings": {"x": 1}}}, "do not fit"),
    "version zero": ({"version": 0}, "not the number of a version"),
    "a schema of keys": ({"schema": {"name": "x", "texts": ["a", "b"]}}, "do not fit together"),
    "a schema of nothing": ({"schema": {}}, "do not fit together"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_description_of_something_else_is_refused(folder, change):
    changes, sentence = CHANGES[change]
    forge(folder, {**described(folder), **changes})
    assert sentence in refused(folder)


def test_a_column_more_or_less_or_another_property_of_one_is_refused(folder):
    description = described(folder)
    for change in (
        lambda features: features.pop(),
        lambda features: features.append({**features[0], "name": "one more"}),
        lambda features: features.append(features[0]),
        lambda features: features[0].update(run="os.system"),
        lambda features: features[0].update(kind="code"),
        lambda features: features[0].update(low="none"),
        lambda features: features[0].pop("title"),
    ):
        changed = copy.deepcopy(description)
        change(changed["schema"]["features"])
        forge(folder, changed)
        refused(folder)


CONTENTS = {
    "empty": b"",
    "no UTF-8": b"\xff\xfe{}",
    "a list": b"[1]",
    "a text": b'"detector"',
    "deep": b"[" * 200_000,
    "deep objects": b'{"a":' * 200_000,
    "a long number": b'{"format": ' + b"9" * 100_000 + b"}",
    "not a number": b'{"format": NaN}',
    "infinite": b'{"format": Infinity}',
    "a pickle": pickle.dumps({"format": 1}),
    "zip": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("content", CONTENTS)
@pytest.mark.parametrize("name", FILES)
def test_what_is_neither_json_nor_safetensors_is_refused(folder, name, content):
    if name == "detector.json":
        (folder / name).write_bytes(CONTENTS[content])
    else:
        forge(folder, raw=CONTENTS[content])
    refused(folder)


class Runs:
    def __reduce__(self):
        return (open, ("ran", "w"))


@pytest.mark.parametrize("how", ["pickle", "torch"])
@pytest.mark.parametrize("name", FILES)
def test_what_would_run_when_it_is_unpickled_does_not_run(folder, tmp_path, monkeypatch, name, how):
    monkeypatch.chdir(tmp_path)
    if how == "pickle":
        content = pickle.dumps(Runs())
    else:
        torch.save({"format": 1, "run": Runs()}, tmp_path / "saved.pt")
        content = (tmp_path / "saved.pt").read_bytes()
    pickle.loads(pickle.dumps(Runs())).close()  # noqa: S301 - to see that it would
    (tmp_path / "ran").unlink()
    if name == "detector.json":
        (folder / name).write_bytes(content)
    else:
        forge(folder, raw=content)
    refused(folder)
    assert not (tmp_path / "ran").exists()


def header(fields, data=b""):
    text = json.dumps(fields).encode()
    return struct.pack("<Q", len(text)) + text + data


RAW = {
    "a header of exabytes": struct.pack("<Q", 1 << 62) + b"{}",
    "an array of exabytes": header(
        {"detector.a": {"dtype": "F32", "shape": [1 << 60], "data_offsets": [0, 1 << 62]}}
    ),
    "a size that overflows": header(
        {"detector.a": {"dtype": "F64", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 8]}},
        bytes(8),
    ),
    "arrays over each other": header(
        {
            "detector.a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
            "detector.b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
        },
        bytes(8),
    ),
    "an unknown type": header(
        {"detector.a": {"dtype": "OBJ", "shape": [1], "data_offsets": [0, 8]}}, bytes(8)
    ),
    "a type that numpy has not": header(
        {"detector.a": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}, bytes(4)
    ),
    "a deep header": struct.pack("<Q", 100_000) + b"[" * 100_000,
    "no arrays": header({}),
}


@pytest.mark.parametrize("raw", RAW)
def test_arrays_that_are_not_what_their_header_says_are_refused(folder, raw):
    forge(folder, raw=RAW[raw])
    refused(folder)


def _weights(tensors):
    """A matrix that is not square."""
    return next(
        name
        for name, array in tensors.items()
        if name.startswith("detector.network") and len({*array.shape}) == array.ndim == 2
    )


TENSORS = {
    "one more": lambda t, w: t.update({"detector.network.more": np.zeros(3, np.float32)}),
    "one of nothing": lambda t, w: t.update({"payload": np.zeros(3, np.uint8)}),
    "one less": lambda t, w: t.pop(w),
    "transposed": lambda t, w: t.update({w: np.ascontiguousarray(t[w].T)}),
    "longer": lambda t, w: t.update({w: np.concatenate([t[w], t[w]])}),
    "flat": lambda t, w: t.update({w: t[w].ravel()}),
    "of doubles": lambda t, w: t.update({w: t[w].astype(np.float64)}),
    "of integers": lambda t, w: t.update({w: t[w].astype(np.int64)}),
    "of truth values": lambda t, w: t.update({w: t[w] > 0}),
    "not a number": lambda t, w: t[w].__setitem__(0, np.nan),
    "infinite": lambda t, w: t[w].__setitem__(0, np.inf),
    "a scale of another length": lambda t, w: t.update({"detector.scaler.center": np.zeros(2)}),
    "a profile of another width": lambda t, w: t.update(
        {"profile.spread": np.zeros(2, np.float32)}
    ),
    "a profile of doubles": lambda t, w: t.update(
        {"profile.events": t["profile.events"].astype(np.float64)}
    ),
    "no profile": lambda t, w: t.pop("profile.events"),
    "scores in a table": lambda t, w: t.update({"held_back.scores": np.zeros((2, 2))}),
}


@pytest.mark.parametrize("change", TENSORS)
def test_arrays_that_are_not_those_of_the_detector_are_refused(folder, change):
    tensors = arrays(folder)
    TENSORS[change](tensors, _weights(tensors))
    forge(folder, tensors=tensors)
    refused(folder)


@pytest.mark.parametrize("name", FILES)
def test_a_link_or_a_folder_or_a_pipe_is_no_file(folder, tmp_path, name):
    elsewhere = (folder / name).rename(tmp_path / "elsewhere")
    (folder / name).symlink_to(elsewhere)
    assert "no regular file" in refused(folder)
    with pytest.raises(ArtifactError, match="no regular file"):
        artifact_digest(folder)
    (folder / name).unlink()
    (folder / name).mkdir()
    assert "no regular file" in refused(folder)
    (folder / name).rmdir()
    os.mkfifo(folder / name)
    assert "no regular file" in refused(folder)


def test_a_file_of_terabytes_is_not_read(folder):
    with (folder / "arrays.safetensors").open("r+b") as file:
        file.truncate(1 << 40)
    assert "is larger than" in refused(folder)


def test_scores_are_read_with_the_same_suspicion(folder):
    sha256 = artifact_digest(folder)
    assert len(stored_scores(folder, sha256=sha256).held_back)
    forge(folder, tensors={**arrays(folder), "held_back.scores": np.array([np.nan])})
    with pytest.raises(ArtifactError, match="not those that were registered"):
        stored_scores(folder, sha256=sha256)
    with pytest.raises(ArtifactError, match="not one finite number each"):
        stored_scores(folder)
