"""The parts of the Data page beside its steps: what is running, and what was read before."""

import streamlit as st

from deepaid_core.figures.numbers import format_count, format_share
from deepaid_core.figures.volume import volume
from deepaid_ui import charts, filters, navigation, tables, wizard
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, registry
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["jobs", "runs"]


def jobs() -> None:
    """The newest training or detection."""
    job_panel(registry().latest("detect", "train"), finished=_finished)


def _finished(job: Job) -> None:
    if job.kind == "train":
        st.success(
            plain(
                f"Detector {job.result.name} ({job.result.id}) is ready: threshold "
                f"{job.result.threshold:.4g}, from {job.result.training_events:,} events."
            )
        )
        if st.button(
            "Detect anomalies with it",
            icon=":material/play_arrow:",
            on_click=wizard.detect_with,
            args=(job.result.id,),
        ):
            # The panel is a fragment; the steps below are not part of it.
            st.rerun()
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


def runs() -> None:
    """What was read before; a click shows its volume."""
    st.markdown("**Runs**")
    everything = workspace().store.runs()
    if not everything:
        st.caption("No file has been read yet.")
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
