"""Whether the whole log, replayed from nothing, gives the machine that is in use."""

import time
from typing import Final

import streamlit as st

from deepaid_core.domain.progress import Cancelled, Progress
from deepaid_core.figures.numbers import format_count
from deepaid_core.workflow import distill, versions
from deepaid_core.workflow.versions import Replay
from deepaid_ui.job_panel import job_panel
from deepaid_ui.jobs import Job, Registry
from deepaid_ui.text import plain
from deepaid_ui.workspace import workspace

__all__ = ["status"]

_KIND: Final = "replay"
_AT_ONCE_S, _LOOK_S = 0.7, 0.02


@st.cache_resource(show_spinner=False)
def _jobs() -> Registry:
    # Of their own: a check of milliseconds must not wait for a training of minutes.
    return Registry()


def status() -> None:
    """Which version is in use, and a check that the log alone leads there."""
    machine = distill.machine(workspace())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.text(
            f"Version M-{machine.number} is in use. The log has "
            f"{format_count(machine.number, 'entry', 'entries')}; none is ever deleted.",
            width="stretch",
        )
        st.button(
            "Replay the log",
            icon=":material/replay:",
            help="Builds the machine anew from the first entry to the last and compares it with "
            "the one in use.",
            on_click=_start,
        )
    job = _jobs().latest(_KIND, key=str(workspace().home))
    if job is None:
        return
    until = time.monotonic() + _AT_ONCE_S
    while job.is_active and time.monotonic() < until:
        time.sleep(_LOOK_S)
    if job.is_active:
        job_panel(job)
        return
    if job.state == "done" and job.result.entries != machine.number:
        return  # the log went on since
    with st.container(border=True):
        if job.state == "done":
            _finished(job)
        else:
            st.error(plain(job.message), icon=":material/error:")
        st.button(
            "Close", key="replay-close", type="tertiary", on_click=_jobs().dismiss, args=(job,)
        )


def _start() -> None:
    opened = workspace()

    def work(progress: Progress, cancelled: Cancelled) -> Replay:
        return versions.replayed(opened)

    _jobs().start(_KIND, "Replaying the log", work, key=str(opened.home))


def _finished(job: Job) -> None:
    found: Replay = job.result
    entries = format_count(found.entries, "entry", "entries")
    if found.same:
        st.success(
            f"{entries} replayed from nothing: the same machine, bit for bit.",
            icon=":material/check:",
        )
    else:
        st.error(
            f"{entries} replayed from nothing: another machine than the one in use. Restart the "
            "server, which reads the log anew, and keep a copy of the database.",
            icon=":material/error:",
        )
    st.code(f"SHA-256 {found.digest}", language=None)
