"""Scores of normal events for a detector whose training kept none."""

from typing import Any, Final

import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow.inspection import fits
from deepaid_core.workflow.normal_scores import keep_normal_scores
from deepaid_ui import chosen_file, session
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["offer"]

_KIND: Final = "normal-scores"


def offer(record: DetectorRecord, *, known: bool) -> None:
    """Let a file of normal events be read for its scores.

    Args:
        record: The detector.
        known: Whether scores of events that it did not learn from are known already.
    """
    job_panel(registry().latest(_KIND, key=record.id), finished=_finished)
    if known:
        return
    with st.expander("Read scores of normal events from a file", icon=":material/add_chart:"):
        st.caption(
            "The best is the file that it was trained on: of that the last fifth counts, which a "
            "training holds back. Of another file without attacks all events count."
        )
        file = chosen_file.pick()
        if file is None:
            return
        why_not = fits(record, file.path, record.source_kind)
        if why_not is not None:
            st.warning(plain(why_not), icon=":material/info:")
            return
        if st.button("Read its scores", type="primary", icon=":material/add_chart:"):
            _start(record, file)
            st.rerun()


def _start(record: DetectorRecord, file: ChosenFile) -> None:
    opened, who = workspace(), session.author()

    def work(progress: Progress, cancelled: Cancelled) -> Any:
        return keep_normal_scores(
            opened, record.id, file.path, author=who, progress=progress, cancelled=cancelled
        )

    registry().start(_KIND, f"Scoring {file.name} with {record.id}", work, key=record.id)


def _finished(job: Job) -> None:
    st.success(f"{format_count(job.result, 'score')} of normal events kept.")
