"""How well a detector tells labelled events apart: what was measured, and measuring anew."""

from functools import partial
from typing import Any, Final

import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.evaluation import Evaluation
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.figures.detector_scores import Binned, score_histogram
from deepaid_core.figures.evaluation import (
    category_recall,
    category_table,
    confusion_table,
    curve_points_table,
    measures_table,
    precision_recall,
    roc,
)
from deepaid_core.figures.numbers import format_count, format_score
from deepaid_core.figures.scores import is_wide
from deepaid_core.workflow import evaluate
from deepaid_ui import charts, detectors_labels, panels, problems, session
from deepaid_ui.detectors_evaluation_words import at_threshold, label_of
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import plain
from deepaid_ui.views.parts import twin
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_KIND: Final = "evaluate"
_CHOSEN: Final = "evaluation"


def show(record: DetectorRecord) -> None:
    """What was measured of this version, and the ways to measure it."""
    job_panel(registry().latest(_KIND, key=record.id), finished=_finished)
    done = evaluate.evaluations(workspace(), record.id)
    if done:
        _measured(_picked(record, done))
    else:
        panels.empty_state(
            "This version was not evaluated yet",
            "Where some events are known to be attacks, by a column or a file of labels, or by the "
            "verdicts on its findings, this tab says how many of them it finds and how often it is "
            "wrong. Labels are used here only; a detector never sees them.",
        )
    with st.expander("Evaluate it", icon=":material/fact_check:", expanded=not done):
        detectors_labels.form(record, partial(_start, record))
        st.divider()
        _by_verdicts(record)


def _finished(job: Job) -> None:
    found: Evaluation = job.result
    st.success(
        plain(
            f"Evaluated on {format_count(found.measures.events, found.unit.removesuffix('s'))} of "
            f"{found.source_name}."
        ),
        icon=":material/check:",
    )


def _start(record: DetectorRecord, path: Any, name: str, labels: Any) -> None:
    opened, who = workspace(), session.author()

    def work(progress: Progress, cancelled: Cancelled) -> Any:
        return evaluate.evaluate(
            opened, record.id, path, labels=labels, author=who, progress=progress,
            cancelled=cancelled,
        )  # fmt: skip

    session.set_param(_CHOSEN, None)
    registry().start(_KIND, f"Evaluating {record.id} on {name}", work, key=record.id)


def _by_verdicts(record: DetectorRecord) -> None:
    st.markdown("**By the verdicts on its findings**")
    st.caption(
        "Only what it flagged was ever judged, so attacks that it missed do not count, and its "
        "recall looks better than it is. Analysts also judge the conspicuous first."
    )
    st.button(
        "Evaluate on verdicts",
        icon=":material/gavel:",
        key="by-verdicts",
        on_click=problems.in_callback(_judge),
        args=(record,),
    )


def _judge(record: DetectorRecord) -> None:
    found = evaluate.evaluate_verdicts(workspace(), record.id, author=session.author())
    session.set_param(_CHOSEN, found.id)


def _picked(record: DetectorRecord, done: tuple[Evaluation, ...]) -> Evaluation:
    by_id = {one.id: one for one in done}
    asked = session.param(_CHOSEN)
    key = f"evaluation-{record.id}"
    # The address owns the choice: links, refresh and the browser's Back bring it back.
    st.session_state[key] = asked if asked in by_id else done[0].id
    picked = st.selectbox(
        "Evaluation",
        list(by_id),
        key=key,
        format_func=lambda one: label_of(by_id[one]),
        on_change=lambda: session.set_param(_CHOSEN, st.session_state[key]),
    )
    return by_id[picked]


def _measured(one: Evaluation) -> None:
    found, now = one.measures, one.measures.at_threshold
    for line in one.notes:
        st.warning(plain(line), icon=":material/info:")
    for place, (title, value, meaning) in zip(
        st.columns(4, gap="small"),
        (
            ("ROC area", found.roc_auc, "0.5 is a guess, 1 is perfect; no threshold is in it."),
            ("Average precision", found.average_precision, "Over all thresholds."),
            ("Recall", now.recall, "Share of the attacks that the threshold in force flags."),
            ("Precision", now.precision, "Share of what it flags that is an attack."),
        ),
        strict=True,
    ):
        shown = "n/a" if value is None else format_score(round(value, 3))
        place.metric(title, shown, border=True, help=meaning)
    _curves(one)
    left, right = st.columns(2, gap="medium")
    with left:
        twin(
            confusion_table(
                found=now.true_positives,
                missed=now.false_negatives,
                false_alarms=now.false_positives,
                passed=now.true_negatives,
            ),
            key=f"confusion-{one.id}",
        )
    columns = {"Threshold in force": at_threshold(now)}
    if found.at_best_accuracy is not None:
        columns["Best accuracy"] = at_threshold(found.at_best_accuracy)
    if found.at_best_f1 is not None:
        columns["Best F1"] = at_threshold(found.at_best_f1)
    with right:
        twin(measures_table(columns), key=f"measures-{one.id}")
        if len(columns) > 1:
            st.caption("The best ones were chosen on these labels, which flatters them.")
    _categories(one)
    _histogram(one)


def _curves(one: Evaluation) -> None:
    found, now = one.measures, one.measures.at_threshold
    first = tuple(zip(found.roc.x, found.roc.y, strict=True))
    second = tuple(zip(found.precision_recall.x, found.precision_recall.y, strict=True))
    base = found.wanted / found.events if found.events else 0.0
    left, right = st.columns(2, gap="medium")
    with left:
        figure = roc(first, found.roc_auc, at=(now.false_positive_rate, now.recall))
        charts.show(charts.narrow(figure), key=f"roc-{one.id}")
    with right:
        figure = precision_recall(
            second, found.average_precision, base=base, at=(now.recall, now.precision)
        )
        charts.show(charts.narrow(figure), key=f"pr-{one.id}")
    with st.popover("Both curves in numbers", icon=":material/table:"):
        places = st.columns(2)
        with places[0]:
            twin(
                curve_points_table(first, ("Normal flagged", "Attacks found"), "ROC"),
                key=f"roc-twin-{one.id}",
            )
        with places[1]:
            twin(
                curve_points_table(second, ("Recall", "Precision"), "Precision and recall"),
                key=f"pr-twin-{one.id}",
            )


def _categories(one: Evaluation) -> None:
    wanted = [
        (part.category, part.flagged, part.events)
        for part in one.measures.categories
        if part.wanted
    ]
    others = [
        (part.category, part.flagged, part.events)
        for part in one.measures.categories
        if not part.wanted
    ]
    charts.show(category_recall(wanted), key=f"categories-{one.id}")
    if wanted:
        with st.popover("Categories in numbers", icon=":material/table:"):
            twin(category_table(wanted), key=f"categories-twin-{one.id}")
    if len(others) > 1:
        with st.expander("False alarms by kind of normal event"):
            twin(category_table(others), key=f"others-{one.id}", title=False)


def _histogram(one: Evaluation) -> None:
    found = one.measures
    edges = found.histogram.edges
    if len(edges) < 2:
        return
    # Bins of equal factors are drawn on the axis that they are equal on.
    wide = is_wide((edges[0], edges[-1])) and edges[1] / edges[0] < 1.5
    counted = Binned(edges, found.histogram.normal, found.histogram.wanted, wide)
    now = found.at_threshold
    charts.show(
        score_histogram(
            counted,
            now.threshold,
            flagged=(now.false_positive_rate, now.recall),
            normal_name="not to be found",
            recent_name="to be found",
            told=("the normal events", "those to be found"),
        ),
        key=f"labelled-{one.id}",
    )
