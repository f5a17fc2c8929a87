"""A detector taken to another workspace is the same there; what is no detector leaves no trace."""

import io
import pickle
import shutil
import struct
import zipfile

import numpy as np
import pytest

from deepaid_core.detectors.artifacts import load_trained
from deepaid_core.errors import ArtifactError
from deepaid_core.workflow.audit import lines
from deepaid_core.workflow.detector_exchange import packed, register_file
from deepaid_core.workflow.registered import registered
from deepaid_core.workflow.train import train
from deepaid_core.workspace import Workspace
from tests.empty import empty_home
from tests.unit.workflow.test_trainings import PLAN, rows

FILES = ("detector.json", "arrays.safetensors")


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A workspace with a detector, its record, and the detector as a file's content."""
    folder = tmp_path_factory.mktemp("trained")
    opened = Workspace.open(empty_home(folder / "workspace"))
    record = train(opened, rows(folder / "normal.csv"), name="office", plan=PLAN)
    yield opened, record, packed(opened, record, author="ana")
    opened.close()


@pytest.fixture
def elsewhere(tmp_path):
    opened = Workspace.open(empty_home(tmp_path / "elsewhere"))
    yield opened
    opened.close()


def zipped(parts, **options):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, **options) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return target.getvalue()


def parts_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_it_is_the_same_detector_in_another_workspace(trained, elsewhere, tmp_path):
    here, record, content = trained
    assert packed(here, record, author="ana") == content
    taken = lines(here)[0]
    assert (taken.author, taken.kind, taken.about) == ("ana", "export", (record.id,))
    (tmp_path / "office.zip").write_bytes(content)
    made = register_file(elsewhere, tmp_path / "office.zip", author="ben")
    assert (made.id, made.sha256, made.name) == (record.id, record.sha256, "office")
    assert (made.threshold, made.source_settings) == (record.threshold, record.source_settings)
    one, other = registered(here, record), registered(elsewhere, made)
    assert (one.held_back_scores == other.held_back_scores).all()
    (line,) = lines(elsewhere)
    assert line.author == "ben"
    assert line.text == f"registration of detector office, {made.id}"
    # Twice, and from the folder that it lies in, it is still one.
    register_file(elsewhere, tmp_path / "office.zip")
    register_file(elsewhere, here.artifacts / record.artifact)
    assert [one.id for one in elsewhere.store.detectors()] == [record.id]
    assert load_trained(here.artifacts / record.artifact).name == "office"


def test_what_was_exchanged_since_it_was_registered_is_not_given_away(trained, tmp_path):
    here, record, _ = trained
    home = shutil.copytree(here.home, tmp_path / "copy")
    (home / "detectors" / record.artifact / FILES[0]).write_text("{}")
    opened = Workspace.open(home)
    with pytest.raises(ArtifactError, match="not those that were registered"):
        packed(opened, record, author="ana")
    opened.close()


class Payload:
    def __reduce__(self):
        return (print, ("a pickle was run",))


def flipped(content, place):
    changed = bytearray(content)
    changed[place] ^= 0xFF
    return bytes(changed)


def locked(content):
    """The flag that says a password is needed, on every entry."""
    changed = bytearray(content)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = changed.find(mark)
        while start >= 0:
            (flags,) = struct.unpack_from("<H", changed, start + at)
            struct.pack_into("<H", changed, start + at, flags | 1)
            start = changed.find(mark, start + 4)
    return bytes(changed)


def bad_files(content):
    parts = parts_of(content)
    both = list(parts.items())
    description, arrays = parts[FILES[0]], parts[FILES[1]]
    yield "empty", b"", "no zip file"
    yield "text", b"a,b\n1,2\n", "no zip file"
    yield "cut off", content[: len(content) // 2], "no zip file"
    yield "a changed byte", flipped(content, len(content) // 2), "no zip file"
    yield "a password", locked(content), "no zip file"
    yield "a pickle", pickle.dumps(Payload()), "no zip file"
    yield (
        "pickled arrays",
        zipped([both[0], (FILES[1], pickle.dumps(Payload()))]),
        "recorded digest",
    )
    yield "one file", zipped(both[:1]), "nothing else"
    yield "a third file", zipped([*both, ("run.py", b"print(1)")]), "nothing else"
    yield "a file twice", zipped([*both, both[0]]), "nothing else"
    yield "a way out", zipped([(f"../{FILES[0]}", description), both[1]]), "nothing else"
    yield "in a folder", zipped([(f"x/{name}", part) for name, part in both]), "nothing else"
    yield "zeros without end", zipped([(FILES[0], bytes(70 << 20)), both[1]]), "is larger than"
    yield "no description", zipped([(FILES[0], b"[]"), both[1]]), "does not describe"
    yield "other arrays", zipped([both[0], (FILES[1], flipped(arrays, 900))]), "recorded digest"


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_no_detector_is_refused_by_its_name_and_leaves_no_trace(
    trained, elsewhere, tmp_path, capsys
):
    path = tmp_path / "f.bin"
    for what, content, sentence in bad_files(trained[2]):
        path.write_bytes(content)
        with pytest.raises(ArtifactError) as told:
            register_file(elsewhere, path, name="from-ben.zip")
        said = str(told.value)
        assert sentence in said, what
        assert "'from-ben.zip'" in said, what
        assert str(elsewhere.home) not in said, what
        assert said.endswith("."), what
        assert elsewhere.store.detectors() == (), what
        assert list(elsewhere.artifacts.iterdir()) == [], what
        assert lines(elsewhere) == (), what
    assert "a pickle was run" not in capsys.readouterr().out


def test_any_byte_that_changes_is_noticed_or_means_nothing(trained, elsewhere, tmp_path):
    content, path = trained[2], tmp_path / "f.zip"
    for place in np.linspace(0, len(content) - 1, 60).astype(int):
        path.write_bytes(flipped(content, place))
        try:
            made = register_file(elsewhere, path)
        except ArtifactError:
            continue
        # A date or a right of a file in the zip: the detector is the one that was sent.
        assert made.id == trained[1].id


def test_a_file_that_is_not_there_is_named(elsewhere, tmp_path):
    with pytest.raises(ArtifactError, match=r"'lost\.zip' cannot be read"):
        register_file(elsewhere, tmp_path / "lost.zip")
