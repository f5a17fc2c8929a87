"""Trainings that can be cut off - cancelled, or killed - and go on where they were.

Each has a folder of the workspace, `trainings/T-...`, until its detector is registered: what it was
asked for, where its loops stand, how much is done, and a copy of a file that was uploaded.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.progress import Cancelled, Progress, never, silent, stop_if
from deepaid_core.errors import (
    CancelledError,
    CaptureError,
    DeepAidError,
    InvalidEventsError,
    InvalidParameterError,
    TrainingCancelledError,
    TrainingRefusedError,
)
from deepaid_core.registry import DEFAULT_DETECTORS, SOURCES, load
from deepaid_core.sources.base import file_sha256
from deepaid_core.workflow.train import TrainingPlan, checked_name, learn, remember
from deepaid_core.workflow.training_folder import TrainingFolder
from deepaid_core.workflow.training_request import Request, number_of
from deepaid_core.workspace import Workspace

if TYPE_CHECKING:
    from deepaid_core.detectors.training import Curve

__all__ = ["UnfinishedTraining", "curves", "discard", "id_of", "resume", "run", "unfinished"]

_HOPELESS: Final = (InvalidEventsError, InvalidParameterError, CaptureError)
"""What would happen again, however often it is tried."""


@dataclass(frozen=True, slots=True)
class UnfinishedTraining:
    """A training that has not brought a detector yet.

    Attributes:
        id: "T-" and ten hexadecimal digits.
        name: What the detector will be called.
        kind: Registry name of the detector.
        file: Name of the file it learns from.
        hyperparameters: Those that were chosen.
        share: How much was done when it was kept last, 0 to 1.
        curves: (training loss, held-back loss) of each epoch, by the name of the loop.
        started: When it was asked for, Unix seconds, UTC.
        author: Who asked for it.
        device: Where it was trained last, "cpu" or "cuda".
        is_running: Whether a process works on it at this moment.
        needs_file: Whether its file has gone and has to be given again.
        problem: Why it cannot be resumed, in a sentence; empty where it can. Nothing but the id is
            known then.
    """

    id: str
    name: str = ""
    kind: str = ""
    file: str = ""
    hyperparameters: Mapping[str, int | float | str | bool] = field(default_factory=dict)
    share: float = 0.0
    curves: "Mapping[str, Curve]" = field(default_factory=dict)
    started: float = 0.0
    author: str = ""
    device: str = "cpu"
    is_running: bool = False
    needs_file: bool = False
    problem: str = ""


def id_of(path: Path, *, name: str, plan: TrainingPlan) -> str:
    """The id that a training has or would have; reads the whole file.

    Raises:
        InvalidParameterError: The name cannot name a detector, or there is no such source.
        InvalidEventsError: The file cannot be read.
    """
    whole = _whole_plan(plan)
    return number_of(_digest(path, whole), checked_name(name), whole)


def run(
    workspace: Workspace,
    path: Path,
    *,
    name: str,
    plan: TrainingPlan = TrainingPlan(),
    device: str = "cpu",
    keep_file: bool = False,
    author: str | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> DetectorRecord:
    """Train a detector on a file of normal events and register it; what was begun is gone on with.

    Args:
        workspace: Where it is kept.
        path: The file; should hold normal events only.
        name: What analysts will call the detector.
        plan: How to read the file and what to learn.
        device: Where networks are trained, "cpu" or "cuda".
        keep_file: Keep a copy of the file until the training is finished, as it may go.
        author: Who asks for it; whom the environment names where None.
        progress: Told the share done.
        cancelled: Asked between steps.

    Raises:
        InvalidParameterError: The name is empty or too long, the plan does not fit together, or
            the device is not there.
        CaptureError: A capture cannot be read.
        InvalidEventsError: The file has too few events, or one that cannot be read.
        TrainingRefusedError: Another process is at it.
        TrainingCancelledError: `cancelled` said so; it can be resumed.
        CancelledError: `cancelled` said so before anything was learned; nothing was kept.
    """
    whole = _whole_plan(plan)
    request = Request(
        name=checked_name(name),
        path=str(path.absolute()),
        sha256=_digest(path, whole),
        plan=whole,
        device=device,
        author=(workspace.author or "") if author is None else author,
        started_time=time.time(),
    )
    folder = TrainingFolder.of(workspace, request.id)
    with folder.ours():
        is_new = not folder.exists
        folder.keep_request(request)
        if keep_file and folder.file is None:
            folder.keep_file(path)
        try:
            return _go_on(workspace, folder, request, path, progress, cancelled)
        except _HOPELESS:
            if is_new:
                folder.remove()
            raise


def resume(
    workspace: Workspace,
    training_id: str,
    *,
    path: Path | None = None,
    device: str | None = None,
    author: str | None = None,
    progress: Progress = silent,
    cancelled: Cancelled = never,
) -> DetectorRecord:
    """Go on with a training and register its detector.

    Args:
        workspace: Where it is.
        training_id: "T-...".
        path: Its file, where that lies elsewhere now; must have the same content.
        device: Where networks are trained; as before where None.
        author: Who asks for it; who asked before where None.
        progress: Told the share done.
        cancelled: Asked between steps.

    Raises:
        NotFoundError: There is no such training.
        TrainingRefusedError: It is damaged, another process is at it, or its file has gone or is
            another one.
        TrainingCancelledError: `cancelled` said so; it can be resumed again.
        CancelledError: `cancelled` said so before anything was learned; nothing was kept.
    """
    folder = TrainingFolder.existing(workspace, training_id)
    with folder.ours():
        request = folder.request()
        request = replace(request, device=device or request.device, author=author or request.author)
        file = path or folder.file or Path(request.path)
        if not file.is_file():
            raise TrainingRefusedError(
                f"The file '{file}' of training {training_id} has gone; give it again."
            )
        if _digest(file, request.plan) != request.sha256:
            raise TrainingRefusedError(
                f"The file '{file}' is not what training {training_id} began with; give the same "
                "file, or train anew."
            )
        folder.keep_request(request)
        return _go_on(workspace, folder, request, file, progress, cancelled)


def unfinished(workspace: Workspace) -> tuple[UnfinishedTraining, ...]:
    """All trainings that have not brought a detector, newest first; damaged ones last."""
    found = [_told(folder) for folder in TrainingFolder.all_of(workspace)]
    return tuple(sorted(found, key=lambda one: -one.started))


def curves(workspace: Workspace, training_id: str) -> "dict[str, Curve]":
    """(training loss, held-back loss) of each epoch so far, by the name of the loop.

    Raises:
        NotFoundError: There is no such training.
    """
    return TrainingFolder.existing(workspace, training_id).curves()


def discard(workspace: Workspace, training_id: str) -> None:
    """Forget a training and all that it kept.

    Raises:
        NotFoundError: There is no such training.
        TrainingRefusedError: Another process is at it.
    """
    folder = TrainingFolder.existing(workspace, training_id)
    with folder.ours():
        folder.remove()


def _go_on(
    workspace: Workspace,
    folder: TrainingFolder,
    request: Request,
    file: Path,
    progress: Progress,
    cancelled: Cancelled,
) -> DetectorRecord:
    done = 0.0

    def report(share: float, text: str) -> None:
        nonlocal done
        done = share
        progress(share, text)

    try:
        trained = learn(
            file,
            name=request.name,
            plan=request.plan,
            progress=report,
            cancelled=cancelled,
            checkpoints=folder.checkpoints(lambda: done),
            device=request.device,
        )
        stop_if(cancelled)
    except CancelledError as error:
        if not folder.curves():
            folder.remove()
            raise
        raise TrainingCancelledError(request.id, folder.share) from error
    # As it was called when it was asked for: the same detector, whatever the file is called now.
    trained = replace(trained, trained_on=Path(request.path).name)
    record = remember(workspace, trained, author=request.author)
    folder.remove()
    return record


def _told(folder: TrainingFolder) -> UnfinishedTraining:
    try:
        request = folder.request()
    except TrainingRefusedError as error:
        return UnfinishedTraining(folder.id, problem=str(error))
    file = folder.file or Path(request.path)
    return UnfinishedTraining(
        id=folder.id,
        name=request.name,
        kind=request.plan.detector_kind,
        file=Path(request.path).name,
        hyperparameters=request.plan.hyperparameters,
        share=folder.share,
        curves=folder.curves(),
        started=request.started_time,
        author=request.author,
        device=request.device,
        is_running=folder.is_running,
        needs_file=not file.is_file(),
    )


def _whole_plan(plan: TrainingPlan) -> TrainingPlan:
    """The plan with the detector's name in it, where it is left to the kind of data."""
    source = load(SOURCES, plan.source_kind)
    return replace(plan, detector_kind=plan.detector_kind or DEFAULT_DETECTORS[source.modality])


def _digest(path: Path, plan: TrainingPlan) -> str:
    try:
        return file_sha256(path)
    except OSError as error:
        refused: type[DeepAidError] = load(SOURCES, plan.source_kind).unreadable
        raise refused(
            f"'{path}' cannot be read ({error.strerror or error}); check its name, its folder and "
            "who may read it."
        ) from error
