"""Detectors that go from one workspace to another, as one file; nothing in it can run."""

import io
import tempfile
import zipfile
import zlib
from pathlib import Path
from typing import IO, Final

from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.errors import ArtifactError
from deepaid_core.workflow.train import register
from deepaid_core.workspace import Workspace

__all__ = ["packed", "register_file"]

_WHEN: Final = (1980, 1, 1, 0, 0, 0)  # the same detector gives the same file
_CHUNK: Final = 1 << 20


def packed(workspace: Workspace, record: DetectorRecord, *, author: str) -> bytes:
    """The two files of a detector as a zip file; that it was taken is written to the audit log.

    Raises:
        ArtifactError: They are damaged, or not those that were registered.
    """
    from deepaid_core.detectors.artifact_files import ARRAYS, DESCRIPTION, opened_files

    folder = workspace.artifacts / record.artifact
    opened_files(folder, record.sha256)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in (DESCRIPTION, ARRAYS):
            entry = zipfile.ZipInfo(name, _WHEN)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, (folder / name).read_bytes())
    facts = {"name": record.name, "kind": record.kind, "sha256": record.sha256}
    workspace.store.desk.act([NewRecord("export", record.id, facts, author)])
    return target.getvalue()


def register_file(
    workspace: Workspace, path: Path, *, name: str | None = None, author: str | None = None
) -> DetectorRecord:
    """Register a detector that was trained elsewhere; under a name that is taken, as its version.

    Args:
        workspace: Where to.
        path: What `packed` gave, as a file; or a folder with both files of a detector.
        name: What to call the file in messages; its own name where None.
        author: Who does it; the workspace's author where None.

    Raises:
        ArtifactError: It is no detector, is damaged or of another version, or holds anything else.
    """
    from deepaid_core.detectors.artifacts import load_trained

    called = path.name if name is None else name
    with tempfile.TemporaryDirectory(prefix=".unnamed-", dir=workspace.artifacts) as unnamed:
        folder = path if path.is_dir() else Path(unnamed) / "detector"
        if folder is not path:
            _unpack(path, folder, called)
        try:
            trained = load_trained(folder)
        except ArtifactError as error:
            # It was unpacked to a place that says nothing to who gave the file.
            raise ArtifactError(str(error).replace(str(folder), called)) from error
        record = register(workspace, trained)
    facts = {"name": record.name, "kind": record.kind, "file": called, "sha256": record.sha256}
    by = (workspace.author or "") if author is None else author
    workspace.store.desk.act([NewRecord("registration", record.id, facts, by)])
    return record


def _unpack(path: Path, folder: Path, called: str) -> None:
    """Write both files of a zip file into a new folder; what else it says is not followed."""
    from deepaid_core.detectors.artifact_files import ARRAYS, DESCRIPTION, LARGEST, refusal

    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if sorted(names) != sorted((DESCRIPTION, ARRAYS)):
                raise refusal(
                    Path(called), f"it has to hold '{DESCRIPTION}' and '{ARRAYS}' and nothing else"
                )
            folder.mkdir()
            for name in names:
                with archive.open(name) as source, (folder / name).open("xb") as target:
                    if not _copied(source, target, LARGEST[name]):
                        raise refusal(
                            Path(called), f"'{name}' is larger than {LARGEST[name]:,} bytes"
                        )
    # Of a password, or a way of packing that it does not know, the library says RuntimeError.
    except (zipfile.BadZipFile, EOFError, RuntimeError, ValueError, zlib.error) as error:
        raise refusal(Path(called), "it is no zip file that can be read") from error
    except OSError as error:
        raise ArtifactError(
            f"The detector '{called}' cannot be read ({error.strerror}); check the path."
        ) from error


def _copied(source: IO[bytes], target: IO[bytes], most: int) -> bool:
    """Copy a stream unless it is longer than that, whatever its header says of its length."""
    left = most
    while chunk := source.read(min(_CHUNK, left + 1)):
        if len(chunk) > left:
            return False
        left -= len(chunk)
        target.write(chunk)
    return True
