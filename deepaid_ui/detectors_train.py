"""Training a detector: file, what it is, columns, which detector, its settings, the threshold."""

import inspect
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from deepaid_core.domain.params import Value
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.domain.settings import SourceSettings
from deepaid_core.domain.threshold_choice import METHODS, ThresholdChoice
from deepaid_core.errors import InvalidParameterError
from deepaid_core.figures.text import shorten
from deepaid_core.registry import DETECTORS, load
from deepaid_core.workflow import trainings
from deepaid_core.workflow.train import TrainingPlan, default_quantile, detector_kinds
from deepaid_ui import chosen_file, detectors_progress, problems, session
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.detectors_form import form
from deepaid_ui.job_panel import once, started_with, was_started_with
from deepaid_ui.text import one_line, plain
from deepaid_ui.wizard_check import check
from deepaid_ui.wizard_mapping import mapping
from deepaid_ui.wizard_steps import kind_of, period_of, step
from deepaid_ui.wizard_words import described
from deepaid_ui.workspace import workspace

__all__ = ["draw"]

# The others need labels, or a number that nobody knows before the scores.
_LABEL_FREE: Final = ("quantile", "peaks-over-threshold", "false-positive-rate")


def draw() -> None:
    """The steps that can be taken so far."""
    top, trainings_shown = st.container(), once(detectors_progress.show)
    with problems.shown():
        _steps(trainings_shown)
    with top:
        trainings_shown()


def _steps(trainings_shown: Callable[[], None]) -> None:
    st.caption(
        "A detector learns what is normal from data without attacks; what it has not seen will be "
        "flagged. Give it an ordinary day, better a week."
    )
    with step(1, "File"):
        file = chosen_file.pick()
        if file is None:
            return
    kind: str | None = None
    with step(2, "What it is"), problems.shown():
        kind = kind_of(file)
    if kind is not None:
        with problems.shown():
            _how(file, kind, trainings_shown)


def _how(file: ChosenFile, kind: str, trainings_shown: Callable[[], None]) -> None:
    with step(3, "What its columns mean" if kind != "log" else "How its lines are read"):
        settings = mapping(file, kind)
        if settings is None:
            return
        st.caption(plain(f"Will be read as: {described(settings)}."))
    with step(4, "Check"):
        check(file, kind, settings)
    with step(5, "Detector and settings"):
        detector_kind, values = _detector(kind)
    with step(6, "Threshold"):
        choice = _threshold(kind)
    with step(7, "Train"):
        if was_started_with(file.number):
            trainings_shown()
        _go(file, kind, settings, detector_kind, values, choice)


def _detector(kind: str) -> tuple[str, dict[str, Value]]:
    kinds = detector_kinds(kind)
    picked = st.selectbox(
        "Detector",
        kinds,
        key=f"train-kind-{kind}",
        help="Those that learn from this kind of data; the first is a good beginning.",
    )
    cls = load(DETECTORS, picked)
    st.caption(plain(_advice(cls)))
    values = form(cls, key=f"param-{picked}")
    st.caption(
        "What stays as it is may be set to suit the file: a small one is gone over more often."
    )
    return picked, values


def _advice(cls: type[Any]) -> str:
    """What a detector's docstring says first: what it computes, and when to use it."""
    parts = inspect.cleandoc(cls.__doc__ or "").split("\n\n")
    said = [part for part in parts[:2] if ":\n" not in part]
    return shorten(" ".join(" ".join(said).split()), 600)


def _threshold(kind: str) -> ThresholdChoice:
    left, right = st.columns(2, gap="large", vertical_alignment="top")
    with left:
        method = st.selectbox(
            "How to choose it",
            _LABEL_FREE,
            format_func=lambda name: METHODS[name].title,
            key="train-method",
        )
        facts = METHODS[method]
        st.caption(plain(facts.help))
    with right:
        level = st.number_input(
            facts.level_title,
            facts.low,
            facts.high,
            default_quantile(kind) if method == "quantile" else facts.default,
            step=0.001,
            format="%.4f",
            key=f"train-level-{method}-{kind}",
            help="It can be changed later on the detector's own page, with the effect in sight.",
        )
    return ThresholdChoice(method, float(level))


def _device() -> str:
    # By now a detector's class is loaded, and torch with it.
    import torch

    if not torch.cuda.is_available():
        return "cpu"
    return str(
        st.selectbox(
            "Where to train", ("cpu", "cuda"), key="train-device",
            help="The graphics card is quicker for large files; results differ in the last digits.",
        )
    )  # fmt: skip


def _go(
    file: ChosenFile,
    kind: str,
    settings: SourceSettings,
    detector_kind: str,
    values: dict[str, Value],
    choice: ThresholdChoice,
) -> None:
    left, right = st.columns(2, gap="large")
    with left:
        name = st.text_input(
            "Name of the detector",
            key="train-name",
            max_chars=60,
            placeholder="office-logins",
            help="A name that is taken gets another version.",
        )
        device = _device()
    with right, st.expander("Only a part of the file"):
        period = period_of(settings, "train")
    busy = detectors_progress.is_busy()
    # No callback: it would be given what the widgets said before the click.
    if st.button(
        "Train",
        type="primary",
        icon=":material/model_training:",
        key="train-go",
        disabled=busy,
        help="Something is already running; it comes first." if busy else None,
    ):
        plan = TrainingPlan(
            source_kind=kind,
            settings=settings,
            period=period,
            detector_kind=detector_kind,
            hyperparameters=values,
            threshold=choice,
        )
        _start(file, name, plan, device)
        st.rerun()


def _start(file: ChosenFile, name: str, plan: TrainingPlan, device: str) -> None:
    opened, wanted, who = workspace(), name.strip(), session.author()
    if not wanted:
        raise InvalidParameterError("The detector has no name; give it one, e.g. office-logins.")

    def train(progress: Progress, cancelled: Cancelled) -> Any:
        return trainings.run(
            opened,
            file.path,
            name=wanted,
            plan=plan,
            device=device,
            keep_file=file.copied,
            author=who,
            progress=progress,
            cancelled=cancelled,
        )

    started_with(file.number)
    detectors_progress.start(
        f"Training {shorten(one_line(wanted), 60)} on {file.name}",
        repr((file.version, wanted, plan)),
        train,
        lambda: trainings.id_of(file.path, name=wanted, plan=plan),
    )
