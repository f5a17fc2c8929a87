"""A workspace with the recorded sample data, ready to triage."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deepaid_core.domain.actions import NewRecord
from deepaid_core.domain.progress import Cancelled, Progress, never, silent
from deepaid_core.domain.settings import CaptureSettings, Period, SourceSettings
from deepaid_core.errors import WorkspaceError
from deepaid_core.workflow.detect import DetectionResult, detect, run_id
from deepaid_core.workflow.train import TrainingPlan, learn, register
from deepaid_core.workspace import Workspace

if TYPE_CHECKING:
    from deepaid_core.detectors.trained import TrainedDetector

__all__ = [
    "DEMOS",
    "DemoDetector",
    "demo_is_ready",
    "learn_demo",
    "prepare_demo",
    "sample_data",
]

_RETRAINED = 0.6  # share of the work when a detector is trained anew


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoDetector:
    """A detector of the demo and the recording it is shown on.

    Attributes:
        name: What analysts call it.
        source_kind: Registry name of the source that both recordings are read with.
        normal: Recording of normal events, below the sample data.
        learned: The part of it to learn from.
        mixed: Recording to find anomalies in.
        period: The part of it to look at.
        share: Rough share of the time that all demos take.
    """

    name: str
    source_kind: str
    normal: str
    learned: Period = Period()
    mixed: str
    period: Period = Period()
    share: float

    @property
    def shipped(self) -> Path:
        """Folder of the trained detector."""
        return sample_data() / "detectors" / self.name

    def plan(self) -> TrainingPlan:
        """How the shipped detector was trained: with what the source itself proposes."""
        from deepaid_core.registry import SOURCES, load

        settings: SourceSettings = CaptureSettings()
        if self.source_kind != "capture":
            settings = load(SOURCES, self.source_kind).propose(sample_data() / self.normal)
        return TrainingPlan(source_kind=self.source_kind, settings=settings, period=self.learned)


# The moments that part normal from mixed: `phases.csv` of the logs, and day 15 of the logins.
_LOGS_MIXED: Final = 1795324131.421
_LOGINS_MIXED: Final = 1795323822.6

DEMOS: Final = (
    DemoDetector(
        name="logins",
        source_kind="logins",
        normal="auth_graph/auth_events.csv",
        learned=Period(until=_LOGINS_MIXED),
        mixed="auth_graph/auth_events.csv",
        period=Period(since=_LOGINS_MIXED),
        share=0.05,
    ),
    DemoDetector(
        name="ssh-sessions",
        source_kind="log",
        normal="logs/auth.log.gz",
        learned=Period(until=_LOGS_MIXED),
        mixed="logs/auth.log.gz",
        period=Period(since=_LOGS_MIXED),
        share=0.25,
    ),
    DemoDetector(
        name="host-rates",
        source_kind="series",
        normal="timeseries/train.csv.gz",
        mixed="timeseries/eval.csv.gz",
        share=0.2,
    ),
    DemoDetector(
        name="packets",
        source_kind="capture",
        normal="network/train_benign.pcap.gz",
        mixed="network/eval.pcap.gz",
        share=0.5,
    ),
)
"""Those that are ready first stand first: their findings can be read while others are made."""


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


def learn_demo(
    demo: DemoDetector, *, progress: Progress = silent, cancelled: Cancelled = never
) -> "TrainedDetector":
    """Train a detector of the demo from the sample data, as the shipped one was.

    Raises:
        CancelledError: `cancelled` said so.
    """
    return learn(
        sample_data() / demo.normal,
        name=demo.name,
        plan=demo.plan(),
        progress=progress,
        cancelled=cancelled,
    )


def demo_is_ready(workspace: Workspace) -> bool:
    """Whether there is nothing left to prepare."""
    return all(_done(workspace, demo) is not None for demo in DEMOS)


def prepare_demo(
    workspace: Workspace,
    *,
    retrain: bool = False,
    author: str | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> tuple[DetectionResult, ...]:
    """Register the shipped detectors and find the anomalies of the recordings.

    Done once: what of the demo a workspace has already is left as it is. Findings of one detector
    are there as soon as it is through.

    Args:
        workspace: Where to.
        retrain: Train the detectors anew from the sample data instead of taking the shipped ones.
        author: Who asks for it; whom the environment names where None.
        progress: Told the share done.
        cancelled: Asked between steps.

    Returns:
        A result for each of `DEMOS`.

    Raises:
        ArtifactError: A shipped detector is damaged.
        CancelledError: `cancelled` said so; detectors that were through are kept.
    """
    results = []
    start = 0.0
    for demo in DEMOS:

        def report(share: float, text: str, demo: DemoDetector = demo, low: float = start) -> None:
            progress(low + demo.share * share, f"{demo.name}: {text}")

        known = None if retrain else _done(workspace, demo)
        results.append(known or _prepare(workspace, demo, retrain, author, report, cancelled))
        start += demo.share
    progress(1.0, "The demo is ready")
    return tuple(results)


def _prepare(
    workspace: Workspace,
    demo: DemoDetector,
    retrain: bool,
    author: str | None,
    progress: Progress,
    cancelled: Cancelled,
) -> DetectionResult:
    from deepaid_core.detectors.artifacts import load_trained

    if retrain:
        trained = learn_demo(
            demo,
            progress=lambda share, text: progress(_RETRAINED * share, text),
            cancelled=cancelled,
        )
    else:
        trained = load_trained(demo.shipped)
    start = _RETRAINED if retrain else 0.0
    record = register(workspace, trained)
    facts = {"detector": demo.name, "retrained": ("no", "yes")[retrain], "sha256": record.sha256}
    by = (workspace.author or "") if author is None else author
    workspace.store.desk.act([NewRecord("demo", record.id, facts, by)])
    return detect(
        workspace,
        sample_data() / demo.mixed,
        detector_id=record.id,
        period=demo.period,
        author=author,
        progress=lambda share, text: progress(start + (1 - start) * share, text),
        cancelled=cancelled,
    )


def _done(workspace: Workspace, demo: DemoDetector) -> DetectionResult | None:
    """The run of an earlier call; found without loading torch."""
    from deepaid_core.sources.base import file_sha256

    records = [
        record
        for record in workspace.store.detectors()
        # Somebody may call a detector of their own by the same name.
        if (record.name, record.trained_on) == (demo.name, Path(demo.normal).name)
    ]
    if not records:
        return None
    sha256 = file_sha256(sample_data() / demo.mixed)
    wanted = {run_id(record.id, sha256, demo.period) for record in records}
    for run in workspace.store.runs():
        if run.id in wanted:
            return DetectionResult(run, 0)
    return None
