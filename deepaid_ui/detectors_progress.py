"""Trainings under way, with their losses, and those that were cut off."""

import contextlib
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

import streamlit as st

from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.errors import NotFoundError
from deepaid_core.figures.numbers import format_share
from deepaid_core.figures.text import shorten
from deepaid_core.figures.training_curve import curve_table, loss_curve
from deepaid_core.workflow import trainings
from deepaid_core.workflow.trainings import UnfinishedTraining
from deepaid_ui import charts, chosen_file, navigation, problems, session, tables
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import one_line, plain
from deepaid_ui.views.parts import twin
from deepaid_ui.workspace import workspace

__all__ = ["Curves", "is_busy", "show", "start"]

Curves = Mapping[str, list[tuple[float, float]]]
"""(training loss, held-back loss) of each epoch, by the name of the loop."""

Train = Callable[[Progress, Cancelled], Any]

_KIND: Final = "train"
_KEPT: Final = 20
_LOOK_S: Final = 0.3
_LOOK_AGAIN_S: Final = 1.5  # a chart that changes more often is never drawn to its end


@st.cache_resource(show_spinner=False)
def _seen() -> dict[str, Curves]:
    """The curves of each training of this process, by the key of its job.

    What a training left to be resumed goes once it is done; its curve stays to be looked at.
    """
    return {}


def is_busy() -> bool:
    """Whether a detector is being trained or used, so that another training would have to wait."""
    job = registry().latest("detect", _KIND)
    return job is not None and job.is_active


def start(title: str, key: str, train: Train, training_id: Callable[[], str]) -> Job:
    """Start a training as a job of which the curves can be seen.

    Args:
        title: What it is; plain text.
        key: Tells it apart from others.
        train: Trains and registers the detector.
        training_id: Its id; may take as long as reading its file.
    """
    opened, seen = workspace(), _seen()

    def work(progress: Progress, cancelled: Cancelled) -> Any:
        looked = 0.0
        number = training_id()

        def report(share: float, text: str) -> None:
            nonlocal looked
            if time.monotonic() - looked > _LOOK_S:
                looked = time.monotonic()
                # Not begun yet, or done.
                with contextlib.suppress(NotFoundError):
                    seen[key] = trainings.curves(opened, number) or seen.get(key, {})
            progress(share, text)

        return train(report, cancelled)

    for old in list(seen)[:-_KEPT]:
        seen.pop(old, None)
    seen.pop(key, None)
    return registry().start(_KIND, title, work, key=key)


def show() -> None:
    """The newest training of this server, while it runs and after, and those that were cut off."""
    job_panel(registry().latest(_KIND), finished=_finished, running=_running, every_s=_LOOK_AGAIN_S)
    _unfinished()


def _running(job: Job) -> None:
    curves = _seen().get(job.key)
    if curves:
        _draw(curves, f"live-{job.number}")
    else:
        st.caption("The curve of its losses begins with the first epoch.")


def _finished(job: Job) -> None:
    record = job.result
    st.success(
        plain(
            f"Detector {record.name} ({record.id}) is ready: threshold {record.threshold:.4g}, "
            f"from {record.training_events:,} events."
        ),
        icon=":material/check:",
    )
    with st.container(horizontal=True):
        if st.button("Open it", icon=":material/monitoring:", key=f"open-{job.number}"):
            navigation.go("detectors", {"id": record.id})
        if st.button(
            "Detect anomalies with it", icon=":material/play_arrow:", key=f"use-{job.number}"
        ):
            navigation.go("data", {"detector": record.id})
    if curves := _seen().get(job.key):
        with st.expander("How the training went"):
            _draw(curves, f"done-{job.number}")


def _draw(curves: Curves, key: str) -> None:
    # Of several networks the one that is trained now; the others by name.
    name = list(curves)[-1]
    if len(curves) > 1:
        name = st.selectbox(
            "Part of the detector",
            list(curves),
            index=len(curves) - 1,
            format_func=one_line,
            key=f"{key}-part",
        )
    charts.show(
        loss_curve(curves[name], name=shorten(name, 40) if len(curves) > 1 else ""),
        key=f"{key}-curve",
    )
    with st.popover("Its numbers", icon=":material/table:", key=f"{key}-numbers"):
        twin(curve_table(curves[name]), key=f"{key}-table")


def _unfinished() -> None:
    """Trainings that were cancelled or cut off, each with the way on and the way out."""
    waiting = [one for one in trainings.unfinished(workspace()) if not one.is_running]
    if not waiting:
        return
    st.markdown("**Unfinished trainings**")
    st.caption("Cancelled, or cut off with the server. Resuming goes on after the last epoch.")
    for one in waiting:
        with st.container(border=True, key=f"unfinished-{one.id}"):
            _one(one)


def _one(training: UnfinishedTraining) -> None:
    if training.problem:
        st.text(one_line(f"{training.id}: {training.problem}"))
        _discard(training)
        return
    st.text(
        one_line(
            f"{training.name} ({training.kind}) on {training.file}: "
            f"{format_share(training.share)} done, begun {tables.moment(training.started)} UTC"
            + (f" by {training.author}" if training.author else "")
        )
    )
    file = chosen_file.chosen() if training.needs_file else None
    if training.needs_file:
        st.caption(
            plain(
                f"Its file is gone. Resume it with {file.name}, which is chosen on this page?"
                if file
                else "Its file is gone; choose the same one under Train a detector to resume it."
            )
        )
    with st.container(horizontal=True):
        busy = is_busy()
        st.button(
            "Resume",
            key=f"resume-{training.id}",
            icon=":material/resume:",
            type="primary",
            disabled=busy or (training.needs_file and file is None),
            help="Something is already running; it comes first." if busy else None,
            on_click=problems.in_callback(_resume),
            args=(training, file),
        )
        _discard(training)
    if training.curves:
        with st.expander("How far it is"):
            _draw(training.curves, f"kept-{training.id}")


def _discard(training: UnfinishedTraining) -> None:
    with st.popover("Discard…", icon=":material/delete:", key=f"discard-{training.id}"):
        st.markdown("What was learned so far is deleted; no detector comes of it.")
        st.button(
            "Discard this training",
            key=f"discard-sure-{training.id}",
            on_click=problems.in_callback(_drop),
            args=(training,),
        )


def _resume(training: UnfinishedTraining, file: chosen_file.ChosenFile | None) -> None:
    opened, who = workspace(), session.author()

    def train(progress: Progress, cancelled: Cancelled) -> Any:
        return trainings.resume(
            opened,
            training.id,
            path=file.path if file else None,
            author=who,
            progress=progress,
            cancelled=cancelled,
        )

    title = f"Training {shorten(one_line(training.name), 60)} on {one_line(training.file)}"
    start(title, training.id, train, lambda: training.id)


def _drop(training: UnfinishedTraining) -> None:
    trainings.discard(workspace(), training.id)
    # What still stands there says that it is kept.
    told = registry().latest(_KIND)
    if told is not None and told.state == "cancelled":
        registry().dismiss(told)
    name = shorten(training.name, 60) or training.id
    session.remember_done(session.Done(f"Discarded the unfinished training of {name}."))
