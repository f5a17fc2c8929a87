"""What the store knows of a trained detector and of a detection run."""

from dataclasses import dataclass

from deepaid_core.domain.modality import Modality
from deepaid_core.domain.settings import CaptureSettings, SourceSettings

__all__ = ["DetectorRecord", "RunRecord"]


@dataclass(frozen=True, slots=True)
class DetectorRecord:
    """A trained detector version that findings refer to.

    Attributes:
        id: "D-" and ten hexadecimal digits of its artifact's digest.
        name: What analysts call it, e.g. "packets".
        kind: Registry name of its class, e.g. "autoencoder".
        modality: Kind of data.
        threshold: Bound on its score.
        threshold_method: How the bound was chosen.
        sha256: Digest of the artifact.
        artifact: Folder name of the artifact below the workspace.
        trained_on: Name of the training source.
        training_events: Number of training events.
        created_time: Unix seconds, UTC.
        source_kind: Registry name of the source that it reads.
        source_settings: How that source is read.
    """

    id: str
    name: str
    kind: str
    modality: Modality
    threshold: float
    threshold_method: str
    sha256: str
    artifact: str
    trained_on: str
    training_events: int
    created_time: float
    source_kind: str = "capture"
    source_settings: SourceSettings = CaptureSettings()


@dataclass(frozen=True, slots=True)
class RunRecord:
    """One pass of a detector over a source.

    Attributes:
        id: "R-" and ten hexadecimal digits; the same detector and source give the same id.
        detector_id: The detector version.
        source_name: What was read.
        source_sha256: Digest of its content.
        events: Events scored.
        skipped: Frames or rows that the source could not use.
        anomalies: Events over the threshold.
        verified: Anomalies whose reference was verified.
        findings: Findings that came of it.
        first_time: Time of the first event, Unix seconds, UTC.
        last_time: Time of the last event.
        elapsed_s: Wall time of the run.
        finished_time: Unix seconds, UTC.
        volume: Per minute of the source: (minute start, events, anomalies).
    """

    id: str
    detector_id: str
    source_name: str
    source_sha256: str
    events: int
    skipped: int
    anomalies: int
    verified: int
    findings: int
    first_time: float
    last_time: float
    elapsed_s: float
    finished_time: float
    volume: tuple[tuple[float, int, int], ...] = ()
