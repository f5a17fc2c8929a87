"""The parts of the Data page."""

import re
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any

import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.errors import CaptureError, InvalidParameterError
from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.figures.text import shorten
from deepaid_core.figures.volume import volume
from deepaid_ui import charts, filters, navigation, problems, tables
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["detect", "jobs", "runs", "train"]

_TYPES = ["pcap", "pcapng", "cap", "gz"]
_CHUNK = 1 << 20
_HARMLESS = re.compile(r"[^A-Za-z0-9._-]")


def _source(key: str) -> None:
    st.file_uploader(
        "A packet capture from this computer",
        type=_TYPES,
        key=f"{key}-upload-{st.session_state.get(f'{key}-turn', 0)}",
        help="pcap or pcapng, gzip too. Its content decides, not its name.",
    )
    st.text_input(
        "Or the path of one on the server",
        key=f"{key}-path",
        placeholder="/captures/monday.pcap.gz",
        help="Better for large captures: nothing is copied.",
    )


def _take(key: str) -> tuple[Path, str, bool]:
    """The chosen capture, its name to show, and whether it is a copy to remove afterwards."""
    turn = st.session_state.get(f"{key}-turn", 0)
    upload = st.session_state.get(f"{key}-upload-{turn}")
    typed = (st.session_state.get(f"{key}-path") or "").strip()
    if upload is not None and typed:
        raise InvalidParameterError("Both a file and a path are given; take one of them away.")
    if upload is not None:
        name = shorten(one_line(PurePath(upload.name).name), 120)
        # The name is a stranger's: the copy keeps what is harmless of it, in a folder of its own.
        harmless = _HARMLESS.sub("_", upload.name)[-60:].lstrip(".") or "capture"
        copy = Path(tempfile.mkdtemp(prefix="upload-", dir=workspace().home)) / harmless
        upload.seek(0)
        with copy.open("wb") as target:
            while chunk := upload.read(_CHUNK):
                target.write(chunk)
        # Another key drops the upload, which would stay in memory until the session ends.
        st.session_state[f"{key}-turn"] = turn + 1
        return copy, name, True
    if not typed:
        raise InvalidParameterError(
            "No capture is chosen; upload one or give the path of one on the server."
        )
    path = Path(typed).expanduser()
    if not path.is_file():
        raise CaptureError(f"There is no file '{shorten(one_line(typed), 200)}'; check the path.")
    return path, path.name, False


def _remover(path: Path, is_copy: bool) -> Callable[[], None] | None:
    return (lambda: shutil.rmtree(path.parent, ignore_errors=True)) if is_copy else None


def _start_detection() -> None:
    opened = workspace()
    detector: DetectorRecord = st.session_state["detect-with"]
    path, name, is_copy = _take("detect")

    def work(progress: Progress, cancelled: Cancelled) -> Any:
        from deepaid_core.workflow.detect import detect as run_detector

        return run_detector(
            opened,
            path,
            detector_id=detector.id,
            name=name,
            progress=progress,
            cancelled=cancelled,
        )

    registry().start(
        "detect", f"Detecting anomalies in {name}", work, cleanup=_remover(path, is_copy)
    )


def _start_training() -> None:
    opened = workspace()
    wanted = (st.session_state.get("train-name") or "").strip()
    if not wanted:
        raise InvalidParameterError("The detector has no name; give it one, e.g. office-packets.")
    path, name, is_copy = _take("train")

    def work(progress: Progress, cancelled: Cancelled) -> Any:
        from deepaid_core.workflow.train import train as learn_from

        return learn_from(opened, path, name=wanted, progress=progress, cancelled=cancelled)

    registry().start(
        "train",
        f"Training {shorten(one_line(wanted), 60)} on {name}",
        work,
        cleanup=_remover(path, is_copy),
    )


def jobs() -> None:
    """The newest job that was started here."""
    job_panel(registry().latest("detect", "train"), finished=_finished)


def _finished(job: Job) -> None:
    if job.kind == "train":
        st.success(
            plain(
                f"Detector {job.result.name} ({job.result.id}) is ready: threshold "
                f"{job.result.threshold:.4g}, from {job.result.training_events:,} events."
            )
        )
        return
    run = job.result.run
    st.success(
        plain(
            f"{run.events:,} events, {run.anomalies:,} flagged; {run.findings:,} findings, "
            f"{job.result.new_findings:,} of them new."
        )
    )
    if run.findings:
        navigation.link("queue", "Open the queue", icon=":material/list:")


def detect() -> None:
    """Choose a capture and a detector."""
    detectors = workspace().store.detectors()
    if not detectors:
        st.info(
            "There is no detector yet. Train one on a capture of normal traffic, or load the demo "
            "data on the Overview, which brings one."
        )
        return
    _source("detect")
    st.selectbox(
        "Detector",
        detectors,
        format_func=lambda one: f"{one.name}, {one.id}, trained on {one.trained_on}",
        key="detect-with",
    )
    st.button(
        "Detect anomalies",
        type="primary",
        icon=":material/play_arrow:",
        on_click=problems.in_callback(_start_detection),
        disabled=_is_busy(),
    )


def train() -> None:
    """Choose a capture of normal traffic."""
    st.markdown(
        "A detector learns what is normal from traffic without attacks; what it has not seen "
        "will be flagged. Take at least an hour of an ordinary day."
    )
    _source("train")
    st.text_input("Name of the detector", key="train-name", max_chars=60, placeholder="packets")
    st.button(
        "Train",
        type="primary",
        icon=":material/model_training:",
        on_click=problems.in_callback(_start_training),
        disabled=_is_busy(),
    )


def _is_busy() -> bool:
    job = registry().latest("detect", "train")
    return job is not None and job.is_active


def runs() -> None:
    """What was read before; a click shows its volume."""
    st.markdown("**Runs**")
    everything = workspace().store.runs()
    if not everything:
        st.caption("No capture has been read yet.")
        return
    selection = tables.show(
        tables.runs_frame(everything),
        key=f"runs-{filters.version()}-{len(everything)}",
        alt="Detection runs, newest first",
        height=min(300, 38 + 35 * len(everything)),
    )
    cell = tables.clicked_row(selection)
    at = cell[0] if cell and cell[0] < len(everything) else 0
    run = everything[at]
    charts.show(volume(run.volume), key=f"run-{run.id}")
    st.caption(
        plain(
            f"{run.source_name}: {format_count(run.anomalies, 'anomaly', 'anomalies')} in "
            f"{format_count(run.events, 'event')}; "
            + (
                f"{format_share(run.verified / run.anomalies)} of them with a verified reference."
                if run.anomalies
                else "nothing to interpret."
            )
        )
    )
