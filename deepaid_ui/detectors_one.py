"""One detector version: what it is, and a tab for each question about it."""

from collections.abc import Callable, Mapping
from typing import Final

import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.figures.numbers import format_score
from deepaid_core.figures.text import shorten
from deepaid_core.workflow.detector_facts import runs_of
from deepaid_core.workflow.inspection import KINDS
from deepaid_ui import (
    detectors_drift,
    detectors_evaluation,
    detectors_files,
    detectors_quality,
    detectors_threshold,
    detectors_versions,
    navigation,
    panels,
    problems,
    session,
    tables,
)
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["TABS", "show"]

TABS: Final[Mapping[str, Callable[[DetectorRecord], None]]] = {
    "Threshold": detectors_threshold.show,
    "Evaluation": detectors_evaluation.show,
    "Drift": detectors_drift.show,
    "Interpretations": detectors_quality.show,
    "Versions": detectors_versions.show,
    "Files": detectors_files.show,
}


def show(record: DetectorRecord) -> None:
    """One detector version whole."""
    newest = next(one for one in workspace().store.detectors() if one.name == record.name)
    _header(record, newest)
    _facts(record)
    _next_step(record, newest)
    tabs = st.tabs(list(TABS), on_change="rerun", key="tab", bind="query-params")
    for tab, draw in zip(tabs, TABS.values(), strict=True):
        if tab.open:
            with tab, problems.shown():
                draw(record)


def _header(record: DetectorRecord, newest: DetectorRecord) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(plain(shorten(record.name, 60)), anchor=False, width="content")
        st.badge(plain(shorten(record.kind, 40)), icon=":material/radar:", color="blue")
        st.badge(record.id, color="gray", help="The version: part of the digest of its files.")
        if newest.id != record.id:
            st.badge("older version", icon=":material/history:", color="orange")
        st.space("stretch")
        st.button(
            "All detectors",
            icon=":material/arrow_back:",
            on_click=session.set_param,
            args=("id", None),
        )
        if st.button("Findings", icon=":material/list:", help="In the queue, of all versions"):
            navigation.go("queue", {"detector": record.name, "status": "all"})
        if st.button(
            "Detect",
            icon=":material/play_arrow:",
            help="Detect anomalies in a file, on the Data page, with this version chosen",
        ):
            navigation.go("data", {"detector": record.id})


def _facts(record: DetectorRecord) -> None:
    panels.facts_in_line(
        [
            ("Threshold", format_score(record.threshold)),
            ("How it was chosen", record.threshold_method),
            ("Reads", KINDS.get(record.source_kind, "Other data").partition(":")[0]),
            ("Trained on", shorten(record.trained_on, 60)),
            ("Events", f"{record.training_events:,}"),
            ("Made (UTC)", tables.moment(record.created_time)),
        ]
    )


def _next_step(record: DetectorRecord, newest: DetectorRecord) -> None:
    if newest.id != record.id:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.info(
                plain(
                    f"There is a newer version, {newest.id}, with threshold "
                    f"{format_score(newest.threshold)}."
                ),
                icon=":material/history:",
            )
            st.button(
                "Open the newest",
                on_click=session.set_param,
                args=("id", newest.id),
            )
        return
    if runs_of(workspace(), record.id):
        return
    before = dict.fromkeys(
        run.source_name
        for one in workspace().store.detectors()
        if one.name == record.name
        for run in runs_of(workspace(), one.id)
    )
    files = ", ".join(one_line(shorten(name, 60)) for name in list(before)[:3])
    text = "This version has read no file yet, so the queue holds nothing of it."
    if files:
        text += f" Earlier versions read {files}; their findings stay as they are."
    with st.container(horizontal=True, vertical_alignment="center"):
        st.info(plain(text), icon=":material/info:")
        if st.button("Run it on a file", icon=":material/play_arrow:", key="run-it"):
            navigation.go("data", {"detector": record.id})
