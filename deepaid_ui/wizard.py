"""From a file to a detector or to findings: one page, step by step."""

from collections.abc import Callable
from typing import Any

import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.domain.settings import Period
from deepaid_core.errors import InvalidParameterError
from deepaid_core.figures.text import shorten
from deepaid_core.workflow.train import TrainingPlan, default_quantile, detector_kinds
from deepaid_ui import chosen_file, problems, session
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.job_panel import started_with, was_started_with
from deepaid_ui.jobs import registry
from deepaid_ui.text import one_line, plain
from deepaid_ui.wizard_check import check
from deepaid_ui.wizard_detector import CHOSEN, fitting_detector
from deepaid_ui.wizard_mapping import mapping
from deepaid_ui.wizard_steps import kind_of, period_of, step
from deepaid_ui.wizard_words import described
from deepaid_ui.workspace import workspace

__all__ = ["DETECT", "GOALS", "TRAIN", "detect_with", "draw", "is_busy"]

DETECT, TRAIN = "Detect anomalies", "Train a detector"
GOALS = (DETECT, TRAIN)


def is_busy() -> bool:
    """Whether a detector is being trained or used."""
    job = registry().latest("detect", "train")
    return job is not None and job.is_active


def detect_with(detector_id: str) -> None:
    """Turn to detection with a detector; for use in callbacks."""
    st.session_state["tab"] = DETECT
    st.session_state[CHOSEN] = detector_id


def draw(jobs: Callable[[], None]) -> None:
    """The steps that can be taken so far.

    Args:
        jobs: Shows what runs; called in the last step, where it was started there.
    """
    # The state's own default: `detect_with` sets it too, and Streamlit warns of two owners.
    st.session_state.setdefault("tab", _asked())
    goal = st.segmented_control(
        "What to do",
        GOALS,
        required=True,
        key="tab",
        bind="query-params",
        label_visibility="collapsed",
    )
    is_training = goal == TRAIN
    st.caption(
        "A detector learns what is normal from data without attacks; what it has not seen will be "
        "flagged. Give it an ordinary day, better a week."
        if is_training
        else "A trained detector looks for events that it does not find normal, and says why."
    )
    with step(1, "File"):
        file = chosen_file.pick()
        if file is None:
            return
    kind: str | None = None
    with step(2, "What it is"), problems.shown():
        kind = kind_of(file)
    if kind is None:
        return
    with problems.shown():
        if is_training:
            _train(file, kind, jobs)
        else:
            _detect(file, kind, jobs)


def _asked() -> str:
    asked = st.query_params.get("tab", "")
    return asked if asked in GOALS else DETECT


def _train(file: ChosenFile, kind: str, jobs: Callable[[], None]) -> None:
    with step(3, "What its columns mean" if kind != "log" else "How its lines are read"):
        settings = mapping(file, kind)
        if settings is None:
            return
        st.caption(plain(f"Will be read as: {described(settings)}."))
    with step(4, "Check"):
        check(file, kind, settings)
    with step(5, "Train"):
        if was_started_with(file.number):
            jobs()
        name = st.text_input(
            "Name of the detector", key="train-name", max_chars=60, placeholder="office-logins"
        )
        with st.expander("More settings"):
            left, right = st.columns(2, gap="large")
            with left:
                detector_kind = st.selectbox(
                    "Detector", detector_kinds(kind), key=f"detector-kind-{kind}"
                )
                quantile = st.number_input(
                    "Share of normal events to accept",
                    0.9,
                    0.9999,
                    default_quantile(kind),
                    step=0.001,
                    format="%.4f",
                    key=f"quantile-{kind}",
                    help="Lower flags more, also more that is normal.",
                )
            with right:
                period = period_of(settings, "train")
        # No callback: it would be given what the widgets said before the click.
        if _go("Train", ":material/model_training:"):
            plan = TrainingPlan(
                source_kind=kind,
                settings=settings,
                period=period,
                detector_kind=detector_kind,
                quantile=float(quantile),
            )
            _start_training(file, name, plan)
            st.rerun()


def _detect(file: ChosenFile, kind: str, jobs: Callable[[], None]) -> None:
    with step(3, "Detector"):
        detector = fitting_detector(file, kind)
        if detector is None:
            return
    with step(4, "Check"):
        check(file, kind, detector.source_settings, detector=detector)
    with step(5, "Detect"):
        if was_started_with(file.number):
            jobs()
        with st.expander("Only a part of the file"):
            period = period_of(detector.source_settings, "detect")
        if _go(DETECT, ":material/play_arrow:"):
            _start_detection(file, detector, period)
            st.rerun()


def _go(label: str, icon: str) -> bool:
    busy = is_busy()
    return st.button(
        label,
        type="primary",
        icon=icon,
        key="go",
        disabled=busy,
        help="Something is already running; it comes first." if busy else None,
    )


def _start_training(file: ChosenFile, name: str, plan: TrainingPlan) -> None:
    opened, wanted, who = workspace(), name.strip(), session.author()
    if not wanted:
        raise InvalidParameterError("The detector has no name; give it one, e.g. office-logins.")

    def work(progress: Progress, cancelled: Cancelled) -> Any:
        from deepaid_core.workflow import trainings

        return trainings.run(
            opened,
            file.path,
            name=wanted,
            plan=plan,
            keep_file=file.copied,
            author=who,
            progress=progress,
            cancelled=cancelled,
        )

    started_with(file.number)
    registry().start(
        "train",
        f"Training {shorten(one_line(wanted), 60)} on {file.name}",
        work,
        key=repr((file.version, plan)),
    )


def _start_detection(file: ChosenFile, detector: DetectorRecord, period: Period) -> None:
    opened, who = workspace(), session.author()

    def work(progress: Progress, cancelled: Cancelled) -> Any:
        from deepaid_core.workflow.detect import detect as run_detector

        return run_detector(
            opened,
            file.path,
            detector_id=detector.id,
            name=file.name,
            period=period,
            author=who,
            progress=progress,
            cancelled=cancelled,
        )

    started_with(file.number)
    registry().start(
        "detect",
        f"Detecting anomalies in {file.name}",
        work,
        key=repr((file.version, detector.id, period)),
    )
