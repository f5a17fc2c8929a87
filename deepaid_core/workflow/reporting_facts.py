"""What a report says besides its findings: who did what, and the digests behind it."""

import hashlib
import json
import platform
from collections.abc import Iterable, Iterator
from functools import lru_cache
from importlib import metadata
from itertools import chain
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors

from deepaid_core import __version__
from deepaid_core.domain.actions import Note
from deepaid_core.domain.case import Case
from deepaid_core.domain.modality import Modality
from deepaid_core.domain.queries import FindingQuery, FindingRow
from deepaid_core.domain.suppression import Suppression
from deepaid_core.reports.masking_words import Secret
from deepaid_core.reports.parts import Activity, DetectorFiles
from deepaid_core.workflow import activity
from deepaid_core.workflow.activity_words import ActivityLine
from deepaid_core.workspace import Workspace

__all__ = ["activities", "detector_files", "known_names", "notes", "software", "suppressions"]

_FOLLOWED: Final = 50  # findings of which each step is told
_NAMES: Final = 2000
_PACKAGES: Final = ("numpy", "torch", "scikit-learn", "plotly")


def activities(
    workspace: Workspace, case: Case | None, finding_ids: Iterable[str]
) -> tuple[Activity, ...]:
    """What happened to a case and its findings, or to findings, oldest first."""
    told: dict[tuple[str, int, str], Activity] = {}
    ids = tuple(finding_ids)[:_FOLLOWED]
    if case is not None:
        for line in activity.of_case(workspace, case.number):
            told[line.log, line.number, line.text] = _activity(line, case.id)
    for finding_id in ids:
        for line in activity.of_finding(workspace, finding_id):
            # One decision on many findings is told once.
            key = (line.log, line.number, line.text if not line.number else "")
            told.setdefault(key, _activity(line, finding_id))
    return tuple(sorted(told.values(), key=lambda one: one.time))


def notes(workspace: Workspace, case: Case | None, finding_ids: Iterable[str]) -> tuple[Note, ...]:
    """Notes on a case and on findings, oldest first."""
    subjects = [*([case.id] if case is not None else []), *finding_ids]
    desk = workspace.store.desk
    found = chain.from_iterable(desk.notes(subject) for subject in subjects)
    return tuple(sorted(found, key=lambda note: note.number))


def suppressions(workspace: Workspace, rows: Iterable[FindingRow]) -> tuple[Suppression, ...]:
    """Suppressions in force that are about these findings."""
    shown = tuple(rows)
    patterns = {row.pattern_id for row in shown}
    entities = {(row.detector_name, row.entity) for row in shown}
    detectors = {row.detector_name for row in shown}
    return tuple(
        one
        for one in workspace.store.suppressions(in_force=True)
        if (scope := one.decision.scope).detector_name in detectors
        and (scope.pattern_id is None or scope.pattern_id in patterns)
        and (
            not scope.entities
            or any((scope.detector_name, entity) in entities for entity in scope.entities)
        )
    )


def detector_files(workspace: Workspace, detector_ids: Iterable[str]) -> tuple[DetectorFiles, ...]:
    """Digests of detectors' files; empty where one cannot be read."""
    records = {record.id: record for record in workspace.store.detectors()}
    return tuple(
        _digests(detector_id, workspace.artifacts / record.artifact, record.sha256)
        for detector_id in dict.fromkeys(detector_ids)
        if (record := records.get(detector_id)) is not None
    )


def software() -> tuple[tuple[str, str], ...]:
    """What computes and draws, with versions."""
    found = [("DeepAID Studio", __version__), ("Python", platform.python_version())]
    for package in _PACKAGES:
        try:
            found.append((package, metadata.version(package)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)


def known_names(workspace: Workspace) -> Iterator[tuple[Secret, str]]:
    """Whom findings of the workspace are about, those with most findings; for masks."""
    kinds = {record.name: record.modality for record in workspace.store.detectors()}
    for name, modality in kinds.items():
        kind: Secret = "user" if modality is Modality.LINK else "host"
        query = FindingQuery(detector_name=name)
        for group in workspace.store.groups(query, "entity", limit=_NAMES):
            if group.key != "all":
                yield (kind, group.key)


def _activity(line: ActivityLine, subject: str) -> Activity:
    text = line.text
    if line.undone_by is not None:
        text += f" (taken back by {line.undone_by})"
    if line.before and line.after:
        text += f"; before: {line.before}, since: {line.after}"
    if line.words:
        text += f". {line.words}"
    return Activity(line.time, line.author, text, not line.author, subject)


@lru_cache(maxsize=32)
def _digests(detector_id: str, folder: Path, sha256: str) -> DetectorFiles:
    # The digest is part of the key: a detector that was replaced is read anew.
    try:
        raw = (folder / "arrays.safetensors").read_bytes()
        tensors = load_tensors(raw)
        described = json.loads((folder / "detector.json").read_text(encoding="utf-8"))
    except (OSError, SafetensorError, ValueError):
        return DetectorFiles(detector_id, "", "", "", "")
    return DetectorFiles(
        detector_id,
        weights=hashlib.sha256(raw).hexdigest(),
        scaler=_digest({k: v for k, v in tensors.items() if ".scaler." in k}),
        profile=_digest({k: v for k, v in tensors.items() if k.startswith("profile.")}),
        trained_on_sha256=str(described.get("trained_on_sha256", "")),
    )


def _digest(tensors: dict[str, NDArray[Any]]) -> str:
    if not tensors:
        return ""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name}\n".encode())
        digest.update(np.ascontiguousarray(tensors[name]).tobytes())
    return digest.hexdigest()
