"""The two files of a stored detector: read with suspicion, before anything is made of them."""

import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any, Final

from deepaid_core.domain.converters import check_keys, shown
from deepaid_core.errors import ArtifactError

__all__ = [
    "ARRAYS",
    "DESCRIPTION",
    "FORMAT",
    "LARGEST",
    "artifact_digest",
    "opened_files",
    "refusal",
]

FORMAT: Final = 1
DESCRIPTION, ARRAYS = "detector.json", "arrays.safetensors"

LARGEST: Final = {DESCRIPTION: 64 << 20, ARRAYS: 4 << 30}
"""Bytes; a hundred times what any detector of this package has come to."""

_KEYS: Final = (
    "format",
    "name",
    "kind",
    "hyperparameters",
    "threshold",
    "trained_on",
    "trained_on_sha256",
    "training_events",
    "arrays_sha256",
    "schema",
)
_OPTIONAL: Final = ("source", "version")


def artifact_digest(folder: Path) -> str:
    """SHA-256 over both files of a stored detector, hexadecimal.

    Raises:
        ArtifactError: A file is missing, or no regular file.
    """
    return _digest(*(_read(folder, name) for name in (DESCRIPTION, ARRAYS)))


def opened_files(folder: Path, sha256: str | None = None) -> tuple[dict[str, Any], bytes]:
    """The description, and the arrays as they lie on disk; their digests agree.

    Args:
        folder: Where they are.
        sha256: What `artifact_digest` said when the detector was registered; not compared where
            None.

    Raises:
        ArtifactError: A file is missing, damaged, foreign, exchanged, or of another version.
    """
    text, arrays = (_read(folder, name) for name in (DESCRIPTION, ARRAYS))
    if sha256 is not None and _digest(text, arrays) != sha256:
        raise refusal(folder, "its files are not those that were registered")
    try:
        description = json.loads(text.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise refusal(folder, f"'{DESCRIPTION}' is not JSON") from error
    if not isinstance(description, dict) or "format" not in description:
        raise refusal(folder, f"'{DESCRIPTION}' does not describe a detector")
    if type(description["format"]) is not int or description["format"] != FORMAT:
        raise ArtifactError(
            f"The detector in '{folder}' has format {shown(description['format'])}, this version "
            f"reads format {FORMAT}; train it again or use the version that wrote it."
        )
    try:
        check_keys(description, (*_KEYS, *_OPTIONAL), optional=_OPTIONAL)
    except ValueError as error:
        raise refusal(folder, f"its contents do not fit together ({error})") from error
    if hashlib.sha256(arrays).hexdigest() != description["arrays_sha256"]:
        raise refusal(folder, f"'{ARRAYS}' does not match its recorded digest")
    return description, arrays


def refusal(folder: Path, why: str) -> ArtifactError:
    """The error that says in a sentence why a folder is refused; `why` may be one itself."""
    words = " ".join(why.split()).removesuffix(".")
    if len(words) > 300:
        words = f"{words[:299]}…"
    return ArtifactError(
        f"The detector in '{folder}' is refused: {words}; train it again or restore the files."
    )


def _digest(description: bytes, arrays: bytes) -> str:
    digest = hashlib.sha256(description)
    digest.update(arrays)
    return digest.hexdigest()


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        # A pipe would never end, and a link may lead to what is not the sender's to give.
        facts = path.lstat()
        if not stat.S_ISREG(facts.st_mode):
            raise refusal(folder, f"'{name}' is no regular file")
        if facts.st_size > LARGEST[name]:
            raise refusal(folder, f"'{name}' is larger than {LARGEST[name]:,} bytes")
        descriptor = os.open(
            path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        )
        with os.fdopen(descriptor, "rb") as file:
            return file.read(LARGEST[name])
    except OSError as error:
        raise ArtifactError(
            f"The detector's file '{path}' cannot be read ({error.strerror}); "
            "choose a folder that a training run wrote."
        ) from error


def _no_constant(text: str) -> Any:
    raise ValueError(f"{text} is not JSON")
