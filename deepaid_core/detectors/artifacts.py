"""Trained detectors on disk: JSON and safetensors; nothing in them can run."""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from deepaid_core.detectors.artifact_files import (
    ARRAYS,
    DESCRIPTION,
    FORMAT,
    artifact_digest,
    opened_files,
    refusal,
)
from deepaid_core.detectors.artifact_parts import (
    check_shapes,
    count_of,
    describe_schema,
    number_of,
    rebuild_schema,
    shape_of,
    text_of,
)
from deepaid_core.detectors.base import Arrays, Detector
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.converters import check_keys, converters, shown
from deepaid_core.domain.params import Value, params_of
from deepaid_core.domain.schema import Schema
from deepaid_core.domain.settings import CaptureSettings, SourceSettings
from deepaid_core.errors import ArtifactError, DeepAidError
from deepaid_core.registry import DETECTORS, SOURCES, load

__all__ = [
    "FORMAT",
    "StoredScores",
    "artifact_digest",
    "load_trained",
    "save_trained",
    "stored_scores",
]

_PROFILE = ("quantiles", "spread", "events")
_HELD_BACK = "held_back.scores"
_MISFITS: Final = (
    SafetensorError,
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
)
"""What reading wrong content raises, here and in libraries."""


@dataclass(frozen=True, eq=False, slots=True)
class StoredScores:
    """What the files say of a detector's scores, read without its network.

    Attributes:
        held_back: `TrainedDetector.held_back_scores`.
        learned: Digest of all arrays; equal for versions that differ in their bound only.
        version: `TrainedDetector.version`.
    """

    held_back: FloatArray | None
    learned: str
    version: int


def save_trained(trained: TrainedDetector, folder: Path) -> str:
    """Write a detector into a folder of its own, whole or not at all.

    Args:
        trained: What to write.
        folder: Where; an existing folder is replaced.

    Returns:
        The digest that names this version.

    Raises:
        ArtifactError: The folder cannot be written.
    """
    tensors = {
        f"detector.{k}": np.ascontiguousarray(v) for k, v in trained.detector.arrays().items()
    }
    # Half the size, and far finer than any column's tolerance.
    if trained.profile is not None:
        tensors |= {
            f"profile.{k}": np.ascontiguousarray(getattr(trained.profile, k), dtype=np.float32)
            for k in _PROFILE
        }
    if trained.held_back_scores is not None:
        tensors[_HELD_BACK] = np.ascontiguousarray(trained.held_back_scores, dtype=np.float64)
    arrays = save_tensors(tensors)
    description = _describe(trained, hashlib.sha256(arrays).hexdigest())
    text = json.dumps(description, indent=1, sort_keys=True, ensure_ascii=True)
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        unfinished = Path(tempfile.mkdtemp(prefix=".unfinished-", dir=folder.parent))
        try:
            (unfinished / ARRAYS).write_bytes(arrays)
            (unfinished / DESCRIPTION).write_text(text + "\n", encoding="utf-8")
            unfinished.chmod(0o755)
            if folder.exists():
                shutil.rmtree(folder)
            unfinished.replace(folder)
        finally:
            shutil.rmtree(unfinished, ignore_errors=True)
    except OSError as error:
        raise ArtifactError(
            f"The detector could not be written to '{folder}' ({error.strerror}); "
            "check the folder's permissions and free space."
        ) from error
    return artifact_digest(folder)


def load_trained(folder: Path, *, sha256: str | None = None) -> TrainedDetector:
    """Read a detector that `save_trained` wrote.

    Args:
        folder: Where it is.
        sha256: The digest under which it was registered; not compared where None.

    Raises:
        ArtifactError: A file is missing, damaged, foreign, exchanged, or of another version.
    """
    description, raw = opened_files(folder, sha256)
    try:
        return _rebuild(description, load_tensors(raw))
    except DeepAidError as error:
        raise refusal(folder, str(error)) from error
    except _MISFITS as error:
        raise refusal(folder, f"its contents do not fit together ({error})") from error


def stored_scores(folder: Path, *, sha256: str | None = None) -> StoredScores:
    """Scores that are kept with a detector.

    Args:
        folder: Where it is.
        sha256: The digest under which it was registered; not compared where None.

    Raises:
        ArtifactError: A file is missing, damaged, foreign, exchanged, or of another version.
    """
    description, raw = opened_files(folder, sha256)
    try:
        held_back = _held_back(load_tensors(raw))
        return StoredScores(held_back, str(description["arrays_sha256"]), _version(description))
    except _MISFITS as error:
        raise refusal(folder, f"its contents do not fit together ({error})") from error


def _held_back(tensors: Arrays) -> FloatArray | None:
    found = tensors.get(_HELD_BACK)
    if found is None:
        return None
    if found.ndim != 1 or found.dtype != np.float64 or not np.isfinite(found).all():
        raise ValueError("the held-back scores are not one finite number each")
    scores: FloatArray = np.asarray(found, dtype=np.float64)
    return scores


def _version(description: dict[str, Any]) -> int:
    version = description.get("version", 1)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(f"{shown(version)} is not the number of a version")
    return version


def _describe(trained: TrainedDetector, arrays_sha256: str) -> dict[str, Any]:
    description = {
        "format": FORMAT,
        "name": trained.name,
        "kind": trained.kind,
        "hyperparameters": _hyperparameters(trained.detector),
        "threshold": {"value": trained.threshold.value, "method": trained.threshold.method},
        "trained_on": trained.trained_on,
        "trained_on_sha256": trained.trained_on_sha256,
        "training_events": trained.training_events,
        "arrays_sha256": arrays_sha256,
        "schema": describe_schema(trained.detector.fitted_schema),
    }
    # Left out where it says nothing: files of earlier versions keep their digest.
    if trained.version != 1:
        description["version"] = trained.version
    if trained.source_kind != "capture":
        encode, _ = converters(SourceSettings)
        description["source"] = {
            "kind": trained.source_kind,
            "settings": encode(trained.source_settings),
        }
    return description


def _hyperparameters(detector: Detector[Any]) -> dict[str, Value]:
    silent = {p.name: p.default for p in params_of(type(detector)) if p.added_later}
    values = detector.hyperparameters()
    return {name: v for name, v in values.items() if name not in silent or v != silent[name]}


def _rebuild(description: dict[str, Any], tensors: Arrays) -> TrainedDetector:
    if unfinite := [name for name, array in tensors.items() if not np.isfinite(array).all()]:
        raise ValueError(f"the array {shown(unfinite[0])} holds values that are not finite")
    schema = rebuild_schema(description["schema"])
    profile = _profile(tensors, len(schema)) if isinstance(schema, Schema) else None
    kind, threshold = text_of(description["kind"]), description["threshold"]
    check_keys(threshold, ("value", "method"))
    detector = load(DETECTORS, kind)(**description["hyperparameters"])
    if not isinstance(detector, Detector):
        raise TypeError(f"'{kind}' is not a detector")
    own = {k.removeprefix("detector."): v for k, v in tensors.items() if k.startswith("detector.")}
    detector.restore(schema, own)
    check_shapes(own, detector.arrays())
    known = {f"detector.{name}" for name in own} | {_HELD_BACK}
    known |= {f"profile.{name}" for name in _PROFILE if profile is not None}
    if unknown := sorted(set(tensors) - known):
        raise ValueError(f"the array {shown(unknown[0])} belongs to nothing")
    source_kind = "capture"
    settings: SourceSettings = CaptureSettings()
    if "source" in description:
        check_keys(description["source"], ("kind", "settings"))
        source_kind = text_of(description["source"]["kind"])
        if source_kind not in SOURCES:
            raise ValueError(f"there is no source {shown(source_kind)}")
        _, decode = converters(SourceSettings)
        settings = decode(description["source"]["settings"])
    return TrainedDetector(
        name=text_of(description["name"]),
        kind=kind,
        detector=detector,
        threshold=Threshold(number_of(threshold["value"]), text_of(threshold["method"])),
        profile=profile,
        trained_on=text_of(description["trained_on"]),
        trained_on_sha256=text_of(description["trained_on_sha256"]),
        training_events=count_of(description["training_events"]),
        source_kind=source_kind,
        source_settings=settings,
        held_back_scores=_held_back(tensors),
        version=_version(description),
    )


def _profile(tensors: Arrays, d: int) -> NormalProfile:
    parts = [tensors[f"profile.{name}"] for name in _PROFILE]
    for name, part, shape in zip(_PROFILE, parts, ((201, d), (d,), (None, d)), strict=True):
        found = (None, *part.shape[1:]) if shape[0] is None else part.shape
        if found != shape or part.dtype != np.float32:
            raise ValueError(f"the array 'profile.{name}' is {shape_of(part)}")
    return NormalProfile(*(part.astype(np.float64) for part in parts))
