"""Check a file before it is used: a job, and its report."""

import hashlib
from typing import Any

import pandas as pd
import streamlit as st

from deepaid_core.domain.detector_record import DetectorRecord
from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.domain.settings import Period, SourceSettings
from deepaid_core.figures.numbers import format_count, format_time_utc
from deepaid_core.figures.text import shorten
from deepaid_core.workflow.validation import ValidationReport, validate
from deepaid_ui import panels
from deepaid_ui.chosen_file import ChosenFile
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import one_line, plain
from deepaid_ui.workspace import workspace

__all__ = ["check"]


def check(
    file: ChosenFile,
    kind: str,
    settings: SourceSettings,
    *,
    detector: DetectorRecord | None = None,
) -> None:
    """Draw the button, the running check or its report; what it says is about these settings.

    Args:
        file: What to check.
        kind: Registry name of its source.
        settings: How it will be read.
        detector: What will read it; None before training.
    """
    key = _digest(file, kind, settings, detector)
    job = registry().latest("check", key=key)
    if job is None:
        st.caption(
            "Reads the whole file the way a detector would and lists every cell in the way. "
            "Nothing is stored."
        )
        if st.button("Check the file", icon=":material/fact_check:"):
            _start(file, kind, settings, detector, key)
            st.rerun()
        return
    if job.state == "done":
        _report(job.result)
        return
    job_panel(job, finished=_finished)


def _digest(
    file: ChosenFile, kind: str, settings: SourceSettings, detector: DetectorRecord | None
) -> str:
    asked = (file.version, kind, repr(settings), detector.id if detector else "")
    return hashlib.sha256(repr(asked).encode()).hexdigest()


def _start(
    file: ChosenFile,
    kind: str,
    settings: SourceSettings,
    detector: DetectorRecord | None,
    key: str,
) -> None:
    opened = workspace()

    def work(progress: Progress, cancelled: Cancelled) -> Any:
        known = None
        if detector is not None:
            from deepaid_core.workflow.registered import known_schema

            known = known_schema(opened, detector)
        return validate(
            file.path,
            kind,
            settings,
            known=known,
            period=Period(),
            progress=progress,
            cancelled=cancelled,
        )

    registry().start("check", f"Checking {file.name}", work, key=key)


def _finished(job: Job) -> None:
    _report(job.result)


def _report(report: ValidationReport) -> None:
    if report.usable:
        st.success(
            plain(f"{format_count(report.events, 'event')} can be read."),
            icon=":material/check:",
        )
    else:
        st.error(plain(report.refusal), icon=":material/error:")
    facts = [("Read", f"{report.seen:,}"), ("Events", f"{report.events:,}")]
    if report.entities > 1:
        facts.append(("Hosts, users or sessions", f"{report.entities:,}"))
    if report.first_time is not None and report.last_time is not None:
        facts.append(("From", format_time_utc(report.first_time)))
        facts.append(("To", format_time_utc(report.last_time)))
    if report.events:
        panels.facts(facts, columns=5)
    for reason, count in report.skipped:
        st.caption(plain(f"{count:,} left out: {reason}"))
    for warning in report.warnings:
        st.warning(plain(warning), icon=":material/info:")
    if report.problems_total:
        more = report.problems_total - len(report.problems)
        st.caption(
            f"{format_count(report.problems_total, 'cell')} cannot be used"
            + (f"; the first {len(report.problems)} of them:" if more else ":")
        )
        st.dataframe(
            pd.DataFrame(
                {
                    "Row": [one.row for one in report.problems],
                    "Column": [_text(one.column) for one in report.problems],
                    "Value": [_text(one.value) for one in report.problems],
                    "Why not": [one.reason for one in report.problems],
                }
            ),
            hide_index=True,
            height=min(280, 38 + 35 * len(report.problems)),
            alt="Cells that cannot be used, by row",
        )


def _text(value: str) -> str:
    return shorten(one_line(value), 80)
