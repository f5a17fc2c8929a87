"""Trained detectors on disk: JSON and safetensors; nothing in them can run."""

import hashlib
import json
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from deepaid_core.detectors.base import Detector
from deepaid_core.detectors.profile import NormalProfile
from deepaid_core.detectors.trained import TrainedDetector
from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.batches import FloatArray
from deepaid_core.domain.converters import converters
from deepaid_core.domain.schema import EventSchema, Feature, LinkSchema, Schema, Vocabulary
from deepaid_core.domain.settings import CaptureSettings, SourceSettings
from deepaid_core.errors import ArtifactError, DeepAidError
from deepaid_core.registry import DETECTORS, load

__all__ = [
    "FORMAT",
    "StoredScores",
    "artifact_digest",
    "load_trained",
    "save_trained",
    "stored_scores",
]

FORMAT = 1
_DESCRIPTION, _ARRAYS = "detector.json", "arrays.safetensors"
_PROFILE = ("quantiles", "spread", "events")
_HELD_BACK = "held_back.scores"


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
            (unfinished / _ARRAYS).write_bytes(arrays)
            (unfinished / _DESCRIPTION).write_text(text + "\n", encoding="utf-8")
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


def artifact_digest(folder: Path) -> str:
    """SHA-256 over both files of a stored detector, hexadecimal.

    Raises:
        ArtifactError: A file is missing.
    """
    digest = hashlib.sha256()
    for name in (_DESCRIPTION, _ARRAYS):
        digest.update(_read(folder / name))
    return digest.hexdigest()


def load_trained(folder: Path) -> TrainedDetector:
    """Read a detector that `save_trained` wrote.

    Raises:
        ArtifactError: A file is missing, damaged, foreign, or of another version.
    """
    description, raw = _opened(folder)
    try:
        return _rebuild(description, load_tensors(raw))
    except DeepAidError as error:
        raise _refuse(folder, str(error)) from error
    except (SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise _refuse(folder, f"its contents do not fit together ({error})") from error


def stored_scores(folder: Path) -> StoredScores:
    """Scores that are kept with a detector.

    Raises:
        ArtifactError: A file is missing, damaged, foreign, or of another version.
    """
    description, raw = _opened(folder)
    try:
        held_back = _held_back(load_tensors(raw))
        return StoredScores(held_back, str(description["arrays_sha256"]), _version(description))
    except (SafetensorError, TypeError, ValueError) as error:
        raise _refuse(folder, f"its contents do not fit together ({error})") from error


def _opened(folder: Path) -> tuple[dict[str, Any], bytes]:
    """Description and arrays of a folder whose digests agree."""
    try:
        description = json.loads(_read(folder / _DESCRIPTION).decode("utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _refuse(folder, f"'{_DESCRIPTION}' is not JSON") from error
    if not isinstance(description, dict) or "format" not in description:
        raise _refuse(folder, f"'{_DESCRIPTION}' does not describe a detector")
    if description["format"] != FORMAT:
        raise ArtifactError(
            f"The detector in '{folder}' has format {description['format']!r}, this version reads "
            f"format {FORMAT}; train it again or use the version that wrote it."
        )
    raw = _read(folder / _ARRAYS)
    if hashlib.sha256(raw).hexdigest() != description.get("arrays_sha256"):
        raise _refuse(folder, f"'{_ARRAYS}' does not match its recorded digest")
    return description, raw


def _held_back(tensors: dict[str, Any]) -> FloatArray | None:
    found = tensors.get(_HELD_BACK)
    if found is None:
        return None
    if found.ndim != 1 or found.dtype != np.float64 or not np.isfinite(found).all():
        raise ValueError("the held-back scores are not one finite number each")
    scores: FloatArray = found
    return scores


def _version(description: dict[str, Any]) -> int:
    version = description.get("version", 1)
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(f"{version!r} is not the number of a version")
    return version


def _describe(trained: TrainedDetector, arrays_sha256: str) -> dict[str, Any]:
    description = {
        "format": FORMAT,
        "name": trained.name,
        "kind": trained.kind,
        "hyperparameters": trained.detector.hyperparameters(),
        "threshold": {"value": trained.threshold.value, "method": trained.threshold.method},
        "trained_on": trained.trained_on,
        "trained_on_sha256": trained.trained_on_sha256,
        "training_events": trained.training_events,
        "arrays_sha256": arrays_sha256,
        "schema": _describe_schema(trained.detector.fitted_schema),
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


def _describe_schema(schema: EventSchema) -> dict[str, Any]:
    match schema:
        case Vocabulary():
            return {"name": schema.name, "texts": list(schema.texts)}
        case LinkSchema():
            return {"name": schema.name, "roles": list(schema.roles)}
    return {
        "name": schema.name,
        "field_titles": [list(pair) for pair in schema.field_titles],
        "features": [
            # Left out where empty: files of earlier versions keep their digest.
            {
                slot: getattr(feature, slot)
                for slot in Feature.__slots__
                if slot != "entity" or feature.entity
            }
            for feature in schema.features
        ],
    }


def _rebuild_schema(described: dict[str, Any]) -> EventSchema:
    if "texts" in described:
        return Vocabulary(described["name"], tuple(str(text) for text in described["texts"]))
    if "roles" in described:
        return LinkSchema(described["name"], tuple(str(role) for role in described["roles"]))
    return Schema(
        described["name"],
        tuple(Feature(**feature) for feature in described["features"]),
        tuple((name, title) for name, title in described["field_titles"]),
    )


def _rebuild(description: dict[str, Any], tensors: dict[str, Any]) -> TrainedDetector:
    schema = _rebuild_schema(description["schema"])
    detector = load(DETECTORS, description["kind"])(**description["hyperparameters"])
    if not isinstance(detector, Detector):
        raise TypeError(f"'{description['kind']}' is not a detector")
    own = {k.removeprefix("detector."): v for k, v in tensors.items() if k.startswith("detector.")}
    detector.restore(schema, own)
    profile = None
    if isinstance(schema, Schema):
        profile = NormalProfile(*(tensors[f"profile.{k}"].astype(np.float64) for k in _PROFILE))
    source_kind = "capture"
    settings: SourceSettings = CaptureSettings()
    if "source" in description:
        _, decode = converters(SourceSettings)
        source_kind = str(description["source"]["kind"])
        settings = decode(description["source"]["settings"])
    if any(not np.isfinite(v).all() for v in tensors.values()):
        raise ValueError("an array holds values that are not finite")
    return TrainedDetector(
        name=str(description["name"]),
        kind=str(description["kind"]),
        detector=detector,
        threshold=Threshold(
            float(description["threshold"]["value"]), str(description["threshold"]["method"])
        ),
        profile=profile,
        trained_on=str(description["trained_on"]),
        trained_on_sha256=str(description["trained_on_sha256"]),
        training_events=int(description["training_events"]),
        source_kind=source_kind,
        source_settings=settings,
        held_back_scores=_held_back(tensors),
        version=_version(description),
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"The detector's file '{path}' cannot be read ({error.strerror}); "
            "choose a folder that a training run wrote."
        ) from error


def _refuse(folder: Path, why: str) -> ArtifactError:
    return ArtifactError(
        f"The detector in '{folder}' is refused: {why}; train it again or restore the files."
    )
