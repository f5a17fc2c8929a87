"""The Detectors page without a detector: the list of all, and training a new one."""

from functools import partial
from typing import Final

import pandas as pd
import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.figures.numbers import format_count, format_score, format_share
from deepaid_core.workflow.detector_facts import DetectorLine, lines, per_day
from deepaid_core.workflow.inspection import KINDS
from deepaid_ui import (
    detectors_progress,
    detectors_register,
    filters,
    navigation,
    panels,
    problems,
    session,
    tables,
)
from deepaid_ui.workspace import workspace

__all__ = ["PARTS", "TRAIN", "all_lines", "found", "show"]

ALL, TRAIN = "All detectors", "Train a detector"
PARTS: Final = (ALL, TRAIN)
_PART: Final = "part"


def found(detector_id: str) -> DetectorRecord | None:
    """The detector version of an id, where there is one."""
    return next((one for one in workspace().store.detectors() if one.id == detector_id), None)


def all_lines() -> tuple[DetectorLine, ...]:
    """The lines of the list, read anew whenever there may be another one."""
    known = tuple(record.id for record in workspace().store.detectors())
    return _lines(str(workspace().home), known, filters.version())


@st.cache_data(max_entries=8, show_spinner=False)
def _lines(home: str, known: tuple[str, ...], at: str) -> tuple[DetectorLine, ...]:
    return lines(workspace())


def show() -> None:
    """Both parts of the page; the address says which."""
    every, train = st.tabs(PARTS, on_change="rerun", key=_PART, bind="query-params")
    if every.open:
        with every, problems.shown():
            detectors_progress.show()
            _list()
            detectors_register.show()
    if train.open:
        with train, problems.shown():
            # Imported here: the list must not wait for what trains.
            from deepaid_ui import detectors_train

            detectors_train.draw()


def _list() -> None:
    found_lines = all_lines()
    if not found_lines:
        panels.empty_state(
            "There is no detector yet",
            "A detector learns what is normal from a file without attacks, and flags what differs. "
            "Open *Train a detector* above with a file of an ordinary day: a packet capture, a "
            "table, a log, metrics or logins. Or load the sample data on the Overview.",
        )
        navigation.link("overview", "Go to the Overview", icon=":material/dashboard:")
        return
    st.caption("Click a detector for its threshold, evaluation, drift, versions and files.")
    key = f"detectors-{filters.version()}-{len(found_lines)}-{found_lines[0].record.id}"
    st.dataframe(
        _frame(found_lines),
        hide_index=True,
        height=min(640, 38 + 35 * len(found_lines)),
        key=key,
        alt="Detectors, what was trained last first; a click opens one",
        on_select=partial(_open_clicked, key, found_lines),
        selection_mode=["single-cell"],
        column_config={
            "Detector": st.column_config.TextColumn(width=130, pinned=True),
            "Kind": st.column_config.TextColumn(width=110),
            "Reads": st.column_config.TextColumn(width=108),
            "Findings, latest run": st.column_config.TextColumn(
                width=132,
                help="As a rate where the file spans an hour or more, otherwise as they are.",
            ),
            "Verified": st.column_config.TextColumn(
                width=66,
                help="Share of the latest run's anomalies whose closest normal event the detector "
                "really accepts.",
            ),
            "Threshold": st.column_config.TextColumn(width=80),
            "Trained on": st.column_config.TextColumn(width=150),
            "Trained (UTC)": st.column_config.TextColumn(width=150),
            "Versions": st.column_config.NumberColumn(
                width=74, help="Under this name. The newest one is shown; the others are behind it."
            ),
            "How it was chosen": st.column_config.TextColumn(width=200),
            "Anomalies, latest run": st.column_config.TextColumn(width=150),
            "Training events": st.column_config.NumberColumn(width=110, format="localized"),
            "Newest version": st.column_config.TextColumn(width=112),
        },
    )
    silent = sum(1 for line in found_lines if line.run is None)
    if silent:
        st.caption(
            f"{format_count(silent, 'detector has', 'detectors have')} read no file yet; detect "
            "anomalies with it on the Data page."
        )


def _open_clicked(key: str, rows: tuple[DetectorLine, ...]) -> None:
    # A callback: the address is right before the page is drawn, once.
    cell = tables.clicked_row(st.session_state[key]["selection"])
    if cell and cell[0] < len(rows):
        session.set_param("id", rows[cell[0]].record.id)


def _frame(rows: tuple[DetectorLine, ...]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Detector": [tables.cell_text(row.record.name) for row in rows],
            "Kind": [tables.cell_text(row.record.kind) for row in rows],
            "Reads": [_reads(row.record) for row in rows],
            "Findings, latest run": [
                per_day(row.run.findings, row.run) if row.run else "not run yet" for row in rows
            ],
            "Verified": [
                "" if row.verified_share is None else format_share(row.verified_share)
                for row in rows
            ],
            "Threshold": [format_score(row.record.threshold) for row in rows],
            "Trained on": [tables.cell_text(row.record.trained_on) for row in rows],
            "Trained (UTC)": [tables.moment(row.record.created_time) for row in rows],
            "Versions": [row.versions for row in rows],
            "How it was chosen": [tables.cell_text(row.record.threshold_method) for row in rows],
            "Anomalies, latest run": [
                f"{row.run.anomalies:,} of {row.run.events:,}" if row.run else "" for row in rows
            ],
            "Training events": [row.record.training_events for row in rows],
            "Newest version": [row.record.id for row in rows],
        }
    )


def _reads(record: DetectorRecord) -> str:
    return KINDS.get(record.source_kind, record.source_kind).partition(":")[0]
