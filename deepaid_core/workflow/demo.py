"""A workspace with the recorded sample data, ready to triage."""

from pathlib import Path
from typing import Final

from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.errors import WorkspaceError
from deepaid_core.workflow.detect import DetectionResult, detect, run_id
from deepaid_core.workflow.train import learn, register
from deepaid_core.workspace import Workspace

__all__ = ["PACKETS", "prepare_demo", "sample_data"]

PACKETS: Final = "packets"
"""Name of the demo detector for packets."""

_RETRAINED = 0.6  # share of the work when the detector is trained anew


def sample_data() -> Path:
    """Folder of the recorded sample data: in the checkout, or inside the installed package.

    Raises:
        WorkspaceError: It is in neither place.
    """
    core = Path(__file__).resolve().parents[1]
    for folder in (core / "_dashboard" / "sample_data", core.parent / "sample_data"):
        if (folder / "network").is_dir():
            return folder
    raise WorkspaceError(
        "The sample data are missing from this installation; install the whole of deepaid again."
    )


def prepare_demo(
    workspace: Workspace,
    *,
    retrain: bool = False,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> DetectionResult:
    """Register the shipped detector and find the anomalies of the sample capture.

    Done once: a workspace that has the demo already is left as it is.

    Args:
        workspace: Where to.
        retrain: Train the detector anew from the sample data instead of taking the shipped one.
        progress: Told the share done.
        cancelled: Asked between steps.

    Raises:
        ArtifactError: The shipped detector is damaged.
        CancelledError: `cancelled` said so.
    """
    network = sample_data() / "network"
    shipped = sample_data() / "detectors" / PACKETS
    if not retrain:
        known = _done(workspace)
        if known is not None:
            progress(1.0, "The demo is ready")
            return known
    from deepaid_core.detectors.artifacts import load_trained

    if retrain:
        trained = learn(
            network / "train_benign.pcap.gz",
            name=PACKETS,
            progress=lambda share, text: progress(_RETRAINED * share, text),
            cancelled=cancelled,
        )
    else:
        trained = load_trained(shipped)
    start = _RETRAINED if retrain else 0.0
    record = register(workspace, trained)
    return detect(
        workspace,
        network / "eval.pcap.gz",
        detector_id=record.id,
        progress=lambda share, text: progress(start + (1 - start) * share, text),
        cancelled=cancelled,
    )


def _done(workspace: Workspace) -> DetectionResult | None:
    """The run of an earlier call; found without loading torch."""
    from deepaid_core.sources.base import file_sha256

    records = [
        record
        for record in workspace.store.detectors()
        # Somebody may call a detector of their own by the same name.
        if (record.name, record.trained_on) == (PACKETS, "train_benign.pcap.gz")
    ]
    capture = sample_data() / "network" / "eval.pcap.gz"
    if not records:
        return None
    sha256 = file_sha256(capture)
    wanted = {run_id(record.id, sha256) for record in records}
    for run in workspace.store.runs():
        if run.id in wanted:
            return DetectionResult(run, 0)
    return None
