"""The threshold of a detector: where the scores lie, what another bound would do, a new version."""

import math
from collections.abc import Sequence
from functools import partial
from typing import Any, Final

import numpy as np
import streamlit as st

from deepaid_core.domain.anomaly import Threshold
from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.detector_scores import DetectorScores, ThresholdEffect
from deepaid_core.domain.threshold_choice import METHODS, ThresholdChoice
from deepaid_core.errors import InvalidParameterError
from deepaid_core.figures.detector_scores import Binned, binned, score_histogram, score_table
from deepaid_core.figures.numbers import format_score, format_share, format_value
from deepaid_core.figures.text import shorten
from deepaid_core.workflow import thresholds
from deepaid_ui import (
    charts,
    detectors_normal,
    detectors_scores,
    navigation,
    panels,
    problems,
    session,
)
from deepaid_ui.text import one_line, plain
from deepaid_ui.views.parts import twin
from deepaid_ui.workspace import workspace

__all__ = ["show"]

_STEPS: Final = 240
_NAME: Final = "threshold-author"
_SHORTEST_DAYS: Final = 1 / 24


def show(record: DetectorRecord) -> None:
    """Scores, a bound to try, and what it would do."""
    scores = detectors_scores.scores_of(record.id)
    if not len(scores.normal) and not scores.runs:
        panels.empty_state(
            "No scores are known yet",
            "Neither scores of normal events nor of a run are kept for this detector. Detect "
            "anomalies in a file with it; its scores are kept from then on.",
        )
        _notes(scores)
        navigation.link("data", "Go to the Data page", {"detector": record.id})
        detectors_normal.offer(record, known=False)
        return
    if scores.fixed:
        st.info(plain(scores.fixed), icon=":material/lock:")
    st.fragment(problems.guarded(_try))(record, scores)
    detectors_normal.offer(record, known=scores.held_back)


def _notes(scores: DetectorScores) -> None:
    if scores.normal_from:
        st.caption(plain(scores.normal_from))
    for line in scores.missing:
        st.caption(plain(line))


def _try(record: DetectorRecord, scores: DetectorScores) -> None:
    # A callback of this fragment draws it alone, without the banner that tells what went wrong.
    problems.pending()
    # What is tried belongs to no widget: one that was on another tab would have forgotten it.
    key = f"bound-{record.id}"
    st.session_state.setdefault(key, record.threshold)
    recent = scores.runs[0].scores if scores.runs else np.zeros(0)
    counted = binned(scores.normal, recent, record.threshold)
    left, right = st.columns([0.66, 0.34], gap="medium")
    with right:
        if not scores.fixed:
            _suggest(record, key)
            _bound(record, counted, key)
        value = float(st.session_state[key])
        before = thresholds.effect(scores, record.threshold)
        after = thresholds.effect(scores, value)
    with left:
        name = shorten(one_line(scores.runs[0].source_name), 40) if scores.runs else "latest run"
        figure = score_histogram(
            counted,
            record.threshold,
            moved=value,
            flagged=(after.normal_share, after.anomalies / after.events if after.events else None),
            recent_name=name,
        )
        if scores.fixed:
            charts.show(figure, key=f"scores-{record.id}")
        else:
            charts.clickable(figure, f"scores-{record.id}", partial(_clicked, key))
            st.caption(
                "Click the chart, move the slider or type a number; nothing changes until it is "
                "applied."
            )
        _notes(scores)
        with st.popover("The chart in numbers", icon=":material/table:"):
            twin(score_table(counted, record.threshold, recent_name=name), key=f"bins-{record.id}")
    _effect(before, after)
    if not scores.fixed:
        _apply(record, value, key)


def _clicked(key: str, found: Any) -> None:
    bound = found[0] if isinstance(found, list) else found
    if isinstance(bound, int | float) and math.isfinite(bound):
        st.session_state[key] = float(bound)


def _bound(record: DetectorRecord, counted: Binned | None, key: str) -> None:
    value = float(st.session_state[key])
    steps = _steps(counted, record.threshold)
    slider, number = f"{key}-slider", f"{key}-number"

    def moved(widget: str) -> None:
        st.session_state[key] = st.session_state[widget]

    if len(steps) > 1:
        st.session_state[slider] = min(steps, key=lambda one: abs(one - value))
        st.select_slider(
            "Threshold to try",
            steps,
            key=slider,
            format_func=format_score,
            on_change=moved,
            args=(slider,),
        )
    st.session_state[number] = value
    st.number_input(
        "Or as a number",
        key=number,
        on_change=moved,
        args=(number,),
        format="%.6g",
        step=(steps[-1] - steps[0]) / _STEPS if len(steps) > 1 else 0.01,
        help="An event with a score over it is an anomaly.",
    )
    st.button(
        "Back to the one in force",
        icon=":material/undo:",
        disabled=value == record.threshold,
        on_click=st.session_state.__setitem__,
        args=(key, record.threshold),
    )


def _steps(counted: Binned | None, threshold: float) -> Sequence[float]:
    if counted is None:
        return [threshold]
    low, high = counted.edges[0], counted.edges[-1]
    spaced = (np.geomspace if counted.wide else np.linspace)(low, high, _STEPS)
    # A slider tells its steps apart by how they are written; the one in force comes first.
    steps = {format_score(float(one)): float(one) for one in spaced}
    return sorted({**steps, format_score(threshold): threshold}.values())


def _suggest(record: DetectorRecord, key: str) -> None:
    methods = [name for name in METHODS if name != "by-hand"]
    with st.popover("Suggest one…", icon=":material/lightbulb:", key=f"{key}-suggest"):
        method = st.selectbox(
            "Method", methods, format_func=lambda name: METHODS[name].title, key=f"{key}-method"
        )
        facts = METHODS[method]
        st.caption(plain(facts.help))
        if facts.level_title:
            st.number_input(
                facts.level_title,
                facts.low,
                facts.high,
                facts.default,
                step=0.001,
                format="%.4f",
                key=f"{key}-level-{method}",
            )
        st.button(
            "Try it",
            type="primary",
            key=f"{key}-try",
            on_click=problems.in_callback(_take),
            args=(record, key, method, f"{key}-level-{method}" if facts.level_title else ""),
        )
    said = st.session_state.get(f"{key}-said")
    if said is not None and said.value == st.session_state[key]:
        st.caption(plain(f"Suggested: {said.method}."))


def _take(record: DetectorRecord, key: str, method: str, level_key: str) -> None:
    level = float(st.session_state[level_key]) if level_key else METHODS[method].default
    found = thresholds.suggest(workspace(), record.id, ThresholdChoice(method, level))
    st.session_state[key] = found.value
    st.session_state[f"{key}-said"] = found


def _effect(before: ThresholdEffect, after: ThresholdEffect) -> None:
    places = st.columns(3, gap="small")
    same = before.value == after.value
    # Minutes of a file say little of a day.
    by_day = before.days >= _SHORTEST_DAYS and before.events > 0
    rows = (
        (
            "Normal events flagged",
            before.normal_share,
            after.normal_share,
            format_share,
            "Of the normal events whose scores are known; each one is a false alarm.",
        ),
        (
            "Anomalies a day" if by_day else "Anomalies in its runs",
            before.anomalies_per_day if by_day else before.anomalies if before.events else None,
            after.anomalies_per_day if by_day else after.anomalies if after.events else None,
            _count,
            "In the files that it read" + (", counted up or down to a day." if by_day else "."),
        ),
        (
            "Findings a day" if by_day else "Findings in its runs",
            before.findings_per_day if by_day else before.findings if before.events else None,
            after.findings_per_day if by_day else after.findings if after.events else None,
            _count,
            "About: bursts of one entity, before patterns part them.",
        ),
    )
    for place, (title, old, new, told, meaning) in zip(places, rows, strict=True):
        if old is None or new is None:
            place.metric(title, "not known", border=True, help=meaning)
        elif same:
            place.metric(title, told(new), border=True, help=meaning)
        else:
            place.metric(
                title,
                f"{told(old)} → {told(new)}",
                delta=_change(old, new),
                delta_color="inverse" if old != new else "off",
                border=True,
                help=meaning,
            )


def _count(value: float) -> str:
    return format_value(float(round(value)) if value >= 10 else round(value, 1))


def _change(old: float, new: float) -> str:
    if old == new:
        return "no change"
    if old == 0:
        return "from none"
    return f"{(new - old) / old:+.0%}".replace("%", " %")


def _apply(record: DetectorRecord, value: float, key: str) -> None:
    unchanged = value == record.threshold
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.popover(
            f"Apply {format_score(value)}…",
            icon=":material/check:",
            type="primary",
            disabled=unchanged,
            help="Choose another threshold first." if unchanged else None,
            key=f"{key}-apply",
        ):
            st.markdown(
                "This makes a **new version** of the detector with the same network and another "
                "bound. The old version stays, and so do all findings so far: they were judged by "
                "the bound of their time. To fill the queue by the new bound, run the new version "
                "on the file again."
            )
            if session.author() is None:
                st.text_input("Your name (asked once)", key=_NAME, max_chars=80)
            if st.button("Make the new version", type="primary", key=f"{key}-sure"):
                _make(record, float(st.session_state[key]), key)
        if unchanged:
            st.caption("The threshold in force; try another one to see what it would do.")


def _make(record: DetectorRecord, value: float, key: str) -> None:
    if session.author() is None and (given := st.session_state.get(_NAME)):
        session.set_author(given)
    if not math.isfinite(value):
        raise InvalidParameterError("The threshold is not a number; give one.")
    said: Threshold | None = st.session_state.get(f"{key}-said")
    if said is None or said.value != value:
        said = thresholds.suggest(workspace(), record.id, ThresholdChoice("by-hand", value))
    made = thresholds.apply(workspace(), record.id, said, author=session.author() or "")
    session.remember_done(
        session.Done(
            f"{made.name} has a new version, {made.id}, with threshold "
            f"{format_score(made.threshold)} ({format_score(record.threshold)} before)."
        )
    )
    session.set_param("id", made.id)
    st.rerun()
