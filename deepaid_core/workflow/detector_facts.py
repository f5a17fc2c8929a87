"""What can be said of detectors without loading them: lines of a list, and what their files hold.

Nothing here imports torch.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from deepaid_core.domain.detector_record import DetectorRecord, RunRecord
from deepaid_core.errors import ArtifactError
from deepaid_core.figures.numbers import format_duration, format_value
from deepaid_core.workspace import Workspace

__all__ = ["DetectorLine", "FileFacts", "file_facts", "lines", "per_day", "runs_of"]

_DAY_S: Final = 86_400.0
_SHORTEST_S: Final = 3600.0
_DESCRIPTION: Final = "detector.json"


@dataclass(frozen=True, slots=True)
class DetectorLine:
    """One detector as a list shows it: its newest version and what that brought.

    Attributes:
        record: The newest version.
        versions: How many there are under that name.
        run: The latest run of any of them; None where none of them has read a file.
    """

    record: DetectorRecord
    versions: int
    run: RunRecord | None

    @property
    def verified_share(self) -> float | None:
        """Share of the latest run's anomalies whose reference was verified."""
        if self.run is None or not self.run.anomalies:
            return None
        return self.run.verified / self.run.anomalies


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What the files of a detector say of it.

    Attributes:
        hyperparameters: By name.
        columns: Columns, keys or roles that it reads.
        trained_on_sha256: Digest of the training file.
        arrays_sha256: Digest that its description records of its arrays.
        intact: The digest of both files is the one that the store remembers.
        size_bytes: Of both files together.
    """

    hyperparameters: Mapping[str, Any]
    columns: int
    trained_on_sha256: str
    arrays_sha256: str
    intact: bool
    size_bytes: int


def lines(workspace: Workspace) -> tuple[DetectorLine, ...]:
    """The detectors of a workspace, a line for each name, what was trained last first."""
    by_name: dict[str, list[DetectorRecord]] = {}
    for record in workspace.store.detectors():
        by_name.setdefault(record.name, []).append(record)
    latest: dict[str, RunRecord] = {}
    for run in workspace.store.runs():
        known = latest.get(run.detector_id)
        if known is None or run.finished_time > known.finished_time:
            latest[run.detector_id] = run
    return tuple(
        DetectorLine(
            records[0],
            len(records),
            max(
                (latest[one.id] for one in records if one.id in latest),
                key=lambda run: run.finished_time,
                default=None,
            ),
        )
        for records in by_name.values()
    )


def runs_of(workspace: Workspace, detector_id: str) -> tuple[RunRecord, ...]:
    """The runs of one version, what ended last first."""
    own = (run for run in workspace.store.runs() if run.detector_id == detector_id)
    return tuple(sorted(own, key=lambda run: -run.finished_time))


def per_day(count: int, run: RunRecord) -> str:
    """A count of a run as a rate: "12 a day"; as it is where the file is too short or timeless."""
    span = run.last_time - run.first_time
    if span < _SHORTEST_S:
        return f"{count:,} in {format_duration(span)}" if span > 0 else f"{count:,} in the file"
    return f"{format_value(round(count / span * _DAY_S, 1))} a day"


def file_facts(workspace: Workspace, record: DetectorRecord) -> FileFacts:
    """What a detector's files say.

    Raises:
        ArtifactError: A file is missing, or is none that describes a detector.
    """
    from deepaid_core.detectors.artifacts import artifact_digest

    folder = workspace.artifacts / record.artifact
    path = folder / _DESCRIPTION
    digest = artifact_digest(folder)
    try:
        said = json.loads(path.read_bytes())
        hyperparameters = dict(said["hyperparameters"])
        return FileFacts(
            hyperparameters,
            _columns(said["schema"]),
            str(said["trained_on_sha256"]),
            str(said["arrays_sha256"]),
            digest == record.sha256,
            _size(folder),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ArtifactError(
            f"'{path}' does not describe a detector; train it again or restore the files."
        ) from error


def _columns(schema: Mapping[str, Any]) -> int:
    return len(schema.get("features") or schema.get("texts") or schema.get("roles") or ())


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir() if path.is_file())
