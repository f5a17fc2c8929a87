"""Train a detector on normal traffic and remember it in a workspace."""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.errors import InvalidParameterError
from deepaid_core.workspace import Workspace

if TYPE_CHECKING:
    from deepaid_core.detectors.trained import TrainedDetector

__all__ = ["PACKET_QUANTILE", "learn_capture", "register", "train_capture"]

PACKET_QUANTILE: Final = 0.9985
"""Share of held-back normal packets that stay at or under the threshold."""

_LONGEST_NAME = 60
_READ = 0.1  # share of the work that reading is


def train_capture(
    workspace: Workspace,
    path: Path,
    *,
    name: str,
    epochs: int | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> DetectorRecord:
    """Train an autoencoder on a capture of normal traffic and register it.

    Args:
        workspace: Where it is kept.
        path: The capture; should hold normal traffic only.
        name: What analysts will call the detector.
        epochs: Passes over the packets; the default where none is given.
        progress: Told the share done.
        cancelled: Asked between steps.

    Raises:
        InvalidParameterError: The name is empty or too long.
        CaptureError: The capture cannot be read.
        InvalidEventsError: It has too few packets.
        CancelledError: `cancelled` said so.
    """
    chosen = " ".join(name.split())
    if not chosen or len(chosen) > _LONGEST_NAME or not chosen.isprintable():
        raise InvalidParameterError(
            f"'{name[:80]}' cannot name a detector; use 1 to {_LONGEST_NAME} printable characters."
        )
    trained = learn_capture(
        path, name=chosen, epochs=epochs, progress=progress, cancelled=cancelled
    )
    stop_if(cancelled)
    return register(workspace, trained)


def learn_capture(
    path: Path,
    *,
    name: str,
    epochs: int | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> "TrainedDetector":
    """Train an autoencoder on a capture of normal traffic; registers nothing.

    Raises:
        CaptureError: The capture cannot be read.
        InvalidEventsError: It has too few packets.
        CancelledError: `cancelled` said so.
    """
    from deepaid_core.detectors.autoencoder import AutoencoderDetector
    from deepaid_core.detectors.trained import train_detector
    from deepaid_core.domain.batches import TabularBatch
    from deepaid_core.sources.captures import CaptureSource

    source = CaptureSource(
        path, progress=lambda share, text: progress(_READ * share, text), cancelled=cancelled
    )
    normal = TabularBatch.concatenate(list(source.batches()))
    settings = {} if epochs is None else {"epochs": epochs}
    make: Callable[[], AutoencoderDetector] = lambda: AutoencoderDetector(  # noqa: E731
        **{**_PACKET_SETTINGS, **settings}  # type: ignore[arg-type]
    )
    return train_detector(
        normal,
        make,
        name=name,
        kind="autoencoder",
        trained_on=source.name,
        trained_on_sha256=source.fingerprint(),
        quantile=PACKET_QUANTILE,
        progress=lambda share, text: progress(_READ + (1 - _READ) * share, text),
        cancelled=cancelled,
    )


# Chosen on the recorded sample traffic: with 30 epochs of smaller batches the network knows the
# training hour so well that twice as much of the next hour's background is flagged.
_PACKET_SETTINGS: dict[str, int | float] = {"epochs": 15, "batch_size": 256}


def register(workspace: Workspace, trained: "TrainedDetector") -> DetectorRecord:
    """Save a trained detector into a workspace and remember it.

    The same detector registered twice is kept once.

    Raises:
        ArtifactError: Its files cannot be written.
    """
    from deepaid_core.detectors.artifacts import save_trained

    with tempfile.TemporaryDirectory(prefix=".unnamed-", dir=workspace.artifacts) as unnamed:
        sha256 = save_trained(trained, Path(unnamed) / "detector")
        detector_id = "D-" + sha256[:10]
        folder = workspace.artifacts / detector_id
        if not folder.exists():
            (Path(unnamed) / "detector").replace(folder)
    record = DetectorRecord(
        id=detector_id,
        name=trained.name,
        kind=trained.kind,
        modality=trained.detector.modality,
        threshold=trained.threshold.value,
        threshold_method=trained.threshold.method,
        sha256=sha256,
        artifact=folder.name,
        trained_on=trained.trained_on,
        training_events=trained.training_events,
        created_time=time.time(),
    )
    workspace.store.add_detector(record)
    return record
